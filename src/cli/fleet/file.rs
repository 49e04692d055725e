//! Files that name devices.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::{Fleet, Target};
use crate::cli::error::{CliError, Result};

/// What it means if no device has a name that is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Fails,
    /// The work on it is done: the device is gone.
    IsFine,
}

impl Fleet<'_> {
    /// The devices that a file names.
    ///
    /// # Errors
    ///
    /// As [`Fleet::find`], and if the file cannot be read.
    pub async fn in_file(&self, path: &Path, missing: Missing) -> Result<Vec<Target>> {
        let words = read_words(path)?;
        if missing == Missing::Fails {
            return self.all(&words).await;
        }
        let named = self.find(&words).await?;
        if !named.missing.is_empty() {
            self.out.notice(format_args!("{} of the devices in the file are not there", named.missing.len()));
        }
        Ok(named.targets)
    }
}

/// A line of a file is no longer than this, or the file is another one.
const LONGEST_LINE: u64 = 1 << 20;

/// The ids and names in a file.
///
/// # Errors
///
/// If it cannot be read, or a line is neither.
fn read_words(path: &Path) -> Result<Vec<String>> {
    let context = || format!("cannot read {}", path.display());
    let mut reader: Box<dyn std::io::BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(std::fs::File::open(path).with_context(context)?))
    };
    let mut words = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let mut bytes = Vec::new();
        reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes).with_context(context)?;
        if bytes.is_empty() {
            break;
        }
        let fault = |text: &str| CliError::failed(format!("{}: line {number}: {text}", path.display()));
        if bytes.len() as u64 == LONGEST_LINE {
            return Err(fault("it is longer than 1 MiB"));
        }
        let line = String::from_utf8(bytes).map_err(|_| fault("it is not UTF-8"))?;
        words.extend(word(&line).map_err(|text| fault(&text))?);
    }
    if words.is_empty() {
        return Err(CliError::failed(format!("{} names no device", path.display())));
    }
    Ok(words)
}

/// The id or name in a line, if there is one to work on.
fn word(line: &str) -> Result<Option<String>, String> {
    let line = line.trim_start_matches('\u{feff}').trim();
    // A JSON list as it is written here has an item a line, between brackets.
    if line.is_empty() || line.starts_with('#') || ["[", "]", "[]"].contains(&line) {
        return Ok(None);
    }
    if !line.starts_with('{') {
        return Ok(line.split('\t').next().map(str::to_owned));
    }
    let object = line.trim_end_matches(',');
    let object: Value = serde_json::from_str(object).map_err(|error| format!("it is not JSON: {error}"))?;
    // Bulk work writes so what it has done.
    if object.get("done") == Some(&Value::Bool(true)) {
        return Ok(None);
    }
    match object.get("id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(Some(id.to_owned())),
        _ => Err("it has no \"id\"".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_one_device_or_none() {
        for (line, expected) in [
            ("abc\n", Some("abc")),
            ("  gateway 7  \r\n", Some("gateway 7")),
            ("abc\tPUT failed\n", Some("abc")),
            ("# a comment", None),
            ("", None),
            (r#"{"id":"d1","name":"x"}"#, Some("d1")),
            (r#"{"id":"d1","done":false,"error":"x"}"#, Some("d1")),
            (r#"{"id":"d1","done":true}"#, None),
            (r#"  {"id":"d1"},"#, Some("d1")),
            ("[", None),
        ] {
            assert_eq!(word(line).unwrap().as_deref(), expected, "{line}");
        }
        for line in ["{", r#"{"name":"x"}"#, r#"{"id":5}"#] {
            assert!(word(line).is_err(), "{line}");
        }
    }
}
