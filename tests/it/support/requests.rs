//! What a server was asked to change.

use std::fmt::Display;
use std::time::{Duration, Instant};

use sandbox::{Recorded, Sandbox};

/// So long a request may take to come before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Requests that change something, in order: method, path below the API's root, body.
pub fn changes(server: &Sandbox) -> Vec<String> {
    server.requests().iter().filter(|request| is_change(request)).map(line).collect()
}

/// Whether a request is meant to change something; a search only asks.
pub fn is_change(request: &Recorded) -> bool {
    let is_search = request.path.ends_with("/search");
    request.method != "GET" && !is_search
}

/// A request in one line.
pub fn line(request: &Recorded) -> String {
    let path = request.path.strip_prefix("/api/management/").unwrap_or(&request.path);
    format!("{} {path} {}", request.method, request.body_text()).trim_end().to_owned()
}

/// Waits until the server has seen so many such requests.
#[track_caller]
pub fn wait_for(server: &Sandbox, count: usize, is_such: impl Fn(&Recorded) -> bool) {
    let have_come = || server.requests().iter().filter(|request| is_such(request)).count() >= count;
    let seen = || format!("{count} such requests come: {:#?}", server.requests());
    wait_until(seen, have_come);
}

/// Waits until something is so; what that is, is said if it never is.
#[track_caller]
pub fn wait_until<What: Display>(what: impl Fn() -> What, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "it never came to this: {}", what());
        std::thread::yield_now();
    }
}
