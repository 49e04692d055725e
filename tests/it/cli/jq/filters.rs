//! What the filter runs on, what it prints, and how it fails.

use sandbox::artifact::Artifact;
use sandbox::{Device, Fault, Sandbox};

use crate::support::Home;
use crate::support::home::Outcome;

const DEVICES: &str = "/api/management/v2/devauth/devices";

fn with_devices() -> (Sandbox, Home) {
    let server = Sandbox::start();
    for (id, status) in [("dev-1", "accepted"), ("dev-2", "accepted"), ("dev-3", "pending")] {
        server.add_device(Device { id: id.into(), status: status.into(), ..Device::default() });
    }
    let home = Home::logged_in(&server);
    (server, home)
}

/// A line, its words separated by blanks, with a filter.
fn filtered(server: &Sandbox, home: &Home, line: &str, filter: &str) -> Outcome {
    home.at(server, line.split(' ').chain(["--jq", filter])).run()
}

#[test]
fn a_list_is_one_value_and_no_blocks() {
    let (server, home) = with_devices();
    let list = |filter| filtered(&server, &home, "devices list", filter).succeeds().says_exactly("");
    list(".[] | select(.status == \"accepted\").id").prints("dev-1\ndev-2\n");
    list("map({id, status}) | .[:2]")
        .prints("[{\"id\":\"dev-1\",\"status\":\"accepted\"},{\"id\":\"dev-2\",\"status\":\"accepted\"}]\n");
    list("length, (.[0] | type)").prints("3\nobject\n");
    list(".[] | [.id, .status] | @tsv").prints("dev-1\taccepted\ndev-2\taccepted\ndev-3\tpending\n");
    list("empty").prints("");
    // With -d too, which asks for blocks otherwise, and on all pages.
    filtered(&server, &home, "devices list -d 2", "length").succeeds().prints("3\n");
    filtered(&server, &home, "devices list --all", "length").succeeds().prints("3\n");
    filtered(&server, &home, "devices list -N 2 -P 2", ".[].id").succeeds().prints("dev-3\n");
}

#[test]
fn with_jsonl_it_runs_on_every_item() {
    let (server, home) = with_devices();
    let list = |filter| filtered(&server, &home, "devices list -o jsonl", filter);
    list(".id").succeeds().prints("dev-1\ndev-2\ndev-3\n");
    filtered(&server, &home, "devices list -o json", "type").succeeds().prints("array\n");
}

#[test]
fn everything_that_prints_data_can_be_filtered() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.write("a.mender", Artifact::new("a").file("f", b"x").build());
    home.write("b.mender", Artifact::new("b").file("f", b"x").build());
    filtered(&server, &home, "whoami", ".user").succeeds().prints(&format!("{}\n", server.username()));
    filtered(&server, &home, "users me", ".email").succeeds().prints(&format!("{}\n", server.username()));
    filtered(&server, &home, "profile list", ".[].name").succeeds().prints("default\n");
    filtered(&server, &home, "artifacts upload a.mender b.mender", "[.[].name] | join(\"+\")")
        .succeeds()
        .prints("a+b\n");
    filtered(&server, &home, "artifacts list", ".[].name").succeeds().prints("a\nb\n");
    filtered(&server, &home, "artifacts show a", ".updates[0].files[0].size").succeeds().prints("1\n");
    filtered(&server, &home, "artifacts delete a --yes", ".deleted").succeeds().prints("true\n");
    let token = filtered(&server, &home, "token create ci", ".token").succeeds();
    assert!(token.line().starts_with("eyJ") && !token.line().contains(' '), "{}", token.transcript());
    assert_eq!(server.token_names(), ["ci"]);
}

/// As with `-o`: whoever wraps the program need not know which command prints something.
#[test]
fn commands_without_data_do_not_mind() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    filtered(&server, &home, "profile use default", ".x.y.z").succeeds().prints("");
    filtered(&server, &home, "logout", ".x.y.z").succeeds().prints("");
}

#[test]
fn raw_filters_the_servers_own_body_with_all_its_digits() {
    let (server, home) = with_devices();
    let body =
        r#"[{"id":"d","serial":9223372036854775809,"huge":123456789012345678901234567890,"exact":1.10}]"#;
    server.fault(Fault::on("GET", DEVICES).body("application/json", body).times(2));
    filtered(&server, &home, "devices list --raw", ".[] | .serial, .huge, .exact")
        .succeeds()
        .prints("9223372036854775809\n123456789012345678901234567890\n1.10\n");
    filtered(&server, &home, "devices list --raw", ".").succeeds().prints(&format!("{body}\n"));
}

#[test]
fn a_wrong_expression_is_told_before_anything_is_sent() {
    let (server, home) = with_devices();
    for (filter, says) in [
        (".[", "expected closing bracket"),
        (".id | nope", "undefined filter"),
        ("", "unexpected end of input"),
        ("import \"m\" as m; .", "module loading not supported"),
    ] {
        filtered(&server, &home, "devices list", filter).exits_with(2).prints("").says(says).says("--jq");
    }
    filtered(&server, &home, "devices list", ".id | nope").exits_with(2).says("1 │ .id | nope\n");
    let error = filtered(&server, &home, "devices list -o json", ".[").exits_with(2).json_error();
    assert_eq!(error["kind"], "usage");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn forms_for_people_cannot_be_filtered() {
    let (server, home) = with_devices();
    for form in ["-o table", "-o text", "-q"] {
        filtered(&server, &home, &format!("devices list {form}"), ".")
            .exits_with(2)
            .prints("")
            .says_just("FAILURE: --jq is for JSON, not for -");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_filter_that_fails_says_so_after_what_it_found() {
    let (server, home) = with_devices();
    filtered(&server, &home, "devices list", ".[0].id, .[1].id.x, .[2].id")
        .fails()
        .prints("dev-1\n")
        .says_exactly("FAILURE: --jq: cannot index \"dev-2\" with \"x\"\n");
    filtered(&server, &home, "devices list -o jsonl", "if .id == \"dev-3\" then error(\"no\") else .id end")
        .fails()
        .prints("dev-1\ndev-2\n");
    let error = filtered(&server, &home, "devices list -o json", ".x").fails().json_error();
    assert!(error["message"].as_str().unwrap().ends_with(" with \"x\""), "{error}");
}

/// A filter is no wish for JSON on stderr.
#[test]
fn other_errors_stay_readable() {
    let (server, home) = with_devices();
    filtered(&server, &home, "artifacts show nothing", ".").fails().prints("").says("FAILURE: ");
    filtered(&server, &home, "artifacts show nothing -o json", ".")
        .fails()
        .prints("")
        .says("{\"exit_code\":1");
}

/// Variables hold tokens; a filter that somebody else wrote must not get at them.
#[test]
fn the_environment_is_out_of_reach() {
    let server = Sandbox::start();
    let home = Home::new();
    for filter in ["env", "env.MENDER_ACCESS_TOKEN", "$ENV", "$ENV.MENDER_ACCESS_TOKEN"] {
        home.at(&server, ["users", "me", "--jq", filter])
            .env("MENDER_ACCESS_TOKEN", server.login())
            .run()
            .exits_with(2)
            .says("undefined ")
            .keeps_secret(&server.login());
    }
}

/// Otherwise nobody would ever have it.
#[test]
fn a_token_that_the_filter_loses_is_ended_again() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    filtered(&server, &home, "token create ci", ".token.x").fails().prints("").says("was ended again");
    assert!(server.token_names().is_empty());
}
