//! `deployments log`.

use sandbox::Fault;
use serde_json::json;

use super::verbs::{asked, lab_of, run};
use super::{Fleet, V1, deployed, id};

/// Devices `one`, `two`, ... that failed with such logs; those with an empty one sent none.
pub fn failed(logs: &[&str]) -> (Fleet, String) {
    let names = ["one", "two", "three", "four"];
    let fleet = lab_of(&names[..logs.len()]);
    let roll = deployed(&fleet, "roll", &vec!["failure"; logs.len()]);
    for (number, log) in logs.iter().enumerate().filter(|(_, log)| !log.is_empty()) {
        fleet.server.device_logs(&roll, &id(number), log);
    }
    (fleet, roll)
}

#[test]
fn the_log_of_a_device_is_shown_by_its_name_or_id() {
    let (fleet, roll) = failed(&["first\n", "second\n"]);
    run(&fleet, "log roll one").succeeds().prints("first\n").says_exactly("");
    run(&fleet, &format!("log {roll} {}", id(1))).succeeds().prints("second\n");
    let json = run(&fleet, "log roll two -o json").succeeds().json();
    assert_eq!(json, json!({ "id": id(1), "log": "second\n" }));
    run(&fleet, "log roll two -q").succeeds().prints(&format!("{}\n", id(1)));
    run(&fleet, "log roll nobody").fails().prints("").says("no device is named \"nobody\"");
    assert!(fleet.changes().is_empty());
}

#[test]
fn the_only_log_needs_no_name() {
    let (fleet, _) = failed(&["", "the only one\n"]);
    run(&fleet, "log roll").succeeds().prints("the only one\n");
}

#[test]
fn without_a_name_several_logs_are_too_many() {
    let (fleet, roll) = failed(&["first\n", "second\n"]);
    let outcome = run(&fleet, "log roll").fails().prints("").says("several devices have sent a log");
    outcome.says(&format!("name devices, or take --failed; deployments devices {roll} shows who has one"));
}

#[test]
fn where_there_is_no_log_that_is_said() {
    let (fleet, _) = failed(&["", "second\n"]);
    run(&fleet, "log roll one").fails().prints("").says(&format!("one ({}) has sent no log", id(0)));
    let (fleet, _) = failed(&["", ""]);
    run(&fleet, "log roll").fails().prints("").says("no device has sent a log");
    let outcome = run(&fleet, "log roll --failed").succeeds().prints("");
    outcome.says_exactly("no device that failed has sent a log\n");
    run(&fleet, "log roll --failed -o json").succeeds().prints("[]\n");
    run(&fleet, "log roll --failed -O logs").succeeds();
    assert!(!fleet.home.exists("logs"));
}

#[test]
fn those_that_failed_come_with_headings() {
    let (fleet, roll) = failed(&["first\n", "second", "", "last\n"]);
    // The log of one that succeeded is not meant.
    let outcome = run(&fleet, "log roll --failed").succeeds();
    let outcome = outcome.says_exactly("1 device failed without sending a log\n");
    outcome.prints(&format!(
        "==> one ({}) <==\nfirst\n\n==> two ({}) <==\nsecond\n\n==> four ({}) <==\nlast\n",
        id(0),
        id(1),
        id(3)
    ));
    let json = run(&fleet, &format!("log {roll} --failed -o json")).succeeds().json();
    assert_eq!(json[1], json!({ "id": id(1), "log": "second" }), "as it is");
    assert_eq!(json.as_array().unwrap().len(), 3);
    let lines = run(&fleet, "log roll --failed -o jsonl").succeeds();
    assert_eq!(lines.stdout.lines().count(), 3);
    let two = run(&fleet, "log roll two one").succeeds();
    two.prints(&format!("==> two ({}) <==\nsecond\n\n==> one ({}) <==\nfirst\n", id(1), id(0)));
}

#[test]
fn only_those_that_failed_are_meant_by_failed() {
    let fleet = lab_of(&["one", "two", "three"]);
    let roll = deployed(&fleet, "roll", &["success", "failure", "installing"]);
    for number in 0..3 {
        fleet.server.device_logs(&roll, &id(number), &format!("log {number}\n"));
    }
    run(&fleet, "log roll --failed").succeeds().prints("log 1\n");
    run(&fleet, "log roll --failed one").exits_with(2);
}

/// What a device wrote is what a program reads.
#[test]
fn a_log_in_a_pipe_is_what_it_was_to_the_byte() {
    for log in ["a\r\nb\r\n", "no end of line", "\x1b[31mred\x1b[0m\ttab\u{202e}\0\n", "\n\n", " "] {
        let (fleet, _) = failed(&[log]);
        run(&fleet, "log roll one").succeeds().prints(log);
    }
    // Also what is no UTF-8.
    let (fleet, roll) = failed(&["x"]);
    let bytes = b"caf\xe9 \xff\xfe\n".to_vec();
    let path = format!("{V1}/{roll}/devices/{}/log", id(0));
    fleet.server.fault(Fault::on("GET", &path).body("text/plain", bytes.clone()).times(3));
    assert_eq!(run(&fleet, "log roll").succeeds().stdout_bytes, bytes);
    run(&fleet, "log roll -O .").succeeds();
    assert_eq!(std::fs::read(fleet.home.path(format!("{}.log", id(0)))).unwrap(), bytes);
    let json = run(&fleet, "log roll -o json").succeeds().json();
    assert_eq!(json["log"], "caf\u{fffd} \u{fffd}\u{fffd}\n");
}

#[test]
fn an_empty_log_is_one() {
    let (fleet, roll) = failed(&["x"]);
    let path = format!("{V1}/{roll}/devices/{}/log", id(0));
    fleet.server.fault(Fault::on("GET", &path).body("text/plain", ""));
    run(&fleet, "log roll one").succeeds().prints("").says_exactly("");
}

#[test]
#[cfg(unix)]
fn a_log_drives_no_terminal() {
    let (fleet, _) = failed(&["a\x1b]0;title\x07\r\nb\u{202e}c\rd\te\n"]);
    fleet.server.set_tags(&id(0), &[("name", json!("x\x1b[2J\ny"))]);
    let shown = fleet.on_terminal(80, &format!("deployments log roll {}", id(0)));
    assert_eq!(shown, "a\\u{1b}]0;title\\u{7}\nb\\u{202e}c\\rd\te\n");
}

#[test]
fn a_long_log_is_whole() {
    let line = "2026-01-02 03:04:05.678 +0000 UTC info: so it goes\n";
    let long = line.repeat(8 * 1024 * 1024 / line.len());
    let (fleet, _) = failed(&[&long]);
    let shown = run(&fleet, "log roll").succeeds();
    assert!(shown.stdout == long, "{} of {} bytes", shown.stdout.len(), long.len());
}

#[test]
fn where_some_cannot_be_had_the_others_are_shown() {
    let (fleet, roll) = failed(&["first\n", "second\n", "third\n"]);
    let path = |number: usize| format!("{V1}/{roll}/devices/{}/log", id(number));
    fleet.server.fault(Fault::on("GET", &path(1)).status(403));
    let outcome = run(&fleet, "log roll --failed").exits_with(3);
    let outcome = outcome.says(&format!("FAILURE: two ({}): ", id(1)));
    let outcome = outcome.says(&format!("1 of 3 were not read: two ({})", id(1)));
    outcome.prints(&format!("==> one ({}) <==\nfirst\n\n==> three ({}) <==\nthird\n", id(0), id(2)));
    // The first heading has no gap before it, whoever is missing.
    fleet.server.fault(Fault::on("GET", &path(0)).status(403));
    let outcome = run(&fleet, "log roll one two").exits_with(3);
    outcome.prints(&format!("==> two ({}) <==\nsecond\n", id(1)));
    for number in 0..3 {
        fleet.server.fault(Fault::on("GET", &path(number)).status(403));
    }
    run(&fleet, "log roll --failed").fails().prints("").says("none of 3 was read");
    assert_eq!(asked(&fleet, "/log"), 3 + 2 + 3);
}
