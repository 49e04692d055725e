//! Reads whole Artifacts: right ones, and ones with a single thing wrong.

mod accepted;
mod hostile;
mod payloads;
mod refused;

use std::io::Cursor;

use super::testing::{Artifact, line};
use super::*;

const FORMATS: [Compression; 4] = [Compression::None, Compression::Gzip, Compression::Xz, Compression::Zstd];

fn read(artifact: &Artifact) -> Result<Head, FormatError> {
    Head::read(artifact.build().as_slice())
}

/// Checks that an Artifact is refused, with a text that says so.
#[track_caller]
fn refused(artifact: &Artifact, text: &str) {
    refused_bytes(&artifact.build(), text);
}

#[track_caller]
fn refused_bytes(bytes: &[u8], text: &str) {
    let error = Head::read(bytes).expect_err(text).to_string();
    assert!(error.contains(text), "`{error}` instead of `{text}`");
    assert!(!error.contains(char::is_control), "{error:?}");
    let error = check_file(&mut Cursor::new(bytes)).expect_err(text);
    assert!(error.to_string().contains(text), "{error}");
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

/// An Artifact with the given bytes as its header, listed as they are.
fn with_header(name: &str, header: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut members = Artifact::v3().members();
    let header = (name.to_owned(), header.to_vec());
    let manifest = line(&header) + &line(&members[0]);
    members[1].1 = manifest.into_bytes();
    members[2] = header;
    members
}

fn pax_record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    // None of the tests has a record of around 100 bytes.
    format!("{}{rest}", rest.len() + 2)
}
