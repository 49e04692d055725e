//! `whoami`, and the warnings about a token that is about to end.

use std::time::Duration;

use sandbox::{Fault, Sandbox};

use crate::support::Home;
use crate::support::home::Outcome;

/// The value of a property, in the form without a terminal.
fn property<'r>(run: &'r Outcome, name: &str) -> &'r str {
    let line = run.stdout.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
    line.unwrap_or_else(|| panic!("no {name:?}\n{}", run.transcript()))
}

#[test]
fn all_that_there_is_to_know() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(Home::TOKEN, server.login_expiring(Duration::from_mins((6 * 24 + 12) * 60 + 30)));
    let run =
        home.at(&server, ["whoami"]).run().succeeds().says_exactly("").keeps_secret(&home.read(Home::TOKEN));
    for (name, value) in [
        ("user", server.username().to_owned()),
        ("server", format!("{} (from MENDER_SERVER_URL)", server.url())),
        ("profile", "default (from default)".to_owned()),
        ("token", "login (by password, or copied from the web page)".to_owned()),
        ("token from", format!("the file {}", home.path(Home::TOKEN).display())),
        ("time left", "6 d 12 h".to_owned()),
        ("refused", String::new()),
        ("ca file", String::new()),
    ] {
        assert_eq!(property(&run, name), value, "{name}");
    }
    assert_eq!(property(&run, "user id").len(), 36);

    let json = home.at(&server, ["whoami", "-o", "json"]).run().succeeds().json();
    assert_eq!(json["user"], server.username());
    assert_eq!(json["server"], server.url());
    assert_eq!(json["server_from"], "MENDER_SERVER_URL");
    let left = json["seconds_left"].as_i64().unwrap();
    assert!((562_800..=563_400).contains(&left), "{json}");
    assert_eq!(json["refused"], serde_json::Value::Null);
    home.at(&server, ["whoami", "-q"]).run().succeeds().prints(&format!("{}\n", server.username()));
}

#[test]
fn kinds_of_token_and_where_they_come_from() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.create_token("ci", None);
    home.write("file", &token);
    let ca = server.ca_file().to_str().unwrap();
    let run = home
        .cli(["whoami", "--server", server.https_url(), "--token", "file", "--ca-cert", ca])
        .run()
        .succeeds();
    assert_eq!(property(&run, "token"), "personal access token \"ci\"");
    assert_eq!(property(&run, "token from"), "the file file (--token)");
    assert_eq!(property(&run, "time left"), "");
    assert_eq!(property(&run, "server"), format!("{} (from --server)", server.https_url()));
    assert_eq!(property(&run, "ca file"), format!("{ca} (from --ca-cert)"));
    for (name, from) in [
        ("MENDER_ACCESS_TOKEN", "MENDER_ACCESS_TOKEN"),
        ("MENDER_SERVER_ACCESS_TOKEN", "MENDER_SERVER_ACCESS_TOKEN"),
    ] {
        let run = home.at(&server, ["whoami"]).env(name, &token).run().succeeds();
        assert_eq!(property(&run, "token from"), from);
    }
    let run = home.at(&server, ["whoami", "--token-value", &token]).run().succeeds().keeps_secret(&token);
    assert_eq!(property(&run, "token from"), "--token-value");
    // A server that does not show the list.
    server.fault(Fault::on("GET", "/api/management/v1/useradm/settings/tokens").status(404));
    let run = home.at(&server, ["whoami", "--token", "file"]).run().succeeds();
    assert_eq!(property(&run, "token"), "unknown");
}

#[test]
fn a_refused_token_is_told_and_fails_a_check() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(Home::TOKEN, server.expired_token());
    let run = home.at(&server, ["whoami"]).run().succeeds();
    assert!(property(&run, "refused").contains("request failed with status 401"), "{}", run.transcript());
    assert_eq!((property(&run, "user"), property(&run, "token")), ("", ""));
    run.says("warning: the stored token has expired; log in again\n");
    home.at(&server, ["whoami", "--check"])
        .run()
        .fails()
        .prints("")
        .says("request failed with status 401")
        .says(&format!(
            "hint: the server refuses the token from the file {}",
            home.path(Home::TOKEN).display()
        ));
    home.write(Home::TOKEN, server.login());
    home.at(&server, ["whoami", "--check"]).run().succeeds().shows(server.username());
    Home::new().at(&server, ["whoami"]).run().fails().says("Please Login first");
}

#[test]
fn the_token_in_use_for_other_programs() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let stored = format!("{}\n", home.read(Home::TOKEN));
    server.clear_requests();
    home.at(&server, ["whoami", "--show-token"]).run().succeeds().prints(&stored).says_exactly("");
    home.at(&server, ["whoami", "--show-token"])
        .env("MENDER_ACCESS_TOKEN", " given\n")
        .run()
        .succeeds()
        .prints("given\n");
    // Nobody has to be asked.
    assert!(server.requests().is_empty());
    Home::new().at(&server, ["whoami", "--show-token"]).run().fails().prints("");
}

/// D9: an old token is announced, instead of showing as a bare 401 one day.
#[test]
fn d9_a_token_that_is_about_to_end_is_warned_of() {
    let server = Sandbox::start();
    let home = Home::new();
    for (minutes, warning) in
        [(24 * 60 + 30, None), (23 * 60 + 30, Some("in 23 h")), (3 * 60 + 30, Some("in 3 h"))]
    {
        home.write(Home::TOKEN, server.login_expiring(Duration::from_mins(minutes)));
        for line in ["artifacts list", "whoami", "users list -o json"] {
            let run = home.at(&server, line.split(' ')).run().succeeds();
            let warned = run.stderr.strip_prefix("warning: the stored token ends ").map(str::trim_end);
            assert_eq!(warned, warning, "{minutes} min, {line}\n{}", run.transcript());
        }
    }
    home.write(Home::TOKEN, server.expired_token());
    home.at(&server, ["artifacts", "list"])
        .run()
        .fails()
        .says("warning: the stored token has expired; log in again\n")
        .says("request failed with status 401")
        .says("mender-cli login gets a new one");
    // The owner of a token given by hand takes care of it.
    let token = server.login_expiring(Duration::from_secs(3600));
    home.at(&server, ["artifacts", "list", "--token-value", &token]).run().succeeds().says_exactly("");
}

#[test]
fn a_token_that_says_nothing_of_itself_is_used_all_the_same() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(Home::TOKEN, "opaque-token");
    let run = home.at(&server, ["whoami"]).run().succeeds();
    assert!(property(&run, "refused").contains("401"), "{}", run.transcript());
    assert_eq!(property(&run, "time left"), "");
    // Nothing is known of its end, so that "never" would be a lie.
    let run = home.at(&server, ["whoami", "-o", "table"]).run().succeeds();
    assert!(!run.stdout.contains("Expires"), "{}", run.transcript());
    home.write(Home::TOKEN, server.create_token("for ever", None));
    let run = home.at(&server, ["whoami", "-o", "table"]).run().succeeds();
    assert!(run.stdout.contains("Expires:     never\n"), "{}", run.transcript());
}
