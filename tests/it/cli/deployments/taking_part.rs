//! `deployments devices` and `deployments history`.

use serde_json::json;

use super::verbs::{asked, fields, lab_of, run};
use super::{Fleet, RELEASE, deployed, id, lab};

/// One device of most kinds of status, and two that never ask.
const STATUSES: [&str; 8] =
    ["success", "failure", "pause_before_rebooting", "downloading", "pending", "aborted", "", ""];

fn mixed() -> Fleet {
    let fleet = lab_of(&["zero", "one", "two", "three", "four", "five", "six", "seven"]);
    deployed(&fleet, "roll", &STATUSES);
    fleet
}

/// The names of the devices and their statuses.
#[track_caller]
fn devices(fleet: &Fleet, more: &str) -> Vec<(String, String)> {
    let shown = run(fleet, &format!("devices roll{more}")).succeeds().says_exactly("");
    fields(&shown).into_iter().map(|line| (line[1].clone(), line[2].clone())).collect()
}

#[track_caller]
fn are(shown: &[(String, String)], expected: &[(&str, &str)]) {
    let shown: Vec<(&str, &str)> = shown.iter().map(|(name, status)| (&**name, &**status)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn those_that_failed_come_first_and_the_silent_last() {
    let fleet = mixed();
    are(
        &devices(&fleet, ""),
        &[
            ("one", "failure"),
            ("five", "aborted"),
            ("two", "pause_before_rebooting"),
            ("three", "downloading"),
            ("four", "pending"),
            ("zero", "success"),
            ("six", "never-asked"),
            ("seven", "never-asked"),
        ],
    );
}

#[test]
fn devices_of_a_status_are_listed() {
    let fleet = mixed();
    for (status, expected) in [
        ("success", &["zero"][..]),
        ("failure", &["one"]),
        ("pending", &["four"]),
        ("aborted", &["five"]),
        ("noartifact", &[]),
        ("pause", &["two"]),
        ("active", &["two", "three", "four"]),
        ("finished", &["one", "five", "zero"]),
        ("never-asked", &["six", "seven"]),
    ] {
        let shown = devices(&fleet, &format!(" --status {status}"));
        let names: Vec<&str> = shown.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, expected, "{status}");
    }
    fleet.server.clear_requests();
    let wrong = run(&fleet, "devices roll --status broken").exits_with(2);
    wrong.says("\"broken\" is none of failure, aborted").says("never-asked");
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn each_device_is_shown_with_its_times_its_log_and_its_words() {
    let fleet = lab_of(&["one", "two"]);
    let roll = deployed(&fleet, "roll", &["installing", ""]);
    fleet.server.try_device_reports(&roll, &id(0), "failure", Some("out of space")).unwrap();
    fleet.server.device_logs(&roll, &id(0), "it broke\n");
    let json = run(&fleet, "devices roll -o json").succeeds().json();
    let text = |key: &str| json[0][key].as_str().unwrap_or_default().to_owned();
    assert_eq!((text("id"), text("name"), text("status")), (id(0), "one".into(), "failure".into()));
    assert_eq!((&json[0]["log"], text("substate")), (&json!(true), "out of space".into()));
    assert_eq!(json[0]["image"]["name"], RELEASE, "nothing is lost");
    assert_eq!(json[1]["name"], "two");
    assert_eq!((&json[1]["id"], &json[1]["status"]), (&json!(id(1)), &json!("never-asked")));
    run(&fleet, "devices roll").succeeds().prints(&format!(
        "{}\tone\tfailure\t{}\t{}\tyes\tout of space\n{}\ttwo\tnever-asked\t\t\t\t\n",
        id(0),
        text("started"),
        text("finished"),
        id(1)
    ));
    run(&fleet, "devices roll -q").succeeds().prints(&format!("{}\n{}\n", id(0), id(1)));
}

#[test]
fn the_targets_are_not_asked_for_where_all_have_asked() {
    let fleet = lab(2);
    deployed(&fleet, "roll", &["success", "downloading"]);
    run(&fleet, "devices roll").succeeds();
    run(&fleet, "devices roll --status never-asked").succeeds().prints("");
    run(&fleet, "devices roll --status never-asked -o json").succeeds().prints("[]\n");
    assert_eq!(asked(&fleet, "device_list"), 0);
}

#[test]
fn many_devices_come_in_pages() {
    let fleet = lab(600);
    let all: Vec<String> = (0..600).map(id).collect();
    let roll = fleet.server.create_deployment("roll", RELEASE, &all);
    for device in &all[..550] {
        fleet.server.device_reports(&roll, device, "success");
    }
    let shown = run(&fleet, "devices roll -q").succeeds();
    assert_eq!(shown.stdout.lines().collect::<Vec<_>>(), all);
}

#[test]
fn the_history_of_a_device_has_all_pages_the_newest_first() {
    let fleet = lab_of(&["one"]);
    let mut all: Vec<String> =
        (0..25).map(|number| deployed(&fleet, &format!("d{number}"), &["success"])).collect();
    all.reverse();
    let waiting = deployed(&fleet, "waiting", &[""]);
    fleet.server.clear_requests();
    let shown = run(&fleet, "history one -q").succeeds();
    assert_eq!(shown.stdout.lines().collect::<Vec<_>>(), all, "what it never asked for is not there");
    assert!(!shown.stdout.contains(&waiting));
    assert_eq!(asked(&fleet, "/deployments/devices/"), 2);
    let shown = run(&fleet, &format!("history {}", id(0))).succeeds();
    let json = run(&fleet, "history one -o json").succeeds().json();
    let text = |key: &str| json[0]["device"][key].as_str().unwrap().to_owned();
    let first = [&all[0], "d24", "r2", "success", &text("started"), &text("finished"), ""];
    assert_eq!(fields(&shown)[0], first);
    assert_eq!((fields(&shown).len(), &json[24]["deployment"]["name"]), (25, &json!("d0")));
}

#[test]
#[cfg(unix)]
fn people_get_the_history_as_a_table() {
    let fleet = lab_of(&["one"]);
    deployed(&fleet, "roll", &["failure"]);
    let shown = fleet.on_terminal(200, "deployments history one");
    let titles: Vec<&str> = shown.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(titles, ["DEPLOYMENT", "NAME", "RELEASE", "STATUS", "STARTED", "FINISHED", "LOG"]);
    let shown = fleet.on_terminal(200, "deployments devices roll");
    let titles: Vec<&str> = shown.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(titles, ["ID", "NAME", "STATUS", "STARTED", "FINISHED", "LOG", "SAYS"]);
}

/// The server says of any id that it took part in nothing.
#[test]
fn a_device_that_there_is_not_has_no_history() {
    let fleet = lab(1);
    run(&fleet, "history nobody").fails().says("no device is named \"nobody\"");
    run(&fleet, &format!("history {}", id(7))).fails().says(&format!("no device is named {:?}", id(7)));
    run(&fleet, &format!("history {}", id(0))).succeeds().prints("");
    fleet.cli(["deployments", "history", ""]).run().exits_with(2);
}

#[test]
fn a_device_that_was_removed_has_its_history_still() {
    let fleet = lab_of(&["one", "two"]);
    let roll = deployed(&fleet, "roll", &["failure", "success"]);
    fleet.server.device_logs(&roll, &id(0), "it broke\n");
    fleet.cli(["devices", "decommission", &id(0), "--yes"]).run().succeeds();
    run(&fleet, &format!("history {} -q", id(0))).succeeds().prints(&format!("{roll}\n"));
    run(&fleet, &format!("list --device {} -q", id(0))).succeeds().prints(&format!("{roll}\n"));
    run(&fleet, &format!("log roll {}", id(0))).succeeds().prints("it broke\n");
    run(&fleet, "history one").fails().says("no device is named \"one\"");
}
