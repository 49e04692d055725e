//! What the server takes as tags and notes: it refuses some of the rest, and changes some without a word.

use crate::cli::error::{CliError, Result};

/// The most tags of a release.
pub const MOST_TAGS: usize = 20;
/// In bytes, of a tag and of notes.
const LONGEST: usize = 1024;

/// A tag as the server keeps it: in lower case.
///
/// # Errors
///
/// If it can be none.
pub fn tag(text: &str) -> Result<String> {
    if text.is_empty() {
        return Err(CliError::usage("a tag cannot be empty"));
    }
    if text.len() > LONGEST {
        return Err(CliError::usage(format!("a tag has at most {LONGEST} bytes, this one {}", text.len())));
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_.".contains(*c)) {
        let text = format!("the tag {text:?} has {bad:?} in it: only A-Z, a-z, 0-9, '-', '_' and '.' may be");
        return Err(CliError::usage(text));
    }
    Ok(text.to_ascii_lowercase())
}

/// Each once, in their order.
///
/// # Errors
///
/// If one can be none.
pub fn tags(texts: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for text in texts {
        let tag = tag(text)?;
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    Ok(all)
}

/// That notes can be kept.
///
/// # Errors
///
/// If they cannot.
pub fn check_notes(text: &str) -> Result<()> {
    if text.len() > LONGEST {
        return Err(CliError::usage(format!("notes have at most {LONGEST} bytes, these {}", text.len())));
    }
    // The server looks at all but the first character. That one would be as bad.
    match text.char_indices().find(|(_, c)| !is_graphic(*c)) {
        None => Ok(()),
        Some((at, bad)) => Err(CliError::usage(format!(
            "notes are one line of characters that can be seen: there is a {} at byte {at}",
            described(bad)
        ))),
    }
}

fn described(c: char) -> String {
    match c {
        '\n' | '\r' => "line break".into(),
        '\t' => "tab".into(),
        other => format!("U+{:04X}", u32::from(other)),
    }
}

/// What Go calls graphic: letters, marks, numbers, punctuation, symbols and spaces.
fn is_graphic(c: char) -> bool {
    let is_space = c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    if is_space || matches!(c, '"' | '\'' | '\\') {
        return true;
    }
    // Behind another character the debug form of a text escapes, but for these, just what is not graphic.
    let text = format!("x{c}");
    text.escape_debug().eq(text.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphic_is_what_the_server_calls_so() {
        for c in "aÄß漢é1½.,-–\"'\\$€+🚀 \u{a0}\u{3000}\u{301}\u{fe0f}\u{20e3}".chars() {
            assert!(is_graphic(c), "{c:?}");
        }
        // Control and format characters, separators of lines, private use, and what is nothing.
        for c in
            "\0\t\n\r\u{1b}\u{7f}\u{85}\u{ad}\u{200b}\u{200d}\u{202e}\u{feff}\u{2028}\u{2029}\u{e000}\u{ffff}"
                .chars()
        {
            assert!(!is_graphic(c), "{c:?}");
        }
    }

    #[test]
    fn tags_are_kept_in_lower_case_and_once() {
        let given = ["B", "a.1_x-Y", "b"].map(str::to_owned);
        assert_eq!(tags(&given).unwrap(), ["b", "a.1_x-y"]);
        for bad in ["", "a b", "ä", "a/b", "a,b", &"x".repeat(1025)] {
            assert!(tag(bad).is_err(), "{bad}");
        }
        assert!(tag(&"x".repeat(1024)).is_ok());
    }

    #[test]
    fn notes_are_one_line() {
        assert!(check_notes("").is_ok() && check_notes(&"ä".repeat(512)).is_ok());
        for (bad, words) in [
            ("ab\ncd", "there is a line break at byte 2"),
            ("ä\t", "there is a tab at byte 2"),
            ("\u{7}", "there is a U+0007 at byte 0"),
            (&"ä".repeat(513), "at most 1024 bytes, these 1026"),
        ] {
            let error = check_notes(bad).unwrap_err().message();
            assert!(error.contains(words), "{error}");
        }
    }
}
