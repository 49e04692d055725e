//! What can go wrong between us and a server, in words that a user can act upon.

use std::fmt;
use std::io;
use std::time::Duration;

use reqwest::Method;

use super::fault::{ConnectionFault, ENDED_EARLY};
use super::refusal::Refusal;
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
