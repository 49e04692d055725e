//! Passwords and consent with a person at the terminal.

use sandbox::Sandbox;

use crate::support::Home;
use crate::support::terminal::Terminal;

/// Answers each question with what stands beside it, and tells the exit code.
fn dialogue(terminal: &mut Terminal, answers: &[(&str, &str)]) -> u32 {
    for (question, answer) in answers {
        terminal.wait_for(question);
        terminal.type_in(&format!("{answer}\r"));
    }
    terminal.end()
}

#[test]
fn a_new_password_is_typed_twice() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let line = "users create new@x.example";
    let mut terminal = Terminal::at(&server, &home, 80, line);
    let code =
        dialogue(&mut terminal, &[("New password: ", "password-one"), ("Once more: ", "password-two")]);
    assert_eq!(code, 1, "{}", terminal.screen());
    assert!(
        terminal.screen().contains("FAILURE: the two passwords differ; nothing was done"),
        "{}",
        terminal.screen()
    );
    assert!(server.requests().iter().all(|request| request.method == "GET"));

    let mut terminal = Terminal::at(&server, &home, 80, line);
    let code =
        dialogue(&mut terminal, &[("New password: ", "password-one"), ("Once more: ", "password-one")]);
    assert_eq!(code, 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("created user new@x.example"), "{}", terminal.screen());
    assert!(!terminal.history.contains("password-one") && terminal.is_sane(), "{}", terminal.history);
}

#[test]
fn a_change_of_the_own_password() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let line = "users update me --change-password";
    let question = "this ends all your other tokens and logins? [y/N] ";
    for answer in ["n", "", "what"] {
        let mut terminal = Terminal::at(&server, &home, 200, line);
        assert_eq!(dialogue(&mut terminal, &[(question, answer)]), 1, "{}", terminal.screen());
        assert!(terminal.screen().contains("FAILURE: nothing was done"), "{}", terminal.screen());
    }
    assert!(server.requests().iter().all(|request| request.method == "GET"));
    let mut terminal = Terminal::at(&server, &home, 200, line);
    let answers = [
        (question, "y"),
        ("Password so far: ", server.password()),
        ("New password: ", "another-one"),
        ("Once more: ", "another-one"),
    ];
    assert_eq!(dialogue(&mut terminal, &answers), 0, "{}", terminal.screen());
    assert!(terminal.screen().contains("changed user admin@sandbox.example"), "{}", terminal.screen());
    for secret in [server.password(), "another-one"] {
        assert!(!terminal.history.contains(secret), "{}", terminal.history);
    }
}

#[test]
fn ctrl_c_at_a_question_does_nothing() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let id = server.create_token("keep", None);
    let mut terminal = Terminal::at(&server, &home, 200, "token revoke keep");
    terminal.wait_for("Revoke \"keep\" on ");
    terminal.wait_for("? [y/N] ");
    terminal.type_in("\x03");
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    assert!(terminal.is_sane());
    assert_eq!(server.token_names(), ["keep"], "{id}");
    let mut terminal = Terminal::at(&server, &home, 200, "token revoke keep");
    assert_eq!(dialogue(&mut terminal, &[("? [y/N] ", "yes")]), 0, "{}", terminal.screen());
    assert!(server.token_names().is_empty());
}

/// The id alone is captured; the questions are for the person.
#[test]
fn questions_do_not_stand_in_the_result() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let env = [("MENDER_SERVER_URL", server.url()), ("PROGRAM", crate::support::home::PROGRAM)];
    let script = "\"$PROGRAM\" users create new@x.example -q > id";
    let mut terminal = Terminal::start_program(&home, 80, &env, "sh", &["-c", script]);
    let answers = [("New password: ", "a-good-password"), ("Once more: ", "a-good-password")];
    assert_eq!(dialogue(&mut terminal, &answers), 0, "{}", terminal.screen());
    assert_eq!(home.read("id").trim().len(), 36, "{:?}", home.read("id"));
}
