//! `users me`, `list`, `show`, `create`, `update`, `delete`.

use sandbox::{Fault, SSO, Sandbox, TWO_FACTOR};

use crate::support::Home;

const USERS: &str = "/api/management/v1/useradm/users";

/// Whether somebody can log in so.
fn can_log_in(server: &Sandbox, user: &str, password: &str) -> bool {
    let run = Home::new().at(server, ["login", "--username", user, "--password", password]).run();
    run.code == Some(0)
}

/// Makes a user and tells its id.
fn create(server: &Sandbox, home: &Home, email: &str) -> String {
    let run = home.at(server, ["users", "create", email, "--password-stdin", "-q"]).stdin("long-enough");
    run.run().succeeds().line().to_owned()
}

#[test]
fn me_list_and_show() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let run = |line: &str| home.at(&server, line.split(' ')).run();
    let me = run("users me -o json").succeeds().json();
    let id = me["id"].as_str().unwrap();
    assert_eq!(me["email"], server.username());
    let shown = run("users me").succeeds().says_exactly("");
    assert_eq!(
        shown.stdout.lines().take(2).collect::<Vec<_>>(),
        [format!("id\t{id}"), format!("email\t{}", server.username())]
    );
    for line in [
        format!("users show {id}"),
        format!("users show {}", server.username().to_uppercase()),
        "users show me".into(),
    ] {
        run(&line).succeeds().prints(&shown.stdout);
    }
    let listed = run("users list").succeeds().says_exactly("");
    let emails: Vec<_> = listed.stdout.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(emails, [server.username(), TWO_FACTOR.email, SSO.email]);
    assert!(listed.stdout.lines().all(|line| line.split('\t').count() == 5), "{}", listed.stdout);
    assert_eq!(run("users list -o json").succeeds().json().as_array().unwrap().len(), 3);
    assert_eq!(run("users list -o jsonl").succeeds().stdout.lines().count(), 3);
    assert_eq!(run("users list -q").succeeds().stdout.lines().next(), Some(id));
    run("users list -o table").succeeds().shows("EMAIL").shows("LAST LOGIN\n");

    for name in ["nobody@x.example", "00000000-0000-0000-0000-000000000000", "nobody", "../settings/tokens"] {
        home.at(&server, ["users", "show", name])
            .run()
            .fails()
            .prints("")
            .says(&format!("FAILURE: no user is named {name:?}\n"));
    }
    run("users show").exits_with(2);
    run("users show ").exits_with(2).says("FAILURE: the id or email of the user is empty\n");
}

#[test]
fn create_takes_the_password_from_stdin() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for (index, stdin) in ["pass word-1", "pass word-1\n", "pass word-1\r\n"].into_iter().enumerate() {
        let email = format!("user{index}@x.example");
        home.at(&server, ["users", "create", &email, "--password-stdin"])
            .stdin(stdin)
            .run()
            .succeeds()
            .prints("")
            .says_exactly(&format!("created user {email}\n"));
        assert!(can_log_in(&server, &email, "pass word-1"), "{stdin:?}");
    }
    let id = create(&server, &home, "quiet@x.example");
    home.at(&server, ["users", "show", &id]).run().succeeds().shows("quiet@x.example");
    let json = home
        .at(&server, ["users", "create", "json@x.example", "--password-stdin", "-o", "json"])
        .stdin("long-enough")
        .run()
        .succeeds()
        .json();
    assert_eq!(json["email"], "json@x.example");
    // Where nobody can be asked, nothing is made.
    server.clear_requests();
    home.at(&server, ["users", "create", "x@x.example"])
        .run()
        .fails()
        .says("FAILURE: the password cannot be asked for here\nhint: --password-stdin reads it from stdin\n");
    home.at(&server, ["users", "create", "x@x.example", "--password-stdin"]).stdin("").run().fails();
    assert!(server.requests().iter().all(|request| request.method == "GET"));
}

/// What the server says against it, in its words.
#[test]
fn refusals_of_a_creation() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let long = "x".repeat(73);
    for (email, password, text) in [
        ("x@x.example", "short", "status 422: password: must be minimum 8 characters long"),
        ("someone@x.example", "someone@x", "status 422: password is too similar to the email"),
        (server.username(), "long-enough", "status 422: user with a given email already exists"),
        ("no-address", "long-enough", "status 400: email: must be a valid email address."),
        ("x@x.example", "p\u{e4}ssword-long", "status 400: password: must contain ASCII characters only."),
        ("x@x.example", "", "the password is empty"),
        ("x@x.example", &long, "the server takes passwords of at most 72 bytes"),
    ] {
        let run = home
            .at(&server, ["users", "create", email, "--password-stdin"])
            .stdin(format!("{password}\n"))
            .run();
        let run = run.fails().prints("").says(text).does_not_say("created");
        if !password.is_empty() {
            run.keeps_secret(password);
        }
    }
    assert_eq!(home.at(&server, ["users", "list", "-q"]).run().succeeds().stdout.lines().count(), 3);
    // Not tried again by itself: the user may be there by then.
    server.clear_requests();
    server.fault(Fault::on("POST", USERS).status(503));
    home.at(&server, ["users", "create", "x@x.example", "--password-stdin"])
        .stdin("long-enough")
        .run()
        .fails();
    assert_eq!(server.requests().iter().filter(|request| request.method == "POST").count(), 1);
}

#[test]
fn ones_own_password() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let (user, before) = (server.username(), server.password());
    let other = server.create_token("ci", None);
    let ends = "this ends all your other tokens and logins";
    let args = ["users", "update", "me", "--change-password", "--password-stdin"];

    // It is said before what else ends by it: in the question, in the plan, and also where nobody is asked.
    let both = format!("{before}\nnew-password\n");
    home.at(&server, args).stdin(both.as_str()).run().fails().says("nobody can be asked here").says(ends);
    let plan = format!("would change the password of {user} on {}; {ends}\n", server.url());
    home.at(&server, args.iter().chain(&["--dry-run"]))
        .stdin(both.as_str())
        .run()
        .succeeds()
        .says_exactly(&plan);
    assert!(can_log_in(&server, user, before));

    for (stdin, text) in [
        ("wrong\nnew-password\n".to_owned(), "status 422: current password mismatch"),
        (format!("{before}\nshort\n"), "status 422: password: must be minimum 8 characters long"),
        (format!("{before}\nadmin@sandbox\n"), "status 422: password is too similar to the email"),
        (format!("{before}\n{}\n", "x".repeat(73)), "at most 72 bytes"),
        (format!("{before}\n\n"), "the password is empty"),
        (format!("{before}\n"), "stdin ended before the answer"),
    ] {
        let run = home.at(&server, args.iter().chain(&["--yes"])).stdin(stdin).run().fails().says(text);
        run.does_not_say("changed user").keeps_secret(before);
    }
    home.at(&server, args.iter().chain(&["--yes"]))
        .stdin(both.as_str())
        .run()
        .succeeds()
        .prints("")
        .says_exactly(&format!("{ends}\nchanged user {user}\n"))
        .keeps_secret("new-password");
    assert!(can_log_in(&server, user, "new-password") && !can_log_in(&server, user, before));
    // The token that made the call survives, the others do not.
    home.at(&server, ["whoami", "--check"]).run().succeeds();
    home.at(&server, ["whoami", "--check", "--token-value", &other]).run().fails().says("status 401");
    // The password so far may also come from where login finds it.
    home.at(&server, ["users", "update", user, "--email", "new@sandbox.example", "--yes"])
        .env("MENDER_PASSWORD", "new-password")
        .run()
        .succeeds()
        .says(&format!("changed user {user}\n"));
    assert!(can_log_in(&server, "new@sandbox.example", "new-password"));
    home.at(&server, ["users", "update", "me", "--email", "x@sandbox.example", "--yes"])
        .run()
        .fails()
        .says("FAILURE: the password so far is needed and cannot be asked for here")
        .says("--password-stdin");
}

#[test]
fn another_users_email() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let id = create(&server, &home, "old@x.example");
    home.at(&server, ["users", "update", "old@x.example", "--email", "new@x.example", "--dry-run"])
        .run()
        .succeeds()
        .says("would change the email of old@x.example on ")
        .says("this ends all tokens and logins of that user\n");
    home.at(&server, ["users", "update", &id, "--email", "new@x.example", "--yes"])
        .run()
        .succeeds()
        .says_exactly("this ends all tokens and logins of that user\nchanged user old@x.example\n");
    assert!(can_log_in(&server, "new@x.example", "long-enough"));

    // A password is everybody's own affair; the server would say so only after it was typed.
    let args = ["users", "update", "new@x.example", "--change-password", "--password-stdin", "--yes"];
    home.at(&server, args)
        .stdin("a\nb\n")
        .run()
        .fails()
        .says("FAILURE: the password of new@x.example can only be changed by that user\n");
    for (email, text) in [
        (server.username(), "status 422: user with a given email already exists"),
        ("nothing", "status 400: email: must be a valid email address."),
    ] {
        home.at(&server, ["users", "update", &id, "--email", email, "--yes"]).run().fails().says(text);
    }
    server.fault(
        Fault::on("PUT", USERS)
            .status(409)
            .body("application/json", r#"{"error": "entity tag did not match any records"}"#),
    );
    home.at(&server, ["users", "update", &id, "--email", "c@x.example", "-y"])
        .run()
        .fails()
        .says("status 409: entity tag did not match any records")
        .says("hint: somebody else changed the user at the same time; try again\n");
    home.at(&server, ["users", "update", &id])
        .run()
        .exits_with(2)
        .says("say what to change: --email, --change-password or both");
    home.at(&server, ["users", "update", "nobody@x.example", "--email", "x@x.example", "-y"])
        .run()
        .fails()
        .says("no user is named \"nobody@x.example\"");
}

#[test]
fn delete_asks_for_consent_and_looks_first() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let id = create(&server, &home, "a@x.example");
    create(&server, &home, "b@x.example");
    home.at(&server, ["users", "delete", "a@x.example"])
        .run()
        .fails()
        .says(&format!("FAILURE: nobody can be asked here: Delete a@x.example on {}?\n", server.url()))
        .says("--yes");
    home.at(&server, ["users", "delete", "b@x.example", &id, "--dry-run"])
        .run()
        .succeeds()
        .says_exactly(&format!("would delete b@x.example, a@x.example on {}\n", server.url()));
    // The server says yes to any id; here nothing happens if one is unknown.
    home.at(&server, ["users", "delete", "a@x.example", "nobody@x.example", "--yes"])
        .run()
        .fails()
        .says("FAILURE: no user is named \"nobody@x.example\"\n");
    assert!(server.requests().iter().all(|request| request.method != "DELETE"));
    home.at(&server, ["users", "delete", &id, "a@x.example", "A@x.example", "b@x.example", "-y"])
        .run()
        .succeeds()
        .prints("")
        .says_exactly("deleted user a@x.example\ndeleted user b@x.example\n");
    assert_eq!(home.at(&server, ["users", "list", "-q"]).run().succeeds().stdout.lines().count(), 3);
    home.at(&server, ["users", "delete"]).run().exits_with(2);
}

/// One that fails does not keep the others; the exit code tells.
#[test]
fn a_deletion_that_is_done_in_part() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let names = ["a@x.example", "b@x.example"];
    let ids = names.map(|name| create(&server, &home, name));
    server.fault(Fault::on("DELETE", &format!("{USERS}/{}", ids[0])).status(500));
    home.at(&server, ["users", "delete", names[0], names[1], "--yes"])
        .run()
        .exits_with(3)
        .says("status 500")
        .says("deleted user b@x.example\n")
        .says("FAILURE: 1 of 2 were not deleted: a@x.example\n");
    server.fault(Fault::on("DELETE", USERS).status(500));
    home.at(&server, ["users", "delete", names[0], "--yes"]).run().fails().says("status 500");
}

#[test]
fn deleting_oneself_comes_last_and_is_said() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    create(&server, &home, "a@x.example");
    let args = ["users", "delete", "me", "a@x.example"];
    home.at(&server, args.iter().chain(&["--dry-run"])).run().succeeds().says(&format!(
        "would delete a@x.example, {} on {} (yourself among them)\n",
        server.username(),
        server.url()
    ));
    home.at(&server, args.iter().chain(&["--yes"])).run().succeeds().says_exactly(&format!(
        "warning: this deletes yourself: nothing works with your tokens any more\n\
             deleted user a@x.example\ndeleted user {}\n",
        server.username()
    ));
    assert!(home.exists(Home::TOKEN));
    home.at(&server, ["whoami", "--check"]).run().fails().says("status 401");
}

/// A server that passes over the filter answers with everybody; none of them is the one that is meant.
#[test]
fn a_server_that_ignores_the_filter() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let everybody = format!(r#"[{{"id":"1","email":"{}"}}]"#, server.username());
    server.fault(
        Fault::on("GET", "/api/management/v1/useradm/users?email").body("application/json", everybody),
    );
    home.at(&server, ["users", "delete", "nobody@x.example", "--yes"])
        .run()
        .fails()
        .says("FAILURE: no user is named \"nobody@x.example\"");
    assert!(server.requests().iter().all(|request| request.method == "GET"));
}
