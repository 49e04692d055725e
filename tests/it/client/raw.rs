//! Calls without a type of their own.

use mender::Error;
use mender::raw::{Method, RawRequest, RequestError};
use sandbox::{Fault, Sandbox};

use super::{logged_in, wait};

const USERS: &str = "/api/management/v1/useradm/users";

/// Whoever puts a request together for one server cannot send another one's token with it.
#[test]
fn a_request_for_another_server_is_not_sent() {
    let (server, other) = (Sandbox::start(), Sandbox::start());
    let (client, elsewhere) = (logged_in(&server), logged_in(&other));
    let request = RawRequest::new(elsewhere.server(), Method::GET, "useradm/users?jwt=secret").unwrap();
    let error = wait(client.raw().send(&request)).unwrap_err();
    assert!(matches!(error, Error::Request(RequestError::Elsewhere(_))), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!((server.requests().len(), other.requests().len()), (0, 0));
}

#[test]
fn a_refusal_is_an_answer() {
    let server = Sandbox::start();
    server.fault(
        Fault::on("GET", USERS).status(403).header("X-Total-Count", "1").body("text/plain", "no\u{0}\n"),
    );
    let client = logged_in(&server);
    let request = RawRequest::new(client.server(), Method::GET, USERS).unwrap();
    let answer = wait(client.raw().send(&request)).unwrap();
    assert_eq!((answer.status(), answer.status_line().as_str()), (403, "HTTP/1.1 403 Forbidden"));
    assert_eq!(answer.body().as_ref(), b"no\0\n");
    assert!(answer.headers().any(|header| header == ("x-total-count", "1".into())), "{answer:?}");
    assert_eq!(answer.refusal().unwrap().status(), Some(403));
    // The same request once more is a success.
    let answer = wait(client.raw().send(&request)).unwrap();
    assert!(answer.refusal().is_none());
    assert_eq!(answer.items().unwrap().len(), 3);
}

/// Its body is there to be read, and shows no token.
#[test]
fn a_request_can_be_looked_at() {
    let server = Sandbox::start();
    let client = logged_in(&server);
    let request = RawRequest::new(client.server(), Method::PUT, "v2/x y?a=b")
        .unwrap()
        .query("c", "d&e")
        .header("X-A", "1")
        .unwrap()
        .body("{}");
    assert_eq!(request.method(), Method::PUT);
    assert_eq!(request.url(), format!("{}/api/management/v2/x%20y?a=b&c=d%26e", server.url()));
    let headers: Vec<_> = request.headers().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["x-a: 1", "content-type: application/json"]);
    assert_eq!(request.content().unwrap().as_ref(), b"{}");
}
