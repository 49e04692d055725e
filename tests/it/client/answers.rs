//! Answers that are none, ids that would be paths, and lists that end where they should.

use mender::Error;
use mender::artifacts::Filter;
use mender::raw::RequestError;
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

fn next(page: &str) -> String {
    format!("<{LIST}?{page}per_page=500>; rel=\"next\"")
}

/// A link back would never end, and the list would be short without a word if it ended there.
#[test]
fn a_next_page_that_is_no_later_one_is_an_error() {
    for (page, expected) in [
        ("page=1&", "after page 1 the server points to page 1"),
        ("page=0&", "after page 1 the server points to page 0"),
        ("", "after page 1 the server points to a page without a number"),
    ] {
        let server = Sandbox::start();
        server.fault(Fault::on("GET", LIST).header("Link", &next(page)).times(9));
        let error = wait(logged_in(&server).artifacts().list(&Filter::default()).collect(None)).unwrap_err();
        assert!(matches!(error, Error::Answer { .. }), "{error:?}");
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

/// Where the whole list has to be read to tell what belongs to it, that goes for the whole list.
#[test]
fn a_list_that_is_filtered_here_is_not_cut_short_either() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", LIST).status(404));
    let older = "/api/management/v1/deployments/artifacts/list";
    server.fault(Fault::on("GET", older).header("Link", &next("page=1&")).times(9));
    let filter = Filter { names: vec!["a".into()], ..Filter::default() };
    let error = wait(logged_in(&server).artifacts().list(&filter).collect(None)).unwrap_err();
    assert!(error.to_string().ends_with("after page 1 the server points to page 1"), "{error}");
    assert_eq!(server.requests().len(), 2);
}

/// Who splits them knows how far it came.
#[test]
fn more_ids_than_a_call_takes_are_not_sent() {
    let server = Sandbox::start();
    let client = logged_in(&server);
    let groups = client.inventory().groups();
    let mut ids = vec!["d"; 501];
    for outcome in [wait(groups.add("lab", &ids)), wait(groups.remove("lab", &ids))] {
        let error = outcome.unwrap_err();
        assert!(
            matches!(error, Error::Request(RequestError::TooMany { given: 501, most: 500 })),
            "{error:?}"
        );
        assert_eq!(error.to_string(), "501 ids are more than the 500 that one call takes");
    }
    assert!(server.requests().is_empty());
    ids.pop();
    assert_eq!(wait(groups.add("lab", &ids)).unwrap().matched, 0);
}

/// What was asked for ahead is no page of the list if the server leads past it.
#[test]
fn a_link_past_pages_that_were_asked_for_ahead_is_followed() {
    let server = Sandbox::start();
    for (page, link) in [(1, next("page=2&")), (2, next("page=4&")), (3, String::new()), (4, String::new())] {
        let list = format!("[{{\"id\":\"{page}\",\"name\":\"{page}\"}}]");
        let fault = Fault::on("GET", &format!("{LIST}?page={page}&")).body("application/json", list);
        server.fault(fault.header("Link", &link).header("X-Total-Count", "3"));
    }
    let client = logged_in(&server);
    let artifacts = client.artifacts();
    let found = wait(artifacts.list(&Filter::default()).from(1, 1).at_once(2).collect(None)).unwrap();
    let names: Vec<&str> = found.iter().map(|artifact| artifact.name.as_str()).collect();
    assert_eq!(names, ["1", "2", "4"]);
}

/// A server refuses larger ones.
#[test]
#[should_panic(expected = "a page has from 1 to 20 items")]
fn a_history_has_smaller_pages() {
    let server = Sandbox::start();
    let client = logged_in(&server);
    let _ = client.deployments().of_device("d").unwrap().from(1, 21);
}
