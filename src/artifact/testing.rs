//! Builds Artifacts for the tests, right ones and wrong ones.

use std::io::{Cursor, Write};

use serde_json::{Value, json};

use super::Compression;
use crate::digest::sha256_hex;

/// An Artifact in the making: its members with their contents, in order.
#[derive(Clone)]
pub(super) struct Artifact {
    pub(super) compression: Compression,
    pub(super) version: String,
    /// Members of the header.
    pub(super) header: Vec<(String, Vec<u8>)>,
    /// Members of the augmented header.
    pub(super) augment: Vec<(String, Vec<u8>)>,
    pub(super) signed: bool,
    /// The files of the payload.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// Files of the payload listed in `manifest-augment`.
    pub(super) augmented_files: Vec<(String, Vec<u8>)>,
}

pub(super) const MODIFIED: u64 = 1_767_323_045;

impl Artifact {
    pub(super) fn v3() -> Self {
        let info = json!({
            "payloads": [{"type": "single-file"}],
            "artifact_provides": {"artifact_name": "rel-1", "artifact_group": "group"},
            "artifact_depends": {"artifact_name": ["rel-0"], "device_type": ["dt1", "dt2"]},
        });
        let type_info = json!({
            "type": "single-file",
            "artifact_depends": {"one": "1", "two": ["2", "3"]},
            "artifact_provides": {"rootfs-image.single-file.version": "rel-1"},
            "clears_artifact_provides": ["rootfs-image.single-file.*"],
        });
        let mut artifact = Self {
            compression: Compression::None,
            version: r#"{"format":"mender","version":3}"#.to_owned(),
            header: Vec::new(),
            augment: Vec::new(),
            signed: false,
            files: vec![("b.txt".to_owned(), b"hello\n".to_vec()), ("a.bin".to_owned(), vec![7; 2000])],
            augmented_files: Vec::new(),
        };
        artifact.set("header-info", &info);
        artifact.set_bytes("scripts/ArtifactInstall_Enter_00", b"#!/bin/sh\n");
        artifact.set("headers/0000/type-info", &type_info);
        artifact.set("headers/0000/meta-data", &json!({"k": {"n": [1, 2]}}));
        artifact
    }

    pub(super) fn v2() -> Self {
        let mut artifact = Self::v3();
        artifact.version = r#"{"format":"mender","version":2}"#.to_owned();
        artifact.header.clear();
        artifact.files.truncate(1);
        artifact.set(
            "header-info",
            &json!({
                "updates": [{"type": "rootfs-image"}],
                "artifact_name": "rel-2",
                "device_types_compatible": ["dt1", "dt2"],
            }),
        );
        artifact.set("headers/0000/files", &json!({"files": ["b.txt"]}));
        artifact.set("headers/0000/type-info", &json!({"type": "rootfs-image"}));
        artifact.set_bytes("headers/0000/meta-data", b"");
        artifact
    }

    /// The v3 Artifact with a delta made later, unsigned.
    pub(super) fn augmented() -> Self {
        let mut artifact = Self::v3();
        artifact.augmented_files = vec![("delta".to_owned(), b"late".to_vec())];
        let members = [
            ("header-info", json!({"payloads": [{"type": "delta"}]})),
            (
                "headers/0000/type-info",
                json!({"type": "delta", "artifact_provides": {"late": "yes"},
                       "artifact_depends": {"one": "7"}}),
            ),
            ("headers/0000/meta-data", json!({"k": {}, "late": true})),
        ];
        artifact.augment = members
            .into_iter()
            .map(|(name, json)| (name.to_owned(), json.to_string().into_bytes()))
            .collect();
        artifact
    }

    pub(super) fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets the content of a member of the header, adding it at the end unless it is there.
    pub(super) fn set_bytes(&mut self, name: &str, content: &[u8]) {
        match self.header.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = content.to_vec(),
            None => self.header.push((name.to_owned(), content.to_vec())),
        }
    }

    pub(super) fn set(&mut self, name: &str, content: &Value) {
        self.set_bytes(name, content.to_string().as_bytes());
    }

    /// Changes one value in a JSON member of the header.
    pub(super) fn with(mut self, member: &str, pointer: &str, value: Value) -> Self {
        let content = &self.header.iter().find(|(name, _)| name == member).unwrap().1;
        let mut json: Value = serde_json::from_slice(content).unwrap();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => parent.remove(key),
            value => parent.insert(key.to_owned(), value),
        };
        self.set(member, &json);
        self
    }

    pub(super) fn without(mut self, member: &str) -> Self {
        self.header.retain(|(name, _)| name != member);
        self
    }

    pub(super) fn replace(mut self, member: &str, content: &[u8]) -> Self {
        self.set_bytes(member, content);
        self
    }

    /// The outer members.
    pub(super) fn members(&self) -> Vec<(String, Vec<u8>)> {
        let suffix = self.compression.suffix();
        let pack = |files: &[(String, Vec<u8>)]| compress(self.compression, &tar(files));
        let lines = |files: &[(String, Vec<u8>)]| -> String {
            files
                .iter()
                .map(|(name, content)| format!("{}  data/0000/{name}\n", sha256_hex(content)))
                .collect()
        };

        let header = (format!("header.tar{suffix}"), pack(&self.header));
        let mut manifest = lines(&self.files);
        manifest += &line(&header);
        manifest += &line(&("version".to_owned(), self.version.clone().into_bytes()));

        let mut members = vec![
            ("version".to_owned(), self.version.clone().into_bytes()),
            ("manifest".to_owned(), manifest.into_bytes()),
        ];
        if self.signed {
            members.push(("manifest.sig".to_owned(), b"c2lnbmF0dXJl".to_vec()));
        }
        let augment = (!self.augment.is_empty()).then(|| {
            let name = format!("header-augment.tar{suffix}");
            (name, pack(&self.augment))
        });
        if let Some(augment) = &augment {
            let manifest = lines(&self.augmented_files) + &line(augment);
            members.push(("manifest-augment".to_owned(), manifest.into_bytes()));
        }
        members.push(header);
        members.extend(augment);
        let files: Vec<_> = self.files.iter().chain(&self.augmented_files).cloned().collect();
        members.push((format!("data/0000.tar{suffix}"), pack(&files)));
        members
    }

    pub(super) fn build(&self) -> Vec<u8> {
        tar(&self.members())
    }

    pub(super) fn file(&self) -> Cursor<Vec<u8>> {
        Cursor::new(self.build())
    }
}

/// The line of a manifest for a member.
pub(super) fn line((name, content): &(String, Vec<u8>)) -> String {
    format!("{}  {name}\n", sha256_hex(content))
}

pub(super) fn tar_header(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(MODIFIED);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size);
    header.set_cksum();
    header
}

/// A tar of regular files, whatever their names.
pub(super) fn tar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let header = tar_header(name, content.len() as u64);
        builder.append(&header, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn compress(compression: Compression, content: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => content.to_vec(),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Xz => xz_stored(content),
        Compression::Zstd => {
            ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
        }
    }
}

/// An xz stream of one block with the content as it is: the crate's encoder is not compiled in.
fn xz_stored(content: &[u8]) -> Vec<u8> {
    fn with_crc(mut bytes: Vec<u8>) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(&bytes);
        bytes.extend(crc.sum().to_le_bytes());
        bytes
    }
    fn number(mut value: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    // Check none; LZMA2 with a dictionary of 64 KiB.
    let block_header = with_crc(vec![2, 0, 0x21, 1, 8, 0, 0, 0]);
    let mut block = Vec::new();
    for (count, chunk) in content.chunks(1 << 16).enumerate() {
        block.push(if count == 0 { 1 } else { 2 });
        block.extend((chunk.len() as u16).wrapping_sub(1).to_be_bytes());
        block.extend(chunk);
    }
    block.push(0);
    let mut index = vec![0, 1];
    index.extend(number(block_header.len() + block.len()));
    index.extend(number(content.len()));
    index.resize(index.len().next_multiple_of(4), 0);
    let index = with_crc(index);

    let flags = [0, 0];
    let mut footer = (index.len() as u32 / 4 - 1).to_le_bytes().to_vec();
    footer.extend(flags);
    let crc = with_crc(footer.clone())[6..].to_vec();

    let mut stream = b"\xfd7zXZ\0".to_vec();
    stream.extend(with_crc(flags.to_vec()));
    stream.extend(&block_header);
    block.resize(block.len().next_multiple_of(4), 0);
    stream.extend(block);
    stream.extend(index);
    stream.extend(crc);
    stream.extend(footer);
    stream.extend(b"YZ");
    stream
}
