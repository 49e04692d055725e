//! What was asked of the sandbox, in order.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http_body::{Body, Frame, SizeHint};

use crate::server::Server;

/// How much of a request's body is kept.
const KEPT: usize = 64 * 1024;

/// One request that the sandbox received.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The address it came to.
    pub server: Server,
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, still encoded.
    pub path: String,
    /// The query as sent, without the question mark; empty without one.
    pub query: String,
    /// The headers as sent: names in lower case, values of other than UTF-8 made readable.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body, as far as the sandbox read it.
    pub body: Vec<u8>,
    /// All bytes of the body that the sandbox read.
    pub body_bytes: u64,
    /// The status of the answer; `None` if there was none (yet).
    pub status: Option<u16>,
}

impl Recorded {
    /// The value of a header, by its name in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) type Entry = Arc<Mutex<Recorded>>;

/// All requests of one sandbox, if it is to keep them.
#[derive(Debug)]
pub(crate) struct Recorder {
    keeps: bool,
    entries: Mutex<Vec<Entry>>,
}

impl Recorder {
    pub(crate) fn new(keeps: bool) -> Recorder {
        Recorder { keeps, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(&self, server: Server, parts: &Parts) -> Entry {
        let headers = parts.headers.iter();
        let entry = Arc::new(Mutex::new(Recorded {
            server,
            method: parts.method.to_string(),
            path: parts.uri.path().to_string(),
            query: parts.uri.query().unwrap_or_default().to_string(),
            headers: headers
                .map(|(name, value)| {
                    (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect(),
            body: Vec::new(),
            body_bytes: 0,
            status: None,
        }));
        if self.keeps {
            self.entries().push(entry.clone());
        }
        entry
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.entries().iter().map(|entry| lock(entry).clone()).collect()
    }

    pub(crate) fn clear(&self) {
        self.entries().clear();
    }
}

pub(crate) fn lock(entry: &Entry) -> MutexGuard<'_, Recorded> {
    entry.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request's body that writes down what is read of it.
pub(crate) struct Listened {
    inner: hyper::body::Incoming,
    entry: Entry,
    read: Arc<AtomicBool>,
}

impl Listened {
    pub(crate) fn new(inner: hyper::body::Incoming, entry: Entry) -> Listened {
        let read = Arc::new(AtomicBool::new(inner.is_end_stream()));
        Listened { inner, entry, read }
    }

    /// Tells, also later, whether the body was read to its end.
    pub(crate) fn read_to_end(&self) -> Arc<AtomicBool> {
        self.read.clone()
    }
}

impl Body for Listened {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let mut entry = lock(&self.entry);
            let room = KEPT.saturating_sub(entry.body.len()).min(data.len());
            entry.body.extend_from_slice(&data[..room]);
            entry.body_bytes += data.len() as u64;
        }
        if matches!(polled, Poll::Ready(None)) || self.inner.is_end_stream() {
            self.read.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
