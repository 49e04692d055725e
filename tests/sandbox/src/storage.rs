//! The object storage: presigned links and nothing else.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Method;
use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use jiff::Timestamp;
use ring::hmac;
use tokio::sync::mpsc;

use crate::answer::{Answer, Body, empty, header_value, text};
use crate::digest::hex;
use crate::paging::Query;
use crate::recorder::Listened;
use crate::state::State;

/// Makes and checks presigned links.
pub(crate) struct Links {
    url: String,
    key: hmac::Key,
}

const PREFIX: &str = "/mender/";
const SIGNATURE: &str = "&X-Amz-Signature=";

impl Links {
    pub(crate) fn new(url: &str) -> Links {
        let random = ring::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).expect("random numbers for the key");
        Links { url: url.into(), key }
    }

    pub(crate) fn download(&self, id: &str, name: &str, lifetime: Duration) -> (String, Timestamp) {
        let disposition: String =
            form_urlencoded::byte_serialize(format!("attachment; filename=\"{name}.mender\"").as_bytes())
                .collect();
        self.sign("GET", id, &format!("&response-content-disposition={disposition}&x-id=GetObject"), lifetime)
    }

    pub(crate) fn upload(&self, id: &str, lifetime: Duration) -> (String, Timestamp) {
        self.sign("PUT", id, "&x-id=PutObject", lifetime)
    }

    fn sign(&self, method: &str, id: &str, more: &str, lifetime: Duration) -> (String, Timestamp) {
        let expires = Timestamp::now() + lifetime;
        let query =
            format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={}{more}", expires.as_millisecond());
        let target = format!("{PREFIX}{id}?{query}");
        let signature = hmac::sign(&self.key, format!("{method} {target}").as_bytes());
        (format!("{}{target}{SIGNATURE}{}", self.url, hex(signature.as_ref())), expires)
    }

    /// Which object a request may touch.
    fn check(&self, parts: &Parts) -> Result<(String, Query), Refused> {
        let refused = |code, message| Err(Refused(403, code, message));
        let target = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
        let Some((signed, signature)) = target.split_once(SIGNATURE) else {
            return refused("AccessDenied", "Access Denied");
        };
        let expected = hmac::sign(&self.key, format!("{} {signed}", parts.method).as_bytes());
        if hex(expected.as_ref()) != signature {
            return refused("SignatureDoesNotMatch", "The signature does not match the request.");
        }
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let expires =
            query.first("X-Amz-Expires").and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
        if Timestamp::now().as_millisecond() >= expires {
            return refused("AccessDenied", "Request has expired");
        }
        Ok((parts.uri.path().trim_start_matches(PREFIX).to_string(), query))
    }
}

/// A refusal: status, code and words.
struct Refused(u16, &'static str, &'static str);

impl Refused {
    fn answer(self) -> Answer {
        let Refused(status, code, message) = self;
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        text(status, "application/xml", body)
    }
}

pub(crate) async fn serve(state: Arc<State>, parts: Parts, body: Listened) -> Answer {
    if parts.headers.contains_key(AUTHORIZATION) {
        return Refused(400, "InvalidArgument", "Only one auth mechanism allowed").answer();
    }
    let (id, query) = match state.links.check(&parts) {
        Ok(checked) => checked,
        Err(refused) => return refused.answer(),
    };
    match parts.method {
        Method::GET => {
            let path = state.content(&id);
            let opened = tokio::task::spawn_blocking(move || open(&path, &parts)).await;
            match opened {
                Ok(Ok(part)) => part.answer(&id, &query),
                Ok(Err(refused)) => refused.answer(),
                Err(_) => Refused(500, "InternalError", "The read failed").answer(),
            }
        }
        Method::PUT => put(&state, &id, &parts, body).await,
        _ => Refused(405, "MethodNotAllowed", "The method is not allowed").answer(),
    }
}

/// The part of an object that was asked for.
struct Part {
    file: File,
    start: u64,
    length: u64,
    total: u64,
    ranged: bool,
}

fn open(path: &Path, parts: &Parts) -> Result<Part, Refused> {
    let missing = |_| Refused(404, "NoSuchKey", "The specified key does not exist.");
    let mut file = File::open(path).map_err(missing)?;
    let total = file.metadata().map_err(missing)?.len();
    let tag = path.file_name().map(|id| etag(&id.to_string_lossy()));
    let header = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    // With a stale If-Range the whole is sent.
    let current = header(IF_RANGE).is_none_or(|wanted| Some(wanted) == tag.as_deref());
    let (start, end, ranged) =
        match header(RANGE).filter(|_| current).and_then(|range| parse_range(range, total)) {
            Some((start, end)) if start < total && start <= end => (start, end.min(total - 1), true),
            Some(_) => return Err(Refused(416, "InvalidRange", "The requested range is not satisfiable")),
            None => (0, total.saturating_sub(1), false),
        };
    file.seek(SeekFrom::Start(start)).map_err(missing)?;
    let length = if total == 0 { 0 } else { end - start + 1 };
    Ok(Part { file, start, length, total, ranged })
}

/// One range with its last byte. What is no such thing is ignored, as HTTP wants it.
fn parse_range(header: &str, total: u64) -> Option<(u64, u64)> {
    match header.strip_prefix("bytes=")?.split_once('-')? {
        ("", last) => Some((total.saturating_sub(last.parse().ok()?), u64::MAX)),
        (first, "") => Some((first.parse().ok()?, u64::MAX)),
        (first, last) => Some((first.parse().ok()?, last.parse().ok()?)),
    }
}

fn etag(id: &str) -> String {
    format!("\"{}\"", id.replace('-', ""))
}

impl Part {
    fn answer(self, id: &str, query: &Query) -> Answer {
        let mut answer = text(if self.ranged { 206 } else { 200 }, "application/vnd.mender-artifact", "");
        let headers = answer.headers_mut();
        headers.insert(CONTENT_LENGTH, self.length.into());
        headers.insert(ETAG, header_value(&etag(id)));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(disposition) = query.first("response-content-disposition") {
            headers.insert(CONTENT_DISPOSITION, header_value(disposition));
        }
        if self.ranged {
            let last = self.start + self.length - 1;
            headers
                .insert(CONTENT_RANGE, header_value(&format!("bytes {}-{last}/{}", self.start, self.total)));
        }
        *answer.body_mut() = read_out(self.file, self.length);
        answer
    }
}

/// A body that a thread of its own reads from the disk, a few large pieces ahead.
fn read_out(file: File, length: u64) -> Body {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        let mut rest = file.take(length);
        loop {
            let mut piece = Vec::with_capacity(1 << 20);
            let read = rest.by_ref().take(1 << 20).read_to_end(&mut piece);
            let sent = match read {
                Ok(0) => break,
                Ok(_) => sender.blocking_send(Ok(piece.into())),
                Err(error) => sender.blocking_send(Err(error)),
            };
            if sent.is_err() {
                break;
            }
        }
    });
    let frames = stream::unfold(receiver, |mut receiver| async {
        let piece = receiver.recv().await?;
        Some((piece.map(Frame::data), receiver))
    });
    StreamBody::new(frames).boxed_unsync()
}

async fn put(state: &State, id: &str, parts: &Parts, mut body: Listened) -> Answer {
    if !parts.headers.contains_key(CONTENT_LENGTH) {
        return Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
            .answer();
    }
    let mut writer = Writer::start(state.incoming(&format!("put-{}", uuid::Uuid::new_v4())));
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Refused(400, "IncompleteBody", "The body ended too early").answer();
        };
        if let Ok(data) = frame.into_data() {
            writer.write(data).await;
        }
    }
    let stored = match writer.finish().await {
        Ok(path) => std::fs::rename(path, state.incoming(id)),
        Err(error) => Err(error),
    };
    if stored.is_err() {
        return Refused(500, "InternalError", "The write failed").answer();
    }
    let mut answer = empty(200);
    answer.headers_mut().insert(ETAG, header_value(&etag(id)));
    answer
}

/// A file that a thread of its own writes. Dropped unfinished, it removes the file.
pub(crate) struct Writer {
    sender: Option<mpsc::Sender<Bytes>>,
    done: Option<tokio::task::JoinHandle<io::Result<()>>>,
    path: PathBuf,
}

impl Writer {
    pub(crate) fn start(path: PathBuf) -> Writer {
        let (sender, mut receiver) = mpsc::channel::<Bytes>(16);
        let target = path.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut file = File::create(target)?;
            while let Some(piece) = receiver.blocking_recv() {
                file.write_all(&piece)?;
            }
            Ok(())
        });
        Writer { sender: Some(sender), done: Some(done), path }
    }

    /// Hands over a piece. A failed write shows when it is finished.
    pub(crate) async fn write(&mut self, piece: Bytes) {
        if let Some(sender) = &self.sender {
            let _ = sender.send(piece).await;
        }
    }

    pub(crate) async fn finish(mut self) -> io::Result<PathBuf> {
        self.sender = None;
        if let Some(done) = self.done.take() {
            done.await.map_err(io::Error::other)??;
        }
        Ok(std::mem::take(&mut self.path))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
