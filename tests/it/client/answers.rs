//! Answers that are none, ids that would be paths, and lists that end where they should.

use mender::Error;
use mender::artifacts::Filter;
use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox};

use super::{logged_in, wait};

const LIST: &str = "/api/management/v2/deployments/artifacts";

#[test]
fn a_success_that_is_no_answer() {
    let on = || Fault::on("GET", LIST);
    let rows = [
        (on().body("application/json", ""), "the server sent an empty answer"),
        (on().body("application/json", "[{\"id\":"), "the server's answer is cut off"),
        (on().body("text/html; charset=utf-8", "<html>"), "a web page instead of data; is this the address"),
        (on().body("application/json", "{\"a\":1}"), "the server's answer is not what was expected: "),
        (on().body("application/json", "[{\"id\":7}]"), "the server's answer is not what was expected: "),
        (on().body("application/json", " ".repeat((64 << 20) + 1)), "the answer is larger than 64 MiB"),
    ];
    for (fault, expected) in rows {
        let server = Sandbox::start();
        server.fault(fault);
        let error = wait(logged_in(&server).artifacts().list(&Filter::default()).next_page()).unwrap_err();
        assert!(matches!(error, Error::Answer { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.starts_with("GET /api/management/v2/deployments/artifacts?page=1"), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn bytes_that_are_no_http() {
    for raw in ["", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"] {
        let server = Sandbox::start();
        server.fault(Fault::on("GET", LIST).raw(raw).times(9));
        let error = wait(logged_in(&server).artifacts().list(&Filter::default()).next_page()).unwrap_err();
        assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    }
}

/// A refusal of which the body does not come to its end is still a refusal.
#[test]
fn a_refusal_with_a_broken_or_endless_body() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", LIST).status(403).body("text/plain", "x".repeat(1 << 20)));
    let error = wait(logged_in(&server).artifacts().list(&Filter::default()).next_page()).unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(
        (refusal.status, refusal.body.len(), &refusal.message),
        (403, 64 << 10, &Some("x".repeat(200)))
    );
    server.fault(Fault::on("GET", LIST).status(403).truncate(5));
    let error = wait(logged_in(&server).artifacts().list(&Filter::default()).next_page()).unwrap_err();
    assert_eq!(error.status(), Some(403));
}

/// D11: an id is one segment of the path, whatever is in it.
#[test]
fn ids_are_escaped() {
    let server = Sandbox::start();
    let client = logged_in(&server);
    let artifacts = client.artifacts();
    for id in ["a/../b?x=1#y", "../../useradm/users", "%2e%2e/x", "ä b"] {
        server.clear_requests();
        assert!(wait(artifacts.get(id)).is_err());
        assert!(wait(artifacts.delete(id)).is_err());
        assert!(wait(artifacts.describe(id, "")).is_err());
        for request in server.requests() {
            let rest = request
                .path
                .strip_prefix("/api/management/v1/deployments/artifacts/")
                .expect("the same call");
            assert!(!rest.contains('/') && request.query.is_empty(), "{request:?}");
        }
    }
}

/// D15: the limit stops the fetching, and `next` goes on where it stopped.
#[test]
fn the_limit_stops_the_fetching() {
    let server = Sandbox::start();
    for number in 0..7 {
        server.add_artifact(&Artifact::new(&format!("a{number}")).build());
    }
    let client = logged_in(&server);
    for (limit, count, requests) in
        [(Some(1), 1, 1), (Some(2), 2, 1), (Some(3), 3, 2), (Some(0), 0, 0), (None, 7, 4)]
    {
        server.clear_requests();
        let found = wait(client.artifacts().list(&Filter::default()).from(1, 2).collect(limit)).unwrap();
        assert_eq!((found.len(), server.requests().len()), (count, requests), "{limit:?}");
    }
    let artifacts = client.artifacts();
    let mut pages = artifacts.list(&Filter::default()).from(4, 2);
    let last = wait(pages.next_page()).unwrap().unwrap();
    assert_eq!((last.items[0].name.as_str(), last.more), ("a6", false));
    assert!(wait(pages.next_page()).unwrap().is_none());
}

/// A link back would never end.
#[test]
fn a_next_page_that_is_no_later_one_ends_the_list() {
    let server = Sandbox::start();
    let link = format!("<{LIST}?page=1&per_page=500>; rel=\"next\"");
    server.fault(Fault::on("GET", LIST).header("Link", &link).times(9));
    assert!(wait(logged_in(&server).artifacts().list(&Filter::default()).collect(None)).unwrap().is_empty());
    assert_eq!(server.requests().len(), 1);
}
