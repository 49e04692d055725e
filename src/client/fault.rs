//! What can go wrong on the way to a server and back.

use std::error::Error as StdError;
use std::io;

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
pub(super) const ENDED_EARLY: &str = "the connection ended before the answer was complete";

impl ConnectionFault {
    /// Finds kind and wording of what reqwest reports as a chain of causes.
    pub(super) fn explain(error: &reqwest::Error) -> (ConnectionFault, String) {
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
