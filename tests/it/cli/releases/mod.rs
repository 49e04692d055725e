//! `releases`: all Artifacts of one name, with tags and notes.

mod delete;
mod delete_some;
mod hostile;
mod list;
mod show;
mod update;

use sandbox::artifact::Artifact;
use sandbox::{Fault, Recorded};
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::home::Outcome;

const ALL: &str = "/api/management/v2/deployments/deployments/releases";
const CATALOGUES: &str = "/api/management/v2/deployments/releases/all/";

/// A server with these Artifacts: the name of the release, and the device types.
fn with(artifacts: &[(&str, &[&str])]) -> Fleet {
    let fleet = Fleet::new();
    for (name, types) in artifacts {
        let artifact = types.iter().fold(Artifact::new(name), |artifact, kind| artifact.device_type(kind));
        fleet.server.add_artifact(&artifact.file("f", b"hello").build());
    }
    fleet
}

/// A server with an Artifact of each of these names.
fn named<Name: AsRef<str>>(names: &[Name]) -> Fleet {
    with(&names.iter().map(|name| (name.as_ref(), &["qemu"][..])).collect::<Vec<_>>())
}

fn releases(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["releases"]).args(args).run()
}

/// What the server has, by name.
fn left(fleet: &Fleet) -> Vec<String> {
    lines(&releases(fleet, &["list", "-q"]).succeeds())
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome.stdout.lines().map(str::to_owned).collect()
}

/// Whether a request asks for releases, or changes them.
fn is_of_releases(request: &Recorded) -> bool {
    request.path.starts_with(ALL) || request.path.starts_with(CATALOGUES)
}

/// Method, path and query of all such requests.
fn calls(fleet: &Fleet) -> Vec<String> {
    let requests = fleet.server.requests();
    let line = |it: &Recorded| format!("{} {}?{}", it.method, it.path, it.query);
    requests.iter().filter(|request| is_of_releases(request)).map(line).collect()
}

#[test]
fn tags_and_types_have_a_line_each() {
    let fleet = named(&["r1", "r2"]);
    fleet.server.add_artifact(&Artifact::new("r3").payload("docker").build());
    releases(&fleet, &["update", "r1", "--tag", "stable", "--tag", "b"]).succeeds();
    releases(&fleet, &["update", "r2", "--tag", "a", "--tag", "b"]).succeeds();
    releases(&fleet, &["tags"]).succeeds().prints("a\nb\nstable\n");
    assert_eq!(releases(&fleet, &["tags", "-o", "json"]).succeeds().json(), json!(["a", "b", "stable"]));
    releases(&fleet, &["types"]).succeeds().prints("docker\nsingle-file\n");
    releases(&fleet, &["types", "-o", "jsonl"]).succeeds().prints("\"docker\"\n\"single-file\"\n");
    for (verb, body) in [("tags", "null"), ("types", "[]")] {
        fleet.server.fault(Fault::on("GET", CATALOGUES).body("application/json", body));
        releases(&fleet, &[verb]).succeeds().prints("");
    }
    fleet.server.fault(Fault::on("GET", CATALOGUES).body("application/json", r#"["b","a"]"#));
    releases(&fleet, &["tags"]).succeeds().prints("a\nb\n");
}

/// An old server has no such calls; one whose operator has switched releases off answers in the service's own words.
#[test]
fn a_server_without_releases_is_told_in_words() {
    let lines: [&[&str]; 8] = [
        &["list"],
        &["show", "r1"],
        &["show", "a/b"],
        &["update", "r1", "--tag", "x"],
        &["delete", "r1", "--yes"],
        &["delete", "r1", "r2", "--yes"],
        &["delete", "--tag", "x", "--yes"],
        &["tags"],
    ];
    for (status, kind, body) in [
        (404, "application/json", r#"{"error":"not found"}"#),
        (404, "text/html", "<!doctype html><title>404 Not Found</title>"),
        (405, "application/json", r#"{"error":"method not allowed"}"#),
    ] {
        for line in lines {
            let fleet = named(&["r1", "r2"]);
            let fault = Fault::on("*", "/api/management/v2/deployments/");
            fleet.server.fault(fault.status(status).body(kind, body).times(99));
            let refused = releases(&fleet, line).fails().prints("");
            refused.says("the server does not offer releases: it is too old for them, or its operator");
            assert!(fleet.changes().is_empty(), "{line:?}");
        }
    }
}

#[test]
fn a_name_is_needed() {
    let fleet = named(&["r1"]);
    for line in [&["show", ""][..], &["update", "", "--tag", "x"], &["delete", "r1", "", "--yes"]] {
        releases(&fleet, line).exits_with(2).says("FAILURE: the name of the release is empty");
    }
    for line in [&["show"][..], &["update", "--tag", "x"]] {
        releases(&fleet, line).exits_with(2).says("<NAME>");
    }
    assert!(calls(&fleet).is_empty());
}
