//! `api`: any call, with the login of the profile.

mod answers;
mod curl;
mod pages;
mod paths;
mod requests;
#[cfg(unix)]
mod terminal;

use sandbox::{Recorded, Sandbox};

use crate::support::home::Outcome;
use crate::support::{Home, logged_in};

const ME: &str = "/api/management/v1/useradm/users/me";

fn api(server: &Sandbox, home: &Home, args: &[&str]) -> Outcome {
    home.at(server, ["api"].iter().chain(args).copied()).run()
}

/// What the server got because of a line, whatever it made of it.
#[track_caller]
fn sent(server: &Sandbox, home: &Home, args: &[&str]) -> Recorded {
    server.clear_requests();
    let outcome = api(server, home, args);
    let mut requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:#?}\n{}", outcome.transcript());
    requests.remove(0)
}
