//! The address of a server: what users type, completed and checked once.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// The base address of a Mender server.
///
/// A path prefix is kept; user, password, query and fragment are refused. An address without a
/// scheme is completed with `https://`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl(Url);

/// What cannot be the id of anything: it would be a step in a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id")]
pub struct NotAnId(pub String);

/// Why an address cannot be that of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerUrlError {
    /// There is nothing.
    #[error("the server address is empty")]
    Empty,
    /// It is not an address.
    #[error("{address:?} is not a server address: {cause}")]
    Malformed {
        /// As given.
        address: String,
        /// What the parser says.
        cause: String,
    },
    /// It has a scheme other than http and https.
    #[error("{0:?} is not a server address: it must begin with https:// or http://")]
    Scheme(String),
    /// It carries more than scheme, host, port and path. The text is not repeated: it may hold a password.
    #[error("the server address must not hold {0}")]
    Superfluous(&'static str),
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ServerUrlError::Empty);
        }
        let complete = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let mut url = Url::parse(&complete).map_err(|cause| ServerUrlError::Malformed {
            // What stands before an '@' may be a password.
            address: text.rsplit_once('@').map_or(text, |(_, host)| host).to_owned(),
            cause: cause.to_string(),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Superfluous("a user name or password"));
        }
        if url.query().is_some() {
            return Err(ServerUrlError::Superfluous("a query ('?')"));
        }
        if url.fragment().is_some() {
            return Err(ServerUrlError::Superfluous("a fragment ('#')"));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ServerUrlError::Scheme(text.to_owned()));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(ServerUrl(url))
    }
}

/// An address without what may be a secret in it.
pub(crate) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for an address with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// An id as a segment of a path. The ones that would be steps in it are no ids of anything.
pub(crate) fn segment(id: &str) -> Result<&str, NotAnId> {
    // An address loses tabs and line breaks without a word, and would be another one.
    let is_none = matches!(id, "" | "." | "..") || id.contains(char::is_control);
    if is_none { Err(NotAnId(id.to_owned())) } else { Ok(id) }
}

impl ServerUrl {
    /// The address of `path`, of which each segment is escaped, so that no id can change the request.
    pub(crate) fn join(&self, path: &[&str]) -> Url {
        let mut url = self.0.clone();
        url.path_segments_mut().expect("http addresses have path segments").pop_if_empty().extend(path);
        url
    }

    /// The address of a path, prefix included, and a query. What cannot stand there as it is gets escaped; what is
    /// escaped already stays so.
    pub(crate) fn at(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// The path that everything on the server lies below; empty mostly.
    pub(crate) fn prefix(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// Whether `url` is on the same server: scheme, host and port alike.
    pub(crate) fn same_origin(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// Whether both are the same server, whatever their path prefix.
    pub fn same_server(&self, other: &ServerUrl) -> bool {
        self.same_origin(&other.0)
    }

    /// Host and, unless it is the scheme's own, port.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Whether what is sent there is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_completed_and_tidied() {
        for (given, expected) in [
            ("https://hosted.mender.io", "https://hosted.mender.io"),
            ("https://hosted.mender.io/", "https://hosted.mender.io"),
            ("hosted.mender.io", "https://hosted.mender.io"),
            ("localhost:8443", "https://localhost:8443"),
            ("127.0.0.1:443", "https://127.0.0.1"),
            ("http://[::1]:80/prefix//", "http://[::1]/prefix"),
            ("  https://a.example \n", "https://a.example"),
        ] {
            assert_eq!(given.parse::<ServerUrl>().unwrap().to_string(), expected, "{given}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused_without_repeating_a_password() {
        for given in ["", "   ", "ftp://host", "https://", "http://a b", "https://h/?x=1", "https://h/#x"] {
            assert!(given.parse::<ServerUrl>().is_err(), "{given}");
        }
        for given in ["https://user:geheim@host", "user:geheim@host:x"] {
            let error = given.parse::<ServerUrl>().unwrap_err().to_string();
            assert!(!error.contains("geheim"), "{error}");
        }
    }

    #[test]
    fn ids_are_escaped_and_prefixes_kept() {
        let server: ServerUrl = "https://h/prefix".parse().unwrap();
        assert_eq!(server.join(&["api", "a/b?c#d e"]).as_str(), "https://h/prefix/api/a%2Fb%3Fc%23d%20e");
    }

    #[test]
    fn what_would_be_a_step_in_a_path_is_no_id() {
        for id in ["", ".", "..", "la\tb", "la\nb", "la\rb", "\u{0}"] {
            assert!(segment(id).is_err(), "{id:?}");
        }
        assert_eq!(segment("...").ok(), Some("..."));
    }

    #[test]
    fn servers_are_told_apart_by_scheme_host_and_port() {
        let server: ServerUrl = "https://h".parse().unwrap();
        let same = |other: &str| server.same_server(&other.parse().unwrap());
        assert!(same("https://h:443/other"));
        assert!(!same("http://h"));
        assert!(!same("https://h:444"));
        assert!(!same("https://h.example"));
    }
}
