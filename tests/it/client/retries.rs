//! What is sent again by itself, and what never is (D10).

use std::time::{Duration, Instant};

use mender::artifacts::Filter;
use mender::{Client, ConnectionFault, Error};
use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox};

use super::{client, logged_in, wait};

const LIST: &str = "/api/management/v2/deployments/artifacts";
const ONE: &str = "/api/management/v1/deployments/artifacts/";

fn list(client: &Client) -> Result<usize, Error> {
    wait(client.artifacts().list(&Filter::default()).collect(None)).map(|found| found.len())
}

#[test]
fn passing_faults_of_a_question_pass_unseen() {
    let on = || Fault::on("GET", LIST);
    for fault in
        [on().status(429), on().status(502), on().status(503), on().status(504), on().cut(), on().truncate(1)]
    {
        let server = Sandbox::start();
        server.add_artifact(&Artifact::new("a").build());
        server.fault(fault.clone().times(3));
        assert_eq!(list(&logged_in(&server)).unwrap(), 1, "{fault:?}");
        assert_eq!(server.requests().len(), 4, "{fault:?}");
    }
}

#[test]
fn what_lasts_is_given_up_with_the_last_answer() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", LIST).status(502).times(3));
    server.fault(Fault::on("GET", LIST).status(503).times(9));
    let error = list(&logged_in(&server)).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_clear_refusal_is_taken_at_once() {
    for status in [400, 401, 403, 409, 422, 500, 501] {
        let server = Sandbox::start();
        server.fault(Fault::on("GET", LIST).status(status).times(9));
        assert_eq!(list(&logged_in(&server)).unwrap_err().status(), Some(status));
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[test]
fn the_server_decides_the_pause_within_reason() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", LIST).status(429).header("Retry-After", "1"));
    let began = Instant::now();
    assert_eq!(list(&logged_in(&server)).unwrap(), 0);
    assert!(began.elapsed() >= Duration::from_secs(1));

    server.clear_requests();
    server.fault(Fault::on("GET", LIST).status(429).header("Retry-After", "3600").times(9));
    let error = list(&logged_in(&server)).unwrap_err();
    assert_eq!(error.refusal().unwrap().retry_after, Some(3600));
    assert_eq!(server.requests().len(), 1, "nobody would wait for an hour");
}

#[test]
fn what_changes_something_is_sent_once() {
    let server = Sandbox::start();
    let id = server.add_artifact(&Artifact::new("a").build());
    let client = logged_in(&server);
    let artifacts = client.artifacts();
    for fault in [Fault::on("*", ONE).status(503), Fault::on("*", ONE).status(429), Fault::on("*", ONE).cut()]
    {
        server.fault(fault.clone());
        assert!(wait(artifacts.delete(&id)).is_err());
        server.fault(fault.clone());
        assert!(wait(artifacts.describe(&id, "x")).is_err());
    }
    server.fault(Fault::on("POST", "/api/management/v1/useradm/settings/tokens").status(503));
    assert!(wait(client.tokens().create("ci", 60)).is_err());
    assert_eq!(server.requests().len(), 7);
    assert_eq!((server.artifact_count(), server.token_names().len()), (1, 0));
}

/// A server that limits haste has done nothing of what was asked, whatever it was.
#[test]
fn haste_is_waited_out_and_counts_as_no_failure() {
    let server = Sandbox::start();
    let id = server.add_artifact(&Artifact::new("a").build());
    let client = logged_in(&server);
    let haste = |method: &str| Fault::on(method, "/api").status(429).header("Retry-After", "0");
    server.fault(haste("GET").times(5));
    server.fault(Fault::on("GET", LIST).status(503).times(3));
    assert_eq!(list(&client).unwrap(), 1);
    assert_eq!(server.requests().len(), 9);
    server.clear_requests();
    server.fault(haste("DELETE").times(10));
    wait(client.artifacts().delete(&id)).unwrap();
    assert_eq!((server.requests().len(), server.artifact_count()), (11, 0));
}

#[test]
fn haste_without_an_end_is_given_up() {
    for method in ["GET", "DELETE"] {
        let server = Sandbox::start();
        let client = logged_in(&server);
        server.fault(Fault::on(method, "/api").status(429).header("Retry-After", "0").times(99));
        let error = match method {
            "GET" => list(&client).unwrap_err(),
            _ => wait(client.artifacts().delete("a")).unwrap_err(),
        };
        assert_eq!((error.status(), server.requests().len()), (Some(429), 11), "{method}");
    }
}

#[test]
fn a_server_that_says_nothing_is_left_after_some_time() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", LIST).hang().times(9));
    let client = client(server.url(), &server.login(), |limits| limits.silence = Duration::from_millis(50));
    match list(&client).unwrap_err() {
        Error::Connection { fault: ConnectionFault::Timeout, text, .. } => {
            assert!(text.contains("silent"), "{text}")
        }
        other => panic!("{other}"),
    }
    // Whoever has waited a minute will not wait four.
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn nobody_at_the_address_is_asked_again() {
    let gone = Sandbox::start();
    let client = logged_in(&gone);
    drop(gone);
    match list(&client).unwrap_err() {
        Error::Connection { fault: ConnectionFault::Refused, .. } => {}
        other => panic!("{other}"),
    }
}
