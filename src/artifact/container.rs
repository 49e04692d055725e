//! The members of an Artifact up to and with its header.

use std::io::Read;

use serde::Deserialize;
use tar::Archive;

use super::compression::Compression;
use super::error::{FormatError, shown};
use super::json;
use super::manifest::Manifest;
use super::members::{Member, Members, Meter, Place};

// Limits in bytes. Nothing official bounds these members, which are read whole.

/// `version` is written with 31 bytes.
const VERSION_LIMIT: u64 = 4 * 1024;
/// Some 10000 payload files.
const MANIFEST_LIMIT: u64 = 1024 * 1024;
/// A signature is of some hundred bytes, whatever the key.
const SIGNATURE_LIMIT: u64 = 16 * 1024;
/// Compressed; it holds the state scripts besides a few KiB of JSON.
const HEADER_LIMIT: u64 = 16 * 1024 * 1024;

/// What stands before the payloads, each part with its checksum verified.
pub(super) struct Prelude {
    pub(super) version: u8,
    pub(super) manifest: Manifest,
    pub(super) signed: bool,
    pub(super) header: HeaderMember,
    /// Unsigned additions to the header.
    pub(super) augment: Option<HeaderMember>,
}

/// An archive with a header, as it is in the Artifact.
pub(super) struct HeaderMember {
    pub(super) name: String,
    pub(super) compression: Compression,
    pub(super) bytes: Vec<u8>,
}

impl Prelude {
    /// Reads up to the last byte of the header and no further.
    pub(super) fn read(reader: impl Read) -> Result<Self, FormatError> {
        let meter = Meter::new(u64::MAX);
        let mut archive = Archive::new(meter.watch(reader));
        let mut members = Members::stream(&mut archive, &meter, Place::Artifact)?;

        let mut member = first(&mut members, &meter)?;
        let version_bytes = members.read(&mut member, VERSION_LIMIT)?;
        let version = parse_version(&version_bytes)?;

        let mut member = following(&mut members, "`manifest`")?;
        if member.name != "manifest" {
            return Err(FormatError::out_of_place(&member.name, "`manifest`"));
        }
        let mut manifest = Manifest::default();
        let bytes = members.read(&mut member, MANIFEST_LIMIT)?;
        manifest.add("manifest", &bytes, false)?;
        manifest.verify("version", &version_bytes)?;

        let mut member = following(&mut members, "the header")?;
        let signed = member.name == "manifest.sig";
        if signed {
            members.read(&mut member, SIGNATURE_LIMIT)?;
            member = following(&mut members, "the header")?;
        }
        let augmented = version == 3 && member.name == "manifest-augment";
        if augmented {
            let bytes = members.read(&mut member, MANIFEST_LIMIT)?;
            manifest.add("manifest-augment", &bytes, true)?;
            member = following(&mut members, "the header")?;
        }

        let compression = header_compression(&member.name).ok_or_else(|| {
            FormatError::out_of_place(&member.name, "the header, `header.tar` or `header.tar.gz`")
        })?;
        let header = header_member(&members, member, compression, &manifest)?;
        let augment = if augmented {
            // As the server has it, the same compression, and never zstd.
            let expected = format!("header-augment.tar{}", compression.suffix());
            let member = following(&mut members, &format!("`{expected}`"))?;
            if member.name != expected || compression == Compression::Zstd {
                let expected = format!("`{expected}` (which cannot be zstd)");
                return Err(FormatError::out_of_place(&member.name, expected));
            }
            Some(header_member(&members, member, compression, &manifest)?)
        } else {
            None
        };

        Ok(Self { version, manifest, signed, header, augment })
    }

    /// How many members of the Artifact this is.
    pub(super) fn members(&self) -> usize {
        3 + usize::from(self.signed) + 2 * usize::from(self.augment.is_some())
    }

    /// The lines of the manifest that are not for payload files.
    pub(super) fn listed_members(&self) -> Vec<&str> {
        let augment = self.augment.iter().map(|augment| augment.name.as_str());
        ["version", &self.header.name].into_iter().chain(augment).collect()
    }
}

/// The first member, which is what tells an Artifact from anything else.
fn first<'a, R: Read>(members: &mut Members<'a, R>, meter: &Meter) -> Result<Member<'a, R>, FormatError> {
    let not_artifact = |reason: &str| Err(FormatError::NotAnArtifact(reason.to_owned()));
    match members.next() {
        Ok(Some(member)) if member.name == "version" && !member.is_directory => Ok(member),
        Ok(Some(member)) => not_artifact(&format!(
            "it is a tar, but begins with `{}` instead of `version`",
            shown(&member.name)
        )),
        Ok(None) if meter.ended() => Err(FormatError::Empty),
        Ok(None) => not_artifact("it begins with zeros"),
        Err(FormatError::Io(error)) => Err(error.into()),
        Err(FormatError::Truncated { .. }) => not_artifact("it is too short to be a tar"),
        Err(_) => not_artifact("it is not a tar"),
    }
}

/// The next member, where the Artifact cannot be at its end.
fn following<'a, R: Read>(
    members: &mut Members<'a, R>,
    expected: &str,
) -> Result<Member<'a, R>, FormatError> {
    match members.next()? {
        Some(member) if member.is_directory => Err(FormatError::out_of_place(&member.name, expected)),
        Some(member) => Ok(member),
        None => Err(members.ends_early()),
    }
}

fn header_member<'a, R: Read>(
    members: &Members<'a, R>,
    mut member: Member<'a, R>,
    compression: Compression,
    manifest: &Manifest,
) -> Result<HeaderMember, FormatError> {
    let bytes = members.read(&mut member, HEADER_LIMIT)?;
    manifest.verify(&member.name, &bytes)?;
    Ok(HeaderMember { name: member.name, compression, bytes })
}

/// How the header of this name is compressed, unless it is no name for a header.
fn header_compression(name: &str) -> Option<Compression> {
    let (stem, compression) = Compression::split(name);
    (stem == "header.tar").then_some(compression)
}

fn parse_version(bytes: &[u8]) -> Result<u8, FormatError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Version {
        format: Option<String>,
        #[serde(default)]
        version: i64,
    }

    let Version { format, version } = json::object("version", bytes)?;
    match format.as_deref() {
        Some("mender") => {}
        Some(other) => {
            return Err(FormatError::NotAnArtifact(format!(
                "its format is `{}`, not `mender`",
                shown(other)
            )));
        }
        None => {
            return Err(FormatError::NotAnArtifact("it does not say that its format is `mender`".to_owned()));
        }
    }
    match version {
        2 => Ok(2),
        3 => Ok(3),
        other => Err(FormatError::UnsupportedVersion(other)),
    }
}
