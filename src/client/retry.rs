//! What is sent again by itself, and after which pause. Pure decisions; the sending is in `http`.

use std::time::Duration;

use backon::ExponentialBuilder;

use super::error::Error;
use super::fault::ConnectionFault;

/// How often a request that changes nothing is sent again.
const MOST_RETRIES: usize = 3;
/// A server may ask for a longer pause than anybody would wait for; then its refusal is the answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The pauses: about 0.2, 0.6 and 1.8 s if the first is 0.2, each with some chance in it.
pub(crate) fn pauses(first: Duration) -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(first)
        .with_factor(3.0)
        .with_max_times(MOST_RETRIES)
        .with_jitter()
}

/// Whether asking again may help. Only for requests that change nothing.
pub(crate) fn may_help(error: &Error) -> bool {
    match error {
        // An unknown name or a bad certificate is a matter of settings, not of chance; and who has waited for a
        // silent server once has waited enough.
        Error::Connection { fault, .. } => {
            matches!(fault, ConnectionFault::Refused | ConnectionFault::Broken | ConnectionFault::Other)
        }
        Error::Refused(refusal) => match refusal.status {
            429 => wish(error).is_none(),
            503 => wish(error).is_none_or(|wish| wish <= LONGEST_PAUSE),
            502 | 504 => true,
            _ => false,
        },
        _ => false,
    }
}

/// How long to leave a server alone that was asked too often and says how long it wants to be. It has done nothing
/// of what was asked.
pub(crate) fn patience(error: &Error) -> Option<Duration> {
    let is_haste = error.status() == Some(429);
    wish(error).filter(|wish| is_haste && *wish <= LONGEST_PAUSE)
}

/// The pause that is really made: the server's wish, if it has one and there is a try left.
pub(crate) fn pause(error: &Error, planned: Option<Duration>) -> Option<Duration> {
    let planned = planned?;
    Some(wish(error).unwrap_or(planned))
}

/// How long the server asks to wait.
fn wish(error: &Error) -> Option<Duration> {
    error.refusal().and_then(|refusal| refusal.retry_after).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::error::{Refusal, RequestLine};
    use reqwest::Method;
    use reqwest::header::HeaderMap;

    fn line() -> RequestLine {
        RequestLine { method: Method::GET, target: "/".into() }
    }

    fn refused(status: u16, retry_after: Option<u64>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert("retry-after", seconds.into());
        }
        Error::Refused(Box::new(Refusal::new(line(), status, &headers, b"")))
    }

    fn broken(fault: ConnectionFault) -> Error {
        Error::Connection { request: line(), fault, text: String::new() }
    }

    #[test]
    fn only_passing_faults_are_worth_another_try() {
        for status in [429, 502, 503, 504] {
            assert!(may_help(&refused(status, None)), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 500, 501] {
            assert!(!may_help(&refused(status, None)), "{status}");
        }
        assert!(may_help(&broken(ConnectionFault::Refused)));
        assert!(may_help(&broken(ConnectionFault::Broken)));
        assert!(!may_help(&broken(ConnectionFault::UnknownHost)));
        assert!(!may_help(&broken(ConnectionFault::Certificate)));
    }

    #[test]
    fn the_servers_wish_decides_the_pause_within_reason() {
        let planned = Duration::from_millis(200);
        assert_eq!(pause(&refused(503, Some(3)), Some(planned)), Some(Duration::from_secs(3)));
        assert_eq!(pause(&refused(503, None), Some(planned)), Some(planned));
        assert_eq!(pause(&refused(503, Some(3)), None), None, "the tries are used up");
        assert!(!may_help(&refused(503, Some(3600))));
    }

    #[test]
    fn only_haste_is_a_matter_of_patience() {
        assert_eq!(patience(&refused(429, Some(3))), Some(Duration::from_secs(3)));
        for other in [refused(429, None), refused(429, Some(3600)), refused(503, Some(3))] {
            assert_eq!(patience(&other), None);
        }
    }
}
