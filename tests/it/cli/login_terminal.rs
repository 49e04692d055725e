//! `login` with a person at the terminal, and the terminal after it.

use sandbox::{Sandbox, TWO_FACTOR};

use crate::support::Home;
use crate::support::terminal::Terminal;

/// A login that asks for the password.
fn begin(server: &Sandbox, home: &Home, user: &str) -> Terminal {
    Terminal::at(server, home, 80, &format!("login --username {user}"))
}

#[test]
fn the_second_factor_is_asked_for_when_the_server_wants_it() {
    let server = Sandbox::start();
    let home = Home::new();
    let mut terminal = begin(&server, &home, TWO_FACTOR.email);
    terminal.wait_for("Password: ");
    terminal.type_in(&format!("{}\r", TWO_FACTOR.password));
    terminal.wait_for("2FA code: ");
    terminal.type_in(" 123456 \r");
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("login successful"), "{}", terminal.screen());
    let bodies: Vec<_> = server.requests().iter().map(|request| request.body_text()).collect();
    assert_eq!(bodies, ["{}", r#"{"token2fa":"123456"}"#]);
    assert!(home.exists(Home::TOKEN));
}

#[test]
fn a_wrong_code_is_a_failure() {
    let server = Sandbox::start();
    let home = Home::new();
    let env = [("MENDER_SERVER_URL", server.url()), ("MENDER_PASSWORD", TWO_FACTOR.password)];
    let mut terminal = Terminal::start(&home, 80, &env, &["login", "--username", TWO_FACTOR.email]);
    terminal.wait_for("2FA code: ");
    terminal.type_in("000000\r");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    assert!(terminal.screen().contains("FAILURE: login failed with status 401"), "{}", terminal.screen());
    assert!(terminal.is_sane());
    assert!(!home.exists(Home::TOKEN));
}

#[test]
fn a_token_is_asked_for_without_being_shown() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.create_token("mine", None);
    let mut terminal = Terminal::at(&server, &home, 80, "login --with-token");
    terminal.wait_for("Token: ");
    terminal.type_in(&format!("{token}\r"));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.history.contains("the token belongs to admin@sandbox.example"), "{}", terminal.history);
    assert!(!terminal.history.contains(&token), "{}", terminal.history);
    assert_eq!(home.read(Home::TOKEN), token);
}

/// The line of the question ends before anything else is said.
#[test]
fn an_end_at_the_question_is_said_on_a_line_of_its_own() {
    let server = Sandbox::start();
    let home = Home::new();
    for (key, code, text) in
        [("\x04", 1, "FAILURE: stdin ended before the answer"), ("\x03", 130, "FAILURE: interrupted")]
    {
        let mut terminal = Terminal::at(&server, &home, 80, "login");
        terminal.wait_for("Username: ");
        terminal.type_in(key);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert!(terminal.screen().lines().any(|line| line == text), "{}", terminal.screen());
        assert!(terminal.is_sane());
    }
}

#[test]
fn a_wrong_password_then_the_right_one() {
    let server = Sandbox::start();
    let home = Home::new();
    let mut terminal = Terminal::at(&server, &home, 80, "login");
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
    assert!(!home.exists(Home::TOKEN));

    let mut terminal = begin(&server, &home, server.username());
    terminal.wait_for("Password: ");
    terminal.type_in(&format!("{}\r", server.password()));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("login successful"), "{}", terminal.screen());
    assert!(home.exists(Home::TOKEN));
}

#[test]
fn ctrl_c_at_the_password_leaves_a_sane_terminal() {
    let server = Sandbox::start();
    let home = Home::new();
    let mut terminal = begin(&server, &home, server.username());
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
    let mut terminal = begin(&server, &home, server.username());
    terminal.wait_for("Password: ");
    terminal.terminate();
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    assert!(terminal.is_sane());
}

#[test]
fn a_password_that_is_typed_ahead_does_not_show() {
    let server = Sandbox::start();
    let home = Home::new();
    let mut terminal = begin(&server, &home, server.username());
    terminal.wait_for("Password: ");
    // At once, before anything else can have happened.
    terminal.type_in(&format!("{}\r", server.password()));
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(!terminal.history.contains(server.password()), "{}", terminal.history);
}
