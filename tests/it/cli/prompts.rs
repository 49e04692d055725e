//! Questions on a terminal, and the terminal after them.

use sandbox::Sandbox;

use crate::support::Home;
use crate::support::terminal::Terminal;

#[test]
fn a_wrong_password_then_the_right_one() {
    let server = Sandbox::start();
    let home = Home::new();
    let env = [("MENDER_SERVER_URL", server.url())];

    let mut terminal = Terminal::start(&home, 80, &env, &["login"]);
    terminal.wait_for("Username: ");
    terminal.type_in(&format!("{}\r", server.username()));
    terminal.wait_for("Password: ");
    terminal.type_in("wrong-password");
    terminal.wait_for("**************");
    terminal.type_in("\r");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    assert!(terminal.screen().contains("FAILURE: login failed with status 401"), "{}", terminal.screen());
    assert!(!terminal.history.contains("wrong-password"), "{}", terminal.history);
    assert!(terminal.is_sane());
    assert!(!home.exists(".cache/mender/authtoken"));

    let mut terminal = Terminal::start(&home, 80, &env, &["login", "--username", server.username()]);
    terminal.wait_for("Password: ");
    terminal.type_in(&format!("{}\r", server.password()));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("login successful"), "{}", terminal.screen());
    assert!(home.exists(".cache/mender/authtoken"));
}

#[test]
fn ctrl_c_at_the_password_leaves_a_sane_terminal() {
    let server = Sandbox::start();
    let home = Home::new();
    let env = [("MENDER_SERVER_URL", server.url())];
    let mut terminal = Terminal::start(&home, 80, &env, &["login", "--username", server.username()]);
    terminal.wait_for("Password: ");
    terminal.type_in("half");
    terminal.wait_for("****");
    terminal.type_in("\x03");
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    assert!(terminal.is_sane());
    assert!(server.requests().is_empty());
}

#[test]
fn an_order_to_end_at_the_password_leaves_a_sane_terminal() {
    let server = Sandbox::start();
    let home = Home::new();
    let env = [("MENDER_SERVER_URL", server.url())];
    let mut terminal = Terminal::start(&home, 80, &env, &["login", "--username", server.username()]);
    terminal.wait_for("Password: ");
    terminal.terminate();
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    assert!(terminal.is_sane());
}

#[test]
fn a_password_that_is_typed_ahead_does_not_show() {
    let server = Sandbox::start();
    let home = Home::new();
    let env = [("MENDER_SERVER_URL", server.url())];
    let mut terminal = Terminal::start(&home, 80, &env, &["login", "--username", server.username()]);
    terminal.wait_for("Password: ");
    // At once, before anything else can have happened.
    terminal.type_in(&format!("{}\r", server.password()));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(!terminal.history.contains(server.password()), "{}", terminal.history);
}
