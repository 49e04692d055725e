//! What goes wrong at the end of a watch, and numbers that nobody means.

use sandbox::Fault;
use serde_json::json;

use super::{RELEASE, V1, V2, lab, rollout};
use crate::support::Fleet;
use crate::support::fleet::{id, ids};
use crate::support::home::Invocation;
use crate::support::requests::wait_until;

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
        let path = format!("{V1}/{deployment}/status");
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
    fleet.server.fault(Fault::on("GET", &format!("{V1}/{deployment}/devices/list")).status(500).times(9999));
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
    let path = format!("{V1}/{deployment}/devices/list?page=1&per_page=1&status=finished");
    fleet.server.fault(Fault::on("GET", &path).header("X-Total-Count", "1").body("application/json", "[]"));
    let run = std::thread::spawn(move || run.run());
    let counts = || fleet.server.requests().iter().filter(|it| it.query.ends_with("status=finished")).count();
    wait_until(|| "three counts", || counts() > 3);
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
    let path = format!("{V1}/{deployment}/statistics");
    fleet.server.fault(Fault::on("GET", &path).body("application/json", lie).times(9999));
    watch(&fleet, &deployment, &["--timeout", "1s"]).run().exits_with(4);
    watch(&fleet, &deployment, &["--timeout", "1s", "--max-failures", "5%"]).run().exits_with(3);
    let listed = format!(
        r#"[{{"id":"{deployment}","status":"finished","max_devices":{huge},"statistics":{{"status":{{"success":{huge}}}}}}}]"#
    );
    fleet.server.clear_faults();
    fleet.server.fault(Fault::on("GET", V2).body("application/json", listed).times(9999));
    let list = format!("{V1}/{deployment}/devices/list");
    let count = Fault::on("GET", &list).body("application/json", "[]").header("X-Total-Count", &huge);
    fleet.server.fault(count.times(2));
    let odd = watch(&fleet, &deployment, &["--timeout", "3s"]).run();
    // Whatever it says of numbers that the server made up, it ends.
    assert!(matches!(odd.code, Some(0 | 3 | 4)), "{}", odd.transcript());
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
    let path = format!("{V1}/{other}/statistics");
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
    fleet.server.fault(Fault::on("GET", V2).status(500));
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
            requests.iter().filter(|it| it.path == V2).map(|it| it.query.clone()).collect();
        assert!(!asked.is_empty() && asked.iter().all(|it| it.contains("per_page=50")), "{line}: {asked:?}");
    }
}

/// clap's own rule is off where a flag conflicts with the one that it requires.
#[test]
fn max_devices_never_rolls_out_to_everybody() {
    let (fleet, _) = rollout(2);
    for whom in [&["--all"][..], &[&id(0)], &["--group", "lab"]] {
        let line = [&["--yes", "--max-devices", "1"], whom].concat();
        let refused = super::create(&fleet, &line).exits_with(2).prints("");
        refused.says("--max-devices is for --dynamic");
    }
    assert!(fleet.changes().is_empty());
}

/// The verdict is in the exit code, whoever reads along.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_does_not_turn_a_failure_into_a_success() {
    let (fleet, deployment) = rollout(1);
    fleet.server.device_reports(&deployment, &id(0), "failure");
    for flags in [&["-o", "json"][..], &["-q"], &["--devices"], &["--devices", "-o", "table"]] {
        // The reader is gone before anything is written.
        let script = r#"{ "$0" "$@"; echo "code $?" >&2; } | :"#;
        let seen = watch(&fleet, &deployment, flags).in_shell(script).run();
        seen.says("code 3\n");
    }
    let line = ["deployments", "create", "--artifact", RELEASE, &id(0), "--wait", "--abort-on-failure"];
    let line = fleet.cli(line).args(&["--name", "again", "--interval", "5ms", "--timeout", "60s"]);
    let run = std::thread::spawn(move || line.in_shell(r#"{ "$0" "$@"; echo "code $?" >&2; } | :"#).run());
    wait_until(|| "a second deployment", || fleet.changes().iter().any(|it| it.contains("again")));
    let made = || {
        let listed = fleet.cli(["deployments", "list", "--name", "again", "-q"]).run();
        listed.line().to_owned()
    };
    wait_until(|| "its id", || !made().is_empty());
    fleet.server.device_reports(&made(), &id(0), "failure");
    run.join().unwrap().says("code 3\n");
}

#[cfg(target_os = "linux")]
#[test]
fn an_id_that_cannot_be_written_is_in_the_error() {
    let fleet = lab(1);
    let line = fleet.cli(["deployments", "create", "--artifact", RELEASE, &id(0), "--name", "full"]);
    let seen = line.in_shell(r#"exec "$0" "$@" > /dev/full"#).run().fails();
    let [made] = super::deployments(&fleet).try_into().unwrap();
    seen.says(&format!("FAILURE: full is there, as {made}: cannot write to stdout"));
}

/// A server that falls silent is no reason to wait on.
#[test]
fn time_is_up_also_where_the_server_is_silent() {
    let (fleet, deployment) = rollout(2);
    fleet.server.fault(Fault::on("GET", "/").after(4).hang().times(9999));
    let began = std::time::Instant::now();
    let late = watch(&fleet, &deployment, &["--timeout", "1s"]).run().exits_with(4);
    late.says(", and it goes on: 0 of 2 done: 2 pending");
    fleet.server.clear_faults();
    fleet.server.fault(Fault::on("GET", "/").hang().times(9999));
    let late = watch(&fleet, &deployment, &["--timeout", "1s"]).run().exits_with(4);
    late.says("time is up after 1s: the server does not answer");
    // A silent server is given up after a minute; this is to be well before.
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

/// Whoever stops it just then is told that it may be there.
#[cfg(unix)]
#[test]
fn ctrl_c_while_it_is_being_created_says_so() {
    let fleet = lab(1);
    fleet.server.fault(Fault::on("POST", V1).hang().after_the_work());
    let mut terminal =
        fleet.terminal(120, &format!("deployments create --artifact {RELEASE} {} --name x", id(0)));
    wait_until(|| "the request", || !fleet.changes().is_empty());
    terminal.type_in("\x03");
    assert_eq!(terminal.end(), 130);
    assert!(terminal.screen().contains("interrupted while it was being created"), "{}", terminal.screen());
}

#[cfg(unix)]
#[test]
fn a_terminal_that_can_only_add_lines_gets_lines() {
    let (fleet, deployment) = rollout(1);
    let line = format!("deployments watch {deployment} --interval 10ms");
    let args: Vec<&str> = line.split(' ').collect();
    let env = [("MENDER_SERVER_URL", fleet.server.url()), ("TERM", "dumb")];
    let mut terminal = crate::support::terminal::Terminal::start(&fleet.home, 100, &env, &args);
    terminal.wait_for("Z rollout: 0 of 1 done: 1 pending");
    fleet.server.device_reports(&deployment, &id(0), "success");
    assert_eq!(terminal.end(), 0);
    assert!(!terminal.history.contains('\u{1b}'), "{:?}", terminal.history);
}

/// A server names what it made by a UUID; another word is not printed as one.
#[test]
fn an_id_that_is_none_is_looked_up() {
    let fleet = lab(1);
    let lie = Fault::on("POST", V1).status(201).header("Location", "https://evil.example/x/../../etc/passwd");
    fleet.server.fault(lie.after_the_work());
    let made = super::create(&fleet, &[&id(0), "--name", "x"]).succeeds();
    let [id] = super::deployments(&fleet).try_into().unwrap();
    made.prints(&format!("{id}\n"));
}
