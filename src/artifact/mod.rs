//! Mender Artifacts: the `.mender` files that deployments install.
//!
//! An Artifact is an uncompressed tar with its members in a fixed order: `version`, `manifest`,
//! perhaps a signature, the header, and one data member per payload. Everything that says what an
//! Artifact is stands before the first data member. [`Head::read`] reads just that from any
//! stream; [`check_file`] also walks the rest of a file, by seeking, and finds out whether it is
//! whole; [`payload_files`] looks into the data members for the sizes and dates of the files.
//!
//! An Artifact is refused when a Mender server would refuse it, or when it could not be read
//! within fixed bounds of memory; and a few oddities that no tool writes are refused though the
//! server lets them pass, as two readers could see different things in them: other names for
//! members, keys of JSON in another letter case or given twice, links instead of files. Contents
//! of payloads are not verified here.
//!
//! **Strings in a [`Head`] come from the file.** Names, device types and the depends of the
//! header-info are printable; payload types, provides, the other depends and meta-data may hold
//! any character, so escape them before they reach a terminal.

mod compression;
mod container;
mod error;
mod file;
mod head;
mod header;
mod json;
mod manifest;
mod members;
mod parts;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use compression::Compression;
pub use error::FormatError;
pub use file::{FileInfo, check_file, payload_files};
pub use head::{Head, Payload, PayloadFile};
