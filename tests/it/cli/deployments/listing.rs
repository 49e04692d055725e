//! `deployments list`.

use jiff::{SignedDuration, Timestamp};
use sandbox::Fault;
use sandbox::artifact::Artifact;
use serde_json::{Value, json};

use super::verbs::{asked, lab_of, run};
use super::{Fleet, TYPE, V1, V2, deployed, id, lab};
use crate::support::requests::is_change;

/// So many deployments for one device, `d0` the oldest.
fn several(count: usize) -> Fleet {
    let fleet = lab(1);
    for number in 0..count {
        fleet.server.create_deployment(&format!("d{number}"), "r2", &[id(0)]);
    }
    fleet
}

#[track_caller]
fn names(fleet: &Fleet, line: &str) -> Vec<String> {
    let all = run(fleet, &format!("list {line} -o json")).succeeds().json();
    all.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn programs_get_a_line_a_deployment_the_newest_first() {
    let fleet = lab(2);
    let first = deployed(&fleet, "first", &["success", "failure"]);
    let second = deployed(&fleet, "second", &["", "downloading"]);
    let all = run(&fleet, "list -o json").succeeds().json();
    let text = |number: usize, key: &str| all[number][key].as_str().unwrap().to_owned();
    run(&fleet, "list").succeeds().says_exactly("").prints(&format!(
        "{second}\tsecond\tr2\tinprogress\t2\t0\t0\t{}\t\n{first}\tfirst\tr2\tfinished\t2\t1\t1\t{}\t{}\n",
        text(0, "created"),
        text(1, "created"),
        text(1, "finished"),
    ));
    run(&fleet, "list -q").succeeds().prints(&format!("{second}\n{first}\n"));
    let lines = run(&fleet, "list -o jsonl").succeeds();
    let parsed: Vec<Value> =
        lines.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(Value::from(parsed), all);
    assert_eq!(all[1]["statistics"]["status"]["failure"], 1);
    assert_eq!(all[1]["filter"]["terms"][0]["value"], json!([id(0), id(1)]), "nothing is lost");
}

#[test]
#[cfg(unix)]
fn people_get_a_table_and_a_word_about_more() {
    let fleet = several(21);
    let note = "there are more deployments: --limit N, or --all\n";
    let shown = fleet.on_terminal(200, "deployments list");
    let titles: Vec<&str> =
        shown.lines().next().unwrap().split("  ").filter(|it| !it.is_empty()).map(str::trim).collect();
    let expected =
        ["ID", "NAME", "RELEASE", "STATE", "DEVICES", "SUCCEEDED", "FAILED", "CREATED", "FINISHED"];
    assert_eq!(titles, expected, "{shown}");
    assert!(shown.contains("  d20  ") && !shown.contains("  d0  "), "{shown}");
    assert!(shown.ends_with(note), "{shown}");
    for line in ["list --all", "list --limit 21", "list --name d3", "list --device mac=02:000000 --all"] {
        let line = format!("deployments {line}");
        assert!(!fleet.on_terminal(200, &line).contains("more deployments"), "{line}");
    }
    assert!(fleet.on_terminal(200, "deployments list --device mac=02:000000").ends_with(note));
    run(&fleet, "list").succeeds().says_exactly("");
}

#[test]
fn no_deployments_are_no_lines() {
    let fleet = lab(1);
    run(&fleet, "list").succeeds().prints("").says_exactly("");
    run(&fleet, "list -o json").succeeds().prints("[]\n");
    run(&fleet, &format!("list --device {} -o json", id(0))).succeeds().prints("[]\n");
}

#[test]
fn the_twenty_newest_come_without_a_word() {
    let fleet = several(25);
    assert_eq!(names(&fleet, "").first().map(String::as_str), Some("d24"));
    assert_eq!(names(&fleet, "").len(), 20);
    fleet.server.clear_requests();
    assert_eq!(names(&fleet, "--limit 3"), ["d24", "d23", "d22"]);
    assert_eq!(names(&fleet, "--all").len(), 25);
    assert_eq!(names(&fleet, "--all --sort asc")[..2], ["d0", "d1"]);
    assert_eq!(names(&fleet, "--sort asc --limit 1"), ["d0"]);
    let asked: Vec<String> = fleet.server.requests().into_iter().map(|it| it.query).collect();
    assert_eq!(asked.len(), 4, "a page each: {asked:?}");
    assert!(asked[0].contains("per_page=3"), "no more than is wanted: {asked:?}");
}

#[test]
fn all_pages_are_read() {
    let fleet = several(501);
    for line in ["list --all -q", "list --limit 501 -q"] {
        fleet.server.clear_requests();
        let run = run(&fleet, line).succeeds();
        let mut ids: Vec<&str> = run.stdout.lines().collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), asked(&fleet, V2)), (501, 11), "{line}");
    }
}

#[test]
fn states_names_and_releases_are_compared() {
    let fleet = lab(2);
    fleet.server.add_artifact(&Artifact::new("r3").device_type(TYPE).file("f", b"newer").build());
    deployed(&fleet, "done", &["success"]);
    deployed(&fleet, "begun", &["", "installing"]);
    deployed(&fleet, "new", &[""]);
    fleet.server.create_deployment("other", "r3", &[id(1)]);
    assert_eq!(names(&fleet, "--status finished"), ["done"]);
    assert_eq!(names(&fleet, "--status inprogress"), ["begun"]);
    assert_eq!(names(&fleet, "--status pending"), ["other", "new"]);
    assert_eq!(names(&fleet, "--name begun --name new --name nothing"), ["new", "begun"]);
    assert_eq!(names(&fleet, "--artifact r3"), ["other"]);
    assert_eq!(names(&fleet, "--artifact r2 --status pending"), ["new"]);
    assert_eq!(names(&fleet, "--artifact r2 --limit 1"), ["new"], "counted after the filter");
    assert!(names(&fleet, "--artifact r").is_empty());
    run(&fleet, "list --status scheduled").fails().says("unknown status scheduled");
}

#[test]
fn those_for_a_device_are_found_whether_it_has_asked_or_not() {
    let fleet = lab_of(&["one", "two"]);
    deployed(&fleet, "both", &["success", "failure"]);
    deployed(&fleet, "first", &["installing"]);
    deployed(&fleet, "both again", &["", ""]);
    fleet.server.create_deployment("second", "r2", &[id(1)]);
    assert_eq!(names(&fleet, "--device one"), ["both again", "first", "both"]);
    assert_eq!(names(&fleet, &format!("--device {}", id(1))), ["second", "both again", "both"]);
    assert_eq!(names(&fleet, "--device two --sort asc --limit 2"), ["both", "both again"]);
    assert_eq!(names(&fleet, "--device two --status finished"), ["both"]);
    assert_eq!(names(&fleet, "--device two --name second --name first"), ["second"]);
    assert_eq!(names(&fleet, "--device two --artifact r1"), [""; 0]);
    assert_eq!(names(&fleet, "--device two --since 1d").len(), 3);
    assert_eq!(names(&fleet, "--device two --before 1d").len(), 0);
    run(&fleet, "list --device three").fails().says("no device is named \"three\"");
    assert!(fleet.server.requests().iter().all(|request| !is_change(request)));
}

#[test]
fn times_are_distances_or_dates() {
    let fleet = lab(1);
    deployed(&fleet, "d", &[""]);
    for line in
        ["--since 7d", "--since 2001-01-01", "--since 2001-01-01T13:30", "--before 2101-01-01T00:00:00Z"]
    {
        assert_eq!(names(&fleet, line), ["d"], "{line}");
    }
    for line in ["--before 7d", "--before 2001-01-01", "--since 2101-01-01"] {
        assert!(names(&fleet, line).is_empty(), "{line}");
    }
}

#[test]
fn the_bounds_of_a_time_are_exact() {
    let fleet = lab(1);
    deployed(&fleet, "d", &[""]);
    let all = run(&fleet, "list -o json").succeeds().json();
    let created: Timestamp = all[0]["created"].as_str().unwrap().parse().unwrap();
    let later = created + SignedDuration::from_nanos(1);
    // The server compares whole seconds only.
    let second = Timestamp::from_second(created.as_second() + 1).unwrap();
    for (line, is_in) in [
        (format!("--since {created}"), true),
        (format!("--since {later}"), false),
        (format!("--before {created}"), false),
        (format!("--before {later}"), true),
        (format!("--before {second}"), true),
    ] {
        for more in ["", " --device mac=02:000000"] {
            assert_eq!(names(&fleet, &format!("{line}{more}")).len(), usize::from(is_in), "{line}{more}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_not_asked_for() {
    let fleet = several(1);
    for line in [
        "--since soon",
        "--before 2026-13-01",
        "--since 1d --before 2d",
        "--since 2026-01-02 --before 2026-01-02",
        "--status aborted",
        "--limit 0",
        "--limit 3 --all",
        "--sort up",
        "--name=",
        "--artifact=",
        "something",
    ] {
        run(&fleet, &format!("list {line}")).exits_with(2).prints("");
    }
    assert!(fleet.server.requests().is_empty());
}

/// Servers before the second version of the call have the first one, which knows no names.
#[test]
fn a_server_without_the_call_is_asked_by_the_older_one() {
    let fleet = several(25);
    deployed(&fleet, "done", &["success"]);
    for status in [404, 405] {
        let lacking = || Fault::on("GET", V2).status(status).body("text/html", "<p>nothing</p>");
        fleet.server.fault(lacking().times(50));
        assert_eq!(names(&fleet, "").len(), 20);
        assert_eq!(names(&fleet, "--name d3 --name d7"), ["d7", "d3"]);
        assert_eq!(names(&fleet, "--name d3 --status finished"), [""; 0]);
        assert_eq!(names(&fleet, "--status finished"), ["done"]);
        assert_eq!(names(&fleet, "--all --sort asc")[0], "d0");
        let shown = run(&fleet, "show d3 -o json").succeeds().json();
        assert_eq!(shown["name"], "d3");
        fleet.server.clear_faults();
    }
    assert!(asked(&fleet, V1) > 0);
}
