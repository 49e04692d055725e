//! What is sent again by itself, and after which pause. Pure decisions; the sending is in `http`.

use std::time::Duration;

use super::error::Error;
use super::fault::ConnectionFault;

/// How often a request that only asks is sent again.
const MOST_REPEATS: u32 = 3;
/// How often a server may ask for patience before its refusal is the answer.
const MOST_HOLDS: u32 = 10;
/// A server may ask for a longer pause than anybody would wait for; then its refusal is the answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a failure says about another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// It would fail again.
    Lasting,
    /// Another try may help, after the pause that the server asks for, if it does.
    Passing(Option<Duration>),
    /// The server was asked too often. It has done nothing of what was asked, and wants to be left alone for so long.
    Haste(Duration),
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The failure is the answer.
    GiveUp,
    /// Send it again after a pause.
    Repeat(Duration),
    /// Let everybody pause who asks this server, then send it again.
    Hold(Duration),
}

/// How often one request was sent, and why.
#[derive(Debug)]
pub(crate) struct Tries {
    only_asks: bool,
    pause: Duration,
    repeats: u32,
    holds: u32,
}

impl Tries {
    /// Of a request that may be repeated only if it `only_asks`. The pauses are about 0.2, 0.6 and 1.8 s if the first
    /// is 0.2, each with some chance in it.
    pub(crate) fn new(only_asks: bool, first_pause: Duration) -> Self {
        Tries { only_asks, pause: first_pause, repeats: 0, holds: 0 }
    }

    /// Notes that it failed once more, and decides how it goes on.
    pub(crate) fn failed(&mut self, error: &Error) -> Next {
        match outlook(error) {
            Outlook::Haste(pause) if self.holds < MOST_HOLDS => {
                self.holds += 1;
                Next::Hold(pause)
            }
            Outlook::Passing(wish) if self.only_asks && self.repeats < MOST_REPEATS => {
                let planned = self.pause * 3u32.pow(self.repeats);
                self.repeats += 1;
                // Many that failed together do not come back together.
                Next::Repeat(wish.unwrap_or_else(|| planned.mul_f64(1.0 + fastrand::f64() / 2.0)))
            }
            _ => Next::GiveUp,
        }
    }
}

/// What is to be expected after a failure, whatever was asked.
pub(crate) fn outlook(error: &Error) -> Outlook {
    use ConnectionFault::{Broken, Other, Refused};
    match error {
        // An unknown name or a bad certificate is a matter of settings, not of chance; and who has waited for a
        // silent server once has waited enough.
        Error::Connection { fault: Refused | Broken | Other, .. } => Outlook::Passing(None),
        Error::Refused(refusal) => match (refusal.status, refusal.retry_after.map(Duration::from_secs)) {
            (429 | 503, Some(wish)) if wish > LONGEST_PAUSE => Outlook::Lasting,
            (429, Some(wish)) => Outlook::Haste(wish),
            (429 | 502..=504, wish) => Outlook::Passing(wish),
            _ => Outlook::Lasting,
        },
        _ => Outlook::Lasting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::refusal::Refusal;
    use crate::client::request::RequestLine;
    use reqwest::Method;
    use reqwest::header::HeaderMap;

    const SECOND: Duration = Duration::from_secs(1);

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
            assert_eq!(outlook(&refused(status, None)), Outlook::Passing(None), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 500, 501] {
            assert_eq!(outlook(&refused(status, None)), Outlook::Lasting, "{status}");
        }
        for (fault, expected) in [
            (ConnectionFault::Refused, Outlook::Passing(None)),
            (ConnectionFault::Broken, Outlook::Passing(None)),
            (ConnectionFault::Timeout, Outlook::Lasting),
            (ConnectionFault::UnknownHost, Outlook::Lasting),
            (ConnectionFault::Certificate, Outlook::Lasting),
        ] {
            assert_eq!(outlook(&broken(fault)), expected, "{fault:?}");
        }
        assert_eq!(outlook(&Error::Token("no")), Outlook::Lasting);
    }

    #[test]
    fn the_servers_wish_decides_the_pause_within_reason() {
        assert_eq!(outlook(&refused(503, Some(3))), Outlook::Passing(Some(3 * SECOND)));
        assert_eq!(outlook(&refused(429, Some(3))), Outlook::Haste(3 * SECOND));
        for status in [429, 503] {
            assert_eq!(outlook(&refused(status, Some(3600))), Outlook::Lasting, "{status}");
        }
        assert_eq!(Tries::new(true, SECOND).failed(&refused(503, Some(3))), Next::Repeat(3 * SECOND));
    }

    #[test]
    fn the_pauses_grow_and_come_to_an_end() {
        let mut tries = Tries::new(true, SECOND);
        for planned in [1, 3, 9] {
            let Next::Repeat(pause) = tries.failed(&refused(502, None)) else { panic!("after {planned}") };
            assert!(pause >= planned * SECOND && pause <= planned * SECOND * 3 / 2, "{pause:?}");
        }
        assert_eq!(tries.failed(&refused(502, None)), Next::GiveUp);
    }

    #[test]
    fn what_changes_something_is_repeated_after_haste_alone() {
        let mut tries = Tries::new(false, SECOND);
        for error in [refused(503, None), refused(429, None), broken(ConnectionFault::Broken)] {
            assert_eq!(tries.failed(&error), Next::GiveUp, "{error}");
        }
        assert_eq!(tries.failed(&refused(429, Some(2))), Next::Hold(2 * SECOND));
    }

    /// A pause that the server asks for is no failure to count; but it does not go on for ever.
    #[test]
    fn holds_cost_no_repeats_and_come_to_an_end() {
        let mut tries = Tries::new(true, SECOND);
        for _ in 0..MOST_HOLDS {
            assert_eq!(tries.failed(&refused(429, Some(0))), Next::Hold(Duration::ZERO));
        }
        assert_eq!(tries.failed(&refused(429, Some(0))), Next::GiveUp);
        assert!(matches!(tries.failed(&refused(502, None)), Next::Repeat(_)));
    }
}
