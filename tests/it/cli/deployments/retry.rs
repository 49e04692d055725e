//! `deployments retry`.

use sandbox::{Fault, Simulation};
use serde_json::{Value, json};

use super::verbs::{lab_of, run};
use super::{Fleet, RELEASE, V1, deployed, id, lab, orders};

/// The deployments that the server was to make.
fn ordered(fleet: &Fleet) -> Vec<Value> {
    let made = orders(fleet).into_iter().filter(|(behind, _)| behind.is_empty());
    made.map(|(_, body)| body).collect()
}

/// The only one.
#[track_caller]
fn only_ordered(fleet: &Fleet) -> Value {
    let mut made = ordered(fleet);
    assert_eq!(made.len(), 1, "{made:?}");
    made.remove(0)
}

/// A device of each kind: one that never asked, one that was removed, one that is at it, ...
fn mixed() -> (Fleet, String) {
    let fleet = lab(7);
    let roll =
        deployed(&fleet, "roll", &["success", "failure", "", "", "", "installing", "already-installed"]);
    // Its type was another one then.
    assert!(fleet.server.device_polls(&id(2), "other", "r1").is_none());
    fleet.cli(["devices", "decommission", &id(3), "--yes"]).run().succeeds();
    fleet.server.clear_requests();
    (fleet, roll)
}

#[test]
fn while_it_goes_on_only_those_that_are_done_get_it_again() {
    let (fleet, roll) = mixed();
    let outcome = run(&fleet, "retry roll --yes").succeeds();
    assert_eq!(
        only_ordered(&fleet),
        json!({ "name": "roll (retry)", "artifact_name": RELEASE, "devices": [id(1), id(2)] })
    );
    let outcome = outcome
        .says(&format!("still under way in {roll}, and left to it: 2 devices; deployments abort ends it"));
    let shown = fleet.cli(["deployments", "show", "roll (retry)", "-q"]).run().succeeds();
    outcome.prints(&shown.stdout);
}

#[test]
fn after_it_has_ended_all_without_it_get_it_again() {
    let (fleet, roll) = mixed();
    run(&fleet, "abort roll --yes").succeeds();
    let json = run(&fleet, &format!("retry {roll} --yes -o json")).succeeds().json();
    assert_eq!(
        only_ordered(&fleet)["devices"],
        json!([id(1), id(2), id(4), id(5)]),
        "but the one that was removed"
    );
    assert_eq!(
        (&json["devices"], &json["created"], &json["name"]),
        (&json!(4), &json!(true), &json!("roll (retry)"))
    );
}

#[test]
fn the_same_line_again_makes_no_second_one() {
    let fleet = lab(2);
    deployed(&fleet, "roll", &["failure", "success"]);
    let first = run(&fleet, "retry roll --yes").succeeds();
    let again = run(&fleet, "retry roll --yes").succeeds().prints(&first.stdout);
    again.says("it is there already: roll (retry)");
    // Nor after it went well.
    fleet.server.device_reports(first.line(), &id(0), "success");
    run(&fleet, "retry roll --yes").succeeds().prints(&first.stdout);
    assert_eq!(ordered(&fleet).len(), 1);
}

#[test]
fn a_lost_answer_makes_no_second_one() {
    let fleet = lab(1);
    deployed(&fleet, "roll", &["failure"]);
    // It is made, and nobody hears of it.
    fleet.server.fault(Fault::on("POST", V1).header("Content-Length", "9").truncate(0));
    let first = run(&fleet, "retry roll --yes").succeeds();
    run(&fleet, "retry roll --yes").succeeds().prints(&first.stdout);
    assert_eq!(ordered(&fleet).len(), 1);
    assert_eq!(run(&fleet, "list --all -q").succeeds().stdout.lines().count(), 2);
}

#[test]
fn retries_are_counted_in_the_name() {
    let fleet = lab(1);
    deployed(&fleet, "roll", &["failure"]);
    for expected in ["roll (retry)", "roll (retry 2)", "roll (retry 3)"] {
        let newest = run(&fleet, "list -q --limit 1").succeeds();
        let made = run(&fleet, &format!("retry {} --yes", newest.line())).succeeds();
        let shown = run(&fleet, &format!("show {} -o json", made.line())).succeeds().json();
        assert_eq!(shown["name"], expected);
        fleet.server.device_reports(made.line(), &id(0), "failure");
    }
    // So are those of the first one.
    run(&fleet, "retry roll --yes").succeeds();
    run(&fleet, "retry roll --name again --yes").succeeds();
    let names: Vec<Value> = ordered(&fleet)[3..].iter().map(|order| order["name"].clone()).collect();
    assert_eq!(names, ["roll (retry 4)", "again"]);
    // The longest name has room for it.
    let long = "ä".repeat(128);
    let made = deployed(&fleet, &long, &["failure"]);
    run(&fleet, &format!("retry {made} --yes")).succeeds();
    let name = ordered(&fleet)[5]["name"].as_str().unwrap().to_owned();
    assert!(name.ends_with("ä (retry)") && name.len() <= 256, "{name}");
}

#[test]
fn it_is_forced_if_somebody_says_so_or_the_old_one_was() {
    let fleet = lab(1);
    deployed(&fleet, "roll", &["failure"]);
    run(&fleet, "retry roll --force --yes").succeeds();
    assert_eq!(only_ordered(&fleet)["force_installation"], true);
    let forced =
        ["deployments", "create", "--artifact", RELEASE, "--force", "--name", "forced", "--yes", &id(0)];
    let made = fleet.cli(forced).run().succeeds();
    fleet.server.device_reports(made.line(), &id(0), "failure");
    fleet.server.clear_requests();
    run(&fleet, "retry forced --yes").succeeds();
    assert_eq!(only_ordered(&fleet)["force_installation"], true, "else they would do nothing");
}

#[test]
fn it_is_followed_to_its_end() {
    let fleet = lab(3);
    deployed(&fleet, "roll", &["success", "failure", "failure"]);
    fleet.server.simulate(Simulation::default().speed(10_000.0));
    let outcome = run(&fleet, "retry roll --yes --wait --interval 10ms").succeeds();
    outcome.says("roll (retry): all 2 devices have r2");
    let fleet = lab_of(&["one", "two"]);
    deployed(&fleet, "roll", &["failure", "failure"]);
    fleet.server.device_fails(&id(1));
    fleet.server.simulate(Simulation::default().speed(10_000.0));
    let outcome = run(&fleet, "retry roll --yes --wait --interval 10ms").exits_with(3);
    outcome.says("1 of 2 devices do not have r2: 1 failure").says("  two  failure");
}

#[test]
fn following_flags_need_something_to_follow() {
    let fleet = lab(1);
    deployed(&fleet, "roll", &["failure"]);
    fleet.server.clear_requests();
    for flag in ["--timeout 1s", "--interval 1s", "--max-failures 1", "--abort-on-failure", "--devices"] {
        run(&fleet, &format!("retry roll --yes {flag}")).exits_with(2).says("is for --wait");
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn where_nobody_lacks_it_there_is_nothing_to_do() {
    let fleet = lab(3);
    deployed(&fleet, "good", &["success", "already-installed"]);
    deployed(&fleet, "under way", &["success", "installing", ""]);
    for name in ["good", "under way"] {
        let retry = |more: &[&str]| fleet.cli(["deployments", "retry", name]).args(more).run().succeeds();
        retry(&[]).prints("").says("nothing to do: no device is left without it");
        assert_eq!(retry(&["-o", "json"]).json(), json!({ "id": null, "created": false }));
        retry(&["-q"]).prints("");
        retry(&["--wait"]).prints("");
    }
    assert!(fleet.changes().is_empty());
}

#[test]
fn it_wants_consent() {
    let fleet = lab_of(&["one", "two"]);
    deployed(&fleet, "roll", &["failure", ""]);
    run(&fleet, "abort roll --yes").succeeds();
    let outcome = run(&fleet, "retry roll").fails().prints("").says("nobody can be asked here");
    outcome.says("eploy r2 to: 2 devices");
    let outcome = run(&fleet, "retry roll --dry-run").succeeds();
    outcome.says("deploy r2 to: 2 devices").says("  one  ").says("  two  ").says(fleet.server.url());
    assert!(ordered(&fleet).is_empty());
}

#[test]
fn a_release_that_is_gone_cannot_be_deployed_again() {
    let fleet = lab(1);
    deployed(&fleet, "roll", &["failure"]);
    fleet.cli(["artifacts", "delete", RELEASE, "--yes"]).run().succeeds();
    let outcome = run(&fleet, "retry roll --yes").fails().prints("");
    outcome.says("no Artifact is named \"r2\"").says("artifacts list shows those that there are");
    assert!(ordered(&fleet).is_empty());
}

#[test]
fn devices_that_left_or_do_not_fit_any_more_are_told_of() {
    let fleet = lab_of(&["one", "two", "three"]);
    deployed(&fleet, "roll", &["failure", "failure", "failure"]);
    fleet.cli(["devices", "decommission", &id(0), "--yes"]).run().succeeds();
    fleet.server.report_inventory(&id(1), json!({ "device_type": "other" }));
    let outcome = run(&fleet, "retry roll --yes").succeeds().says("not there any more: 1 device");
    outcome.says("no Artifact of r2 is for its type other, only for qemu");
    assert_eq!(only_ordered(&fleet)["devices"], json!([id(2)]));
    // Nobody is left.
    fleet.server.clear_requests();
    for number in 1..3 {
        fleet.cli(["devices", "decommission", &id(number), "--yes"]).run().succeeds();
    }
    run(&fleet, "retry roll --yes --name x").fails().says("none of the devices is there any more");
    assert!(ordered(&fleet).is_empty());
}

#[test]
fn a_configuration_is_not_a_release() {
    let fleet = lab_of(&["one"]);
    let configure = |line: &str| fleet.cli(line.split(' ')).run().succeeds();
    configure("devices configuration set one key=value");
    configure("devices configuration deploy one");
    let deployment = run(&fleet, "list -q").succeeds();
    let outcome = run(&fleet, &format!("retry {} --yes", deployment.line())).fails();
    outcome
        .says(&format!("{} brings a configuration, not a release", deployment.line()))
        .says("devices configuration deploy DEVICE does that again");
    assert!(ordered(&fleet).is_empty());
}
