//! `devices accept`, `reject` and `dismiss`: which authentication set is meant.

use sandbox::{AuthSet, Device, Fault, Sandbox};

use crate::support::Fleet;
use crate::support::home::Outcome;

/// The device that most of these tests are about, and another one.
const DEVICE: &str = "d0000001-0000-4000-8000-000000000000";
const OTHER: &str = "d0000002-0000-4000-8000-000000000000";
/// SHA-256 of the key that sets have if nobody gives them another.
const FINGERPRINT: &str = "SHA256:a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f";

fn set(id: &str, status: &str) -> AuthSet {
    let ts = Some("2026-03-01T10:00:00Z".into());
    AuthSet { id: id.into(), status: status.into(), ts, ..AuthSet::default() }
}

fn device(id: &str, status: &str, sets: &[(&str, &str)]) -> Device {
    let auth_sets = sets.iter().map(|(id, status)| set(id, status)).collect();
    Device { id: id.into(), status: status.into(), auth_sets, ..Device::default() }
}

/// Decides about one device, with consent.
fn decide(fleet: &Fleet, verb: &str, more: &[&str]) -> Outcome {
    fleet.cli(["devices", verb, DEVICE, "--yes"]).args(more).run()
}

fn statuses(server: &Sandbox, id: &str) -> Vec<String> {
    let device = server.device(id).unwrap();
    device.auth_sets.iter().map(|set| format!("{} {}", set.id, set.status)).collect()
}

fn put(device: &str, set: &str, status: &str) -> String {
    format!("PUT v2/devauth/devices/{device}/auth/{set}/status {{\"status\":\"{status}\"}}")
}

fn delete(device: &str, set: &str) -> String {
    format!("DELETE v2/devauth/devices/{device}/auth/{set}")
}

#[test]
fn the_set_that_is_meant_is_decided_about_and_no_other() {
    let pending = &[("s1", "pending")][..];
    let second_key = &[("s1", "accepted"), ("s2", "pending")][..];
    for (status, sets, verb, request, after) in [
        ("pending", pending, "accept", put(DEVICE, "s1", "accepted"), "s1 accepted"),
        ("pending", pending, "dismiss", delete(DEVICE, "s1"), ""),
        ("accepted", second_key, "accept", put(DEVICE, "s2", "accepted"), "s1 rejected, s2 accepted"),
        ("accepted", second_key, "reject", put(DEVICE, "s2", "rejected"), "s1 accepted, s2 rejected"),
    ] {
        let fleet =
            Fleet::with([device(DEVICE, status, sets), device(OTHER, "pending", &[("o1", "pending")])]);
        let done = decide(&fleet, verb, &[]).succeeds().prints("");
        assert_eq!(fleet.changes(), [request], "{verb} {sets:?}\n{}", done.transcript());
        assert_eq!(statuses(&fleet.server, DEVICE).join(", "), after, "{verb} {sets:?}");
        assert_eq!(statuses(&fleet.server, OTHER), ["o1 pending"], "{verb} {sets:?}");
    }
}

#[test]
fn what_is_so_already_is_a_success_that_changes_nothing() {
    for (status, verb) in [("accepted", "accept"), ("rejected", "reject")] {
        let fleet = Fleet::with([device(DEVICE, status, &[("s1", status)])]);
        for _ in 0..2 {
            decide(&fleet, verb, &[]).succeeds().says("nothing to do");
        }
        assert!(fleet.changes().is_empty(), "{verb}: {:?}", fleet.changes());
    }
}

#[test]
fn an_acceptance_can_be_repeated() {
    let fleet = Fleet::with([device(DEVICE, "pending", &[("s1", "pending")])]);
    for _ in 0..3 {
        decide(&fleet, "accept", &[]).succeeds();
    }
    assert_eq!(fleet.changes(), [put(DEVICE, "s1", "accepted")]);
}

#[test]
fn of_several_sets_a_person_chooses() {
    let two = &[("s1", "pending"), ("s2", "pending")][..];
    for verb in ["accept", "reject", "dismiss"] {
        let fleet = Fleet::with([device(DEVICE, "pending", two)]);
        let refused = decide(&fleet, verb, &[]).fails().prints("");
        let refused = refused.says("2 authentication sets may be meant; name one with --auth-set");
        for id in ["s1", "s2"] {
            let row = format!("{id}  pending  {FINGERPRINT}  since 2026-03-01T10:00:00Z");
            assert!(refused.stderr.contains(&row), "{row}\n{}", refused.transcript());
        }
        assert!(fleet.changes().is_empty(), "{verb} guessed: {:?}", fleet.changes());

        decide(&fleet, verb, &["--auth-set", "s2"]).succeeds();
        let request = match verb {
            "accept" => put(DEVICE, "s2", "accepted"),
            "reject" => put(DEVICE, "s2", "rejected"),
            _ => delete(DEVICE, "s2"),
        };
        assert_eq!(fleet.changes(), [request]);
        assert_eq!(statuses(&fleet.server, DEVICE)[0], "s1 pending");
    }
}

#[test]
fn a_dismissal_does_not_choose_between_what_was_decided() {
    let decided = &[("s1", "accepted"), ("s2", "rejected")][..];
    let fleet = Fleet::with([device(DEVICE, "accepted", decided)]);
    decide(&fleet, "dismiss", &["--yes"]).fails().says("it is accepted").says("s2  rejected");
    assert!(fleet.changes().is_empty());
    decide(&fleet, "dismiss", &["--auth-set", "s2"]).succeeds();
    assert_eq!(fleet.changes(), [delete(DEVICE, "s2")]);
}

/// Who is let in is not put out by the way.
#[test]
fn an_accepted_device_is_dismissed_by_the_name_of_its_set_alone() {
    let sets = [(DEVICE, "accepted", "s1"), (OTHER, "rejected", "o1")];
    let fleet = Fleet::with(sets.map(|(id, status, set)| device(id, status, &[(set, status)])));
    decide(&fleet, "dismiss", &[]).fails().says("it is accepted, and nothing waits for a decision");
    assert!(fleet.changes().is_empty(), "{:?}", fleet.changes());
    let both = decide(&fleet, "dismiss", &[OTHER, "-q"]).exits_with(3).prints(&format!("{DEVICE}\n"));
    both.says("1 of 2 devices were not dismissed");
    assert_eq!(fleet.changes(), [delete(OTHER, "o1")]);
    fleet.server.clear_requests();
    decide(&fleet, "dismiss", &["--auth-set", "s1"]).succeeds();
    assert_eq!(fleet.changes(), [delete(DEVICE, "s1")]);
}

/// The server goes by the set alone, and would do it.
#[test]
fn a_set_of_another_device_is_refused() {
    for (verb, named) in [("accept", "o1"), ("reject", "o1"), ("dismiss", "o1"), ("dismiss", "nothing")] {
        let fleet = Fleet::with([
            device(DEVICE, "pending", &[("s1", "pending")]),
            device(OTHER, "accepted", &[("o1", "accepted")]),
        ]);
        let refused = decide(&fleet, verb, &["--auth-set", named]).fails();
        refused.says(&format!("the device has no authentication set {named}")).says("s1  pending");
        assert!(fleet.changes().is_empty(), "{verb}: {:?}", fleet.changes());
        assert_eq!(statuses(&fleet.server, OTHER), ["o1 accepted"]);
    }
}

#[test]
fn a_set_is_named_for_one_device_alone() {
    let fleet = Fleet::with([device(DEVICE, "pending", &[]), device(OTHER, "pending", &[])]);
    for devices in [&[DEVICE, OTHER][..], &["--all"], &["--status", "pending"]] {
        let run = fleet.cli(["devices", "accept", "--auth-set", "s1"]).args(devices).run();
        run.exits_with(2).says("--auth-set goes with one device that is named");
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn what_nobody_can_decide_about_yet_is_said() {
    let fleet = Fleet::with([device(DEVICE, "preauthorized", &[("s1", "preauthorized")])]);
    for verb in ["accept", "reject"] {
        decide(&fleet, verb, &[]).fails().says("it is preauthorized");
    }
    assert!(fleet.changes().is_empty());
    decide(&fleet, "dismiss", &[]).succeeds();
    assert_eq!(fleet.changes(), [delete(DEVICE, "s1")]);
    assert_eq!(fleet.server.device(DEVICE), None, "nothing is left of a preauthorization that is taken back");

    let fleet = Fleet::with([device(DEVICE, "noauth", &[])]);
    for verb in ["accept", "reject", "dismiss"] {
        decide(&fleet, verb, &[]).fails().says("it has no authentication set to decide about");
    }
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_set_that_has_gone_meanwhile_is_no_success() {
    for verb in ["accept", "dismiss"] {
        let fleet = Fleet::with([device(DEVICE, "pending", &[("s1", "pending")])]);
        let path = format!("/api/management/v2/devauth/devices/{DEVICE}/auth/");
        fleet.server.fault(Fault::on("*", &path).status(404).body("application/json", ""));
        let gone = decide(&fleet, verb, &[]).fails();
        gone.says("404").says("hint: somebody else may have decided meanwhile");
    }
}

#[test]
fn where_no_more_devices_fit_the_work_stops_at_once() {
    for (room, code, sent) in [(0, 1, 1), (2, 3, 3)] {
        let fleet = Fleet::at(Sandbox::builder().max_devices(room).start());
        for _ in 0..6 {
            fleet.server.add_device(Device { status: "pending".into(), ..Device::default() });
        }
        let stopped = fleet.cli(["devices", "accept", "--all", "--yes", "-j", "1"]).run();
        let stopped = stopped.exits_with(code).says("maximum number of accepted devices reached");
        let stopped = stopped.says(&format!("stopped after {sent} of 6 devices")).says("a higher limit");
        assert_eq!(fleet.changes().len(), sent, "{}", stopped.transcript());
    }
}

/// They are known before anything is sent, and do not count as failures of the work.
#[test]
fn devices_that_want_a_choice_are_left_out_of_the_others_work() {
    let two = &[("t1", "pending"), ("t2", "pending")][..];
    let fleet = Fleet::with([device(DEVICE, "pending", &[("s1", "pending")]), device(OTHER, "pending", two)]);
    let run = |more: &[&str]| fleet.cli(["devices", "accept", "--all", "--max-errors", "1"]).args(more).run();
    run(&["--dry-run", "-q"]).succeeds().prints(&format!("{DEVICE}\n")).does_not_say("Left out");
    let plan = run(&["--dry-run"]).succeeds();
    let plan =
        plan.says("To accept: 1 device on ").says(&format!("Left out: 1 device, such as {OTHER}: 2 auth"));
    assert!(fleet.changes().is_empty(), "{}", plan.transcript());
    let some = run(&["--yes", "-q"]).exits_with(3).prints(&format!("{OTHER}\n"));
    some.says("1 of 2 devices were not accepted").says("2 authentication sets may be meant");
    assert_eq!(fleet.changes(), [put(DEVICE, "s1", "accepted")]);
    // Now there is nobody else.
    run(&["--yes"]).fails().says(&format!("{OTHER}: 2 authentication sets may be meant"));
}

/// Not those of the inventory, which learns of devices later.
#[test]
fn all_means_all_that_wait_for_a_decision() {
    let devices =
        [(DEVICE, "pending"), (OTHER, "pending"), ("accepted", "accepted"), ("rejected", "rejected")];
    for how in [&["--all"][..], &["--status", "pending"]] {
        let fleet = Fleet::with(devices.map(|(id, status)| device(id, status, &[(id, status)])));
        fleet
            .cli(["devices", "accept", "--yes", "-j1"])
            .args(how)
            .run()
            .succeeds()
            .prints("")
            .says("2 devices: accepted");
        let expected = [DEVICE, OTHER].map(|id| put(id, id, "accepted"));
        assert_eq!(fleet.changes(), expected, "{how:?}");
        assert!(!fleet.server.requests().iter().any(|request| request.path.contains("inventory")), "{how:?}");
    }
}
