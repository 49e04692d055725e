//! The members of a tar, read in order and within bounds.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use tar::{Archive, Entries, Entry, EntryType};

use super::error::{FormatError, shown};

/// Most bytes that may come between two members: the headers and the PAX or GNU blocks with long
/// names, which the tar reader keeps in memory. The server takes 1 MiB for such a block.
const BETWEEN_MEMBERS: u64 = 1024 * 1024;

/// Watches and bounds what an archive reader takes from its source.
#[derive(Clone)]
pub(super) struct Meter(Rc<MeterState>);

struct MeterState {
    /// Bytes read so far.
    passed: Cell<u64>,
    /// Where reading stops for now, in bytes from the start.
    stop: Cell<u64>,
    /// Where reading stops for good.
    limit: u64,
    /// The source was at its end at the last attempt.
    ended: Cell<bool>,
    /// The first error of the source. Readers above wrap errors as they please.
    failure: RefCell<Option<io::Error>>,
}

impl Meter {
    /// A meter that lets `limit` bytes pass.
    pub(super) fn new(limit: u64) -> Self {
        Self(Rc::new(MeterState {
            passed: Cell::new(0),
            stop: Cell::new(limit),
            limit,
            ended: Cell::new(false),
            failure: RefCell::new(None),
        }))
    }

    pub(super) fn watch<R>(&self, source: R) -> Metered<R> {
        Metered { source, meter: self.clone() }
    }

    pub(super) fn ended(&self) -> bool {
        self.0.ended.get()
    }

    /// Whether reading has come to where it stops, for now or for good.
    fn is_exhausted(&self) -> bool {
        self.0.passed.get() >= self.0.stop.get()
    }
}

/// A source under a [`Meter`].
pub(super) struct Metered<R> {
    source: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let state = &*self.meter.0;
        let left = state.stop.get().saturating_sub(state.passed.get());
        let len = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if len == 0 && !buf.is_empty() {
            return Err(io::Error::other("limit reached"));
        }
        loop {
            match self.source.read(&mut buf[..len]) {
                Ok(read) => {
                    state.passed.set(state.passed.get() + read as u64);
                    state.ended.set(read == 0 && len > 0);
                    return Ok(read);
                }
                // The tar reader does not retry.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    state.failure.borrow_mut().get_or_insert(error);
                    return Err(io::Error::other("source failed"));
                }
            }
        }
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to).inspect_err(|error| {
            let copy = io::Error::new(error.kind(), error.to_string());
            self.meter.0.failure.borrow_mut().get_or_insert(copy);
        })
    }
}

/// The archive that is read, for the messages.
pub(super) enum Place {
    /// The Artifact.
    Artifact,
    /// An archive within it, by its name, and the meter below its decompression.
    Inner(String, Meter),
}

/// Iterates over the members of a tar.
pub(super) struct Members<'a, R: Read> {
    entries: Entries<'a, Metered<R>>,
    meter: Meter,
    place: Place,
    /// The member before, for the messages.
    previous: Option<String>,
}

/// One member of a tar: a regular file or, where these are let through, a directory.
pub(super) struct Member<'a, R: Read> {
    pub(super) name: String,
    pub(super) size: u64,
    /// Where the content begins in the archive.
    pub(super) position: u64,
    pub(super) is_directory: bool,
    pub(super) entry: Entry<'a, Metered<R>>,
}

impl<'a, R: Read> Members<'a, R> {
    /// Reads from start to end. Read or [skip](Self::skip) each member before the next.
    pub(super) fn stream(
        archive: &'a mut Archive<Metered<R>>,
        meter: &Meter,
        place: Place,
    ) -> Result<Self, FormatError> {
        let entries = archive.entries()?;
        Ok(Self::new(entries, meter, place))
    }

    /// Steps over contents by seeking.
    pub(super) fn seek(
        archive: &'a mut Archive<Metered<R>>,
        meter: &Meter,
        place: Place,
    ) -> Result<Self, FormatError>
    where
        R: Seek,
    {
        let entries = archive.entries_with_seek()?;
        Ok(Self::new(entries, meter, place))
    }

    fn new(entries: Entries<'a, Metered<R>>, meter: &Meter, place: Place) -> Self {
        Self { entries, meter: meter.clone(), place, previous: None }
    }

    /// The next member, or nothing at the end of the archive, marked or not.
    pub(super) fn next(&mut self) -> Result<Option<Member<'a, R>>, FormatError> {
        let state = &*self.meter.0;
        let stop = state.passed.get().saturating_add(BETWEEN_MEMBERS);
        state.stop.set(stop.min(state.limit));
        let next = self.entries.next();
        let member = match next {
            None => return Ok(None),
            Some(Ok(entry)) => self.member(entry)?,
            Some(Err(error)) => return Err(self.failed(None, &error)),
        };
        self.meter.0.stop.set(self.meter.0.limit);
        self.previous = Some(member.name.clone());
        Ok(Some(member))
    }

    fn member(&self, mut entry: Entry<'a, Metered<R>>) -> Result<Member<'a, R>, FormatError> {
        let name = match std::str::from_utf8(&entry.path_bytes()) {
            Ok(name) => name.to_owned(),
            Err(_) => {
                let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                return Err(self.malformed(&name, "its name is not in UTF-8"));
            }
        };
        // A record that cannot be read may be the one with the true size.
        let readable = match entry.pax_extensions() {
            Ok(Some(mut records)) => records.all(|record| record.is_ok()),
            Ok(None) => true,
            Err(_) => false,
        };
        if !readable {
            return Err(self.malformed(&name, "its PAX header is malformed"));
        }
        let is_directory = match entry.header().entry_type() {
            EntryType::Regular => false,
            EntryType::Directory => true,
            _ => return Err(self.malformed(&name, "not a regular file")),
        };
        Ok(Member { name, size: entry.size(), position: entry.raw_file_position(), is_directory, entry })
    }

    /// The whole content of a member, of at most `limit` bytes.
    pub(super) fn read(&self, member: &mut Member<'a, R>, limit: u64) -> Result<Vec<u8>, FormatError> {
        if member.size > limit {
            return Err(FormatError::TooLarge { member: self.name_of(&member.name), limit });
        }
        let mut content = Vec::new();
        match member.entry.read_to_end(&mut content) {
            Ok(read) if read as u64 == member.size => Ok(content),
            Ok(_) => Err(self.truncated_inside(&member.name)),
            Err(error) => Err(self.failed(Some(&member.name), &error)),
        }
    }

    /// Reads over the content of a member.
    pub(super) fn skip(&self, member: &mut Member<'a, R>) -> Result<(), FormatError> {
        match io::copy(&mut member.entry, &mut io::sink()) {
            Ok(read) if read == member.size => Ok(()),
            Ok(_) => Err(self.truncated_inside(&member.name)),
            Err(error) => Err(self.failed(Some(&member.name), &error)),
        }
    }

    /// An error about a member of this archive.
    pub(super) fn malformed(&self, member: &str, problem: impl Into<String>) -> FormatError {
        FormatError::malformed(self.name_of(member), problem)
    }

    /// The name of a member for a message.
    pub(super) fn name_of(&self, member: &str) -> String {
        match &self.place {
            Place::Artifact => shown(member),
            Place::Inner(archive, _) => format!("{archive}: {}", shown(member)),
        }
    }

    /// The archive ends after the last member read, where more should follow.
    pub(super) fn ends_early(&self) -> FormatError {
        let after = match &self.previous {
            Some(previous) => format!("after `{}`", self.name_of(previous)),
            None => "before its first member".to_owned(),
        };
        FormatError::Truncated { place: after }
    }

    /// The archive ends within the content of a member.
    pub(super) fn truncated_inside(&self, member: &str) -> FormatError {
        FormatError::Truncated { place: format!("inside `{}`", self.name_of(member)) }
    }

    /// What a failed read means: of a header, or of the content of `member`.
    fn failed(&self, member: Option<&str>, error: &io::Error) -> FormatError {
        let archive = match &self.place {
            Place::Artifact => "the Artifact",
            Place::Inner(archive, source) => {
                if let Some(failure) = source.0.failure.take() {
                    return failure.into();
                }
                archive
            }
        };
        let failure = self.meter.0.failure.take();
        match (failure, &self.place) {
            (Some(failure), Place::Artifact) => failure.into(),
            (Some(failure), Place::Inner(..)) => FormatError::malformed(
                archive,
                format!("cannot be decompressed: {}", shown(&failure.to_string())),
            ),
            (None, _) if self.meter.is_exhausted() => {
                if self.meter.0.stop.get() == self.meter.0.limit {
                    FormatError::TooLarge { member: archive.to_owned(), limit: self.meter.0.limit }
                } else {
                    FormatError::malformed(archive, "the header of a member is too large")
                }
            }
            (None, _) if self.meter.ended() => match member {
                Some(member) => self.truncated_inside(member),
                None => self.ends_early(),
            },
            (None, _) => {
                FormatError::malformed(archive, format!("not a readable tar: {}", shown(&error.to_string())))
            }
        }
    }
}
