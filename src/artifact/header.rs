//! The archives with the header: header-info, and type-info and meta-data per payload.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde_json::{Map, Value};
use tar::Archive;

use super::container::HeaderMember;
use super::error::{FormatError, is_printable, shown};
use super::json::{self, Object};
use super::manifest::{four_digits, is_file_name};
use super::members::{Member, Members, Meter, Place};

/// The payload type that every client knows.
pub(super) const ROOTFS_IMAGE: &str = "rootfs-image";

/// Most bytes of a header after decompression. Nearly all of them can only be state scripts, and
/// these are read over.
const HEADER_LIMIT: u64 = 64 * 1024 * 1024;

/// Most bytes of the JSON documents in a header together. They are kept in memory, where
/// meta-data made for it takes nearly a hundred times its size; real ones are of a few KiB.
const JSON_LIMIT: u64 = 1024 * 1024;

/// Longest name, group or device type in bytes, for the server.
const LONGEST_STRING: usize = 256;

/// What a header holds, with its documents parsed but the header-info.
pub(super) struct Header {
    /// The name of the header-info for messages.
    pub(super) info_name: String,
    pub(super) info: Vec<u8>,
    /// Whether there are state scripts.
    pub(super) has_scripts: bool,
    /// The directories `headers/NNNN`.
    pub(super) buckets: BTreeMap<usize, Bucket>,
}

/// The part of the header about one payload.
#[derive(Default)]
pub(super) struct Bucket {
    pub(super) type_info: Option<TypeInfo>,
    /// Present but perhaps without content.
    pub(super) meta_data: Option<Option<Map<String, Value>>>,
    /// Version 2: the names of the payload files.
    pub(super) files: Vec<String>,
}

/// Which kind of header is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Version2,
    Version3,
    /// The unsigned additions of version 3, which have no scripts.
    Augment,
}

/// The content of a type-info.
#[derive(Default, Deserialize)]
pub(super) struct TypeInfo {
    // May differ from that in the header-info: there are real Artifacts where it is empty.
    #[serde(rename = "type")]
    _type: Option<String>,
    #[serde(rename = "artifact_depends")]
    pub(super) depends: Option<BTreeMap<String, Strings>>,
    #[serde(rename = "artifact_provides")]
    pub(super) provides: Option<BTreeMap<String, String>>,
    #[serde(rename = "clears_artifact_provides")]
    pub(super) clears_provides: Option<Vec<String>>,
}

/// A value of the depends.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a string or a list of strings")]
pub(super) enum Strings {
    One(String),
    List(Vec<String>),
}

impl Header {
    pub(super) fn read(member: &HeaderMember, kind: Kind) -> Result<Self, FormatError> {
        let archive_name = shown(&member.name);
        let meter = Meter::new(HEADER_LIMIT);
        let decoder = member.compression.decoder(BufReader::new(member.bytes.as_slice()));
        let mut archive = Archive::new(meter.watch(decoder));
        let place = Place::Inner(archive_name, Meter::new(u64::MAX));
        let mut members = Members::stream(&mut archive, &meter, place)?;
        let mut json_left = JSON_LIMIT;

        let mut first = members.next()?.ok_or_else(|| members.ends_early())?;
        let info_name = members.name_of(&first.name);
        if first.name != "header-info" || first.is_directory {
            return Err(members.malformed(&first.name, "stands in the place of header-info"));
        }
        let info = document(&members, &mut first, &mut json_left)?;

        let mut buckets = BTreeMap::new();
        let mut in_scripts = kind != Kind::Augment;
        let mut has_scripts = false;
        while let Some(mut member) = members.next()? {
            // Their names are free, and the directory itself may be among them.
            if in_scripts && member.name.starts_with("scripts/") {
                has_scripts |= !member.is_directory;
                members.skip(&mut member)?;
                continue;
            }
            in_scripts = false;
            if member.is_directory && member.name.starts_with("headers/") {
                continue;
            }
            let (index, part) = split_bucket_name(&member.name)
                .filter(|_| !member.is_directory)
                .ok_or_else(|| members.malformed(&member.name, "out of place in the header"))?;
            let name = members.name_of(&member.name);
            let content = document(&members, &mut member, &mut json_left)?;
            buckets.entry(index).or_insert_with(Bucket::default).add(&name, part, &content, kind)?;
        }
        if buckets.is_empty() {
            return Err(members.ends_early());
        }
        Ok(Self { info_name, info, has_scripts, buckets })
    }
}

/// Takes apart `headers/NNNN/part`.
fn split_bucket_name(name: &str) -> Option<(usize, &'static str)> {
    let (index, part) = name.strip_prefix("headers/")?.split_once('/')?;
    let part = ["type-info", "meta-data", "files"].into_iter().find(|known| *known == part)?;
    Some((four_digits(index)?, part))
}

/// Reads a JSON document within what is left for all of them.
fn document<'a, R: Read>(
    members: &Members<'a, R>,
    member: &mut Member<'a, R>,
    left: &mut u64,
) -> Result<Vec<u8>, FormatError> {
    if member.size > *left {
        return Err(FormatError::TooLarge { member: members.name_of(&member.name), limit: JSON_LIMIT });
    }
    *left -= member.size;
    members.read(member, member.size)
}

impl Bucket {
    fn add(&mut self, name: &str, part: &'static str, content: &[u8], kind: Kind) -> Result<(), FormatError> {
        let repeated = match part {
            "type-info" => {
                let type_info = match kind {
                    // Nothing in it is used, nor looked at by the server.
                    Kind::Version2 => TypeInfo::default(),
                    _ => json::object(name, content)?,
                };
                self.type_info.replace(type_info).is_some()
            }
            "meta-data" => {
                let meta_data =
                    if content.trim_ascii().is_empty() { None } else { Some(json::object(name, content)?) };
                self.meta_data.replace(meta_data).is_some()
            }
            _ if kind == Kind::Version2 => {
                let repeated = !self.files.is_empty();
                self.files = parse_files(name, content)?;
                repeated
            }
            _ => {
                return Err(FormatError::malformed(name, "only format version 2 has this member"));
            }
        };
        if repeated {
            return Err(FormatError::malformed(name, "occurs a second time"));
        }
        Ok(())
    }
}

fn parse_files(name: &str, content: &[u8]) -> Result<Vec<String>, FormatError> {
    #[derive(Deserialize)]
    struct Files {
        files: Vec<String>,
    }

    let Files { files } = json::object(name, content)?;
    match files.iter().find(|file| !is_file_name(file)) {
        Some(file) => Err(FormatError::malformed(
            name,
            format!("`{}` cannot be the name of a payload file", shown(file)),
        )),
        None => Ok(files),
    }
}

/// The content of a header-info, of either version.
pub(super) struct Info {
    pub(super) name: String,
    pub(super) group: Option<String>,
    pub(super) device_types: Vec<String>,
    /// What the Artifact as a whole depends on, with `device_type`.
    pub(super) depends: BTreeMap<String, Vec<String>>,
    /// The types of the payloads.
    pub(super) payload_types: Vec<Option<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PayloadEntry {
    r#type: Option<String>,
}

impl Info {
    pub(super) fn parse_v3(member: &str, bytes: &[u8]) -> Result<Self, FormatError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct HeaderInfo {
            payloads: Option<Vec<Object<PayloadEntry>>>,
            artifact_provides: Option<Object<Provides>>,
            artifact_depends: Option<Object<Depends>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Provides {
            artifact_name: Option<String>,
            artifact_group: Option<String>,
        }
        // Unlike the others, open to keys that are not known.
        #[derive(Default, Deserialize)]
        struct Depends {
            device_type: Option<Vec<String>>,
            artifact_name: Option<Vec<String>>,
            artifact_group: Option<Vec<String>>,
        }

        let info: HeaderInfo = json::object(member, bytes)?;
        let provides = info.artifact_provides.map(|Object(provides)| provides);
        let provides = provides.unwrap_or_default();
        let depends = info.artifact_depends.map(|Object(depends)| depends);
        let depends = depends.unwrap_or_default();
        let device_types = depends.device_type.unwrap_or_default();
        let lists = [
            ("artifact_name", depends.artifact_name.unwrap_or_default()),
            ("artifact_group", depends.artifact_group.unwrap_or_default()),
            ("device_type", device_types.clone()),
        ];
        Self {
            name: provides.artifact_name.unwrap_or_default(),
            group: provides.artifact_group.filter(|group| !group.is_empty()),
            device_types,
            depends: lists
                .into_iter()
                .filter(|(_, list)| !list.is_empty())
                .map(|(key, list)| (key.to_owned(), list))
                .collect(),
            payload_types: info
                .payloads
                .unwrap_or_default()
                .into_iter()
                .map(|Object(payload)| payload.r#type)
                .collect(),
        }
        .checked(member)
    }

    pub(super) fn parse_v2(member: &str, bytes: &[u8]) -> Result<Self, FormatError> {
        #[derive(Deserialize)]
        struct HeaderInfo {
            artifact_name: Option<String>,
            updates: Option<Vec<Object<Update>>>,
            device_types_compatible: Option<Vec<String>>,
        }
        #[derive(Deserialize)]
        struct Update {
            r#type: Option<String>,
        }

        let info: HeaderInfo = json::object(member, bytes)?;
        let device_types = info.device_types_compatible.unwrap_or_default();
        Self {
            name: info.artifact_name.unwrap_or_default(),
            group: None,
            depends: BTreeMap::from([("device_type".to_owned(), device_types.clone())]),
            device_types,
            payload_types: info
                .updates
                .unwrap_or_default()
                .into_iter()
                .map(|Object(update)| update.r#type)
                .collect(),
        }
        .checked(member)
    }

    /// Refuses what the server refuses in a header-info by itself.
    fn checked(self, member: &str) -> Result<Self, FormatError> {
        match self.problem() {
            None => Ok(self),
            Some(problem) => Err(FormatError::malformed(member, problem)),
        }
    }

    fn problem(&self) -> Option<String> {
        if self.name.is_empty() {
            return Some("there is no Artifact name".to_owned());
        }
        if self.payload_types.is_empty() {
            return Some("there are no payloads".to_owned());
        }
        if self.payload_types.iter().flatten().any(String::is_empty) {
            return Some("the type of a payload is empty".to_owned());
        }
        if self.device_types.is_empty() {
            return Some("there are no compatible device types".to_owned());
        }
        let depends =
            self.depends.iter().flat_map(|(key, list)| list.iter().map(move |value| (key.as_str(), value)));
        let mut strings = [("artifact_name", &self.name)]
            .into_iter()
            .chain(self.group.iter().map(|group| ("artifact_group", group)))
            .chain(depends);
        strings.find_map(|(key, value)| {
            let problem = string_problem(value)?;
            Some(format!("{key} `{}` {problem}", shown(value)))
        })
    }
}

/// What the server has against a string in a header-info.
fn string_problem(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST_STRING {
        Some("is longer than 256 bytes")
    } else if !text.chars().all(is_printable) {
        Some("has a character that cannot be printed")
    } else {
        None
    }
}

/// The payload types that the header-info of the augmented header sets. Nothing else in it counts.
pub(super) fn augment_types(header: &Header) -> Result<Vec<String>, FormatError> {
    #[derive(Deserialize)]
    struct HeaderInfo {
        payloads: Option<Vec<Object<Payload>>>,
    }
    #[derive(Deserialize)]
    struct Payload {
        r#type: Option<String>,
    }

    let info: HeaderInfo = json::object(&header.info_name, &header.info)?;
    info.payloads
        .unwrap_or_default()
        .into_iter()
        .map(|Object(payload)| {
            payload
                .r#type
                .ok_or_else(|| FormatError::malformed(&header.info_name, "the type of a payload is null"))
        })
        .collect()
}
