//! The payloads of an Artifact in a file, looked at without reading their contents.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use jiff::Timestamp;
use tar::Archive;

use super::compression::Compression;
use super::container::Prelude;
use super::error::{FormatError, shown};
use super::head::{Head, Payload};
use super::members::{Member, Members, Meter, Place};

/// How much of a compressed payload is read at a time.
const BUFFER: usize = 256 * 1024;

/// A file of a payload with what only the payload's own archive tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The name.
    pub name: String,
    /// SHA-256 of the content as the manifest has it, in hexadecimal.
    pub checksum: String,
    /// Size of the content in bytes.
    pub size: u64,
    /// When the file was last modified. Nothing protects this date, not even a signature.
    pub modified: Timestamp,
}

/// Reads the head of an Artifact and checks that the rest of the file is there: that every
/// payload with files has its data member, in its place and whole. Contents are stepped over.
///
/// Bytes after the end of the archive are ignored, and the mark at its end may be missing.
///
/// # Errors
///
/// What is wrong with the file, or that it cannot be read.
pub fn check_file(file: &mut (impl Read + Seek)) -> Result<Head, FormatError> {
    file.rewind()?;
    let prelude = Prelude::read(&mut *file)?;
    let head = prelude.head()?;

    let mut found = vec![false; head.payloads.len()];
    let at_end = walk(file, |count, member| {
        if count >= prelude.members() {
            let (index, _) = data_member(&member.name)
                .filter(|_| !member.is_directory)
                .ok_or_else(|| FormatError::out_of_place(&member.name, "a payload"))?;
            // As for the server, a member for a payload that does not exist is no error.
            if let Some(found) = found.get_mut(index) {
                *found = true;
            }
        }
        Ok(())
    })?;
    let missing = head.payloads.iter().zip(&found).position(|(payload, found)| !found && has_files(payload));
    match missing {
        None => Ok(head),
        Some(index) if at_end => Err(FormatError::Truncated { place: format!("before payload {index:04}") }),
        Some(index) => Err(FormatError::malformed(
            format!("data/{index:04}.tar"),
            "is missing, though the manifest lists files of this payload",
        )),
    }
}

/// The files of each payload with their sizes and dates, in the order of [`Payload::files`].
///
/// `head` is that of the same file. Reads compressed payloads to their end, and only the headers
/// of others; contents are not compared with the checksums.
///
/// # Errors
///
/// As [`check_file`].
pub fn payload_files(file: &mut (impl Read + Seek), head: &Head) -> Result<Vec<Vec<FileInfo>>, FormatError> {
    let mut data: Vec<Option<Data>> = head.payloads.iter().map(|_| None).collect();
    walk(file, |_, member| {
        if let Some((index, compression)) = data_member(&member.name)
            && let Some(data) = data.get_mut(index)
        {
            data.get_or_insert_with(|| Data {
                name: shown(&member.name),
                compression,
                start: member.position,
                len: member.size,
            });
        }
        Ok(())
    })?;

    head.payloads
        .iter()
        .zip(data)
        .enumerate()
        .map(|(index, (payload, data))| match data {
            Some(data) if has_files(payload) => data.files(file, payload),
            None if has_files(payload) => {
                Err(FormatError::malformed(format!("data/{index:04}.tar"), "is missing"))
            }
            _ => Ok(Vec::new()),
        })
        .collect()
}

fn has_files(payload: &Payload) -> bool {
    !payload.files.is_empty() || !payload.augmented_files.is_empty()
}

/// Takes apart `data/NNNN.tar` with a suffix, with the freedom that the server gives the number.
fn data_member(name: &str) -> Option<(usize, Compression)> {
    let (stem, compression) = Compression::split(name.strip_prefix("data/")?);
    let index = stem.strip_suffix(".tar").unwrap_or(stem).parse().ok()?;
    Some((index, compression))
}

/// Visits the members of the Artifact, counting from 0, and checks that each is whole. Returns
/// whether the file ends with the last of them, without an end mark.
fn walk<R: Read + Seek>(
    file: &mut R,
    mut visit: impl FnMut(usize, &Member<'_, &mut R>) -> Result<(), FormatError>,
) -> Result<bool, FormatError> {
    let len = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let meter = Meter::new(u64::MAX);
    let mut archive = Archive::new(meter.watch(&mut *file));
    let mut members = Members::seek(&mut archive, &meter, Place::Artifact)?;
    let mut end = 0;
    for count in 0.. {
        // What is left cannot be a member, and the tar reader would stumble over half a block.
        if len.saturating_sub(end) < 512 {
            break;
        }
        let Some(member) = members.next()? else {
            return Ok(false);
        };
        end = member
            .position
            .checked_add(member.size)
            .filter(|end| *end <= len)
            .ok_or_else(|| members.truncated_inside(&member.name))?
            .next_multiple_of(512);
        visit(count, &member)?;
    }

    // Part of an end mark is as good as none; part of a header is not.
    drop(archive);
    let mut rest = Vec::new();
    if end < len {
        file.seek(SeekFrom::Start(end))?;
        file.take(512).read_to_end(&mut rest)?;
    }
    if rest.iter().any(|byte| *byte != 0) {
        return Err(FormatError::Truncated { place: "inside the header of a member".to_owned() });
    }
    Ok(true)
}

/// Where the archive with the files of a payload is.
struct Data {
    name: String,
    compression: Compression,
    start: u64,
    len: u64,
}

impl Data {
    fn files<R: Read + Seek>(&self, file: &mut R, payload: &Payload) -> Result<Vec<FileInfo>, FormatError> {
        file.seek(SeekFrom::Start(self.start))?;
        let source = Meter::new(u64::MAX);
        let meter = Meter::new(u64::MAX);
        let place = Place::Inner(self.name.clone(), source.clone());
        if self.compression == Compression::None {
            let window = Window { file, start: self.start, len: self.len, position: 0 };
            let mut archive = Archive::new(meter.watch(source.watch(window)));
            let mut members = Members::seek(&mut archive, &meter, place)?;
            collect(&mut members, payload, |members, member| {
                // Seeking goes past the end without a word.
                match member.position.checked_add(member.size) {
                    Some(end) if end <= self.len => Ok(()),
                    _ => Err(members.truncated_inside(&member.name)),
                }
            })
        } else {
            let reader = BufReader::with_capacity(BUFFER, source.watch(file.take(self.len)));
            let mut archive = Archive::new(meter.watch(self.compression.decoder(reader)));
            let mut members = Members::stream(&mut archive, &meter, place)?;
            collect(&mut members, payload, |members, member| members.skip(member))
        }
    }
}

/// Goes through the archive of a payload and finds each file of the manifest.
fn collect<'a, R: Read>(
    members: &mut Members<'a, R>,
    payload: &Payload,
    pass: impl Fn(&Members<'a, R>, &mut Member<'a, R>) -> Result<(), FormatError>,
) -> Result<Vec<FileInfo>, FormatError> {
    let listed: BTreeMap<&str, usize> = payload
        .files
        .iter()
        .chain(&payload.augmented_files)
        .map(|file| file.name.as_str())
        .zip(0..)
        .collect();
    let mut found = vec![None; listed.len()];
    while let Some(mut member) = members.next()? {
        let at = listed.get(member.name.as_str());
        let Some(&at) = at.filter(|_| !member.is_directory) else {
            return Err(members.malformed(&member.name, "is not in the manifest"));
        };
        found[at] = Some((member.size, modified(&mut member)));
        pass(members, &mut member)?;
    }
    if let Some((name, _)) = listed.iter().find(|(_, at)| found[**at].is_none()) {
        return Err(members.malformed(name, "is missing, though in the manifest"));
    }
    let files = payload.files.iter().zip(found.into_iter().flatten());
    Ok(files
        .map(|(listed, (size, modified))| FileInfo {
            name: listed.name.clone(),
            checksum: listed.checksum.clone(),
            size,
            modified,
        })
        .collect())
}

/// The date of a file, within the years that the server can read.
fn modified<R: Read>(member: &mut Member<'_, R>) -> Timestamp {
    // Midnight at the start of the year 1.
    const EARLIEST: i64 = -62_135_596_800;
    let record = member.entry.pax_extensions().ok().flatten();
    let record = record.and_then(|records| {
        let mtime = records.flatten().find(|record| record.key() == Ok("mtime"))?;
        // Whole seconds are enough; what is cut off is the fraction.
        mtime.value().ok()?.split('.').next()?.parse::<i64>().ok()
    });
    let seconds = record.unwrap_or_else(|| {
        let seconds = member.entry.header().mtime().unwrap_or(0);
        i64::try_from(seconds).unwrap_or(i64::MAX)
    });
    let latest = Timestamp::MAX.as_second();
    Timestamp::from_second(seconds.clamp(EARLIEST, latest)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A part of a file, read and sought like a file of its own.
struct Window<'a, R> {
    file: &'a mut R,
    start: u64,
    len: u64,
    position: u64,
}

impl<R: Read> Read for Window<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let read = self.file.by_ref().take(left).read(buf)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Window<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        let absolute = position.and_then(|position| self.start.checked_add(position));
        let (Some(position), Some(absolute)) = (position, absolute) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        self.file.seek(SeekFrom::Start(absolute))?;
        self.position = position;
        Ok(position)
    }
}
