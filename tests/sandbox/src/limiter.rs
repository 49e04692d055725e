//! Limits how often a user may ask, as the real server does where that is switched on.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;

use crate::answer::Refusal;

/// So many requests in each window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RateLimit {
    pub(crate) requests: u64,
    pub(crate) window: Duration,
}

#[derive(Debug)]
struct Window {
    ends: Instant,
    count: u64,
}

/// The windows by user. One begins with the user's first request.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<String, Window>>);

impl Limiter {
    pub(crate) fn admit(&self, limit: RateLimit, user: &str, now: Instant) -> Result<(), Refusal> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Window { ends: now + limit.window, count: 0 };
        let window = windows.entry(user.to_string()).or_insert_with(fresh);
        if window.ends <= now {
            *window = fresh();
        }
        if window.count >= limit.requests {
            let left = window.ends.duration_since(now).as_millis().div_ceil(1000);
            return Err(Refusal::new(429, "too many requests").header(RETRY_AFTER, left.to_string()));
        }
        window.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_and_end() {
        let (limiter, start) = (Limiter::default(), Instant::now());
        let limit = RateLimit { requests: 2, window: Duration::from_millis(2500) };
        let ask = |user: &str, millis: u64| {
            let refused = limiter.admit(limit, user, start + Duration::from_millis(millis)).err()?;
            let answer = refused.into_answer("id");
            Some((answer.status().as_u16(), answer.headers()[RETRY_AFTER].clone()))
        };
        let refused = |seconds: &'static str| Some((429, http::HeaderValue::from_static(seconds)));
        assert_eq!([ask("a", 0), ask("a", 100)], [None, None]);
        assert_eq!(ask("a", 100), refused("3"));
        assert_eq!(ask("b", 200), None, "each user has a window");
        assert_eq!(ask("a", 1500), refused("1"));
        assert_eq!(ask("a", 2499), refused("1"));
        assert_eq!([ask("a", 2500), ask("a", 4999)], [None, None], "the next window");
        assert_eq!(ask("a", 4999), refused("1"));
    }
}
