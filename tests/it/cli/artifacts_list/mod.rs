//! `artifacts list`: the official client's blocks to the byte, and the forms beside them.

mod filters;
#[cfg(unix)]
mod terminal;

use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox};
use serde_json::Value;

use crate::support::Home;

const V1: &str = "/api/management/v1/deployments/artifacts/list";
const V2: &str = "/api/management/v2/deployments/artifacts";
const RULE: &str = "--------------------------------------------------------------------------------\n";

/// Two Artifacts as a server may describe them: one with everything, one with as little as possible.
const BODY: &str = r#"[
  {"id":"0001","name":"full","description":"two\nlines","device_types_compatible":["a","b"],
   "info":{"format":"mender","version":3},"signed":true,"size":1234,"modified":"2024-05-06T07:08:09.123Z",
   "artifact_provides":{"artifact_name":"full","rootfs-image.version":"1"},
   "artifact_depends":{"device_type":["a","b"],"rootfs-image.checksum":"c"},
   "updates":[{"type_info":{"type":"module"},"files":[
      {"name":"f","checksum":"c0","size":1,"date":"2024-01-02T03:04:05Z"},
      {"name":"g","checksum":"c1","size":2,"date":"2024-01-02T03:04:05+02:00"}],
      "meta_data":[{"Key":"k","Value":1.5},{"Key":"n","Value":null}],"metadata":{"k":1.5,"n":null}}]},
  {"id":"0002","name":"bare","device_types_compatible":null,"updates":null}
]"#;

fn with_names(names: &[&str]) -> (Sandbox, Home) {
    let server = Sandbox::start();
    for name in names {
        server.add_artifact(&Artifact::new(name).device_type("qemu").build());
    }
    let home = Home::logged_in(&server);
    (server, home)
}

/// A server that answers the list with `BODY`.
fn canned() -> (Sandbox, Home) {
    let (server, home) = with_names(&[]);
    server.fault(Fault::on("GET", V2).body("application/json", BODY).times(10));
    (server, home)
}

#[test]
fn detail_0_is_the_default_into_a_pipe() {
    let (server, home) = canned();
    let expected = format!("ID: 0001\nName: full\n{RULE}ID: 0002\nName: bare\n{RULE}");
    home.at(&server, ["artifacts", "list"]).run().succeeds().prints(&expected);
    home.at(&server, ["artifacts", "list", "-d0"]).run().succeeds().prints(&expected);
    home.at(&server, ["artifacts", "list", "-o", "text"]).run().succeeds().prints(&expected);
}

/// D17: other provides and depends do not fail the list. The label is misspelt, as in the official client.
#[test]
fn each_level_of_detail_is_the_official_one_to_the_byte() {
    let first_1 = "ID: 0001\nName: full\nSigned: true\nModfied: 2024-05-06 07:08:09.123 +0000 UTC\nSize: 1234\n\
        Description: two\nlines\nCompatible types:\n  a\n  b\nArtifact format: mender\nFormat version: 3\n";
    let second_1 = "ID: 0002\nName: bare\nSigned: false\nModfied: 0001-01-01 00:00:00 +0000 UTC\nSize: 0\n\
        Description: \nCompatible types:\nArtifact format: \nFormat version: 0\n";
    let first_2 = "Artifact provides: full\nArtifact depends:\n  a\n  b\nUpdates:\n  Type: module\n  Files:\n\
        \tName: f\n\tChecksum: c0\n\tSize: 1\n\tDate: 2024-01-02 03:04:05 +0000 UTC\n\n\
        \tName: g\n\tChecksum: c1\n\tSize: 2\n\tDate: 2024-01-02 03:04:05 +0200 +0200\n\n";
    let second_2 = "Artifact provides: \nArtifact depends:\nUpdates:\n";
    let first_3 = "  MetaData: [map[Key:k Value:1.5] map[Key:n Value:<nil>]]\n";

    let (server, home) = canned();
    let list = |level: &str| home.at(&server, ["artifacts", "list", "--detail", level]).run().succeeds();
    list("1").prints(&format!("{first_1}{RULE}{second_1}{RULE}"));
    list("2").prints(&format!("{first_1}{first_2}{RULE}{second_1}{second_2}{RULE}"));
    list("3").prints(&format!("{first_1}{first_2}{first_3}{RULE}{second_1}{second_2}{RULE}"));
}

/// D17: meta-data in the newer form alone, an object, is shown as the list that the official client knows.
#[test]
fn meta_data_that_is_an_object_does_not_fail_the_list() {
    let (server, home) = with_names(&[]);
    let body = r#"[{"id":"i","name":"n","updates":[
        {"type_info":{"type":"t"},"files":null,"metadata":{"k":"v"}},
        {"type_info":{"type":null},"files":[],"meta_data":{"a":1}}]}]"#;
    server.fault(Fault::on("GET", V2).body("application/json", body));
    home.at(&server, ["artifacts", "list", "-d", "3"])
        .run()
        .succeeds()
        .shows("  Type: t\n  Files:\n  MetaData: [map[Key:k Value:v]]\n")
        .shows("  Type: \n  Files:\n  MetaData: map[a:1]\n");
}

#[test]
fn raw_is_the_servers_body_byte_for_byte() {
    let (server, home) = with_names(&[]);
    let body = "[ {\"id\":\"1\" ,\n\t\"name\":\"\u{1b}[31m\\u00e4\"}]\r\n ";
    server.fault(Fault::on("GET", V2).body("application/json", body.as_bytes()).times(2));
    let escaped = body.replace('\u{1b}', "\\u001b");
    server.clear_faults();
    server.fault(Fault::on("GET", V2).body("application/json", escaped.as_bytes()).times(2));
    home.at(&server, ["artifacts", "list", "-r"]).run().succeeds().prints(&escaped);
    home.at(&server, ["artifacts", "list", "--raw", "-d", "2"]).run().succeeds().prints(&escaped);
}

#[test]
fn an_empty_list_is_nothing_at_all() {
    let (server, home) = with_names(&[]);
    home.at(&server, ["artifacts", "list"]).run().succeeds().prints("").says_exactly("");
    server.fault(Fault::on("GET", V2).body("application/json", "null"));
    home.at(&server, ["artifacts", "list"]).run().succeeds().prints("");
    home.at(&server, ["artifacts", "list", "-o", "json"]).run().succeeds().prints("[]\n");
    home.at(&server, ["artifacts", "list", "-r"]).run().succeeds().prints("[]");
}

#[test]
fn a_page_is_twenty_unless_told_otherwise() {
    let names: Vec<String> = (1..=23).map(|number| format!("a{number:02}")).collect();
    let (server, home) = with_names(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let ids = |args: &[&str]| {
        let args = ["artifacts", "list"].iter().chain(args);
        home.at(&server, args.copied()).run().succeeds().stdout.matches("ID: ").count()
    };
    assert_eq!(ids(&[]), 20);
    assert_eq!(ids(&["-P", "2"]), 3);
    assert_eq!(ids(&["--page=3"]), 0);
    assert_eq!(ids(&["-N", "0x5", "-P2"]), 5);
    assert_eq!(ids(&["-N", "500"]), 23);
    let asked: Vec<_> = server.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(
        asked,
        [
            "page=1&per_page=20",
            "page=2&per_page=20",
            "page=3&per_page=20",
            "page=2&per_page=5",
            "page=1&per_page=500"
        ]
    );
}

/// D15: the server would silently give 20 for a page of more than 500.
#[test]
fn bad_numbers_are_refused_before_any_request() {
    let (server, home) = with_names(&["a"]);
    for args in [["-N", "0"], ["-P", "0"], ["-N", "-1"], ["-P", "-5"]] {
        home.at(&server, ["artifacts", "list"].iter().chain(&args).copied())
            .run()
            .fails()
            .prints("")
            .says("FAILURE: page and per-page arguments must be larger than 0\n");
    }
    home.at(&server, ["artifacts", "list", "-N", "501"])
        .run()
        .fails()
        .says("FAILURE: the server gives at most 500 items a page\nhint: --all gets all pages\n");
    home.at(&server, ["artifacts", "list", "-P", "4294967296"]).run().fails().says("there is no such page");
    home.at(&server, ["artifacts", "list", "-N", "x"]).run().exits_with(2).says("FAILURE: ");
    assert!(server.requests().is_empty());
}

/// The order in which the official client complains: numbers, then the token, then the level of detail.
#[test]
fn the_order_of_complaints() {
    let (server, home) = with_names(&[]);
    let stranger = Home::new();
    stranger.at(&server, ["artifacts", "list", "-N", "0", "-d", "9"]).run().fails().says("larger than 0");
    stranger
        .at(&server, ["artifacts", "list", "-d", "9"])
        .run()
        .fails()
        .says("FAILURE: Please Login first: open ")
        .says("authtoken: no such file or directory");
    for level in ["4", "-1"] {
        home.at(&server, ["artifacts", "list", "-d", level])
            .run()
            .fails()
            .says("FAILURE: FAILURE: invalid artifact detail\n");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn words_that_the_official_client_ignores_are_warned_of() {
    let (server, home) = with_names(&["a"]);
    home.at(&server, ["artifacts", "list", "x"]).run().succeeds().shows("Name: a").says("they are ignored");
}

/// D15: several pages, and no more requests than there are pages.
#[test]
fn all_fetches_every_page() {
    let (server, home) = with_names(&[]);
    let page = |from: usize, to: usize| {
        let items: Vec<String> =
            (from..to).map(|number| format!(r#"{{"id":"{number}","name":"n{number}"}}"#)).collect();
        format!("[{}]", items.join(","))
    };
    let next = "<https://other.example/prefix/artifacts?page=2&per_page=500>; rel=\"next\"";
    server.fault(Fault::on("GET", V2).body("application/json", page(0, 500)).header("Link", next));
    server.fault(Fault::on("GET", V2).body("application/json", page(500, 503)));
    let all = home.at(&server, ["artifacts", "list", "--all", "-q"]).run().succeeds();
    assert_eq!(all.stdout.lines().count(), 503);
    assert!(all.stdout.starts_with("0\n1\n") && all.stdout.ends_with("\n502\n"));
    let asked: Vec<_> = server.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(asked, ["page=1&per_page=500", "page=2&per_page=500"]);
}

#[test]
fn a_page_that_fails_leaves_nothing_on_stdout() {
    let (server, home) = with_names(&[]);
    let next = format!("<{V2}?page=2&per_page=500>; rel=\"next\"");
    server.fault(
        Fault::on("GET", V2).body("application/json", r#"[{"id":"1","name":"a"}]"#).header("Link", &next),
    );
    server.fault(Fault::on("GET", V2).status(500));
    home.at(&server, ["artifacts", "list", "--all"])
        .run()
        .fails()
        .prints("")
        .says("page=2&per_page=500 request failed with status 500");
}

#[test]
fn all_does_not_go_with_a_page() {
    let (server, home) = with_names(&[]);
    for flag in ["-P1", "-N1", "-r"] {
        home.at(&server, ["artifacts", "list", "--all", flag]).run().exits_with(2).says("FAILURE: ");
    }
}

#[test]
fn every_form_on_request() {
    let (server, home) = with_names(&["one", "two"]);
    let list = |args: &[&str]| {
        let args = ["artifacts", "list"].iter().chain(args);
        home.at(&server, args.copied()).run().succeeds()
    };
    let json = list(&["-o", "json"]).json();
    assert_eq!(json[1]["name"], "two");
    assert_eq!(json[0]["device_types_compatible"][0], "qemu");
    assert_eq!(json[0]["updates"][0]["type_info"]["type"], "single-file");
    let id = json[0]["id"].as_str().unwrap();

    let lines = list(&["-o", "jsonl"]);
    let lines: Vec<Value> =
        lines.stdout.lines().map(|line| serde_json::from_str(line).expect("a value a line")).collect();
    assert_eq!(Value::from(lines), json);

    let both = format!("{id}\n{}\n", json[1]["id"].as_str().unwrap());
    list(&["-q"]).prints(&both).says_exactly("");
    let table = list(&["-o", "table"]).stdout;
    assert!(table.starts_with("ID  ") && table.lines().count() == 3, "{table}");
    assert!(table.contains(id), "{table}");
}

/// D15 and D13: a refusal shows what the server said and under which id its log knows it.
#[test]
fn errors_say_what_the_server_said() {
    let (server, home) = with_names(&[]);
    server.fault(Fault::on("GET", V2).status(500).header("X-MEN-RequestID", "req-1"));
    home.at(&server, ["artifacts", "list"])
        .run()
        .fails()
        .says("FAILURE: GET /api/management/v2/deployments/artifacts?page=1&per_page=20 request failed with status 500")
        .says(": internal server error (request id ");
    home.at(&server, ["artifacts", "list", "--token-value", "junk"])
        .run()
        .fails()
        .says("request failed with status 401")
        .says("hint: the server refuses the token from --token-value");
}

#[test]
fn errors_are_json_for_those_who_read_json() {
    let (server, home) = with_names(&[]);
    server.fault(Fault::on("GET", V2).status(403));
    let error = home.at(&server, ["artifacts", "list", "-o", "json"]).run().fails().prints("").json_error();
    assert_eq!(error["status"], 403);
    assert_eq!(error["server"], "forbidden");
    assert_eq!(error["exit_code"], 1);
    assert_eq!(error["kind"], "failed");
    assert!(error["request_id"].as_str().is_some_and(|id| id.len() == 36), "{error}");
    assert!(error["message"].as_str().unwrap().contains("status 403"), "{error}");
}
