//! What an Artifact is, as told by everything before its payloads.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Read;

use serde_json::{Map, Value};

use super::compression::Compression;
use super::container::Prelude;
use super::error::{FormatError, shown};
use super::header::{Header, Info, Kind, ROOTFS_IMAGE, Strings};
use super::parts::{Part, add_augment, take_buckets};

/// Most payloads. Devices take one; the server takes the report of a direct upload for 1024.
const MOST_PAYLOADS: usize = 1024;

/// Most device types, for the server.
const MOST_DEVICE_TYPES: usize = 200;

/// Most combinations of values of the depends, for the server: it stores each.
const MOST_DEPENDS: usize = 1024;

/// What an Artifact is: all that is known before its payloads are read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Head {
    /// Version of the format: 2 or 3.
    pub format_version: u8,
    /// Name of the Artifact, which is the name of its release.
    pub name: String,
    /// The group that the Artifact provides.
    pub group: Option<String>,
    /// The device types it is compatible with; at least one.
    pub device_types: Vec<String>,
    /// What has to be there for the Artifact to be installed: header-info and type-info together,
    /// with `device_type`, as the server stores them. Each key allows any of its values.
    pub depends: BTreeMap<String, Vec<String>>,
    /// What is there once the Artifact is installed: header-info and type-info together, with
    /// `artifact_name`. Empty in version 2, which has no provides.
    pub provides: BTreeMap<String, String>,
    /// Patterns for the provides of earlier Artifacts that go with the installation.
    pub clears_provides: Vec<String>,
    /// The payloads; at least one.
    pub payloads: Vec<Payload>,
    /// There are state scripts.
    pub has_scripts: bool,
    /// There is a signature. Nothing is said about it being valid.
    pub signed: bool,
    /// How the header is compressed. Payloads nearly always are alike, but need not be.
    pub compression: Compression,
}

/// One payload of an Artifact.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Payload {
    /// The type, which names the Update Module; none for the empty payload of an Artifact that
    /// only sets provides.
    pub kind: Option<String>,
    /// The meta-data, unless there is none.
    pub metadata: Option<Map<String, Value>>,
    /// The files, in the order of the manifest.
    pub files: Vec<PayloadFile>,
    /// Files of the augmented part: no signature covers them, and the server does not list them.
    pub augmented_files: Vec<PayloadFile>,
}

/// A file of a payload, as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayloadFile {
    /// The name: of letters, digits and `.,_-` only.
    pub name: String,
    /// SHA-256 of the content, in hexadecimal.
    pub checksum: String,
}

impl Head {
    /// Reads the head of an Artifact and stops right after the header, before any payload.
    ///
    /// The checksums of `version` and of the header are verified. Reading takes a bounded amount
    /// of memory, whatever the input is.
    ///
    /// # Errors
    ///
    /// What is wrong with the head, or that it cannot be read.
    pub fn read(reader: impl Read) -> Result<Self, FormatError> {
        Prelude::read(reader)?.head()
    }
}

impl Prelude {
    /// Takes apart the header.
    pub(super) fn head(&self) -> Result<Head, FormatError> {
        let kind = match self.version {
            2 => Kind::Version2,
            _ => Kind::Version3,
        };
        let mut header = Header::read(&self.header, kind)?;
        let info = match kind {
            Kind::Version2 => Info::parse_v2(&header.info_name, &header.info)?,
            _ => Info::parse_v3(&header.info_name, &header.info)?,
        };
        if info.payload_types.len() > MOST_PAYLOADS {
            return Err(FormatError::malformed(
                &header.info_name,
                format!("there are more than {MOST_PAYLOADS} payloads"),
            ));
        }

        let mut parts = take_buckets(&mut header, &info, kind)?;
        if let Some(augment) = &self.augment {
            add_augment(&mut parts, Header::read(augment, Kind::Augment)?)?;
        }
        for part in &parts {
            part.check()?;
        }
        let files = match kind {
            Kind::Version2 => self.files_v2(&parts)?,
            _ => self.files_v3(&parts)?,
        };

        let mut provides = BTreeMap::new();
        if kind == Kind::Version3 {
            provides.insert("artifact_name".to_owned(), info.name.clone());
            let group = info.group.clone();
            provides.extend(group.map(|group| ("artifact_group".to_owned(), group)));
        }
        let mut head = Head {
            format_version: self.version,
            name: info.name,
            group: info.group,
            device_types: info.device_types,
            depends: info.depends,
            provides,
            clears_provides: Vec::new(),
            payloads: Vec::new(),
            has_scripts: header.has_scripts,
            signed: self.signed,
            compression: self.header.compression,
        };
        for (part, files) in parts.into_iter().zip(files) {
            head.add(part, files)?;
        }
        head.check_depends(&header.info_name)?;
        Ok(head)
    }

    /// The payload files of version 3: those that the manifest lists.
    fn files_v3(&self, parts: &[Part]) -> Result<Vec<Files>, FormatError> {
        let mut files: Vec<Files> = parts.iter().map(|_| Files::default()).collect();
        for data in self.manifest.data_lines(&self.listed_members())? {
            let files = files.get_mut(data.payload).ok_or_else(|| {
                FormatError::malformed(
                    "manifest",
                    format!("`{}` is of a payload that does not exist", shown(&data.line.name)),
                )
            })?;
            let list = if data.line.augmented { &mut files.augmented } else { &mut files.normal };
            list.push(PayloadFile { name: data.file.to_owned(), checksum: data.line.checksum.clone() });
        }
        for (part, files) in parts.iter().zip(&files) {
            let most = match part.kind.as_deref() {
                None => 0,
                Some(ROOTFS_IMAGE) => 1,
                Some(_) => usize::MAX,
            };
            if files.normal.len() + files.augmented.len() > most {
                return Err(FormatError::malformed(
                    "manifest",
                    format!("lists more files of payload {:04} than its type can have", part.index),
                ));
            }
        }
        Ok(files)
    }

    /// The payload files of version 2: named in the header, with checksums in the manifest.
    fn files_v2(&self, parts: &[Part]) -> Result<Vec<Files>, FormatError> {
        let mut lines = self.manifest.data_lines(&self.listed_members())?;
        let mut all = Vec::new();
        for part in parts {
            let names = &part.bucket.files;
            let expected = usize::from(part.kind.as_deref() == Some(ROOTFS_IMAGE));
            if names.len() != expected {
                return Err(FormatError::malformed(
                    format!("headers/{:04}/files", part.index),
                    format!("lists {} files instead of {expected}", names.len()),
                ));
            }
            let mut files = Files::default();
            for name in names {
                let at = lines
                    .iter()
                    .position(|data| data.payload == part.index && data.file == name)
                    .ok_or_else(|| {
                        FormatError::malformed(
                            "manifest",
                            format!("lists no checksum for `data/{:04}/{name}`", part.index),
                        )
                    })?;
                files.normal.push(PayloadFile {
                    name: name.clone(),
                    checksum: lines.swap_remove(at).line.checksum.clone(),
                });
            }
            all.push(files);
        }
        match lines.first() {
            Some(data) => Err(FormatError::malformed(
                "manifest",
                format!("`{}` is in no payload", shown(&data.line.name)),
            )),
            None => Ok(all),
        }
    }
}

#[derive(Default)]
struct Files {
    normal: Vec<PayloadFile>,
    augmented: Vec<PayloadFile>,
}

impl Head {
    /// Adds a payload with what it provides and depends on.
    fn add(&mut self, part: Part, files: Files) -> Result<(), FormatError> {
        let type_info_name = format!("headers/{:04}/type-info", part.index);
        let conflict = |key: &str| {
            FormatError::malformed(
                &type_info_name,
                format!("`{}` has been set before, elsewhere", shown(key)),
            )
        };
        let type_info = part.bucket.type_info.unwrap_or_default();
        for (key, value) in type_info.provides.unwrap_or_default() {
            match self.provides.entry(key) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(entry) => return Err(conflict(entry.key())),
            };
        }
        for (key, value) in type_info.depends.unwrap_or_default() {
            let value = match value {
                Strings::One(value) => vec![value],
                Strings::List(values) => values,
            };
            match self.depends.entry(key) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(entry) => return Err(conflict(entry.key())),
            };
        }
        self.clears_provides.extend(type_info.clears_provides.unwrap_or_default());
        self.payloads.push(Payload {
            kind: part.kind,
            metadata: part.bucket.meta_data.flatten(),
            files: files.normal,
            augmented_files: files.augmented,
        });
        Ok(())
    }

    /// Refuses depends that the server cannot store.
    fn check_depends(&self, member: &str) -> Result<(), FormatError> {
        if self.device_types.len() > MOST_DEVICE_TYPES {
            return Err(FormatError::malformed(
                member,
                format!("there are more than {MOST_DEVICE_TYPES} device types"),
            ));
        }
        if let Some((key, _)) = self.depends.iter().find(|(_, values)| values.is_empty()) {
            return Err(FormatError::malformed(
                "headers",
                format!("the depends `{}` has no values", shown(key)),
            ));
        }
        let combinations =
            self.depends.values().fold(1usize, |product, values| product.saturating_mul(values.len()));
        if combinations > MOST_DEPENDS {
            return Err(FormatError::malformed(
                "headers",
                format!("the depends make more than {MOST_DEPENDS} combinations of values"),
            ));
        }
        Ok(())
    }
}
