//! The `.mender` Artifact format.
use std::collections::BTreeMap;
/// Head.
#[derive(Clone, Debug)]
pub struct Head {
    /// v
    pub format_version: u8,
    /// n
    pub name: String,
    /// g
    pub group: Option<String>,
    /// d
    pub device_types: Vec<String>,
    /// d
    pub depends: BTreeMap<String, Vec<String>>,
    /// p
    pub provides: BTreeMap<String, String>,
    /// c
    pub clears_provides: Vec<String>,
    /// p
    pub payloads: Vec<Payload>,
    /// s
    pub signed: bool,
}
/// P.
#[derive(Clone, Debug)]
pub struct Payload {
    /// k
    pub kind: Option<String>,
    /// m
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// f
    pub files: Vec<PayloadFile>,
}
/// F.
#[derive(Clone, Debug)]
pub struct PayloadFile {
    /// n
    pub name: String,
    /// c
    pub checksum: String,
}
/// I.
#[derive(Clone, Debug)]
pub struct FileInfo {
    /// n
    pub name: String,
    /// c
    pub checksum: String,
    /// s
    pub size: u64,
    /// m
    pub modified: jiff::Timestamp,
}
/// E.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// e
    #[error("empty")]
    Empty,
    /// io
    #[error("{0}")]
    Io(std::io::Error),
}
impl Head {
    /// r
    pub fn read(_reader: impl std::io::Read) -> Result<Head, FormatError> {
        Err(FormatError::Empty)
    }
}
/// c
pub fn check_file(_file: &mut std::fs::File) -> Result<Head, FormatError> {
    Err(FormatError::Empty)
}
/// p
pub fn payload_files(_file: &mut std::fs::File, _head: &Head) -> Result<Vec<Vec<FileInfo>>, FormatError> {
    Err(FormatError::Empty)
}
