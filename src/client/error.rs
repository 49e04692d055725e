//! What can go wrong between us and a server, in words that a user can act upon.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use super::raw::RequestError;
use super::url::{NotAnId, ServerUrlError};
use crate::artifact::FormatError;

/// The result of a call to the server.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
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
    /// Whether it changes nothing on the server: a GET, or a search with its conditions in the body.
    pub fn only_asks(&self) -> bool {
        let path = self.target.split('?').next().unwrap_or_default();
        self.method == Method::GET || path.ends_with("/search")
    }

    /// Whether it went to the server's storage, by a presigned link.
    pub fn is_storage(&self) -> bool {
        !self.target.starts_with('/')
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// An answer with a status that is not a success.
#[derive(Clone, Debug)]
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

/// The kinds of connection faults that call for different advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// The host name is not known.
    UnknownHost,
    /// Nothing listens there.
    Refused,
    /// The server's certificate is not trusted, or not for this name.
    Certificate,
    /// No TLS could be agreed upon, for another reason than the certificate.
    Tls,
    /// The connection could not be made, or nothing moved, within the time limit.
    Timeout,
    /// The connection ended before the answer was complete.
    Broken,
    /// Anything else.
    Other,
}

/// What a line that broke means to whoever waits for an answer.
pub(crate) const ENDED_EARLY: &str = "the connection ended before the answer was complete";

impl ConnectionFault {
    /// Finds kind and wording of what reqwest reports as a chain of causes.
    pub(crate) fn explain(error: &reqwest::Error) -> (ConnectionFault, String) {
        let mut cause: Option<&(dyn StdError + 'static)> = error.source();
        // Without a cause: reqwest's own words hold the address, which may be a presigned link.
        let mut text = "it could not be sent".to_owned();
        let mut is_name = false;
        while let Some(inner) = cause {
            if let Some(found) = Self::recognise(inner) {
                return found;
            }
            text = inner.to_string();
            is_name |= text.contains("dns error");
            cause = inner.source();
        }
        if error.is_timeout() {
            (ConnectionFault::Timeout, "no connection within the time limit".into())
        } else if is_name {
            (ConnectionFault::UnknownHost, format!("the host name is not known: {text}"))
        } else if text.contains("before message completed") || text.contains("connection closed") {
            (ConnectionFault::Broken, ENDED_EARLY.into())
        } else {
            (ConnectionFault::Other, text)
        }
    }

    fn recognise(cause: &(dyn StdError + 'static)) -> Option<(ConnectionFault, String)> {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(Self::of_tls(tls));
        }
        let io = cause.downcast_ref::<io::Error>()?;
        // What an io::Error wraps is not its source: that is the source of what it wraps.
        if let Some(found) = io.get_ref().and_then(|inner| Self::recognise(inner)) {
            return Some(found);
        }
        let text = io.to_string();
        // A name service that cannot be asked just now says nothing of the name.
        if text.contains("Temporary failure in name resolution") {
            return Some((ConnectionFault::Other, text));
        }
        if text.contains("failed to lookup address") {
            return Some((ConnectionFault::UnknownHost, text));
        }
        if io.kind() == io::ErrorKind::UnexpectedEof {
            return Some((ConnectionFault::Broken, ENDED_EARLY.into()));
        }
        let fault = match io.kind() {
            io::ErrorKind::ConnectionRefused => ConnectionFault::Refused,
            io::ErrorKind::TimedOut => ConnectionFault::Timeout,
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                ConnectionFault::Broken
            }
            _ => return None,
        };
        Some((fault, text))
    }

    fn of_tls(error: &rustls::Error) -> (ConnectionFault, String) {
        use rustls::CertificateError as Bad;
        match error {
            rustls::Error::InvalidCertificate(bad) => {
                let text = match bad {
                    Bad::UnknownIssuer => {
                        "the server's certificate is signed by an authority that is not trusted here".into()
                    }
                    Bad::Expired | Bad::ExpiredContext { .. } => {
                        "the server's certificate has expired".into()
                    }
                    Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                        "the server's certificate is not valid yet".into()
                    }
                    Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                        "the server's certificate is for another name".into()
                    }
                    other => format!("the server's certificate is not valid: {other}"),
                };
                (ConnectionFault::Certificate, text)
            }
            other => (ConnectionFault::Tls, format!("TLS: {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> RequestLine {
        RequestLine { method: Method::GET, target: "/api?page=1".into() }
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
    fn the_conflict_and_the_pause_are_found() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        let body = br#"{"error":"x","metadata":{"conflict":{"device_type":"arm6"}}}"#;
        let refusal = Refusal::new(line(), 409, &headers, body);
        assert_eq!(refusal.conflict.unwrap()["device_type"], "arm6");
        assert_eq!(refusal.retry_after, Some(7));
    }
}
