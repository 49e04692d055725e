//! On a terminal: to be read, and driven by nobody.

use sandbox::{Fault, Sandbox};

use super::{ME, logged_in};
use crate::support::Home;
use crate::support::terminal::Terminal;

fn terminal(server: &Sandbox, home: &Home, args: &[&str]) -> Terminal {
    let env = [("MENDER_SERVER_URL", server.url())];
    let args: Vec<&str> = ["api"].iter().chain(args).copied().collect();
    Terminal::start(home, 100, &env, &args)
}

fn history(server: &Sandbox, home: &Home, args: &[&str], code: u32) -> String {
    let mut terminal = terminal(server, home, args);
    assert_eq!(terminal.end(), code, "{}", terminal.screen());
    terminal.history.replace("\r\n", "\n")
}

#[test]
fn json_is_laid_out_and_keeps_its_digits() {
    let (server, home) = logged_in();
    let body = r#"{"a":[1.10,12345678901234567890123],"b":{},"c":"\u001b"}"#;
    server.fault(Fault::on("GET", ME).body("application/json", body));
    assert_eq!(
        history(&server, &home, &["useradm/users/me"], 0),
        "{\n  \"a\": [\n    1.10,\n    12345678901234567890123\n  ],\n  \"b\": {},\n  \"c\": \"\\u001b\"\n}\n"
    );
    let list = "/api/management/v2/devauth/devices";
    let next = format!("<{list}?page=2>; rel=\"next\"");
    server.fault(Fault::on("GET", list).body("application/json", "[{\"id\":1}]").header("Link", &next));
    server.fault(Fault::on("GET", list).body("application/json", "[{\"id\":2}]").header("Link", "</x>"));
    assert_eq!(
        history(&server, &home, &["--paginate", "v2/devauth/devices"], 0),
        "[\n  {\n    \"id\": 1\n  },\n  {\n    \"id\": 2\n  }\n]\n"
    );
}

#[test]
fn nothing_from_the_server_drives_the_terminal() {
    let (server, home) = logged_in();
    for (kind, body) in [
        ("application/json", "{\"a\":\"\u{202e}\u{7f}\u{9b}2J\"}"),
        ("text/plain", "\u{1b}[2Jtext\u{7}\u{202e}"),
    ] {
        for args in
            [&["useradm/users/me"][..], &["useradm/users/me", "-i"], &["useradm/users/me", "-o", "jsonl"]]
        {
            server.fault(Fault::on("GET", ME).body(kind, body).header("X-A", "\u{202e}"));
            let history = history(&server, &home, args, 0);
            for forbidden in ["\u{1b}[2J", "\u{7}", "\u{202e}", "\u{9b}", "\u{7f}"] {
                assert!(!history.contains(forbidden), "{args:?}: {history:?}");
            }
        }
    }
}

#[test]
fn bytes_are_no_text() {
    let (server, home) = logged_in();
    for body in [&b"\x1f\x8b\xff\x00"[..], b"text\x00"] {
        server.fault(Fault::on("GET", ME).body("application/octet-stream", body));
        let history = history(&server, &home, &["useradm/users/me"], 1);
        assert!(history.contains("the answer is no text"), "{history:?}");
        assert!(history.contains(" > FILE behind the line"), "{history:?}");
    }
    server.fault(Fault::on("GET", ME).body("text/plain", "a line"));
    assert_eq!(history(&server, &home, &["useradm/users/me"], 0), "a line\n");
}

/// A pipe that says nothing, and a server that does not answer.
#[test]
fn the_user_can_stop_it() {
    let (server, home) = logged_in();
    server.fault(Fault::on("GET", ME).hang());
    let mut waiting = terminal(&server, &home, &["useradm/users/me"]);
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    waiting.type_in("\x03");
    assert_eq!(waiting.end(), 130, "{}", waiting.screen());
}
