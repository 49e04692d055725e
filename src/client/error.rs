//! What can go wrong between us and a server, in words that a user can act upon.

use std::io;
use std::time::Duration;

use super::fault::{ConnectionFault, ENDED_EARLY};
use super::refusal::Refusal;
use super::request::{RequestError, RequestLine};
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
