//! What goes wrong at the end of a watch, and numbers that nobody means.

use sandbox::Fault;
use serde_json::json;

use super::{LISTED, MADE, RELEASE, lab};
use crate::support::Fleet;
use crate::support::fleet::{id, ids};
use crate::support::home::Invocation;
use crate::support::requests::wait_until;

fn rollout(count: usize) -> (Fleet, String) {
    let fleet = lab(count);
    let deployment = fleet.server.create_deployment("rollout", RELEASE, &ids(0..count));
    (fleet, deployment)
}

fn watch(fleet: &Fleet, deployment: &str, more: &[&str]) -> Invocation {
    fleet.cli(["deployments", "watch", deployment, "--interval", "5ms", "--timeout", "60s"]).args(more)
}

/// The second order to abort finds it finished: by the first, of which only the answer was lost.
#[test]
fn an_abort_of_which_the_answer_is_lost_is_one() {
    for (flags, code, end) in [
        (&["--abort-on-timeout", "--timeout", "2s"][..], 4, "aborted-for-time"),
        (&["--abort-on-failure", "--max-failures", "0"], 3, "aborted-for-failures"),
    ] {
        let (fleet, deployment) = rollout(3);
        fleet.server.device_reports(&deployment, &id(0), "failure");
        fleet.server.device_reports(&deployment, &id(1), "installing");
        let path = format!("{MADE}/{deployment}/status");
        fleet.server.fault(Fault::on("PUT", &path).status(502).after_the_work());
        let outcome = watch(&fleet, &deployment, &[flags, &["-o", "json"]].concat()).run().exits_with(code);
        assert_eq!(outcome.json()["end"], end, "{}", outcome.transcript());
        assert_eq!(fleet.changes().len(), 2);
    }
}

#[test]
fn an_end_that_nobody_can_read_is_none_that_goes_on() {
    let (fleet, deployment) = rollout(1);
    fleet.server.device_reports(&deployment, &id(0), "success");
    fleet
        .server
        .fault(Fault::on("GET", &format!("{MADE}/{deployment}/devices/list")).status(500).times(9999));
    let late = watch(&fleet, &deployment, &["--timeout", "2s"]).run().exits_with(4);
    let late = late.says("it has ended, but the server did not tell how: 1 of 1 done: 1 success");
    late.says(&format!("deployments watch {deployment} asks again")).does_not_say("goes on");
}

/// A device may finish between the counters and the count beside them.
#[test]
fn a_device_that_finishes_between_two_requests_has_not_left() {
    let (fleet, deployment) = rollout(2);
    let run = watch(&fleet, &deployment, &[]);
    // Counts one device too many, once.
    let path = format!("{MADE}/{deployment}/devices/list?page=1&per_page=1&status=finished");
    fleet.server.fault(Fault::on("GET", &path).header("X-Total-Count", "1").body("application/json", "[]"));
    let run = std::thread::spawn(move || run.run());
    let counts = || fleet.server.requests().iter().filter(|it| it.query.ends_with("status=finished")).count();
    wait_until(|| "three counts", || counts() >= 3 + 1);
    for number in 0..2 {
        fleet.server.device_reports(&deployment, &id(number), "success");
    }
    run.join().unwrap().succeeds().does_not_say("left before asking");
}

#[test]
fn numbers_beyond_all_reason_are_endured() {
    let huge = u64::MAX.to_string();
    let (fleet, deployment) = rollout(1);
    fleet.server.device_reports(&deployment, &id(0), "success");
    watch(&fleet, &deployment, &["--interval", &huge]).run().succeeds();
    let (fleet, deployment) = rollout(1);
    let lie = format!(r#"{{"success":{huge},"failure":{huge},"pending":5}}"#);
    let path = format!("{MADE}/{deployment}/statistics");
    fleet.server.fault(Fault::on("GET", &path).body("application/json", lie).times(9999));
    watch(&fleet, &deployment, &["--timeout", "1s"]).run().exits_with(4);
    watch(&fleet, &deployment, &["--timeout", "1s", "--max-failures", "5%"]).run().exits_with(3);
    let listed = format!(
        r#"[{{"id":"{deployment}","status":"finished","max_devices":{huge},"statistics":{{"status":{{"success":{huge}}}}}}}]"#
    );
    fleet.server.clear_faults();
    fleet.server.fault(Fault::on("GET", LISTED).body("application/json", listed).times(9999));
    let list = format!("{MADE}/{deployment}/devices/list");
    let count = Fault::on("GET", &list).body("application/json", "[]").header("X-Total-Count", &huge);
    fleet.server.fault(count.times(2));
    let odd = watch(&fleet, &deployment, &["--timeout", "3s"]).run();
    assert!(matches!(odd.code, Some(3 | 4)), "{}", odd.transcript());
}

/// All others are asked for first, whoever is listed before them.
#[test]
fn those_without_it_are_named_among_thousands() {
    let count = 5200;
    let fleet = Fleet::new();
    let artifact = sandbox::artifact::Artifact::new(RELEASE).device_type("qemu").file("f", b"x");
    fleet.server.add_artifact(&artifact.build());
    for number in 0..count {
        fleet.server.add_device(sandbox::Device { id: id(number), ..Default::default() });
    }
    let last = id(count - 1);
    fleet.server.set_tags(&last, &[("name", json!("the last"))]);
    let deployment = fleet.server.create_deployment("large", RELEASE, &ids(0..count));
    for number in 0..count {
        let status = if number == count - 1 { "failure" } else { "success" };
        fleet.server.device_reports(&deployment, &id(number), status);
    }
    for flags in [&[][..], &["--devices"]] {
        let seen = watch(&fleet, &deployment, flags).run().exits_with(3);
        seen.says(&format!("{last}  the last  failure"));
    }
}

#[test]
fn programs_are_told_of_what_nobody_can_judge_too() {
    let (fleet, deployment) = rollout(2);
    let other = fleet.server.create_deployment("other", RELEASE, &ids(0..1));
    fleet.server.device_reports(&deployment, &id(0), "success");
    fleet.server.device_reports(&deployment, &id(1), "success");
    let gone = r#"{"error":"Resource not found","request_id":"1"}"#;
    let path = format!("{MADE}/{other}/statistics");
    fleet.server.fault(Fault::on("GET", &path).status(404).body("application/json", gone).times(99));
    let line = |form| watch(&fleet, &deployment, &[&other, "-o", form]).run().fails();
    let json = line("json").json();
    assert_eq!((&json[0]["verdict"], &json[1]["verdict"]), (&json!("succeeded"), &json!("unknown")));
    assert!(json[1]["error"].as_str().unwrap().contains("the deployment is gone"), "{json}");
    line("jsonl").shows(&format!(r#""id":"{other}","name":"other","#)).shows(r#""verdict":"unknown""#);
}

/// A look of which the second half fails has told nobody of the first.
#[test]
fn news_is_not_lost_with_half_a_look() {
    let (fleet, deployment) = rollout(1);
    fleet.server.fault(Fault::on("GET", LISTED).status(500));
    let run = watch(&fleet, &deployment, &["-o", "jsonl"]);
    let run = std::thread::spawn(move || run.run());
    let looks = || fleet.server.requests().iter().filter(|it| it.path.ends_with("/statistics")).count();
    wait_until(|| "some looks", || looks() >= 4);
    fleet.server.device_reports(&deployment, &id(0), "success");
    let seen = run.join().unwrap().succeeds();
    seen.shows(r#""event":"progress","finished":0"#).shows(r#""event":"progress","finished":1"#);
}

#[test]
fn a_large_fleet_has_large_deployments_and_small_pages() {
    let (fleet, _) = rollout(1);
    for line in [
        "list --all",
        "list --artifact r2",
        "list --limit 1000",
        "abort --name zz* --dry-run",
        "show nothing-like-it",
    ] {
        fleet.server.clear_requests();
        let words: Vec<&str> = line.split(' ').collect();
        let _ = fleet.cli(["deployments"]).args(&words).run();
        let requests = fleet.server.requests();
        let asked: Vec<String> =
            requests.iter().filter(|it| it.path == LISTED).map(|it| it.query.clone()).collect();
        assert!(!asked.is_empty() && asked.iter().all(|it| it.contains("per_page=50")), "{line}: {asked:?}");
    }
}
