//! The manifest: the checksums of everything else.

use std::collections::BTreeSet;

use crate::digest::sha256_hex;

use super::error::{FormatError, shown};

/// The lines of `manifest` and `manifest-augment` together. A name is in one of them only, so the
/// augmented part, which no signature covers, cannot replace a checksum of the other.
#[derive(Default)]
pub(super) struct Manifest {
    lines: Vec<Line>,
    names: BTreeSet<String>,
}

pub(super) struct Line {
    pub(super) name: String,
    /// SHA-256 in lower-case hexadecimal.
    pub(super) checksum: String,
    /// Comes from `manifest-augment`.
    pub(super) augmented: bool,
}

/// A manifest line for a file of a payload, `data/NNNN/name`.
pub(super) struct DataLine<'a> {
    pub(super) payload: usize,
    pub(super) file: &'a str,
    pub(super) line: &'a Line,
}

impl Manifest {
    /// Adds the lines of the member `member`.
    ///
    /// Blank lines and blanks before a line are let through, as the server does. A last line
    /// without its line feed is not: the server counts it in one place and drops it in another.
    pub(super) fn add(&mut self, member: &str, bytes: &[u8], augmented: bool) -> Result<(), FormatError> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| FormatError::malformed(member, "not a text in UTF-8"))?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(FormatError::malformed(member, "the last line has no line feed"));
        }
        for line in text.split('\n').map(str::trim_ascii_start) {
            if line.is_empty() {
                continue;
            }
            let (checksum, name) = split_line(line)
                .ok_or_else(|| FormatError::malformed(member, format!("malformed line `{}`", shown(line))))?;
            if !self.names.insert(name.to_owned()) {
                return Err(FormatError::malformed(
                    member,
                    format!("`{}` is listed a second time", shown(name)),
                ));
            }
            self.lines.push(Line { name: name.to_owned(), checksum: checksum.to_owned(), augmented });
        }
        Ok(())
    }

    /// Compares the content of a member with its line.
    pub(super) fn verify(&self, member: &str, bytes: &[u8]) -> Result<(), FormatError> {
        let line = self.lines.iter().find(|line| line.name == member).ok_or_else(|| {
            FormatError::malformed("manifest", format!("lists no checksum for `{}`", shown(member)))
        })?;
        let actual = sha256_hex(bytes);
        if line.checksum == actual {
            Ok(())
        } else {
            Err(FormatError::Checksum { member: shown(member), expected: line.checksum.clone(), actual })
        }
    }

    /// The lines for payload files, in order. `members` are the other names that may be listed:
    /// a line for anything else would stay without its counterpart.
    pub(super) fn data_lines(&self, members: &[&str]) -> Result<Vec<DataLine<'_>>, FormatError> {
        let mut found = Vec::new();
        for line in &self.lines {
            if members.contains(&line.name.as_str()) {
                continue;
            }
            let (payload, file) = split_data_name(&line.name).ok_or_else(|| {
                let manifest = if line.augmented { "manifest-augment" } else { "manifest" };
                FormatError::malformed(
                    manifest,
                    format!("lists `{}`, which cannot be in an Artifact", shown(&line.name)),
                )
            })?;
            found.push(DataLine { payload, file, line });
        }
        Ok(found)
    }
}

/// Takes apart `64 hexadecimal digits, two spaces, name`.
fn split_line(line: &str) -> Option<(&str, &str)> {
    let (checksum, name) = line.split_once("  ")?;
    // Upper case would never match: the server compares the text.
    let hexadecimal =
        checksum.len() == 64 && checksum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let blank = name.is_empty() || name.trim_ascii() != name;
    (hexadecimal && !blank).then_some((checksum, name))
}

/// Takes apart `data/NNNN/name`; the name of a payload file is of letters, digits and `.,_-`.
fn split_data_name(name: &str) -> Option<(usize, &str)> {
    let (index, file) = name.strip_prefix("data/")?.split_once('/')?;
    Some((four_digits(index)?, file)).filter(|_| is_file_name(file))
}

/// Whether a payload file may have this name.
pub(super) fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.,-".contains(&b))
}

/// The index of a payload as manifest and header write it.
pub(super) fn four_digits(text: &str) -> Option<usize> {
    let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "96bcd965947569404798bcbdb614f103db5a004eb6e364cfc162c146890ea35b";

    fn add(text: &str) -> Result<Manifest, String> {
        let mut manifest = Manifest::default();
        manifest.add("manifest", text.as_bytes(), false).map(|()| manifest).map_err(|error| error.to_string())
    }

    #[test]
    fn the_grammar_is_that_of_the_server() {
        let manifest = add(&format!("{SUM}  version\n\n {SUM}  data/0002/a.b\n")).unwrap();
        let data = manifest.data_lines(&["version"]).unwrap();
        assert_eq!((data[0].payload, data[0].file), (2, "a.b"));

        for (text, problem) in [
            (format!("{SUM}  version"), "no line feed"),
            (format!("{SUM} version\n"), "malformed line"),
            (format!("{SUM}   version\n"), "malformed line"),
            (format!("{SUM} *version\n"), "malformed line"),
            (format!("{SUM}  version \n"), "malformed line"),
            (format!("{SUM}  version\r\n"), "malformed line"),
            (format!("{SUM}  \n"), "malformed line"),
            (format!("{}  version\n", SUM.to_uppercase()), "malformed line"),
            (format!("{}  version\n", &SUM[1..]), "malformed line"),
            (format!("{SUM}  version\n{SUM}  version\n"), "`version` is listed a second time"),
            (format!("\x1b{SUM}  x\n"), "\\u{1b}"),
        ] {
            let error = add(&text).err().expect(&text);
            assert!(error.contains(problem), "{text:?}: {error}");
        }
    }

    #[test]
    fn only_version_header_and_payload_files_are_listed() {
        for name in [
            "manifest.sig",
            "data/0000.tar.gz",
            "data/000/a",
            "data/00000/a",
            "data/+000/a",
            "data/0000/",
            "data/0000/a b",
            "data/0000/../a",
            "data/0000/sub/a",
        ] {
            let manifest = add(&format!("{SUM}  {name}\n")).unwrap();
            assert!(manifest.data_lines(&["version"]).is_err(), "{name}");
        }
    }
}
