//! What can go wrong between us and a server, in words that a user can act upon.

use std::fmt;
use std::io;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use super::fault::{ConnectionFault, ENDED_EARLY};
use super::url::{NotAnId, ServerUrlError};
use crate::artifact::FormatError;

/// The result of a call to the server.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Any call may end with [`Connection`](Error::Connection), with [`Redirect`](Error::Redirect), with
/// [`Answer`](Error::Answer), and with [`Refused`](Error::Refused): 401 for a token that has ended, 403 for what the
/// user's role or the plan does not allow, 429 for haste, 500 and more for trouble of the server's. What else a call
/// fails with stands with the call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of the server cannot be used.
    #[error(transparent)]
    Address(#[from] ServerUrlError),
    /// That cannot be the id of anything.
    #[error(transparent)]
    Id(#[from] NotAnId),
    /// That cannot be sent, or not to this server.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The token holds characters that no token has, or nothing.
    #[error("the token is not one: {0}")]
    Token(&'static str),
    /// The HTTP client could not be set up: a certificate, a key or a proxy is faulty.
    #[error("{0}")]
    Setup(String),
    /// The request did not reach the server, or no complete answer came back.
    #[error("{request} request failed: {text}")]
    Connection {
        /// Which request.
        request: RequestLine,
        /// What kind of fault it was.
        fault: ConnectionFault,
        /// The cause in words.
        text: String,
    },
    /// The server answered with a status that is not a success.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server sent the request elsewhere, to where it was not followed.
    #[error("{request} request failed: the server redirects to {location}")]
    Redirect {
        /// Which request.
        request: RequestLine,
        /// Where the server pointed to; without a query, for it may hold a secret.
        location: String,
    },
    /// The answer was a success but not what such an answer looks like.
    #[error("{request} request failed: {text}")]
    Answer {
        /// Which request.
        request: RequestLine,
        /// What was wrong with it.
        text: String,
    },
    /// The source of an upload could not be read to its end.
    #[error("cannot read {name}: {cause}")]
    Source {
        /// The name of the source.
        name: String,
        /// Why.
        cause: io::Error,
    },
    /// The target of a download could not be written.
    #[error("cannot write the download: {0}")]
    Target(io::Error),
    /// A file is not an Artifact that a server would take.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Nothing has that name.
    #[error("no {kind} is named {name:?}")]
    NotFound {
        /// `Artifact`, `user`, ...
        kind: &'static str,
        /// The name or id that was asked for.
        name: String,
    },
    /// A directly uploaded Artifact has not shown up in time.
    #[error("the server took the file but has not shown Artifact {id} within {seconds} s")]
    NotProcessed {
        /// The id that the Artifact would have.
        id: String,
        /// How long was waited.
        seconds: u64,
    },
}

impl Error {
    /// Why no answer began.
    pub(super) fn unanswered(line: &RequestLine, error: &reqwest::Error) -> Self {
        let (fault, text) = ConnectionFault::explain(error);
        Error::Connection { request: line.clone(), fault, text }
    }

    /// A body that ends early is a broken line, unless the cause says something better.
    pub(super) fn interrupted(line: &RequestLine, error: &reqwest::Error) -> Self {
        let (fault, text) = match ConnectionFault::explain(error) {
            (ConnectionFault::Other, _) => (ConnectionFault::Broken, ENDED_EARLY.to_owned()),
            known => known,
        };
        Error::Connection { request: line.clone(), fault, text }
    }

    /// Nothing came for as long as anybody would wait.
    pub(super) fn silent(line: &RequestLine, limit: Duration) -> Self {
        let text = format!("the server was silent for {} s", limit.as_secs());
        Error::Connection { request: line.clone(), fault: ConnectionFault::Timeout, text }
    }

    /// The HTTP status that the server refused with, if it answered at all.
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// The server's refusal, if this is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// Why a request cannot be sent. What may be a secret is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// There is no path.
    #[error("the path is empty")]
    Empty,
    /// A whole address that is none, or has a user in it.
    #[error("that is no address on the server")]
    Malformed,
    /// An address on another server.
    #[error("{0} is another server; the token is not sent there")]
    Elsewhere(String),
    /// A path with `.` or `..` in it would mean another one.
    #[error("the path has steps in it ('.' or '..')")]
    Steps,
    /// A path with line ends or the like.
    #[error("the path has control characters in it")]
    Character,
    /// A name with a `/` in it is more than one part of a path to the server, however it is written.
    #[error("{0:?} has a '/' in it, and the server cannot be asked for that name")]
    Slash(String),
    /// A fragment is never sent.
    #[error("the path has a '#' in it; %23 is how one is sent")]
    Fragment,
    /// That is no name of a header.
    #[error("{0:?} is no name of a header")]
    HeaderName(String),
    /// The value has characters that no header may have.
    #[error("the value of the header {0} has characters in it that cannot be sent")]
    HeaderValue(String),
    /// A header that is not the caller's to set.
    #[error("the header {0} is set by the client alone")]
    OwnHeader(String),
    /// What it asks for is no list that could have pages.
    #[error("only a GET or a search has pages")]
    NoPages,
    /// `page` or `per_page` is no page, or no size of one.
    #[error("{0} has to be a number above 0")]
    Page(&'static str),
    /// More ids than one call takes.
    #[error("{given} ids are more than the {most} that one call takes")]
    TooMany {
        /// So many there are.
        given: usize,
        /// So many it takes.
        most: usize,
    },
    /// A name that is none or too long.
    #[error("the name has to have from 1 to {most} bytes")]
    Name {
        /// So many it may have.
        most: usize,
    },
    /// More than one call takes.
    #[error("the request would have {given} bytes, more than the {most} that the server takes")]
    TooLarge {
        /// So many it has.
        given: usize,
        /// So many it may have.
        most: usize,
    },
    /// The body of a search holds its fields, and those for the pages.
    #[error("the body of a search has to be a JSON object")]
    SearchBody,
}

/// Method, path and query of a request, for messages.
///
/// A presigned storage link is shown without its query, which is its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// `GET`, `POST`, ...
    pub method: Method,
    /// Path and query on the Mender server; scheme, host and path of any other address.
    pub target: String,
}

impl RequestLine {
    /// Whether it changes nothing on the server: a GET, a HEAD, or a search with its conditions in the body.
    pub fn only_asks(&self) -> bool {
        only_asks(&self.method, self.target.split('?').next().unwrap_or_default())
    }

    /// Whether it went to the server's storage, by a presigned link.
    pub fn is_storage(&self) -> bool {
        !self.target.starts_with('/')
    }
}

/// Whether such a request changes nothing on the server.
pub(crate) fn only_asks(method: &Method, path: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD) || (*method == Method::POST && path.ends_with("/search"))
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// An answer with a status that is not a success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// Which request.
    pub request: RequestLine,
    /// The HTTP status.
    pub status: u16,
    /// The server's own words: `error` of its JSON body, if there is one.
    pub message: Option<String>,
    /// The id under which the server's logs know the request.
    pub request_id: Option<String>,
    /// What an upload collides with (`metadata.conflict` of a 409).
    pub conflict: Option<Value>,
    /// The deployments that use what was to be removed, by their ids (of a 409).
    pub active_deployments: Vec<String>,
    /// How long the server asks to wait, in seconds.
    pub retry_after: Option<u64>,
    /// The body as text, at most 64 KiB of it.
    pub body: String,
}

/// The error body of all services: api-useradm and api-deployments agree on it.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    active_deployments: Value,
}

/// What gateways and storages say instead of JSON: a line of text, or the message in a storage's XML.
fn plain_message(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    const LONGEST: usize = 200;
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let text = String::from_utf8_lossy(body);
    let message = if kind.starts_with("text/plain") {
        text.lines().next()?
    } else if kind.contains("xml") {
        text.split_once("<Message>")?.1.split_once("</Message>")?.0
    } else {
        return None;
    };
    let message: String = message.trim().chars().take(LONGEST).collect();
    (!message.is_empty()).then_some(message)
}

/// The texts of a list; what is none is passed over.
fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Refusal {
    pub(crate) fn new(request: RequestLine, status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let parsed: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let plain = || plain_message(headers, body);
        Refusal {
            request,
            status,
            // On one line: what follows a line end could pass for words of ours.
            message: parsed
                .error
                .filter(|text| !text.is_empty())
                .or_else(plain)
                .map(|text| text.replace(['\r', '\n'], " ")),
            request_id: header("x-men-requestid").or(parsed.request_id),
            conflict: parsed.metadata.get("conflict").cloned(),
            active_deployments: texts(&parsed.active_deployments),
            // The HTTP-date form is not used by any Mender server.
            retry_after: header("retry-after").and_then(|value| value.trim().parse().ok()),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// Whether no service of a Mender server can have said so: each has words for what it does not know, and the
    /// parts of a server that answer for a service that is not there have none.
    pub fn is_from_elsewhere(&self) -> bool {
        matches!(self.status, 404 | 405) && self.message.is_none()
    }

    /// Whether a service says that it does not know what was asked for.
    pub fn is_unknown(&self) -> bool {
        self.status == 404 && !self.is_from_elsewhere()
    }

    /// What the server said beyond its status: `: unauthorized (request id 1234)`, or nothing.
    pub fn details(&self) -> String {
        let mut text = String::new();
        if let Some(message) = &self.message {
            text.push_str(": ");
            text.push_str(message);
        }
        if let Some(id) = &self.request_id {
            text.push_str(&format!(" (request id {id})"));
        }
        text
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} request failed with status {}{}", self.request, self.status, self.details())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> RequestLine {
        RequestLine { method: Method::GET, target: "/api?page=1".into() }
    }

    #[test]
    fn questions_are_told_from_changes() {
        let search = "/api/management/v2/devauth/devices/search";
        for (method, path, expected) in [
            (Method::GET, "/x", true),
            (Method::HEAD, "/x", true),
            (Method::POST, search, true),
            (Method::PUT, search, false),
            (Method::DELETE, search, false),
            (Method::POST, "/api/management/v2/devauth/devices", false),
            (Method::POST, "/research", false),
        ] {
            assert_eq!(only_asks(&method, path), expected, "{method} {path}");
            let target = format!("{path}?name=/search");
            assert_eq!(RequestLine { method, target }.only_asks(), expected, "{path}");
        }
    }

    #[test]
    fn a_refusal_shows_what_the_server_said_and_its_request_id() {
        let mut headers = HeaderMap::new();
        headers.insert("x-men-requestid", "abc".parse().unwrap());
        let refusal = Refusal::new(line(), 401, &headers, br#"{"error":"unauthorized"}"#);
        assert_eq!(
            refusal.to_string(),
            "GET /api?page=1 request failed with status 401: unauthorized (request id abc)"
        );
    }

    #[test]
    fn a_refusal_without_json_shows_its_status_alone() {
        let refusal = Refusal::new(line(), 502, &HeaderMap::new(), b"<html>");
        assert_eq!(refusal.to_string(), "GET /api?page=1 request failed with status 502");
        assert_eq!(refusal.body, "<html>");
    }

    #[test]
    fn the_deployments_in_the_way_are_found() {
        for (body, expected) in [
            (r#"{"error":"x","active_deployments":["a","b"]}"#, &["a", "b"][..]),
            (r#"{"error":"x","active_deployments":[1,"b"]}"#, &["b"]),
            (r#"{"error":"x","active_deployments":{"a":1}}"#, &[]),
            (r#"{"error":"x"}"#, &[]),
        ] {
            let refusal = Refusal::new(line(), 409, &HeaderMap::new(), body.as_bytes());
            assert_eq!(refusal.active_deployments, expected);
            assert_eq!(refusal.message.as_deref(), Some("x"), "{body}");
        }
    }

    #[test]
    fn the_conflict_and_the_pause_are_found() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        let body = br#"{"error":"x","metadata":{"conflict":{"device_type":"arm6"}}}"#;
        let refusal = Refusal::new(line(), 409, &headers, body);
        assert_eq!(refusal.conflict.unwrap()["device_type"], "arm6");
        assert_eq!(refusal.retry_after, Some(7));
    }
}
