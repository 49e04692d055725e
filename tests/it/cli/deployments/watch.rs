//! `deployments watch`: what is seen, and the verdict.

use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use sandbox::{Fault, Recorded};
use serde_json::{Value, json};

use super::{GROUP, RELEASE, V1, report, rollout};
use crate::support::Fleet;
use crate::support::fleet::{id, ids};
use crate::support::home::{Invocation, Outcome};
use crate::support::requests::wait_for;

fn watch(fleet: &Fleet, deployment: &str, more: &[&str]) -> Invocation {
    // What would wait for ever fails instead.
    fleet.cli(["deployments", "watch", deployment, "--interval", "5ms", "--timeout", "60s"]).args(more)
}

/// The same beside the test, which ends it by what it lets happen.
fn watched(fleet: &Fleet, deployment: &str, more: &[&str]) -> JoinHandle<Outcome> {
    let line = watch(fleet, deployment, more);
    spawn(move || line.run())
}

/// Waits until it has been looked at three times more: what was there before has been seen by then, and was no end.
#[track_caller]
fn looks_on(fleet: &Fleet) {
    let is_look = |request: &Recorded| request.path.ends_with("/statistics");
    let seen = fleet.server.requests().iter().filter(|request| is_look(request)).count();
    wait_for(&fleet.server, seen + 3, is_look);
}

#[track_caller]
fn verdict(outcome: &Outcome) -> (String, u64, u64) {
    let json = outcome.json();
    let number = |key: &str| json[key].as_u64().unwrap();
    (json["verdict"].as_str().unwrap().to_owned(), number("succeeded"), number("others"))
}

#[test]
fn success_everywhere_is_success() {
    let (fleet, deployment) = rollout(2);
    report(&fleet, &deployment, &["success", "already-installed"]);
    let seen = watch(&fleet, &deployment, &[]).run().succeeds().prints("");
    seen.says("rollout: all 2 devices have r2, after ");
    let json = watch(&fleet, "rollout", &["-o", "json"]).run().succeeds();
    assert_eq!(verdict(&json), ("succeeded".into(), 2, 0));
    let json = json.json();
    assert_eq!(
        (&json["id"], &json["end"], &json["failures"]),
        (&json!(deployment), &json!("finished"), &json!([]))
    );
}

#[test]
fn every_other_end_is_a_failure_with_names() {
    for status in ["failure", "noartifact", "aborted", "decommissioned"] {
        let (fleet, deployment) = rollout(2);
        fleet.server.set_tags(&id(1), &[("name", json!("pump"))]);
        report(&fleet, &deployment, &["success", status]);
        let seen = watch(&fleet, &deployment, &[]).run().exits_with(3).prints("");
        seen.says(&format!(
            "FAILURE: rollout: 1 of 2 devices do not have r2: 1 {status}\n  {}  pump  {status}\n",
            id(1)
        ))
        .says(&format!("deployments retry {deployment}"))
        .does_not_say("--failed");
        let json = watch(&fleet, &deployment, &["-o", "json"]).run().exits_with(3);
        assert_eq!(verdict(&json), ("failed".into(), 1, 1), "{status}");
        let failure = json!({ "id": id(1), "name": "pump", "status": status, "log": false });
        assert_eq!(json.json()["failures"], json!([failure]));
        assert_eq!(json.json()["others_by_status"], json!({ status: 1 }));
        assert_eq!(json.json_error()["exit_code"], 3);
    }
}

#[test]
fn who_was_never_heard_of_fails_too() {
    let (fleet, deployment) = rollout(3);
    report(&fleet, &deployment, &["success"]);
    fleet.cli(["deployments", "abort", &deployment, "--yes"]).run().succeeds();
    let seen = watch(&fleet, &deployment, &[]).run().exits_with(3);
    seen.says("2 of 3 devices do not have r2: 2 never-asked").says(&format!("{}  never-asked", id(2)));
    let nobody = fleet.server.create_deployment("nobody", RELEASE, &ids(0..3));
    fleet.cli(["deployments", "abort", &nobody, "--yes"]).run().succeeds();
    watch(&fleet, &nobody, &[]).run().exits_with(3).says("3 of 3 devices do not have r2: 3 never-asked");
}

#[test]
fn many_failures_are_cut_for_people_and_whole_for_programs() {
    let (fleet, deployment) = rollout(13);
    report(&fleet, &deployment, &["failure"; 13]);
    let seen = watch(&fleet, &deployment, &[]).run().exits_with(3);
    seen.says(&format!("  {}  failure\n  and 3 more\n", id(9))).does_not_say(&id(10)[..]);
    let json = watch(&fleet, &deployment, &["-o", "json"]).run().exits_with(3).json();
    assert_eq!(json["failures"].as_array().unwrap().len(), 13);
    let quiet = watch(&fleet, &deployment, &["-q"]).run().exits_with(3);
    quiet.prints(&ids(0..13).iter().map(|id| format!("{id}\n")).collect::<String>());
}

#[test]
fn each_device_is_listed_on_request() {
    let (fleet, deployment) = rollout(3);
    fleet.server.set_tags(&id(0), &[("name", json!("pump"))]);
    report(&fleet, &deployment, &["success", "failure"]);
    fleet.server.device_logs(&deployment, &id(1), "x\n");
    fleet.cli(["deployments", "abort", &deployment, "--yes"]).run().succeeds();
    let listed = watch(&fleet, &deployment, &["--devices"]).run().exits_with(3);
    let line =
        |number, name: &str, status: &str, log: &str| format!("{}\t{name}\t{status}\t{log}\n", id(number));
    let expected =
        [line(0, "pump", "success", ""), line(1, "", "failure", "yes"), line(2, "", "never-asked", "")];
    listed.prints(&expected.concat()).says(&format!("deployments log {deployment} --failed"));
    let json = watch(&fleet, &deployment, &["--devices", "-o", "json"]).run().exits_with(3).json();
    assert_eq!(json["results"][0], json!({ "id": id(0), "name": "pump", "status": "success", "log": false }));
    assert_eq!(json["results"].as_array().unwrap().len(), 3);
}

#[test]
fn some_failures_may_be_tolerated() {
    let (fleet, deployment) = rollout(4);
    report(&fleet, &deployment, &["success", "success", "failure", "failure"]);
    for (most, code) in [("0", 3), ("1", 3), ("2", 0), ("49%", 3), ("50%", 0)] {
        let seen = watch(&fleet, &deployment, &["--max-failures", most]).run().exits_with(code);
        let text = "2 of 4 devices have r2; 2 do not, no more than may: 2 failure";
        if code == 0 {
            seen.says(text)
        } else {
            seen.does_not_say(text)
        };
    }
    let json = watch(&fleet, &deployment, &["--max-failures", "2", "-o", "json"]).run().succeeds();
    assert_eq!(verdict(&json), ("tolerated".into(), 2, 2));
    for wrong in ["x", "101%", "-1", ""] {
        watch(&fleet, &deployment, &[&format!("--max-failures={wrong}")])
            .run()
            .exits_with(2)
            .says("--max-failures");
    }
}

#[test]
fn too_many_failures_end_the_watch_and_on_request_the_deployment() {
    let (fleet, deployment) = rollout(5);
    report(&fleet, &deployment, &["failure", "failure", "installing"]);
    let early = watch(&fleet, &deployment, &["--max-failures", "1"]).run().exits_with(3);
    early
        .says("too many devices failed, and it goes on: 2 of 5 done: 2 failure, 1 installing, 2 pending")
        .says(&format!("deployments abort {deployment} ends it"));
    assert!(fleet.changes().is_empty(), "{:?}", fleet.changes());
    let both = ["--max-failures", "1", "--abort-on-failure"];
    let aborted = watch(&fleet, &deployment, &both).run().exits_with(3);
    aborted.says("too many devices failed, and it was aborted: 0 of 5 devices have r2; the others: 1 aborted, 2 failure, 2 never-asked");
    let abort = format!(r#"PUT v1/deployments/deployments/{deployment}/status {{"status":"aborted"}}"#);
    assert_eq!(fleet.changes(), [abort]);
}

#[test]
fn without_a_number_the_first_failure_is_one_too_many_only_for_an_abort() {
    let (fleet, deployment) = rollout(3);
    report(&fleet, &deployment, &["failure"]);
    let outcome = watch(&fleet, &deployment, &["--abort-on-failure", "-o", "json"]).run().exits_with(3);
    assert_eq!(outcome.json()["end"], "aborted-for-failures");
    assert_eq!(fleet.changes().len(), 1);
    // Otherwise all of them are waited for.
    let (fleet, deployment) = rollout(3);
    report(&fleet, &deployment, &["failure"]);
    let run = watched(&fleet, &deployment, &[]);
    looks_on(&fleet);
    fleet.server.device_reports(&deployment, &id(1), "success");
    fleet.server.device_reports(&deployment, &id(2), "success");
    run.join().unwrap().exits_with(3).says("1 of 3 devices do not have r2: 1 failure");
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_share_counts_from_a_sensible_number_of_results() {
    let (fleet, deployment) = rollout(100);
    report(&fleet, &deployment, &["failure", "failure", "success"]);
    let run = watched(&fleet, &deployment, &["--max-failures", "10%"]);
    looks_on(&fleet);
    for number in 3..19 {
        fleet.server.device_reports(&deployment, &id(number), "success");
    }
    looks_on(&fleet);
    fleet.server.device_reports(&deployment, &id(19), "failure");
    let early = run.join().unwrap();
    early.exits_with(3).says("too many devices failed, and it goes on: 20 of 100 done: 3 failure");
}

#[test]
fn time_that_is_up_has_a_code_of_its_own() {
    let (fleet, deployment) = rollout(3);
    report(&fleet, &deployment, &["success", "downloading"]);
    // Time enough for the one look that tells how far it is.
    let late = watch(&fleet, &deployment, &["--timeout", "3s"]).run().exits_with(4);
    late.says("FAILURE: rollout: time is up after ")
        .says(" s, and it goes on: 1 of 3 done: 1 downloading, 1 pending, 1 success")
        .says(&format!("deployments watch {deployment} follows it on"));
    assert!(fleet.changes().is_empty());
    let late = watch(&fleet, &deployment, &["--timeout", "2s", "--abort-on-timeout", "-o", "json"]).run();
    let json = late.exits_with(4).json();
    assert_eq!((&json["end"], &json["verdict"]), (&json!("aborted-for-time"), &json!("time-up")));
    assert_eq!(json["others_by_status"], json!({ "aborted": 1, "never-asked": 1 }));
    assert_eq!(fleet.changes().len(), 1);
    let alone = fleet.cli(["deployments", "watch", &deployment, "--abort-on-timeout"]).run();
    alone.exits_with(2).says("--timeout");
}

#[test]
fn an_order_to_abort_that_is_lost_is_given_again() {
    let (fleet, deployment) = rollout(2);
    report(&fleet, &deployment, &["failure"]);
    let path = format!("{V1}/{deployment}/status");
    fleet.server.fault(Fault::on("PUT", &path).status(503).times(2));
    let outcome = watch(&fleet, &deployment, &["--abort-on-failure", "-o", "json"]).run().exits_with(3);
    assert_eq!((outcome.json()["end"].as_str(), fleet.changes().len()), (Some("aborted-for-failures"), 3));
    for (status, orders) in [(503, 5), (403, 1)] {
        let (fleet, deployment) = rollout(2);
        report(&fleet, &deployment, &["failure"]);
        let path = format!("{V1}/{deployment}/status");
        fleet.server.fault(Fault::on("PUT", &path).status(status).times(9));
        let outcome = watch(&fleet, &deployment, &["--abort-on-failure"]).run().exits_with(3);
        outcome.says("warning: rollout: it could not be aborted: ").says("and it goes on");
        assert_eq!(fleet.changes().len(), orders);
    }
}

/// It ended while it was being aborted: then that is the end, and a good one.
#[test]
fn what_has_finished_is_not_aborted() {
    let (fleet, deployment) = rollout(1);
    report(&fleet, &deployment, &["installing"]);
    let path = format!("{V1}/{deployment}/status");
    fleet.server.fault(Fault::on("PUT", &path).delay(Duration::from_secs(3)));
    let run = watched(&fleet, &deployment, &["--timeout", "2s", "--abort-on-timeout"]);
    // The server works on the order only after the delay.
    wait_for(&fleet.server, 1, |request| request.method == "PUT");
    fleet.server.device_reports(&deployment, &id(0), "success");
    run.join().unwrap().succeeds().says("rollout: the device has r2");
}

#[test]
fn a_log_gets_lines_with_times() {
    let (fleet, deployment) = rollout(2);
    let run = watched(&fleet, &deployment, &[]);
    looks_on(&fleet);
    report(&fleet, &deployment, &["success"]);
    fleet.server.device_reports(&deployment, &id(1), "failure");
    let seen = run.join().unwrap().exits_with(3);
    let lines: Vec<&str> = seen.stderr.lines().filter(|line| line.contains("Z rollout: ")).collect();
    assert!(lines[0].ends_with("0 of 2 done: 2 pending"), "{}", seen.transcript());
    for line in lines {
        line.split(' ').next().unwrap().parse::<jiff::Timestamp>().expect("a time in front");
    }
    let silent = watch(&fleet, &deployment, &["--no-progress"]).run().exits_with(3);
    assert!(silent.stderr.starts_with("FAILURE: "), "{}", silent.transcript());
}

#[test]
fn programs_get_events_and_the_verdict_last() {
    let (fleet, deployment) = rollout(3);
    report(&fleet, &deployment, &["success", "failure"]);
    fleet.server.device_logs(&deployment, &id(1), "x\n");
    let run = watched(&fleet, &deployment, &["-o", "jsonl"]);
    looks_on(&fleet);
    fleet.server.device_reports(&deployment, &id(2), "success");
    let seen = run.join().unwrap().exits_with(3);
    let events: Vec<Value> = seen.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let [first, second, between @ .., last] = &names[..] else { panic!("{}", seen.transcript()) };
    assert_eq!([*first, *second, *last], ["progress", "failure", "verdict"], "{}", seen.transcript());
    // It may have finished between the two questions of a look: then that is all the news.
    assert!(between.is_empty() || between == ["progress"], "{}", seen.transcript());
    assert_eq!(events[0]["statistics"]["success"], 1);
    assert_eq!((&events[0]["devices"], &events[0]["finished"]), (&json!(3), &json!(2)));
    assert_eq!((&events[1]["device"], &events[1]["log"]), (&json!(id(1)), &json!(true)));
    let verdict = &events[events.len() - 1];
    assert_eq!((&verdict["verdict"], &verdict["id"]), (&json!("failed"), &json!(deployment)));
    assert!(events.iter().all(|event| event["time"].as_str().is_some_and(|time| time.ends_with('Z'))));
}

#[test]
fn several_are_followed_at_once() {
    let (fleet, first) = rollout(2);
    let second = fleet.server.create_deployment("other", RELEASE, &ids(0..1));
    let run = watched(&fleet, &first, &[&second]);
    for deployment in [&first, &second] {
        let look = format!("{V1}/{deployment}/statistics");
        wait_for(&fleet.server, 2, |request| request.path == look);
    }
    report(&fleet, &second, &["failure"]);
    report(&fleet, &first, &["success", "success"]);
    let seen = run.join().unwrap().exits_with(3).says("rollout: all 2 devices have r2");
    seen.says("FAILURE: other: the device does not have r2: 1 failure");
}

/// What had ended before is judged, however late another one is.
#[test]
fn several_are_judged_one_by_one() {
    let (fleet, good) = rollout(2);
    let bad = fleet.server.create_deployment("other", RELEASE, &ids(0..1));
    let late = fleet.server.create_deployment("late", RELEASE, &ids(1..2));
    report(&fleet, &good, &["success", "success"]);
    report(&fleet, &bad, &["failure"]);
    let line = |names: &[&str]| {
        fleet.cli(["deployments", "watch", "--interval", "5ms", "--timeout", "3s"]).args(names)
    };
    let seen = line(&[&good, "other", &late]).run().exits_with(3);
    seen.says("rollout: all 2 devices have r2")
        .says("FAILURE: other: the device does not have r2: 1 failure")
        .says("FAILURE: late: time is up")
        .says("FAILURE: 2 of 3 deployments did not succeed");
    line(&[&good, &late]).run().exits_with(4);
    let json = line(&[&good, &bad, "-o", "json"]).run().exits_with(3).json();
    let verdicts: Vec<&Value> = json.as_array().unwrap().iter().map(|it| &it["verdict"]).collect();
    assert_eq!(verdicts, ["succeeded", "failed"]);
    line(&[&good, "rollout"]).run().succeeds().does_not_say("deployments did not");
}

#[test]
fn a_watch_of_what_is_not_there_says_so() {
    let (fleet, _) = rollout(1);
    let none = id(77);
    watch(&fleet, &none, &[]).run().fails().prints("").says(&format!("no deployment is named {none:?}"));
    watch(&fleet, "rolout", &[]).run().fails().says("hint: there is \"rollout\"");
    let created = fleet
        .cli(["deployments", "create", "--artifact", RELEASE, "--group", GROUP, "--timeout", "1s"])
        .run();
    created.exits_with(2).says("--timeout is for --wait");
}
