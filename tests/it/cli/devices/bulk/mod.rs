//! Work on many devices: the plan, consent, several at once, failures, and what is printed of them.

mod early;
mod plans;
#[cfg(unix)]
mod unix;

use std::time::Instant;

use sandbox::{Device, Fault};
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::fleet::id;
use crate::support::home::{Invocation, Outcome};

/// Where decisions go.
const DECISION: &str = "/api/management/v2/devauth/devices/";

fn decision_about(number: usize) -> String {
    format!("{DECISION}{}/auth/", id(number))
}

/// So many devices that wait for a decision.
fn pending(count: usize) -> Fleet {
    let one = |number| Device {
        id: id(number),
        status: "pending".into(),
        identity_data: json!({ "sn": format!("SN{number}") }),
        ..Device::default()
    };
    Fleet::with((0..count).map(one))
}

fn accept(fleet: &Fleet, more: &[&str]) -> Invocation {
    fleet.cli(["devices", "accept"]).args(more)
}

fn accept_all(fleet: &Fleet, more: &[&str]) -> Outcome {
    accept(fleet, &["--all", "--yes", "-j1"]).args(more).run()
}

fn accepted(fleet: &Fleet, count: usize) -> usize {
    (0..count).filter(|&number| fleet.server.device(&id(number)).unwrap().status == "accepted").count()
}

/// Decisions that were asked for about a device.
fn decisions(fleet: &Fleet, number: usize) -> Vec<Option<u16>> {
    let about = decision_about(number);
    let requests = fleet.server.requests().into_iter().filter(|request| request.path.starts_with(&about));
    requests.map(|request| request.status).collect()
}

#[test]
fn the_plan_says_how_many_where_which_and_why() {
    let fleet = pending(7);
    let plan = accept(&fleet, &["--all", "--dry-run"]).run().succeeds();
    let plan = plan.says(&format!(
        "To accept: 7 devices on {}, selected by status = pending (compared by the server)\n",
        fleet.server.url()
    ));
    let plan = plan.says(&format!("  {}  -  pending  sn=SN4\n  and 2 more\n", id(4))).does_not_say("SN5");
    plan.says(&format!("would accept 7 devices on {}", fleet.server.url()));

    for number in 0..3 {
        fleet.server.report_inventory(&id(number), json!({ "level": number }));
    }
    let conditions = ["--filter", "level > 0", "--filter", "id != x", "--status", "pending", "--dry-run"];
    let plan = accept(&fleet, &conditions).run().succeeds();
    let plan = plan
        .says("To accept: 2 devices on ")
        .says(", selected by id != x, status = pending (compared by the server); ");
    plan.says("level > 0 (compared here)\n");
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_dry_run_lists_the_devices_in_the_form_of_the_output() {
    let fleet = pending(2);
    fleet.server.set_tags(&id(1), &[("name", json!("gateway"))]);
    let dry = |more: &[&str]| accept(&fleet, &["--filter", "sn exists", "--dry-run"]).args(more).run();
    let (a, b) = (id(0), id(1));
    dry(&[]).succeeds().prints(&format!("{a}\t\tpending\n{b}\tgateway\tpending\n"));
    dry(&["-q"]).succeeds().prints(&format!("{a}\n{b}\n"));
    let expected = json!([
        {"id": a, "name": null, "status": "pending"}, {"id": b, "name": "gateway", "status": "pending"}
    ]);
    assert_eq!(dry(&["-o", "json"]).succeeds().json(), expected);
    let lines = dry(&["-o", "jsonl"]).succeeds().stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lines), expected);
    let table = dry(&["-o", "table"]).succeeds().shows("NAME").shows("gateway");
    assert!(table.stdout.lines().count() == 3, "{}", table.transcript());
    // What a device was named for is no reason to leave the list out.
    accept(&fleet, &[&a, "--dry-run"]).run().succeeds().prints(&format!("{a}\t\tpending\n"));
    assert!(fleet.changes().is_empty());
}

#[test]
fn where_nobody_can_be_asked_nothing_is_done_without_yes() {
    for (verb, more) in [
        ("accept", &["--all"][..]),
        ("reject", &["--all"]),
        ("dismiss", &["--all"]),
        ("decommission", &["--all"]),
        ("decommission", &["--status", "pending"]),
        ("revoke-token", &["--all"]),
        ("check-update", &["--all"]),
    ] {
        let fleet = pending(3);
        let refused = fleet.cli(["devices", verb]).args(more).stdin("y\n").run().fails();
        let refused =
            refused.prints("").says("FAILURE: nobody can be asked here").says("3 devices on http://");
        refused.says("hint: --yes says so beforehand");
        assert!(fleet.changes().is_empty(), "{verb}: {:?}", fleet.changes());
    }
}

#[test]
fn devices_that_were_named_are_meant_unless_the_work_is_grave() {
    let fleet = pending(4);
    let named = |verb: &str| fleet.cli(["devices", verb, &id(0), &id(1)]).run();
    for verb in ["reject", "dismiss", "decommission"] {
        named(verb).fails().says("nobody can be asked here");
    }
    assert!(fleet.changes().is_empty());
    named("accept").succeeds().prints("").says("2 devices: accepted");
    assert_eq!(accepted(&fleet, 4), 2);
}

#[test]
fn nobody_is_a_success_that_says_so() {
    let fleet = pending(0);
    accept(&fleet, &["--all"]).run().succeeds().prints("").says("nothing to do: no device fits");
    accept(&fleet, &["--all", "-o", "json", "--yes"]).run().succeeds().prints("[]\n");
}

#[test]
fn failures_stop_the_work_when_there_are_too_many() {
    for (limit, good, code) in [("1", 0, 1), ("2", 0, 1), ("2", 3, 3)] {
        let fleet = pending(8);
        fleet.server.fault(Fault::on("PUT", DECISION).status(500).after(good).times(99));
        let stopped = accept_all(&fleet, &["--max-errors", limit]).exits_with(code);
        let begun = good + limit.parse::<usize>().unwrap();
        stopped.says(&format!("stopped after {begun} of 8 devices")).says("goes on with the rest");
        assert_eq!(fleet.changes().len(), begun);
        assert_eq!(accepted(&fleet, 8), good);
    }
}

#[test]
fn the_exit_code_tells_all_some_and_none_apart() {
    for (failing, code) in [(0..0, 0), (1..3, 3), (0..4, 1)] {
        let fleet = pending(4);
        for number in failing.clone() {
            fleet.server.fault(Fault::on("PUT", &decision_about(number)).status(500));
        }
        let done = accept_all(&fleet, &[]).exits_with(code);
        assert_eq!(done.stdout.lines().count(), failing.len(), "{}", done.transcript());
        assert_eq!(accepted(&fleet, 4), 4 - failing.len());
        if code != 0 {
            let text = format!("{} of 4 devices were not accepted; the first: ", failing.len());
            done.says(&format!("{text}{}", id(failing.start)));
        }
    }
}

/// What failed is printed so that `--file` takes it back, whatever the form.
#[test]
fn failed_devices_make_the_round_trip_through_a_file() {
    for form in [&[][..], &["-q"], &["-o", "jsonl"], &["-o", "json"]] {
        let fleet = pending(5);
        for number in [1, 3] {
            fleet.server.fault(Fault::on("PUT", &decision_about(number)).status(500));
        }
        let first = accept_all(&fleet, form).exits_with(3);
        assert!(!first.stdout.is_empty() && accepted(&fleet, 5) == 3, "{}", first.transcript());
        fleet.home.write("failed", &first.stdout);
        fleet.server.clear_requests();
        let again = accept(&fleet, &["--file", "failed", "--yes"]).run().succeeds();
        assert_eq!(fleet.changes().len(), 2, "{form:?}: {:?}", fleet.changes());
        assert_eq!(accepted(&fleet, 5), 5, "{form:?}\n{}", again.transcript());
    }
}

#[test]
fn each_form_tells_what_failed_and_those_for_programs_what_did_not() {
    let run = |form: &[&str]| {
        let fleet = pending(2);
        fleet.server.fault(
            Fault::on("PUT", &decision_about(1))
                .status(409)
                .body("application/json", r#"{"error":"why\tso"}"#),
        );
        accept_all(&fleet, form).exits_with(3)
    };
    let tabs = run(&[]);
    let fields: Vec<&str> = tabs.line().split('\t').collect();
    assert_eq!((fields.len(), fields[0], fields[1]), (3, id(1).as_str(), ""), "{}", tabs.transcript());
    assert!(fields[2].contains("why so"), "{}", tabs.transcript());
    run(&["-q"]).prints(&format!("{}\n", id(1)));
    let json = run(&["-o", "json"]).json();
    assert_eq!(json[0], json!({"id": id(0), "name": null, "done": true, "error": null}));
    assert_eq!((&json[1]["id"], &json[1]["done"]), (&json!(id(1)), &json!(false)));
    assert!(json[1]["error"].as_str().unwrap().contains("why\tso"), "{json}");
    run(&["--jq", ".[] | select(.done) | .id"]).prints(&format!("{}\n", id(0)));
}

#[test]
fn no_more_are_begun_a_second_than_asked() {
    let fleet = pending(4);
    let started = Instant::now();
    accept(&fleet, &["--all", "--yes", "--rate", "5"]).run().succeeds().says("4 devices: accepted");
    let elapsed = started.elapsed().as_millis();
    assert!(elapsed >= 600, "three pauses of 200 ms, and all took {elapsed} ms");
}

/// Asked to be slower, it waits so long and goes on; nothing is done twice.
#[test]
fn a_limited_rate_is_waited_for() {
    let fleet = pending(5);
    fleet.server.fault(Fault::on("PUT", DECISION).status(429).header("Retry-After", "1").after(2));
    let started = Instant::now();
    accept_all(&fleet, &[]).succeeds();
    assert!(started.elapsed().as_millis() >= 1000);
    let mut all: Vec<_> = (0..5).map(|number| decisions(&fleet, number)).collect();
    assert_eq!(all.remove(2), [Some(429), Some(204)]);
    assert!(all.iter().all(|decisions| *decisions == [Some(204)]), "{all:?}");
}

#[test]
fn a_token_that_ends_in_the_middle_stops_the_work() {
    let fleet = pending(5);
    fleet.server.fault(Fault::on("PUT", DECISION).status(401).after(2).times(99));
    let stopped = accept_all(&fleet, &["-o", "jsonl"]).exits_with(3).does_not_say("panicked");
    let error: Value = serde_json::from_str(stopped.stderr.lines().last().unwrap()).unwrap();
    assert!(error["message"].as_str().unwrap().contains("stopped after 3 of 5 devices"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("mender-cli login gets a new one"), "{error}");
    assert_eq!(error["status"], 401);
    let told: Vec<Value> = stopped.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let open = told.iter().filter(|it| it["done"] == false).count();
    assert_eq!((told.len(), open), (5, 3), "{}", stopped.transcript());
    assert_eq!(told[4]["error"], "not come to", "the list of what is still to be done is whole");

    fleet.server.clear_faults();
    fleet.server.clear_requests();
    fleet.home.write("rest.jsonl", &stopped.stdout);
    let rest = ["devices", "accept", "--file", "rest.jsonl", "--yes"];
    fleet.cli(rest).run().succeeds().says("3 devices: accepted");
    assert_eq!((fleet.changes().len(), accepted(&fleet, 5)), (3, 5));
}

#[test]
fn a_connection_that_breaks_costs_one_device() {
    let fleet = pending(4);
    fleet.server.fault(Fault::on("PUT", DECISION).cut().after(1));
    let broken = accept_all(&fleet, &[]).exits_with(3).shows(&id(1));
    broken.says("1 of 4 devices were not accepted");
    assert_eq!(accepted(&fleet, 4), 3);
    assert_eq!(decisions(&fleet, 1).len(), 1, "what may have been done is not sent again");
    accept_all(&fleet, &[]).succeeds();
    assert_eq!(accepted(&fleet, 4), 4);
}
