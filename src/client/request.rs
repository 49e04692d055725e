//! A request in messages, and why one cannot be sent.

use std::fmt;

use reqwest::Method;

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
