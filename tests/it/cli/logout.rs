//! `logout`: what it ends on the server, what it forgets here, and what it leaves alone.

use sandbox::{Fault, Sandbox};

use crate::support::Home;

const LOGOUT: &str = "/api/management/v1/useradm/auth/logout";
const TOKENS: &str = "/api/management/v1/useradm/settings/tokens";

/// Whether the server takes a token.
fn is_good(server: &Sandbox, token: &str) -> bool {
    let run = Home::new().at(server, ["users", "me"]).env("MENDER_ACCESS_TOKEN", token).run();
    run.code == Some(0)
}

fn calls_logout(server: &Sandbox) -> bool {
    server.requests().iter().any(|request| request.path == LOGOUT)
}

#[test]
fn a_login_token_is_ended_and_forgotten() {
    let server = Sandbox::start();
    let home = Home::new();
    home.at(&server, ["login", "--username", server.username(), "--password", server.password()])
        .run()
        .succeeds();
    let token = home.read(Home::TOKEN);
    home.cli(["logout"])
        .run()
        .succeeds()
        .prints("")
        .says_exactly("the token was ended on the server\nlogged out\n");
    assert!(!is_good(&server, &token));
    assert!(!home.exists(Home::TOKEN));
    // The server is forgotten with the token.
    let config = home.read(&Home::config("config.toml"));
    assert!(!config.contains("token-"), "{config}");
    home.at(&server, ["logout"]).run().fails().says("FAILURE: Please Login first: open ");
}

/// Others use a personal access token too; the server would revoke it by the same call.
#[test]
fn a_personal_access_token_is_only_forgotten() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.create_token("ci", None);
    home.at(&server, ["login", "--with-token"]).stdin(token.as_str()).run().succeeds();
    home.at(&server, ["logout"])
        .run()
        .succeeds()
        .says("the personal access token \"ci\" stays valid; logout --revoke or token revoke ends it\n")
        .says("logged out\n");
    assert!(!home.exists(Home::TOKEN) && !calls_logout(&server) && is_good(&server, &token));

    home.at(&server, ["login", "--with-token"]).stdin(token.as_str()).run().succeeds();
    home.at(&server, ["logout", "--revoke"]).run().succeeds().says("the token was ended on the server\n");
    assert!(!home.exists(Home::TOKEN) && !is_good(&server, &token));
    assert!(server.token_names().is_empty());
}

#[test]
fn local_asks_nobody() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let token = home.read(Home::TOKEN);
    server.clear_requests();
    home.at(&server, ["logout", "--local"]).run().succeeds().says_exactly("logged out\n");
    assert!(server.requests().is_empty() && !home.exists(Home::TOKEN));
    assert!(is_good(&server, &token));
    home.cli(["logout", "--local", "--revoke"]).run().exits_with(2).says("--revoke");
}

#[test]
fn a_server_that_does_not_answer_costs_nothing() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let token = home.read(Home::TOKEN);
    for fault in [
        Fault::on("GET", TOKENS).status(500),
        Fault::on("POST", LOGOUT).status(500),
        Fault::on("POST", LOGOUT).cut(),
    ] {
        server.fault(fault);
        home.at(&server, ["logout"])
            .run()
            .fails()
            .says("hint: the token is still stored; logout --local forgets it without asking the server\n")
            .does_not_say("logged out");
        assert_eq!(home.read(Home::TOKEN), token);
    }
    home.at(&server, ["logout"]).run().succeeds();
    assert!(!home.exists(Home::TOKEN));
}

#[test]
fn a_token_that_the_server_no_longer_takes_is_forgotten() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(Home::TOKEN, server.expired_token());
    home.at(&server, ["logout"])
        .run()
        .succeeds()
        .says_exactly("the server no longer takes this token\nlogged out\n");
    assert!(!home.exists(Home::TOKEN));
}

/// What kind it is cannot be told without the list, so that nobody else's token is ended.
#[test]
fn a_token_of_unknown_kind_stays_valid() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let token = home.read(Home::TOKEN);
    server.fault(Fault::on("GET", TOKENS).status(403));
    home.at(&server, ["logout"])
        .run()
        .succeeds()
        .says("what kind of token it is cannot be told, so it stays valid; logout --revoke ends it\n")
        .says("logged out\n");
    assert!(is_good(&server, &token));
}

/// A token that is not stored here is somebody's on purpose: nothing happens to it unless that is asked for.
#[test]
fn a_token_from_elsewhere() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let stored = home.read(Home::TOKEN);
    let token = server.create_token("ci", None);
    home.at(&server, ["logout"])
        .env("MENDER_ACCESS_TOKEN", &token)
        .run()
        .succeeds()
        .says("nothing to forget here: the token comes from MENDER_ACCESS_TOKEN\n")
        .does_not_say("logged out");
    assert!(is_good(&server, &token));
    home.at(&server, ["logout", "--token-value", &token, "--revoke"]).run().succeeds().keeps_secret(&token);
    assert!(!is_good(&server, &token));
    assert_eq!(home.read(Home::TOKEN), stored);
}

#[test]
fn only_the_profile_in_use_is_logged_out() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.at(
        &server,
        ["login", "--profile", "p", "--username", server.username(), "--password", server.password()],
    )
    .run()
    .succeeds();
    home.cli(["logout", "--profile", "p"]).run().succeeds().says("logged out\n");
    assert!(home.exists(Home::TOKEN) && !home.exists(&Home::config("tokens/p")));
    // The profile itself stays, for the next login.
    home.cli(["profile", "show", "p"]).run().succeeds().shows(server.url()).shows("token\tfalse\n");
    home.at(&server, ["artifacts", "list"]).run().succeeds();
}
