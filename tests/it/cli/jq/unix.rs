//! At a terminal, and in pipes.

use sandbox::{Fault, Sandbox};

use crate::support::Home;
use crate::support::terminal::Terminal;

const USERS: &str = "/api/management/v1/useradm/users";

fn start(server: &Sandbox, home: &Home, filter: &str) -> Terminal {
    let env = [("MENDER_SERVER_URL", server.url())];
    Terminal::start(home, 80, &env, &["users", "list", "--jq", filter])
}

#[test]
fn nothing_found_drives_the_terminal() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let body = r#"[{"id":"i","email":"a\u001b[2Jb\u0007\u202e"}]"#;
    for filter in [".[].email", ".[0] | {email}", "{(.[].email): 1}"] {
        server.fault(Fault::on("GET", USERS).body("application/json", body));
        let mut terminal = start(&server, &home, filter);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        for forbidden in ["\u{1b}[2J", "\u{7}", "\u{202e}"] {
            assert!(!terminal.history.contains(forbidden), "{filter}: {:?}", terminal.history);
        }
        assert!(terminal.history.contains("202e"), "{filter}: {:?}", terminal.history);
    }
}

#[test]
fn the_user_can_stop_a_filter_that_never_ends() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let mut printing = start(&server, &home, "repeat(\"again\")");
    printing.wait_for("again");
    printing.type_in("\x03");
    assert_eq!(printing.end(), 130, "{}", printing.screen());

    let mut silent = start(&server, &home, "def f: f; \"begun\" + \"x\" * 9000, f");
    silent.wait_for("xxxx");
    silent.type_in("\x03");
    assert_eq!(silent.end(), 130, "{}", silent.screen());
}

#[test]
fn a_reader_that_goes_early_is_no_failure() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let line = ["users", "list", "--jq", "repeat(\"again\")"];
    home.at(&server, line)
        .in_shell("{ \"$0\" \"$@\"; echo $? >&2; } | head -n 1")
        .run()
        .succeeds()
        .prints("again\n")
        .says_exactly("0\n");
}
