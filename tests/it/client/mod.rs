//! The library alone: what can be seen only with limits or sources of a test's own.

mod answers;
mod raw;
mod retries;
mod transfers;

use std::time::Duration;

use mender::{Client, Limits, Token};
use sandbox::Sandbox;

/// Runs it to its end on this thread.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// A client that loses no time between two tries, with other limits as the test wants them.
fn client(url: &str, token: &str, limit: impl FnOnce(&mut Limits)) -> Client {
    let mut limits = Limits::default();
    limits.pause = Duration::from_millis(1);
    limit(&mut limits);
    let anonymous = Client::builder(url).unwrap().limits(limits).build().unwrap();
    anonymous.with_token(Token::new(token).unwrap())
}

fn logged_in(server: &Sandbox) -> Client {
    client(server.url(), &server.login(), |_| {})
}
