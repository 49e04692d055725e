//! Methods, fields, bodies and headers.

use sandbox::{Fault, Recorded, Sandbox};
use serde_json::{Value, json};

use super::{ME, api, logged_in};
use crate::support::Home;

const TOKENS: &str = "/api/management/v1/useradm/settings/tokens";

/// Takes whatever comes: a call that the sandbox does not know would not be read to its end.
fn take_it(server: &Sandbox) {
    server.clear_requests();
    server.fault(Fault::on("*", "/api/management/v1/x").status(200));
}

fn sent(server: &Sandbox, home: &Home, args: &[&str]) -> Recorded {
    take_it(server);
    super::sent(server, home, args)
}

fn body(request: &Recorded) -> Value {
    serde_json::from_str(&request.body_text()).unwrap_or_else(|error| panic!("{error}: {request:?}"))
}

#[test]
fn methods_in_any_case_and_the_one_that_fits() {
    let (server, home) = logged_in();
    for method in ["GET", "post", "Put", "PATCH", "delete", "Head"] {
        let request = sent(&server, &home, &[method, "x/y"]);
        assert_eq!(
            (request.method, request.path.as_str()),
            (method.to_uppercase(), "/api/management/v1/x/y")
        );
        assert_eq!((request.query.as_str(), request.body_bytes), ("", 0), "{method}");
    }
    assert_eq!(sent(&server, &home, &["x"]).method, "GET");
    assert_eq!(sent(&server, &home, &["x", "-f", "a=b"]).method, "POST");
    assert_eq!(sent(&server, &home, &["x", "-F", "a=b"]).method, "POST");
    home.write("body.json", "{}");
    assert_eq!(sent(&server, &home, &["x", "--input", "body.json"]).method, "POST");
    server.clear_requests();
    api(&server, &home, &["FETCH", "x"]).exits_with(2).says("the methods are GET, POST, PUT");
    api(&server, &home, &["get"]).exits_with(2).says("FAILURE: the path is missing\n");
    api(&server, &home, &[]).exits_with(2).says("<PATH>");
    api(&server, &home, &["GET", "x", "--input", "body.json"]).exits_with(2).says("a GET has no body");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn fields_make_a_json_object() {
    let (server, home) = logged_in();
    home.write("note.txt", "line 1\n\"line 2\"\n");
    let request = sent(
        &server,
        &home,
        &[
            "PUT",
            "x",
            "-f",
            "text=5",
            "-f",
            "f[a][b]=c",
            "-f",
            "f[list][]=x",
            "-F",
            "number=12345678901234567890123",
            "-F",
            "exact=1.50",
            "-F",
            "yes=true",
            "-F",
            "nothing=null",
            "-F",
            "word=truely",
            "-F",
            "note=@note.txt",
            "-F",
            "f[list][]=2",
            "-F",
            "none[]",
        ],
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    let text = request.body_text();
    assert!(text.contains("12345678901234567890123") && text.contains("1.50"), "{text}");
    let sent = body(&request);
    assert_eq!(sent["text"], "5");
    assert_eq!(sent["f"], json!({ "a": { "b": "c" }, "list": ["x", 2] }));
    assert_eq!(
        (&sent["yes"], &sent["nothing"], &sent["word"]),
        (&json!(true), &json!(null), &json!("truely"))
    );
    assert_eq!((&sent["note"], &sent["none"]), (&json!("line 1\n\"line 2\"\n"), &json!([])));
}

#[test]
fn fields_of_requests_without_a_body_go_to_the_query() {
    let (server, home) = logged_in();
    for method in ["GET", "HEAD", "DELETE"] {
        let request =
            sent(&server, &home, &[method, "x?first=1", "-f", "a[]=b c", "-F", "d=true", "-f", "e=&="]);
        assert_eq!(request.query, "first=1&a%5B%5D=b+c&e=%26%3D&d=true", "{method}");
        assert_eq!((request.body_bytes, request.header("content-type")), (0, None), "{method}");
    }
}

#[test]
fn a_body_comes_from_a_file_or_stdin_as_it_is() {
    let (server, home) = logged_in();
    let content = "{ \"a\":  1.0 }\n\u{0}\u{1}ä";
    home.write("body", content);
    let request = sent(&server, &home, &["x", "--input", "body", "-f", "q=1"]);
    assert_eq!((request.body_text().as_str(), request.query.as_str()), (content, "q=1"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let length = content.len().to_string();
    assert_eq!(request.header("content-length"), Some(&*length));

    take_it(&server);
    let line = ["api", "DELETE", "x", "--input", "-", "-H", "Content-Type: text/csv"];
    home.at(&server, line).stdin("from stdin").run().succeeds();
    let request = server.requests().remove(0);
    assert_eq!((request.method.as_str(), request.body_text().as_str()), ("DELETE", "from stdin"));
    assert_eq!(request.header("content-type"), Some("text/csv"));

    take_it(&server);
    home.at(&server, ["api", "x", "-F", "a=@-"]).stdin("text").run().succeeds();
    assert_eq!(body(&server.requests()[0]), json!({ "a": "text" }));
}

#[test]
fn what_cannot_be_read_is_not_sent() {
    let (server, home) = logged_in();
    home.write("bytes", b"\xff\xfe");
    home.write("large", vec![b' '; (16 << 20) + 1]);
    api(&server, &home, &["x", "--input", "none"]).fails().says("FAILURE: cannot read none: ");
    api(&server, &home, &["x", "-F", "a=@none"]).fails().says("FAILURE: cannot read none: ");
    api(&server, &home, &["x", "-F", "a=@bytes"]).fails().says("bytes is no text");
    api(&server, &home, &["x", "--input", "large"])
        .fails()
        .says("cannot read large: it is larger than 16 MiB");
    for line in [["-F", "a=@-", "-F", "b=@-"], ["-F", "a=@-", "--input", "-"]] {
        let line = ["api", "x"].into_iter().chain(line);
        home.at(&server, line).stdin("x").run().exits_with(2).says("stdin can be read only once");
    }
    assert_eq!(server.requests().len(), 0);
    assert_eq!(sent(&server, &home, &["x", "--input", "bytes"]).body, b"\xff\xfe");
}

#[test]
fn fields_that_are_none() {
    let (server, home) = logged_in();
    for field in ["secret", "=secret"] {
        api(&server, &home, &["x", "-f", field]).exits_with(2).says("KEY=VALUE").keeps_secret("secret");
    }
    for fields in [["-f", "a=1", "-f", "a=2"], ["-f", "a=1", "-f", "a[b]=2"], ["-f", "a[b=1", "-f", "c=1"]] {
        api(&server, &home, &[&["x"][..], &fields].concat()).exits_with(2).says("field");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn headers_can_be_added_but_not_those_of_the_program() {
    let (server, home) = logged_in();
    let request = sent(
        &server,
        &home,
        &["x", "-H", "Accept: text/csv", "-H", "X-A:1", "-H", "x-a:  2 ", "-H", "If-Match:"],
    );
    let of = |name: &str| -> Vec<&str> {
        let values = request.headers.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!((of("accept"), of("x-a"), of("if-match")), (vec!["text/csv"], vec!["1", "2"], vec![""]));
    server.clear_requests();
    for header in [
        "Authorization: Bearer secret",
        "authorization:secret",
        "Cookie: JWT=secret",
        "Host: secret.example",
        "Content-Length: 5",
        "Transfer-Encoding: chunked",
    ] {
        let name = header.split(':').next().unwrap();
        api(&server, &home, &["x", "-H", header])
            .exits_with(2)
            .says(&format!("FAILURE: the header {name} is set by the client alone\n"))
            .keeps_secret("secret");
    }
    for header in ["secret", "a b: secret", "X: sec\nret", ": secret"] {
        api(&server, &home, &["x", "-H", header]).exits_with(2).says("header").keeps_secret("secret");
    }
    assert_eq!(server.requests().len(), 0);
}

/// What was sent once may have been done, whatever came back.
#[test]
fn only_what_asks_is_tried_again() {
    let (server, home) = logged_in();
    let (me, search) = ("useradm/users/me", "v2/inventory/filters/search");
    for (method, path, tries) in [
        ("GET", me, 2),
        ("HEAD", me, 2),
        ("POST", me, 1),
        ("PUT", me, 1),
        ("PATCH", me, 1),
        ("DELETE", me, 1),
        ("POST", search, 2),
        ("PUT", search, 1),
    ] {
        for fault in [Fault::on(method, "/").status(503), Fault::on(method, "/").cut()] {
            server.clear_faults();
            server.clear_requests();
            server.fault(fault);
            api(&server, &home, &[method, path]);
            assert_eq!(server.requests().len(), tries, "{method} {path}");
        }
    }
    // The last answer is what is seen.
    server.fault(
        Fault::on("GET", ME).status(503).header("Retry-After", "0").body("text/plain", "busy\n").times(9),
    );
    api(&server, &home, &["useradm/users/me"]).fails().prints("busy\n").says("status 503: busy");
}

/// Nobody has to look what a question has done.
#[test]
fn only_what_changes_something_may_have_been_done() {
    let (server, home) = logged_in();
    let hint = "it may have been done all the same";
    for line in [&["HEAD", "x"][..], &["x"], &["POST", "v2/inventory/filters/search"]] {
        server.fault(Fault::on("*", "/").cut().times(4));
        let _ = api(&server, &home, line).fails().does_not_say(hint);
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        server.fault(Fault::on(method, "/").cut());
        let _ = api(&server, &home, &[method, "x"]).fails().says(hint);
    }
}

#[test]
fn a_token_can_be_made_listed_and_revoked() {
    let (server, home) = logged_in();
    let made =
        api(&server, &home, &["useradm/settings/tokens", "-f", "name=ci", "-F", "expires_in=60"]).succeeds();
    assert!(made.stdout.starts_with("eyJ"), "{}", made.transcript());
    assert_eq!(server.token_names(), ["ci"]);
    let listed = api(&server, &home, &[TOKENS]).succeeds().json();
    let path = format!("useradm/settings/tokens/{}", listed[0]["id"].as_str().unwrap());
    api(&server, &home, &["DELETE", &path]).succeeds().prints("").says_exactly("");
    assert!(server.token_names().is_empty());
}

#[test]
fn without_a_login_nothing_is_sent() {
    let (server, home) = (Sandbox::start(), Home::new());
    api(&server, &home, &["useradm/users/me"]).fails().prints("").says("FAILURE: Please Login first");
    assert_eq!(server.requests().len(), 0);
}
