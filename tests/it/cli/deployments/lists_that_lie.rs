//! A server that answers what it should not, or refuses.

use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use super::verbs::{fields, lab_of, run};
use super::{Fleet, V1, V2, deployed, id};
use crate::support::several_at_once;

fn answer(fleet: &Fleet, path: &str, body: &Value) {
    fleet.server.fault(Fault::on("GET", path).body("application/json", body.to_string()).times(50));
}

#[test]
fn null_is_an_empty_list() {
    let fleet = lab_of(&["one"]);
    let roll = deployed(&fleet, "roll", &[""]);
    for path in
        [&format!("{V1}/{roll}/devices/list"), &format!("{V1}/{roll}/device_list"), &format!("{V1}/devices/")]
    {
        answer(&fleet, path, &Value::Null);
    }
    run(&fleet, "history one").succeeds().prints("");
    // Who it is for is not told; that there is somebody is.
    run(&fleet, "devices roll").succeeds().prints("");
    run(&fleet, "show roll").succeeds().shows("devices\t1\n");
    let outcome = run(&fleet, "abort roll --yes").succeeds();
    outcome.says("roll: aborted");
    let outcome = run(&fleet, "retry roll --yes").succeeds();
    outcome.says("warning: never heard of, and the server does not tell which: 1 device");
    answer(&fleet, V2, &Value::Null);
    run(&fleet, "list").succeeds().prints("");
    run(&fleet, "list -o json").succeeds().prints("[]\n");
    run(&fleet, "show roll").fails().says("no deployment is named \"roll\"");
}

#[test]
fn what_is_missing_is_empty() {
    let fleet = lab_of(&["one"]);
    let roll = deployed(&fleet, "roll", &["success"]);
    answer(&fleet, &format!("{V1}/{roll}/devices/list"), &json!([{ "id": id(0) }, {}]));
    answer(&fleet, &format!("{V1}/{roll}/device_list"), &json!([id(0)]));
    answer(&fleet, &format!("{V1}/{roll}"), &json!({ "id": roll }));
    let shown = run(&fleet, &format!("show {roll}")).succeeds();
    assert!(fields(&shown).iter().all(|line| line.len() == 2), "{}", shown.stdout);
    let shown = run(&fleet, &format!("devices {roll}")).succeeds();
    assert_eq!(fields(&shown)[0][..3], [id(0), "one".into(), String::new()]);
    answer(
        &fleet,
        V2,
        &json!([{ "id": "x" }, { "id": "y", "statistics": null, "groups": null, "max_devices": null }]),
    );
    run(&fleet, "list").succeeds().prints("x\t\t\t\t\t0\t0\t\t\ny\t\t\t\t\t0\t0\t\t\n");
    answer(
        &fleet,
        &format!("{V1}/devices/"),
        &json!([{ "deployment": null, "device": { "status": "success" } }]),
    );
    run(&fleet, "history one").succeeds().prints("\t\t\tsuccess\t\t\t\n");
    run(&fleet, "history one -q").succeeds().prints("");
}

#[test]
fn statuses_that_nobody_knows_are_shown_and_not_done() {
    let fleet = lab_of(&["one"]);
    let roll = deployed(&fleet, "roll", &["success"]);
    let part = json!([{ "id": id(0), "status": "conjured" }]);
    answer(&fleet, &format!("{V1}/{roll}/devices/list"), &part);
    run(&fleet, "devices roll").succeeds().prints(&format!("{}\tone\tconjured\t\t\t\t\n", id(0)));
    run(&fleet, "watch roll").exits_with(3).says("the device does not have r2: 1 conjured");
    let odd = json!([{ "id": roll, "name": "roll", "status": "dreaming", "statistics": { "status": { "conjured": 2, "success": 1 } } }]);
    answer(&fleet, V2, &odd);
    let shown = run(&fleet, "list").succeeds();
    assert_eq!(fields(&shown)[0][3..7], ["dreaming", "", "1", "0"]);
    run(&fleet, "show roll").succeeds().shows("conjured\t2\n").shows("success\t1\n");
    // What is not known to be over is under way.
    run(&fleet, "abort roll --dry-run").succeeds().says("would abort roll");
}

#[test]
fn a_device_that_is_there_twice_counts_once() {
    let fleet = lab_of(&["one", "two"]);
    let roll = deployed(&fleet, "roll", &["failure", "success"]);
    let one = json!({ "id": id(0), "status": "failure" });
    answer(
        &fleet,
        &format!("{V1}/{roll}/devices/list"),
        &json!([one, one, { "id": id(1), "status": "success" }]),
    );
    answer(&fleet, &format!("{V1}/{roll}/device_list"), &json!([id(0), id(1), id(1)]));
    run(&fleet, "watch roll").exits_with(3).says("1 of 2 devices do not have r2: 1 failure");
    run(&fleet, "retry roll --dry-run").succeeds().says("deploy r2 to: 1 device");
}

#[test]
fn more_devices_than_targets_are_all_counted() {
    let fleet = lab_of(&["one", "two", "three"]);
    let roll = deployed(&fleet, "roll", &["success"]);
    let part = |number: usize, status: &str| json!({ "id": id(number), "status": status });
    let all = json!([part(2, "failure"), part(0, "success"), part(1, "success")]);
    answer(&fleet, &format!("{V1}/{roll}/devices/list"), &all);
    assert_eq!(run(&fleet, "devices roll -q").succeeds().stdout.lines().count(), 3);
    run(&fleet, "watch roll --devices").exits_with(3).says("1 of 3 devices do not have r2: 1 failure");
}

#[test]
fn what_is_no_such_answer_is_said_to_be_none() {
    let fleet = lab_of(&["one"]);
    let roll = deployed(&fleet, "roll", &["failure"]);
    fleet.server.device_logs(&roll, &id(0), "x\n");
    let list = format!("{V1}/{roll}/devices/list");
    let history = format!("{V1}/devices/");
    for (line, path, bodies) in [
        (
            "list",
            V2,
            &[
                "{}",
                "[{\"id\": 5}]",
                "[{}]",
                "[",
                "",
                "<html>",
                "[{\"id\":\"x\",\"statistics\":{\"status\":{\"success\":-1}}}]",
                "[{\"id\":\"x\",\"max_devices\":\"many\"}]",
            ][..],
        ),
        ("devices roll", &list, &["{}", "[{\"id\": 5}]", "[{\"id\":\"x\",\"log\":\"maybe\"}]", "7", "[1]"]),
        ("log roll", &list, &["{}", "[5]"]),
        ("history one", &history, &["{}", "[{}]", "[{\"deployment\": {}, \"device\": {}}]", "\"x\""]),
        ("show roll", V2, &["{\"a\": 1}", "[[]]"]),
        ("retry roll --yes", &list, &["{}", "[[]]"]),
    ] {
        for body in bodies {
            fleet.server.fault(Fault::on("GET", path).body("application/json", *body));
            let outcome = run(&fleet, line).fails();
            assert_eq!(outcome.stderr.matches("FAILURE:").count(), 1, "{line} {body}\n{}", outcome.stderr);
            assert!(!outcome.stderr.contains("panicked"), "{line} {body}\n{}", outcome.stderr);
            outcome.says("GET /api/management/");
            fleet.server.clear_faults();
        }
    }
    assert!(fleet.changes().is_empty());
}

#[test]
fn what_is_cut_off_is_no_answer() {
    let lines =
        ["list", "show roll", "log roll", "log roll -O logs", "retry roll --yes", "abort --name * --yes"];
    let cases: Vec<(&str, bool)> = lines.iter().flat_map(|line| [(*line, true), (*line, false)]).collect();
    // Each is tried again for a while.
    several_at_once(&cases, |(line, is_truncated)| {
        let fleet = lab_of(&["one", "two"]);
        let roll = deployed(&fleet, "roll", &["failure", ""]);
        fleet.server.device_logs(&roll, &id(0), &"a line\n".repeat(100));
        let path = match line.split(' ').next() {
            Some("log") => format!("{V1}/{roll}/devices/{}/log", id(0)),
            Some("retry") => format!("{V1}/{roll}/device_list"),
            _ => V2.to_owned(),
        };
        let fault = Fault::on("GET", &path).times(20);
        fleet.server.fault(if *is_truncated { fault.truncate(20) } else { fault.cut() });
        run(&fleet, line).fails().prints("").says("FAILURE:");
        assert!(fleet.changes().is_empty(), "{line}");
        assert!(!fleet.home.exists(&format!("logs/{}.log", id(0))), "{line}");
    });
}

#[test]
fn refusals_are_told_in_words() {
    let fleet = lab_of(&["one"]);
    deployed(&fleet, "roll", &["failure"]);
    let lines = [
        "list",
        "show roll",
        "devices roll",
        "log roll",
        "abort roll --yes",
        "retry roll --yes",
        "list --device one",
    ];
    for line in lines {
        let refusal = json!({ "error": "Access denied (RBAC).", "request_id": "8f" });
        for path in [V1, V2] {
            let fault = Fault::on("*", path).status(403).body("application/json", refusal.to_string());
            fleet.server.fault(fault.times(9));
        }
        run(&fleet, line).fails().prints("").says("Access denied (RBAC).").says("8f");
        fleet.server.clear_faults();
    }
    fleet.home.write(crate::support::Home::TOKEN, fleet.server.expired_token());
    for line in lines {
        run(&fleet, line).fails().prints("").says("mender-cli login");
    }
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_server_without_deployments_says_so() {
    let fleet = Fleet::at(Sandbox::builder().without_service("deployments").start());
    fleet.add(&id(0), json!({ "mac": "1" }));
    for line in ["list", "show x", "history mac=1", "abort --name x* --yes"] {
        run(&fleet, line).fails().prints("").says("404");
    }
}
