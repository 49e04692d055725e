//! Valid Artifacts for tests: format 3, unsigned, one payload, the same bytes for the same input.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::digest::{Sum, sum_of};

/// How the header and the payload are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// As `.gz`.
    Gzip,
}

/// Puts an Artifact together.
///
/// ```
/// use sandbox::artifact::{Artifact, Compression};
///
/// let bytes = Artifact::new("release-1")
///     .device_type("qemu")
///     .file("f.txt", b"hello")
///     .provides("rootfs-image.app.version", "1")
///     .compression(Compression::Gzip)
///     .build();
/// assert!(!bytes.is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Artifact {
    name: String,
    device_types: Vec<String>,
    payload: Option<String>,
    files: Vec<(String, Vec<u8>)>,
    provides: Map<String, Value>,
    depends: Map<String, Value>,
    clears: Vec<String>,
    meta_data: Map<String, Value>,
    header_depends: Map<String, Value>,
    header_provides: Map<String, Value>,
    compression: Compression,
}

impl Artifact {
    /// An Artifact of this name. Its payload is of the type `single-file` unless another one is given.
    pub fn new(name: &str) -> Artifact {
        Artifact {
            name: name.into(),
            device_types: Vec::new(),
            payload: Some("single-file".into()),
            files: Vec::new(),
            provides: Map::new(),
            depends: Map::new(),
            clears: Vec::new(),
            meta_data: Map::new(),
            header_depends: Map::new(),
            header_provides: Map::new(),
            compression: Compression::None,
        }
    }

    /// A compatible device type. Without any, it is `test`.
    pub fn device_type(mut self, device_type: &str) -> Artifact {
        self.device_types.push(device_type.into());
        self
    }

    /// The type of the payload.
    pub fn payload(mut self, kind: &str) -> Artifact {
        self.payload = Some(kind.into());
        self
    }

    /// Makes the payload an empty one.
    pub fn empty_payload(mut self) -> Artifact {
        self.payload = None;
        self
    }

    /// A file of the payload.
    pub fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Artifact {
        self.files.push((name.into(), content.as_ref().to_vec()));
        self
    }

    /// What the payload depends on: a text or a list of texts.
    pub fn depends(mut self, key: &str, value: impl Into<Value>) -> Artifact {
        self.depends.insert(key.into(), value.into());
        self
    }

    /// What the payload provides.
    pub fn provides(mut self, key: &str, value: &str) -> Artifact {
        self.provides.insert(key.into(), value.into());
        self
    }

    /// What of an earlier Artifact's provides the payload clears.
    pub fn clears(mut self, pattern: &str) -> Artifact {
        self.clears.push(pattern.into());
        self
    }

    /// A key of the payload's meta-data.
    pub fn meta_data(mut self, key: &str, value: impl Into<Value>) -> Artifact {
        self.meta_data.insert(key.into(), value.into());
        self
    }

    /// A further key of the header's own `artifact_depends`.
    pub fn header_depends(mut self, key: &str, value: impl Into<Value>) -> Artifact {
        self.header_depends.insert(key.into(), value.into());
        self
    }

    /// A further key of the header's own `artifact_provides`, such as `artifact_group`.
    pub fn header_provides(mut self, key: &str, value: impl Into<Value>) -> Artifact {
        self.header_provides.insert(key.into(), value.into());
        self
    }

    /// How it is packed.
    pub fn compression(mut self, compression: Compression) -> Artifact {
        self.compression = compression;
        self
    }

    /// The finished Artifact.
    pub fn build(&self) -> Vec<u8> {
        let files: Vec<(&str, &[u8])> =
            self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        let data = self.packed(archive(&files));
        let sums: Vec<(String, String)> =
            files.iter().map(|(name, content)| (format!("data/0000/{name}"), sum_of(content))).collect();
        let suffix = self.suffix();
        let (mut parts, header_name) = self.front(&sums);
        parts.push((format!("data/0000.tar{suffix}"), data));
        debug_assert_eq!(header_name, format!("header.tar{suffix}"));
        let members: Vec<(&str, &[u8])> =
            parts.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
        archive(&members)
    }

    fn suffix(&self) -> &'static str {
        match self.compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
        }
    }

    fn packed(&self, plain: Vec<u8>) -> Vec<u8> {
        match self.compression {
            Compression::None => plain,
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("writing into memory")
            }
        }
    }

    /// All members before the payload, and the name of the header.
    fn front(&self, sums: &[(String, String)]) -> (Vec<(String, Vec<u8>)>, String) {
        let version = br#"{"format":"mender","version":3}"#.to_vec();
        let header_name = format!("header.tar{}", self.suffix());
        let header = self.packed(self.header());
        let mut manifest = String::new();
        let own = [(header_name.clone(), sum_of(&header)), ("version".to_string(), sum_of(&version))];
        for (name, sum) in sums.iter().chain(&own) {
            manifest += &format!("{sum}  {name}\n");
        }
        let parts = vec![
            ("version".to_string(), version),
            ("manifest".to_string(), manifest.into_bytes()),
            (header_name.clone(), header),
        ];
        (parts, header_name)
    }

    fn header(&self) -> Vec<u8> {
        let types =
            if self.device_types.is_empty() { vec!["test".into()] } else { self.device_types.clone() };
        let mut depends = json!({ "device_type": types });
        for (key, value) in &self.header_depends {
            depends[key] = value.clone();
        }
        let mut provides = json!({ "artifact_name": self.name });
        for (key, value) in &self.header_provides {
            provides[key] = value.clone();
        }
        let info = json!({
            "payloads": [{ "type": self.payload }], "artifact_provides": provides, "artifact_depends": depends,
        });
        let mut type_info = json!({ "type": self.payload });
        if !self.provides.is_empty() {
            type_info["artifact_provides"] = self.provides.clone().into();
        }
        if !self.depends.is_empty() {
            type_info["artifact_depends"] = self.depends.clone().into();
        }
        if !self.clears.is_empty() {
            type_info["clears_artifact_provides"] = self.clears.clone().into();
        }
        let mut members = vec![
            ("header-info", info.to_string().into_bytes()),
            ("headers/0000/type-info", type_info.to_string().into_bytes()),
        ];
        if !self.meta_data.is_empty() {
            let meta_data = Value::from(self.meta_data.clone()).to_string();
            members.push(("headers/0000/meta-data", meta_data.into_bytes()));
        }
        let members: Vec<(&str, &[u8])> =
            members.iter().map(|(name, content)| (*name, content.as_slice())).collect();
        archive(&members)
    }
}

fn member(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).expect("a short name");
    header.set_size(size);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    header
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        builder.append(&member(name, content.len() as u64), *content).expect("writing into memory");
    }
    builder.into_inner().expect("writing into memory")
}

/// Writes an Artifact with one file of so many bytes that no compression makes smaller, in little memory. The same
/// input gives the same bytes. The Artifact itself is about 6 KiB larger.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write_large(path: &Path, name: &str, device_type: &str, bytes: u64) -> io::Result<()> {
    let mut hash = Sum::new();
    noise(bytes, |piece| {
        hash.update(piece);
        Ok(())
    })?;
    let artifact = Artifact::new(name).device_type(device_type);
    let (parts, _) = artifact.front(&[("data/0000/noise.bin".into(), hash.hex())]);

    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for (name, content) in &parts {
        file.write_all(member(name, content.len() as u64).as_bytes())?;
        file.write_all(content)?;
        file.write_all(&padding(content.len() as u64))?;
    }
    let inner = 512 + bytes + padding(bytes).len() as u64 + 1024;
    file.write_all(member("data/0000.tar", inner).as_bytes())?;
    file.write_all(member("noise.bin", bytes).as_bytes())?;
    noise(bytes, |piece| file.write_all(piece))?;
    file.write_all(&padding(bytes))?;
    // The closing blocks of the payload's archive, and of the Artifact.
    file.write_all(&[0; 2048])?;
    file.flush()
}

/// Zeroes up to the next block.
fn padding(length: u64) -> Vec<u8> {
    vec![0; (512 - length % 512) as usize % 512]
}

/// Hands out so many pseudo-random bytes (splitmix64), in pieces.
fn noise(bytes: u64, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut piece = vec![0_u8; 1 << 20];
    let mut state = 0_u64;
    let mut rest = bytes;
    while rest > 0 {
        for word in piece.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
        }
        let length = rest.min(piece.len() as u64);
        take(&piece[..length as usize])?;
        rest -= length;
    }
    Ok(())
}
