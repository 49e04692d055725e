//! What ids of the server look like.

/// Whether that is a UUID, in capitals or not.
pub fn is_uuid(word: &str) -> bool {
    let fits = |(at, c): (usize, char)| {
        if matches!(at, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() }
    };
    word.len() == 36 && word.char_indices().all(fits)
}

/// Whether that is how the server writes an id: a UUID in lower case.
pub fn is_id(text: &str) -> bool {
    is_uuid(text) && !text.contains(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("0123abcd-0000-4000-8000-00000000000f"));
        for name in
            ["", "release-1", "0123ABCD-0000-4000-8000-00000000000F", "0123abcd-0000-4000-8000-00000000000"]
        {
            assert!(!is_id(name), "{name}");
        }
    }
}
