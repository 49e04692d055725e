//! Reads an Artifact front to back, as the server does while it stores it, and refuses in the server's words.

mod header;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::rc::Rc;

use serde_json::{Map, Value, json};
use tar::{Archive, Entries, Entry};

use self::header::Header;
use crate::digest::{Sum, sum_of};
use crate::gojson;

/// What the server keeps of an Artifact.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verified {
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) signed: bool,
    pub(crate) device_types: Vec<String>,
    pub(crate) updates: Vec<Value>,
    pub(crate) provides: Map<String, Value>,
    pub(crate) depends: Map<String, Value>,
    pub(crate) clears: Vec<String>,
    /// Payload types; an empty payload has none.
    pub(crate) types: Vec<Option<String>>,
}

/// Reads a whole Artifact, and what may follow it. The error is the text of the server's 400.
pub(crate) fn verify(source: impl Read) -> Result<Verified, String> {
    let end = Rc::new(RefCell::new(End::default()));
    let mut archive = Archive::new(Source { inner: source, end: end.clone() });
    let verified = read(&mut archive, &end)?;
    // Bytes behind the closing blocks are stored like the others.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| error.to_string())?;
    Ok(verified)
}

/// How the bytes ended, to tell a short Artifact from a wrong one.
#[derive(Debug, Default)]
struct End {
    reached: bool,
    error: Option<String>,
}

struct Source<R> {
    inner: R,
    end: Rc<RefCell<End>>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).inspect_err(|error| {
            self.end.borrow_mut().error = Some(error.to_string());
        })?;
        if read == 0 && !buffer.is_empty() {
            self.end.borrow_mut().reached = true;
        }
        Ok(read)
    }
}

impl End {
    /// The server's words for a failed read.
    fn words(&self, otherwise: &str) -> String {
        match &self.error {
            Some(error) => error.clone(),
            None if self.reached => "unexpected EOF".into(),
            None => otherwise.into(),
        }
    }
}

type Outer<'a, R> = Entry<'a, Source<R>>;

fn read<R: Read>(archive: &mut Archive<Source<R>>, end: &RefCell<End>) -> Result<Verified, String> {
    let failed = |text: String| format!("reading artifact error: {text}");
    let mut members = archive.entries().map_err(|error| failed(error.to_string()))?;
    let Front { header, version, signed, mut sums } = read_front(&mut members, end)?;

    let mut payloads: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    while let Some((name, member)) = next(&mut members, end).map_err(failed)? {
        if name.starts_with("header-augment.tar") && payloads.is_empty() {
            let length = member.size();
            let sum = Hashing::new(member).sum(length).map_err(|text| failed(end.borrow().words(&text)))?;
            sums.check(&name, &sum)?;
            continue;
        }
        let Some(index) = name.strip_prefix("data/").and_then(|rest| rest.split('.').next()) else {
            return Err(failed(format!("readNextDataFile: invalid data file name: {name}")));
        };
        let number: usize =
            index.parse().map_err(|_| failed(format!("error getting data payload number from {name}")))?;
        let files = read_payload(&name, index, member, end, &mut sums)?;
        payloads.entry(number).or_default().extend(files);
    }
    sums.check_all_seen().map_err(failed)?;
    header.verified(version, signed, payloads)
}

/// Everything before the payloads.
struct Front {
    header: Header,
    version: i64,
    signed: bool,
    sums: Sums,
}

fn read_front<R: Read>(members: &mut Entries<'_, Source<R>>, end: &RefCell<End>) -> Result<Front, String> {
    let (version, version_sum) = read_version(members, end)?;
    let failed = |text: String| format!("reading artifact error: readHeaderV{version}: {text}");
    let mut sums = Sums::default();
    let mut seen = vec!["version".to_string()];
    let mut signed = false;
    while let Some((name, mut member)) = next(members, end).map_err(failed)? {
        let last = seen.last().map(String::as_str).unwrap_or_default();
        let fits = match name.as_str() {
            "manifest" => last == "version",
            "manifest.sig" => last == "manifest",
            "manifest-augment" => last == "manifest" || last == "manifest.sig",
            _ => name.starts_with("header.tar") && seen.len() > 1,
        };
        if !fits {
            let order = format!("Invalid structure: [{}], wrong element: {name}", seen.join(" "));
            return Err(failed(order));
        }
        if name.starts_with("header.tar") {
            let length = member.size();
            let (header, sum) = Header::read(&name, &mut member, length, version)
                .map_err(|text| failed(end.borrow().words(&text)))?;
            sums.check("version", &version_sum)?;
            sums.check(&name, &sum)?;
            return Ok(Front { header, version, signed, sums });
        }
        let content = content(&mut member, end).map_err(failed)?;
        match name.as_str() {
            "manifest.sig" => signed = true,
            _ => sums.add(&content).map_err(failed)?,
        }
        seen.push(name);
    }
    Err(failed("archive does not contain all required fields".into()))
}

fn read_version<R: Read>(
    members: &mut Entries<'_, Source<R>>,
    end: &RefCell<End>,
) -> Result<(i64, String), String> {
    let failed = |text: String| format!("reading artifact error: reader: can not read version file: {text}");
    let first = next(members, end).map_err(|text| {
        failed(format!("readNext: Failed to get next header: reader: error reading archive: {text}"))
    })?;
    let Some((name, mut member)) = first else {
        return Err(failed("readNext: Failed to get next header: EOF".into()));
    };
    if !name.starts_with("version") {
        return Err(failed("invalid argument".into()));
    }
    let content = content(&mut member, end)
        .map_err(|text| failed(format!("readNext: Failed to copy from tarReader to the buffer: {text}")))?;
    let info = gojson::object(&content, "artifact.Info").map_err(failed)?;
    if let Some(key) = info.keys().find(|key| !["format", "version"].contains(&key.as_str())) {
        return Err(failed(format!("json: unknown field \"{key}\"")));
    }
    let version = gojson::integer(&info, "Info", "version").map_err(failed)?.unwrap_or_default();
    match version {
        2 | 3 => {}
        1 => return Err("reading artifact error: reader: version 1 is no longer supported".into()),
        other => return Err(format!("unsupported version: {other}; supported versions are: 1, 2")),
    }
    if gojson::text(&info, "Info", "format").map_err(failed)?.unwrap_or_default().is_empty() {
        return Err("Metadata invalid".into());
    }
    Ok((version, sum_of(&content)))
}

/// The next member of the outer archive, by its name.
fn next<'a, R: Read>(
    members: &mut Entries<'a, Source<R>>,
    end: &RefCell<End>,
) -> Result<Option<(String, Outer<'a, R>)>, String> {
    match members.next() {
        None => Ok(None),
        Some(Ok(entry)) => Ok(Some((String::from_utf8_lossy(&entry.path_bytes()).into_owned(), entry))),
        Some(Err(_)) => Err(end.borrow().words("archive/tar: invalid tar header")),
    }
}

/// A small member, whole.
fn content<R: Read>(member: &mut Outer<'_, R>, end: &RefCell<End>) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = member.take(1 << 20).read_to_end(&mut content);
    let wanted = member.size().min(1 << 20);
    if read.is_err() || (content.len() as u64) < wanted {
        return Err(end.borrow().words("archive/tar: invalid tar header"));
    }
    Ok(content)
}

/// Reads the files of one payload and checks each against the manifest.
fn read_payload<R: Read>(
    name: &str,
    index: &str,
    member: Outer<'_, R>,
    end: &RefCell<End>,
    sums: &mut Sums,
) -> Result<Vec<Value>, String> {
    let failed = |text: String| format!("reading artifact error: Payload: {text}");
    let broken = |text: &str| failed(end.borrow().words(text));
    let mut archive = Archive::new(decompressed(name, member).map_err(|error| broken(&error.to_string()))?);
    let mut files = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    for entry in archive.entries().map_err(|error| broken(&error.to_string()))? {
        let mut entry = entry.map_err(|error| broken(&error.to_string()))?;
        let file = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let listed = format!("data/{index}/{file}");
        let Some(expected) = sums.expected(&listed) else {
            return Err(failed(format!("can not find data file: {file}")));
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || ".,_-".contains(c);
        if !file.chars().all(plain) {
            let rule = "contains forbidden characters; only letters, digits and .,_- are allowed";
            return Err(failed(format!("data file name {file:?} {rule}")));
        }
        let mut hash = Sum::new();
        let mut size = 0;
        loop {
            let read = entry.read(&mut buffer);
            let read = read.map_err(|error| {
                failed(format!("can not install Payload: {file}: {}", end.borrow().words(&error.to_string())))
            })?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            size += read as u64;
        }
        if size < entry.size() {
            return Err(failed(format!("can not install Payload: {file}: unexpected EOF")));
        }
        let actual = hash.hex();
        if actual != expected {
            return Err(mismatch(&expected, &actual));
        }
        let date = entry.header().mtime().ok().and_then(|time| i64::try_from(time).ok());
        let date = date.and_then(|time| jiff::Timestamp::from_second(time).ok()).unwrap_or_default();
        files.push(json!({ "name": file, "checksum": actual, "size": size, "date": date.to_string() }));
    }
    Ok(files)
}

/// The plain bytes of a member, by the suffix of its name.
fn decompressed<'a>(name: &str, member: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(if name.ends_with(".gz") {
        Box::new(flate2::read::MultiGzDecoder::new(member))
    } else if name.ends_with(".xz") {
        Box::new(lzma_rust2::XzReader::new(member, true))
    } else if name.ends_with(".zst") {
        Box::new(ruzstd::decoding::StreamingDecoder::new(member).map_err(io::Error::other)?)
    } else {
        Box::new(member)
    })
}

fn mismatch(expected: &str, actual: &str) -> String {
    format!("invalid checksum; expected: [{expected}]; actual: [{actual}]")
}

/// The manifest: names, sums, and which of them were met.
#[derive(Debug, Default)]
struct Sums(BTreeMap<String, (String, bool)>);

impl Sums {
    fn add(&mut self, manifest: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(manifest);
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let Some((sum, name)) = line.split_once("  ").filter(|(_, name)| !name.contains(' ')) else {
                return Err(format!("malformed checksum line: '{line}'"));
            };
            if self.0.insert(name.into(), (sum.into(), false)).is_some() {
                return Err(format!("file already exists: {name}"));
            }
        }
        Ok(())
    }

    fn expected(&mut self, name: &str) -> Option<String> {
        let (sum, seen) = self.0.get_mut(name)?;
        *seen = true;
        Some(sum.clone())
    }

    fn check(&mut self, name: &str, actual: &str) -> Result<(), String> {
        match self.expected(name) {
            None => Err(format!("reading artifact error: checksum missing for file: '{name}'")),
            Some(expected) if expected != actual => Err(mismatch(&expected, actual)),
            Some(_) => Ok(()),
        }
    }

    fn check_all_seen(&self) -> Result<(), String> {
        let missing: Vec<&str> =
            self.0.iter().filter(|(_, (_, seen))| !seen).map(|(name, _)| name.as_str()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("Files found in manifest(s), that were not part of artifact: {}", missing.join(",")))
    }
}

/// Hashes what is read through it.
struct Hashing<R> {
    inner: R,
    hash: Sum,
    read: u64,
}

impl<R: Read> Hashing<R> {
    fn new(inner: R) -> Hashing<R> {
        Hashing { inner, hash: Sum::new(), read: 0 }
    }

    /// Reads the rest; the checksum of it all, which has to be so long.
    fn sum(mut self, length: u64) -> Result<String, String> {
        io::copy(&mut self, &mut io::sink()).map_err(|error| error.to_string())?;
        if self.read < length {
            return Err("unexpected EOF".into());
        }
        Ok(self.hash.hex())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}
