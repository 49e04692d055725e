//! Why an Artifact cannot be used.

use std::io;

/// What is wrong with an Artifact, or what kept it from being read.
///
/// Texts from the file that appear in a message are escaped and shortened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file is something else.
    #[error("not a Mender Artifact: {0}")]
    NotAnArtifact(String),

    /// There is not a single byte.
    #[error("not a Mender Artifact: the file is empty")]
    Empty,

    /// The file ends too early.
    #[error("the Artifact is truncated: it ends {place}")]
    Truncated {
        /// Where it ends, as the end of a sentence: "inside `manifest`".
        place: String,
    },

    /// The version of the format is not one that this library and the server know.
    #[error("Artifact format version {0} is not supported, only 2 and 3 are")]
    UnsupportedVersion(i64),

    /// A member that should not be there, or not at this place.
    #[error("member `{member}` is out of place in the Artifact: expected {expected}")]
    OutOfPlace {
        /// The member found.
        member: String,
        /// What should be in its place.
        expected: String,
    },

    /// A member is there but its content is not as it has to be.
    #[error("{member}: {problem}")]
    Malformed {
        /// The member, with the archive that holds it unless that is the Artifact itself.
        member: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A member is damaged: its SHA-256 is not the one in the manifest.
    #[error("the checksum of `{member}` does not match the manifest: it is {actual}, not {expected}")]
    Checksum {
        /// The member.
        member: String,
        /// The checksum in the manifest, in hexadecimal.
        expected: String,
        /// The checksum of the content, in hexadecimal.
        actual: String,
    },

    /// A member is larger than any real Artifact has it.
    #[error("{member} is too large: the limit is {limit} bytes")]
    TooLarge {
        /// The member.
        member: String,
        /// The most that is accepted, in bytes.
        limit: u64,
    },

    /// The file could not be read.
    #[error("cannot read the Artifact: {0}")]
    Io(#[from] io::Error),
}

impl FormatError {
    pub(super) fn malformed(member: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Malformed { member: member.into(), problem: problem.into() }
    }

    pub(super) fn out_of_place(member: &str, expected: impl Into<String>) -> Self {
        Self::OutOfPlace { member: shown(member), expected: expected.into() }
    }
}

/// A text from the file as it may be printed: nothing a terminal would act upon, and not too long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut shown = String::new();
    for c in text.chars() {
        if shown.len() >= LONGEST {
            shown.push('…');
            break;
        }
        if is_printable(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    shown
}

/// Whether the server takes the character in a name: a letter, mark, number, punctuation, symbol
/// or the plain space.
pub(super) fn is_printable(c: char) -> bool {
    // `str` escapes for Debug exactly the characters outside these categories, and in the first
    // place of a text also combining marks: hence the letter in front.
    matches!(c, ' '..='~') || format!("a{c}").escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_characters_are_those_the_server_takes() {
        for c in "aZ09 ._-/\\\"'äß漢字😀€$+ा\u{301}".chars() {
            assert!(is_printable(c), "{c:?}");
        }
        for c in
            "\0\x1b\n\t\r\u{7f}\u{a0}\u{ad}\u{200b}\u{200c}\u{202e}\u{2028}\u{2029}\u{e000}\u{feff}".chars()
        {
            assert!(!is_printable(c), "{c:?}");
        }
    }

    #[test]
    fn foreign_text_is_escaped_and_shortened() {
        assert_eq!(shown("a\x1b[31m"), "a\\u{1b}[31m");
        let long = shown(&"x".repeat(10_000));
        assert!(long.chars().count() < 130 && long.ends_with('…'), "{long}");
    }
}
