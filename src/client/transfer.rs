//! Bodies of any size in flat memory: what an upload reads from, who watches it, how a download goes on.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::task::JoinHandle;

use super::error::Error;
use super::limits::Limits;

/// Read at once. Smaller pieces cost a thread switch each, larger ones memory for little gain: measured, pieces
/// of 256 KiB take less of the CPU than curl, and those of 4 KiB fourteen times as much.
const CHUNK: usize = 256 << 10;

/// Who wants to know how far a transfer is.
pub trait Progress: Send + Sync {
    /// So many bytes are to come; called before the first, with `None` if nobody knows.
    fn begin(&self, total: Option<u64>);
    /// So many bytes more went through.
    fn advance(&self, bytes: u64);
    /// The last byte went out; the other side is still at work.
    fn finishing(&self) {}
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
}

type Reader = Box<dyn Read + Send>;

/// What an upload reads from: a file, or a stream that comes only once.
pub struct Source {
    name: String,
    length: Option<u64>,
    from: Origin,
}

enum Origin {
    File(PathBuf),
    Stream(Mutex<Option<Reader>>),
}

impl Source {
    /// A file, of which the length as of now is announced and sent.
    ///
    /// # Errors
    ///
    /// If it cannot be looked at.
    pub fn file(path: &Path) -> io::Result<Self> {
        let length = std::fs::metadata(path)?.len();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Source { name, length: Some(length), from: Origin::File(path.into()) })
    }

    /// A stream of unknown length, sent in chunks.
    pub fn stream(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        let from = Origin::Stream(Mutex::new(Some(Box::new(reader))));
        Source { name: name.into(), length: None, from }
    }

    /// Its name, without any directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length in bytes, where that is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The file once more, to look into.
    pub(crate) fn reopen(&self) -> Result<std::fs::File, Error> {
        let opened = match &self.from {
            Origin::File(path) => std::fs::File::open(path),
            Origin::Stream(_) => Err(io::Error::other("a stream comes only once")),
        };
        opened.map_err(|cause| Error::Source { name: self.name.clone(), cause })
    }

    fn open(&self) -> io::Result<Reader> {
        match &self.from {
            Origin::File(path) => Ok(Box::new(std::fs::File::open(path)?)),
            Origin::Stream(slot) => {
                let reader = slot.lock().expect("no panic while held").take();
                reader.ok_or_else(|| io::Error::other("it was read already and cannot be read again"))
            }
        }
    }

    /// Opens it from its start, as a body and the eye on that body.
    pub(crate) fn body(&self, progress: Arc<dyn Progress>) -> Result<(reqwest::Body, Arc<Watch>), Error> {
        let reader = self.open().map_err(|cause| Error::Source { name: self.name.clone(), cause })?;
        progress.begin(self.length);
        let watch = Arc::new(Watch::new(self.name.clone(), progress));
        let reader: Reader = match self.length {
            // A file that grows meanwhile must not send more than was announced.
            Some(length) => Box::new(reader.take(length)),
            None => reader,
        };
        let body = Ahead { next: Some(read_chunk(reader)), left: self.length, watch: watch.clone() };
        Ok((reqwest::Body::wrap(body), watch))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// The eye on a body under way: how far it is, when it last moved, and whether our own side failed.
pub(crate) struct Watch {
    name: String,
    started: Instant,
    /// Milliseconds from `started` to the last movement.
    moved: AtomicU64,
    all_out: AtomicBool,
    fault: Mutex<Option<io::Error>>,
    progress: Arc<dyn Progress>,
}

impl Watch {
    fn new(name: String, progress: Arc<dyn Progress>) -> Self {
        Watch {
            name,
            started: Instant::now(),
            moved: AtomicU64::new(0),
            all_out: AtomicBool::new(false),
            fault: Mutex::new(None),
            progress,
        }
    }

    fn handed_out(&self, bytes: usize) {
        self.moved.store(self.started.elapsed().as_millis() as u64, Relaxed);
        self.progress.advance(bytes as u64);
    }

    fn ended(&self) {
        if !self.all_out.swap(true, Relaxed) {
            self.moved.store(self.started.elapsed().as_millis() as u64, Relaxed);
            self.progress.finishing();
        }
    }

    /// Comes back when nothing moved for too long, with what that means; never, if all goes well.
    pub(crate) async fn stalled(&self, limits: &Limits) -> String {
        loop {
            let all_out = self.all_out.load(Relaxed);
            let allowed = if all_out { limits.processing } else { limits.silence };
            let moved = Duration::from_millis(self.moved.load(Relaxed));
            let quiet = self.started.elapsed().saturating_sub(moved);
            match allowed.checked_sub(quiet) {
                Some(rest) if !rest.is_zero() => tokio::time::sleep(rest).await,
                _ if all_out => return format!("no answer for {} s after the last byte", allowed.as_secs()),
                _ => return format!("nothing could be sent for {} s", allowed.as_secs()),
            }
        }
    }

    /// Whether all of the body was taken.
    pub(crate) fn is_all_out(&self) -> bool {
        self.all_out.load(Relaxed)
    }

    /// The failure of our own side, if that is what ended the transfer.
    pub(crate) fn fault(&self) -> Option<Error> {
        let cause = self.fault.lock().expect("no panic while held").take()?;
        Some(Error::Source { name: self.name.clone(), cause })
    }
}

/// A body that reads its next chunk on another thread while the last one is being sent.
struct Ahead {
    next: Option<JoinHandle<(Reader, io::Result<Bytes>)>>,
    /// What is still to come, where the length was announced.
    left: Option<u64>,
    watch: Arc<Watch>,
}

fn read_chunk(mut reader: Reader) -> JoinHandle<(Reader, io::Result<Bytes>)> {
    tokio::task::spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(CHUNK);
        let outcome = reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
        (reader, outcome.map(|_| Bytes::from(chunk)))
    })
}

impl Ahead {
    fn fail(&mut self, error: io::Error) -> Option<io::Result<Frame<Bytes>>> {
        let shown = io::Error::new(error.kind(), error.to_string());
        *self.watch.fault.lock().expect("no panic while held") = Some(error);
        Some(Err(shown))
    }
}

impl http_body::Body for Ahead {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(reading) = self.next.as_mut() else { return Poll::Ready(None) };
        let outcome = ready!(Pin::new(reading).poll(cx));
        self.next = None;
        let (reader, chunk) = match outcome {
            Ok((reader, Ok(chunk))) => (reader, chunk),
            Ok((_, Err(error))) => return Poll::Ready(self.fail(error)),
            Err(error) => return Poll::Ready(self.fail(io::Error::other(error))),
        };
        if chunk.is_empty() {
            if self.left.is_some_and(|left| left > 0) {
                let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter meanwhile");
                return Poll::Ready(self.fail(error));
            }
            self.watch.ended();
            return Poll::Ready(None);
        }
        self.watch.handed_out(chunk.len());
        self.left = self.left.map(|left| left.saturating_sub(chunk.len() as u64));
        if self.left == Some(0) {
            self.watch.ended();
        } else {
            self.next = Some(read_chunk(reader));
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
