//! `deployments abort`.

use sandbox::Fault;
use serde_json::json;

use super::verbs::{lab_of, run};
use super::{Fleet, RELEASE, V1, deployed, id, lab};

/// What is asked for those that have not begun.
const PENDING: &str = "/api/management/v2/deployments/deployments?page=1&per_page=500&status=pending";

fn put(id: &str) -> String {
    format!("PUT v1/deployments/deployments/{id}/status {{\"status\":\"aborted\"}}")
}

#[track_caller]
fn state(fleet: &Fleet, id: &str) -> String {
    let shown = run(fleet, &format!("show {id} -o json")).succeeds().json();
    shown["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_deployment_is_aborted_by_its_id_or_name() {
    let fleet = lab(2);
    let first = deployed(&fleet, "first", &["success", "installing"]);
    let second = deployed(&fleet, "second", &["", ""]);
    let other = deployed(&fleet, "other", &[""]);
    let outcome = run(&fleet, &format!("abort {first} --yes")).succeeds().prints("");
    outcome.says_exactly("first: aborted\n");
    run(&fleet, "abort second --yes -q").succeeds().prints(&format!("{second}\n"));
    assert_eq!(fleet.changes(), [put(&first), put(&second)], "never another status");
    assert_eq!((state(&fleet, &first), state(&fleet, &other)), ("finished".into(), "pending".into()));
}

#[test]
fn several_are_aborted_each_once() {
    let fleet = lab(1);
    let all: Vec<String> = ["a", "b", "c"].iter().map(|name| deployed(&fleet, name, &[""])).collect();
    let json = run(&fleet, &format!("abort b a {} --yes -o json", all[1])).succeeds().json();
    assert_eq!(json, json!([{ "id": all[1], "aborted": true }, { "id": all[0], "aborted": true }]));
    assert_eq!(fleet.changes(), [put(&all[1]), put(&all[0])]);
    // One word that means nothing stops it before anything is done.
    run(&fleet, "abort c nothing --yes").fails().says("no deployment is named \"nothing\"");
    assert_eq!((fleet.changes().len(), state(&fleet, &all[2])), (2, "pending".into()));
}

#[test]
fn a_pattern_means_what_is_under_way() {
    let fleet = lab(1);
    let mut all: Vec<String> = Vec::new();
    for name in ["web 1", "web 2", "web 10", "my web 1", "WEB 1", "web [1]"] {
        all.push(deployed(&fleet, name, &[""]));
    }
    deployed(&fleet, "web 3", &["success"]);
    let abort = |glob: &str| fleet.cli(["deployments", "abort", "--name", glob, "--yes"]).run().succeeds();
    abort("web ?");
    let mut changes = fleet.changes();
    changes.sort();
    let mut expected = [put(&all[0]), put(&all[1])];
    expected.sort();
    assert_eq!(changes, expected);
    abort("nothing*").says_exactly("nothing to do: no such deployment is under way\n");
    abort("web 3").says("nothing to do");
    abort("web").says("nothing to do");
    assert_eq!(fleet.changes().len(), 2);
    abort("web [1]");
    assert_eq!(fleet.changes().last(), Some(&put(&all[5])));
    abort("*web*");
    assert_eq!(state(&fleet, &all[4]), "pending", "letters are as they are");
    assert_eq!(fleet.changes().len(), 5);
    abort("*").says("WEB 1: aborted");
    for line in ["abort", "abort x --name x", "abort x --device x", "abort --name= --yes"] {
        run(&fleet, line).exits_with(2);
    }
}

/// It is asked for by state, and may go from one to the other in between.
#[test]
fn one_that_begins_meanwhile_is_aborted_once() {
    let fleet = lab(2);
    let roll = deployed(&fleet, "roll", &["installing", ""]);
    let both = json!([{ "id": roll, "name": "roll", "status": "pending" }]);
    let pending = Fault::on("GET", PENDING);
    fleet.server.fault(pending.body("application/json", both.to_string()));
    run(&fleet, "abort --name r* --yes").succeeds().says_exactly("roll: aborted\n");
    assert_eq!(fleet.changes(), [put(&roll)]);

    let fleet = lab_of(&["one"]);
    let roll = deployed(&fleet, "roll", &["installing"]);
    let both = json!([{ "id": roll, "name": "roll", "status": "pending" }]);
    let pending = Fault::on("GET", PENDING);
    fleet.server.fault(pending.body("application/json", both.to_string()));
    let json = run(&fleet, "abort --device one --yes -o json").succeeds().json();
    assert_eq!((json["deployments"].clone(), fleet.changes().len()), (json!([roll]), 1));
}

#[test]
fn it_wants_consent() {
    let fleet = lab(3);
    let roll = deployed(&fleet, "roll", &["success", "installing", ""]);
    let plan = format!("bort roll ({roll}, r2, 2 devices not done) on {}", fleet.server.url());
    for line in ["abort roll", "abort --name r*"] {
        run(&fleet, line).fails().says("nobody can be asked here");
        run(&fleet, &format!("{line} --dry-run"))
            .succeeds()
            .prints("")
            .says_exactly(&format!("would a{plan}\n"));
    }
    assert!(fleet.changes().is_empty());
    let few = deployed(&fleet, "few", &[""]);
    run(&fleet, "abort few --dry-run").succeeds().says(&format!("({few}, r2, 1 device not done)"));
}

#[test]
#[cfg(unix)]
fn on_a_terminal_it_asks() {
    let fleet = lab(1);
    let roll = deployed(&fleet, "roll", &[""]);
    for (answer, code, count) in [("n\r", 1, 0), ("y\r", 0, 1)] {
        let mut terminal = fleet.terminal(200, "deployments abort roll");
        terminal.wait_for(&format!("Abort roll ({roll}, r2, 1 device not done) on"));
        terminal.type_in(answer);
        let ended = terminal.end();
        assert_eq!((ended == 0, fleet.changes().len()), (code == 0, count), "{}", terminal.screen());
    }
}

#[test]
fn many_are_not_all_named() {
    let fleet = lab(1);
    for number in 0..12 {
        deployed(&fleet, &format!("d{number}"), &[""]);
    }
    let plan = run(&fleet, "abort --name d* --dry-run").succeeds();
    assert_eq!(plan.stderr.matches("(").count(), 10, "{}", plan.stderr);
    plan.says("; and 2 more on ");
}

#[test]
fn what_has_finished_needs_nothing() {
    let fleet = lab(1);
    let done = deployed(&fleet, "done", &["success"]);
    let outcome = run(&fleet, "abort done --yes").succeeds().prints("");
    outcome.says_exactly("done has finished already\nnothing to do: no such deployment is under way\n");
    let json = run(&fleet, "abort done -o json").succeeds().json();
    assert_eq!(json, json!({ "id": done, "aborted": false }), "nobody has to be asked");
    run(&fleet, "abort done -q").succeeds().prints("");
    assert!(fleet.changes().is_empty());
    let roll = deployed(&fleet, "roll", &[""]);
    let json = run(&fleet, "abort roll done --yes -o json").succeeds().json();
    assert_eq!(json, json!([{ "id": done, "aborted": false }, { "id": roll, "aborted": true }]));
    assert_eq!(fleet.changes(), [put(&roll)]);
}

#[test]
fn one_that_finishes_just_now_is_as_well() {
    let fleet = lab(1);
    let roll = deployed(&fleet, "roll", &[""]);
    let refusal = json!({ "error": "Deployment already finished", "request_id": "x" });
    let path = format!("{V1}/{roll}/status");
    fleet.server.fault(Fault::on("PUT", &path).status(422).body("application/json", refusal.to_string()));
    let outcome = run(&fleet, "abort roll --yes -o json").succeeds();
    assert_eq!(outcome.json(), json!({ "id": roll, "aborted": false }));
    outcome.says_exactly("roll: has finished already\n");
}

#[test]
fn where_one_fails_the_others_are_aborted() {
    let fleet = lab(1);
    let all: Vec<String> = ["a", "b", "c"].iter().map(|name| deployed(&fleet, name, &[""])).collect();
    fleet.server.fault(Fault::on("PUT", &format!("{V1}/{}", all[1])).status(403));
    let outcome = run(&fleet, "abort a b c --yes").exits_with(3);
    outcome.says(&format!("FAILURE: {}: ", all[1])).says(&format!("1 of 3 were not aborted: {}", all[1]));
    assert_eq!(state(&fleet, &all[2]), "finished");
    fleet.server.fault(Fault::on("PUT", &format!("{V1}/{}/", all[1])).status(403));
    run(&fleet, "abort b --yes").fails().says("403");
    assert_eq!(state(&fleet, &all[1]), "pending");
}

/// A device at `at`, for which two more wait.
fn busy() -> (Fleet, [String; 3]) {
    let fleet = lab_of(&["one", "two"]);
    let at = deployed(&fleet, "at", &["installing", ""]);
    let waiting = ["next", "last"].map(|name| deployed(&fleet, name, &["", ""]));
    deployed(&fleet, "done", &["success"]);
    fleet.server.create_deployment("of another", RELEASE, &[id(1)]);
    let [next, last] = waiting;
    (fleet, [at, next, last])
}

#[test]
fn all_that_a_device_is_to_get_is_aborted_for_it_alone() {
    let (fleet, [at, next, last]) = busy();
    let outcome = run(&fleet, "abort --device one --yes -o json").succeeds();
    assert_eq!(outcome.json(), json!({ "device": id(0), "deployments": [at, last, next] }));
    let delete = format!("DELETE v1/deployments/deployments/devices/{}", id(0));
    assert_eq!(fleet.changes(), [delete.clone(), delete], "a call ends one that waits");
    let history = run(&fleet, "history one -o json").succeeds().json();
    let of = |name: &str| {
        let all = history.as_array().unwrap().iter();
        all.filter(|it| it["deployment"]["name"] == name).map(|it| it["device"]["status"].clone()).next()
    };
    for (name, status) in [("at", "aborted"), ("next", "aborted"), ("last", "aborted"), ("done", "success")] {
        assert_eq!(of(name), Some(json!(status)), "{name}");
    }
    assert_eq!(state(&fleet, &at), "inprogress", "it goes on for the other");
    run(&fleet, "abort --device one --yes").succeeds().says("nothing to do: nothing is under way for one");
    assert_eq!(fleet.changes().len(), 2);
}

#[test]
fn what_a_device_never_asked_for_is_warned_of() {
    let (fleet, [at, next, last]) = busy();
    let outcome = run(&fleet, "abort --device one --dry-run").succeeds().prints("");
    for (name, id) in [("next", &next), ("last", &last)] {
        assert!(outcome.stderr.contains(&format!(
            "warning: {name}: the device has not asked for it, and so it will never finish by itself: deployments abort {id} ends it for all"
        )), "{}", outcome.stderr);
    }
    let outcome = outcome.says(&format!("would abort for one ({}) alone: at ({at}, ", id(0)));
    let outcome = outcome.does_not_say("of another").does_not_say("done (");
    assert_eq!(outcome.stderr.matches("warning:").count(), 2);
    run(&fleet, "abort --device one").fails().says("nobody can be asked here");
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_device_that_is_at_one_alone_needs_one_call() {
    let fleet = lab_of(&["one", "two"]);
    let roll = deployed(&fleet, "roll", &["downloading", ""]);
    let outcome = run(&fleet, "abort --device one --yes").succeeds().prints("");
    outcome.says_exactly(&format!("one ({}): aborted for this device: {roll}\n", id(0)));
    assert_eq!(fleet.changes().len(), 1);
    run(&fleet, "abort --device nobody --yes").fails().says("no device is named \"nobody\"");
    fleet.server.fault(Fault::on("DELETE", V1).status(403));
    run(&fleet, "abort --device two --yes").fails().says("403");
}
