//! What is printed of an answer.

use sandbox::Fault;

use super::{ME, api, logged_in};

fn answers(body: &'static [u8]) -> Fault {
    Fault::on("GET", ME).body("application/json", body)
}

#[test]
fn a_body_comes_out_as_it_came_in() {
    let (server, home) = logged_in();
    for body in
        [&b"{ \"n\": 1.0 ,\n\"n\":12345678901234567890123}\n\n"[..], b"plain", b"\xff\x00\x1b[2J", b""]
    {
        server.fault(answers(body));
        let outcome = api(&server, &home, &["useradm/users/me"]).succeeds().says_exactly("");
        assert_eq!(outcome.stdout_bytes, body);
    }
}

#[test]
fn a_refusal_shows_its_body_and_fails_as_always() {
    let (server, home) = logged_in();
    let body = r#"{"error":"no such thing","more":[1]}"#;
    server.fault(
        Fault::on("GET", ME).status(404).header("X-MEN-RequestID", "id-1").body("application/json", body),
    );
    api(&server, &home, &["useradm/users/me"]).fails().prints(body).says(&format!(
        "FAILURE: GET {ME} request failed with status 404: no such thing (request id id-1)\n"
    ));
    server.fault(Fault::on("GET", ME).status(401).body("application/json", body));
    api(&server, &home, &["useradm/users/me"])
        .fails()
        .prints(body)
        .says("hint: the server refuses the token from");
    let error = api(&server, &home, &["useradm/users/none", "-o", "json"]).fails().json_error();
    assert_eq!(error["status"], 404);
}

#[test]
fn the_head_can_be_seen() {
    let (server, home) = logged_in();
    let fault = || {
        answers(b"{}")
            .header("X-Total-Count", "7")
            .header("Set-Cookie", "JWT=secret; Path=/")
            .header("Link", "</a>")
    };
    server.fault(fault());
    let shown = api(&server, &home, &["useradm/users/me", "-i"]).succeeds().keeps_secret("secret");
    assert!(shown.stdout.starts_with("HTTP/1.1 200 OK\n"), "{}", shown.transcript());
    assert!(shown.stdout.ends_with("\n\n{}"), "{}", shown.transcript());
    let shown = shown.shows("\nContent-Type: application/json\n").shows("\nX-Total-Count: 7\n");
    shown.shows("\nSet-Cookie: JWT=(not shown)\n").shows("\nLink: </a>\n");

    let refused = api(&server, &home, &["HEAD", "useradm/users/none", "-i"]).fails();
    assert!(refused.stdout.starts_with("HTTP/1.1 40") && refused.stdout.ends_with("\n\n"), "{refused:?}");
    server.fault(Fault::on("HEAD", ME).status(200).header("X-Total-Count", "7"));
    api(&server, &home, &["HEAD", "useradm/users/me"]).succeeds().prints("");
}

#[test]
#[cfg(feature = "jq")]
fn a_body_can_be_filtered() {
    let (server, home) = logged_in();
    api(&server, &home, &["useradm/users/me", "--jq", ".email"])
        .succeeds()
        .prints(&format!("{}\n", server.username()));
    server.fault(answers(b"[{\"n\":12345678901234567890123},{\"n\":2}]").times(2));
    api(&server, &home, &["useradm/users/me", "--jq", ".[].n"])
        .succeeds()
        .prints("12345678901234567890123\n2\n");
    api(&server, &home, &["useradm/users/me", "--jq", ".n", "-o", "jsonl"])
        .succeeds()
        .prints("12345678901234567890123\n2\n");
    server.fault(answers(b""));
    api(&server, &home, &["useradm/users/me", "--jq", "."]).succeeds().prints("");
    // A filter is for what was asked for.
    let refused = api(&server, &home, &["useradm/users/none", "--jq", ".x"]).fails();
    refused.shows("{\"error\":\"user not found\"").says("status 404: user not found");
    // A token that was made is told only once: a filter does not lose it.
    server.fault(answers(b"eyJhbGciOi.J9.x"));
    api(&server, &home, &["useradm/users/me", "--jq", ".token"])
        .fails()
        .prints("eyJhbGciOi.J9.x")
        .says("what the server sent is not JSON");
    server.fault(answers(b"{broken"));
    api(&server, &home, &["useradm/users/me", "--jq", "."])
        .fails()
        .prints("")
        .says("what the server sent is not JSON");
    let deep = "[".repeat(100_000);
    server.fault(Fault::on("GET", ME).body("application/json", deep));
    api(&server, &home, &["useradm/users/me", "--jq", "."]).fails().says("nested more than");
}

#[test]
fn items_can_have_a_line_each() {
    let (server, home) = logged_in();
    server.fault(answers(b"[ {\"a\": 1.10,\n\"b\": \"x y\"}, 2 ]"));
    api(&server, &home, &["useradm/users/me", "-o", "jsonl"])
        .succeeds()
        .prints("{\"a\":1.10,\"b\":\"x y\"}\n2\n");
    server.fault(answers(b"{\n}"));
    api(&server, &home, &["useradm/users/me", "-o", "jsonl"]).succeeds().prints("{}\n");
    server.fault(answers(b"no json"));
    api(&server, &home, &["useradm/users/me", "-o", "jsonl"]).succeeds().prints("no json");
    for form in ["table", "text"] {
        api(&server, &home, &["useradm/users/me", "-o", form])
            .exits_with(2)
            .says("no -o table and no -o text");
    }
}

#[test]
fn each_request_is_shown_without_its_secrets() {
    let (server, home) = logged_in();
    api(&server, &home, &["useradm/users/me", "-v"])
        .succeeds()
        .says(&format!("debug: GET {}{ME}: 200 OK in ", server.url()))
        .keeps_secret(home.read(crate::support::Home::TOKEN).trim());
}
