//! What people write may be anything: it means just that, and drives no terminal.

use super::delete::deletions;
use super::*;
use crate::support::tame::is_tame;

/// Names that a path can hold, and how they stand in it.
const ODD: [(&str, &str); 7] = [
    ("a b", "a%20b"),
    ("100%", "100%25"),
    ("a%2Fb", "a%252Fb"),
    ("star*", "star*"),
    ("?x=1&y#z", "%3Fx=1&y%23z"),
    ("漢字 🚀 e\u{301}", "%E6%BC%A2%E5%AD%97%20%F0%9F%9A%80%20e%CC%81"),
    ("...", "..."),
];
/// Names that none can.
const UNASKABLE: [&str; 5] = ["a/b", "../users", "b/", ".", ".."];

/// Whatever a name is, it is one part of the path.
#[test]
fn odd_names_stay_in_their_place() {
    let names: Vec<&str> = ODD.iter().map(|(name, _)| *name).collect();
    let fleet = named(&names);
    for (name, encoded) in ODD {
        fleet.server.clear_requests();
        releases(&fleet, &["show", name, "-q"]).succeeds().prints(&format!("{name}\n"));
        let path = format!("{ALL}/{encoded}");
        assert_eq!(calls(&fleet), [format!("GET {path}?")]);
        releases(&fleet, &["update", name, "--tag", "t", "--notes", "n"]).succeeds();
        let changes: Vec<String> =
            calls(&fleet).into_iter().filter(|call| !call.starts_with("GET")).collect();
        assert_eq!(changes, [format!("PUT {path}/tags?"), format!("PATCH {path}?")]);
    }
    for (index, name) in names.iter().enumerate() {
        releases(&fleet, &["delete", name, "--yes"]).succeeds();
        assert_eq!(fleet.server.artifact_count(), names.len() - index - 1, "{name}");
    }
    let queries = deletions(&fleet);
    assert!(queries.iter().all(|query| query.matches(['&', '#', '?']).count() == 1), "{queries:?}");
}

/// The list and the deletion take names as parameters, which can be anything.
#[test]
fn names_that_no_path_can_hold_are_found_and_deleted_all_the_same() {
    let fleet = named(&[&UNASKABLE[..], &["a/bc", "c"]].concat());
    for name in UNASKABLE {
        let shown = releases(&fleet, &["show", name, "-o", "json"]).succeeds();
        assert_eq!(shown.json()["name"], name);
        fleet.server.clear_requests();
        let words = if name.contains('/') { "the server cannot be asked for that name" } else { "is no id" };
        let refused = releases(&fleet, &["update", name, "--tag", "t"]).fails();
        refused.says(&format!("FAILURE: {name:?} ")).says(words);
        assert!(fleet.server.requests().is_empty(), "{name:?}");
    }
    releases(&fleet, &["show", "c/d"]).fails().says("no release is named \"c/d\"");
    let all: Vec<&str> = [&["delete", "--yes"], &UNASKABLE[..]].concat();
    releases(&fleet, &all).succeeds().says("deleted 5 releases");
    assert_eq!(deletions(&fleet).len(), 1);
    assert_eq!(left(&fleet), ["a/bc", "c"]);
}

/// A release that is asked for by the wrong name is not the one that is meant.
#[test]
fn a_name_is_looked_for_on_all_pages_and_to_the_letter() {
    let fleet = named(&["A/b"]);
    releases(&fleet, &["show", "a/b"]).fails().says("no release is named \"a/b\"").says("there is \"A/b\"");
    let mut names: Vec<String> = (0..100).map(|number| format!("0/{number:02}/z/z")).collect();
    names.push("z/z".into());
    let fleet = named(&names);
    releases(&fleet, &["show", "z/z", "-q"]).succeeds().prints("z/z\n");
}

/// No Artifact that a server takes has such a name.
const WILD: &str = "n\u{1b}]0;owned\u{7}\u{202e}\nTo delete: 1 release\tx\u{9b}2J";

fn wild() -> Value {
    json!({
        "name": WILD, "tags": [WILD], "notes": WILD, "modified": WILD,
        "artifacts": [{ "id": WILD, "name": WILD, "device_types_compatible": [WILD], "modified": WILD }],
    })
}

/// A server that lists such a release, and another one that it really has.
fn spoilt() -> Fleet {
    let fleet = named(&["r2"]);
    let body = json!([wild()]).to_string();
    fleet.server.fault(Fault::on("GET", &format!("{ALL}?")).body("application/json", body).times(99));
    fleet
}

#[test]
fn programs_get_one_line_a_release() {
    let fleet = spoilt();
    for line in [&["list"][..], &["list", "-q"], &["delete", WILD, "--dry-run"]] {
        let run = releases(&fleet, line).succeeds();
        assert_eq!(run.stdout.lines().count(), 1, "{line:?}: {}", run.stdout);
        assert!(!run.stdout.contains('\u{1b}'), "{line:?}: {:?}", run.stdout);
    }
    let object = releases(&fleet, &["list", "-o", "jsonl"]).succeeds().json();
    assert_eq!(object["name"], WILD);
    // It is deleted by just that name.
    releases(&fleet, &["delete", WILD, "--yes"]).succeeds().says_just("deleted 1 release");
    let encoded = "n%1B%5D0%3Bowned%07%E2%80%AE%0ATo+delete%3A+1+release%09x%C2%9B2J";
    assert_eq!(deletions(&fleet), [format!("?name={encoded}")]);
    let refused = releases(&fleet, &["update", WILD, "--tag", "x"]).fails().says("is no id");
    is_tame(&refused.stderr);
}

/// Nobody slips in a line that looks like one of ours.
#[test]
fn a_plan_has_a_line_a_release() {
    let fleet = spoilt();
    let run = releases(&fleet, &["delete", WILD, "r2", "--dry-run"]).succeeds();
    is_tame(&run.stderr);
    assert_eq!(run.stderr.matches("\nTo delete").count(), 0, "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 4, "{}", run.stderr);
    let run = releases(&fleet, &["delete", WILD, "--dry-run"]).succeeds();
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    let run = releases(&fleet, &["delete", WILD]).fails();
    is_tame(&run.stderr);
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    let run = releases(&fleet, &["show", "n"]).fails();
    is_tame(&run.stderr);
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    let body = json!({ "error": WILD, "active_deployments": [WILD] }).to_string();
    fleet.server.fault(Fault::on("DELETE", ALL).status(409).body("application/json", body));
    let run = releases(&fleet, &["delete", "r2", "--yes"]).fails();
    is_tame(&run.stderr);
    assert!(!run.stderr.contains("\nTo delete: 1 release"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn nothing_drives_a_terminal() {
    let (fleet, release) = (named::<&str>(&[]), wild());
    for (line, body) in [
        ("releases list", json!([release])),
        ("releases list -q", json!([release])),
        ("releases list -o json", json!([release])),
        ("releases show x", release.clone()),
        ("releases show x -o jsonl", release.clone()),
        ("releases tags", json!([WILD])),
        ("releases types", json!([WILD])),
    ] {
        let anywhere = "/api/management/v2/deployments/";
        fleet.server.fault(Fault::on("GET", anywhere).body("application/json", body.to_string()));
        let shown = fleet.on_terminal(200, line);
        is_tame(&shown);
        assert!(shown.contains("owned"), "{line}: {shown}");
    }
}

#[cfg(unix)]
#[test]
fn a_table_fits_its_terminal() {
    let fleet = with(&[
        ("release-2026.11-of-the-long-name", &["raspberrypi4", "raspberrypi3", "qemux86-64"]),
        ("漢字かな交じり", &["qemu"]),
    ]);
    releases(&fleet, &["update", "漢字かな交じり", "--tag", "lts", "--notes", "some words to read"])
        .succeeds();
    for columns in [60, 80, 120] {
        let shown = fleet.on_terminal(columns, "releases list");
        assert!(shown.starts_with("NAME  "), "{shown}");
        for part in ["release-2026.11-of-the-long-name", "漢字かな交じり", "DEVICE TYPES"] {
            assert!(shown.contains(part), "{columns}: {shown}");
        }
        let wide = |line: &&str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<u16>();
        assert!(shown.lines().all(|line| wide(&line) <= columns), "{columns}\n{shown}");
    }
    let whole = fleet.on_terminal(160, "releases list");
    for part in ["ARTIFACTS", "TAGS", "MODIFIED", "NOTES", "lts", "some words to read"] {
        assert!(whole.contains(part), "{whole}");
    }
    let shown = fleet.on_terminal(120, "releases show release-2026.11-of-the-long-name");
    assert!(shown.starts_with("Name:          release-2026.11-of-the-long-name\n"), "{shown}");
    assert!(shown.contains("\n\nARTIFACT  ") && shown.contains("  SIGNED  MODIFIED\n"), "{shown}");
}
