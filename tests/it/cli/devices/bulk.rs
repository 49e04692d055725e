//! Work on many devices: the plan, consent, several at once, failures, and what is printed of them.

use std::time::Instant;

use sandbox::{Device, Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::home::{Invocation, Outcome};
use crate::support::{Home, changes};

/// Where decisions go.
const DECISION: &str = "/api/management/v2/devauth/devices/";

fn id(number: usize) -> String {
    format!("b{number:07}-0000-4000-8000-000000000000")
}

fn decision_about(number: usize) -> String {
    format!("{DECISION}{}/auth/", id(number))
}

/// So many devices that wait for a decision.
pub fn pending(count: usize) -> (Sandbox, Home) {
    let server = Sandbox::start();
    for number in 0..count {
        let identity_data = json!({ "sn": format!("SN{number}") });
        server.add_device(Device {
            id: id(number),
            status: "pending".into(),
            identity_data,
            ..Device::default()
        });
    }
    let home = Home::logged_in(&server);
    (server, home)
}

fn accept(server: &Sandbox, home: &Home, more: &[&str]) -> Invocation {
    home.at(server, ["devices", "accept"]).args(more)
}

fn accept_all(server: &Sandbox, home: &Home, more: &[&str]) -> Outcome {
    accept(server, home, &["--all", "--yes", "-j1"]).args(more).run()
}

fn accepted(server: &Sandbox, count: usize) -> usize {
    (0..count).filter(|&number| server.device(&id(number)).unwrap().status == "accepted").count()
}

/// Decisions that were asked for about a device.
fn decisions(server: &Sandbox, number: usize) -> Vec<Option<u16>> {
    let about = decision_about(number);
    let requests = server.requests().into_iter().filter(|request| request.path.starts_with(&about));
    requests.map(|request| request.status).collect()
}

#[test]
fn the_plan_says_how_many_where_which_and_why() {
    let (server, home) = pending(7);
    let plan = accept(&server, &home, &["--all", "--dry-run"]).run().succeeds();
    let plan = plan.says("To accept: 7 devices, selected by status = pending (compared by the server)\n");
    let plan = plan.says(&format!("  {}  -  pending  sn=SN4\n  and 2 more\n", id(4))).does_not_say("SN5");
    let _ = plan.says(&format!("would accept 7 devices on {}", server.url()));

    for number in 0..3 {
        server.report_inventory(&id(number), json!({ "level": number }));
    }
    let conditions = ["--filter", "level > 0", "--filter", "id != x", "--status", "pending", "--dry-run"];
    let plan = accept(&server, &home, &conditions).run().succeeds();
    let plan =
        plan.says("To accept: 2 devices, selected by id != x, status = pending (compared by the server); ");
    let _ = plan.says("level > 0 (compared here)\n");
    assert!(changes(&server).is_empty());
}

#[test]
fn a_dry_run_lists_the_devices_in_the_form_of_the_output() {
    let (server, home) = pending(2);
    server.set_tags(&id(1), &[("name", json!("gateway"))]);
    let dry =
        |more: &[&str]| accept(&server, &home, &["--filter", "sn exists", "--dry-run"]).args(more).run();
    let (a, b) = (id(0), id(1));
    let _ = dry(&[]).succeeds().prints(&format!("{a}\t\tpending\n{b}\tgateway\tpending\n"));
    let _ = dry(&["-q"]).succeeds().prints(&format!("{a}\n{b}\n"));
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
    let _ = accept(&server, &home, &[&a, "--dry-run"]).run().succeeds().prints(&format!("{a}\t\tpending\n"));
    assert!(changes(&server).is_empty());
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
        let (server, home) = pending(3);
        let refused = home.at(&server, ["devices", verb]).args(more).stdin("y\n").run().fails();
        let refused =
            refused.prints("").says("FAILURE: nobody can be asked here").says("3 devices on http://");
        let _ = refused.says("hint: --yes says so beforehand");
        assert!(changes(&server).is_empty(), "{verb}: {:?}", changes(&server));
    }
}

#[test]
fn devices_that_were_named_are_meant_unless_the_work_is_grave() {
    let (server, home) = pending(4);
    let named = |verb: &str| home.at(&server, ["devices", verb, &id(0), &id(1)]).run();
    for verb in ["reject", "dismiss", "decommission"] {
        let _ = named(verb).fails().says("nobody can be asked here");
    }
    assert!(changes(&server).is_empty());
    let _ = named("accept").succeeds().prints("").says("2 devices: accepted");
    assert_eq!(accepted(&server, 4), 2);
}

#[test]
fn nobody_is_a_success_that_says_so() {
    let (server, home) = pending(0);
    accept(&server, &home, &["--all"]).run().succeeds().prints("").says("nothing to do: no device fits");
    accept(&server, &home, &["--all", "-o", "json", "--yes"]).run().succeeds().prints("[]\n");
}

#[test]
fn failures_stop_the_work_when_there_are_too_many() {
    for (limit, good, code) in [("1", 0, 1), ("2", 0, 1), ("2", 3, 3)] {
        let (server, home) = pending(8);
        server.fault(Fault::on("PUT", DECISION).status(500).after(good).times(99));
        let stopped = accept_all(&server, &home, &["--max-errors", limit]).exits_with(code);
        let begun = good + limit.parse::<usize>().unwrap();
        let _ = stopped.says(&format!("stopped after {begun} of 8 devices")).says("goes on with the rest");
        assert_eq!(changes(&server).len(), begun);
        assert_eq!(accepted(&server, 8), good);
    }
}

#[test]
fn the_exit_code_tells_all_some_and_none_apart() {
    for (failing, code) in [(0..0, 0), (1..3, 3), (0..4, 1)] {
        let (server, home) = pending(4);
        for number in failing.clone() {
            server.fault(Fault::on("PUT", &decision_about(number)).status(500));
        }
        let done = accept_all(&server, &home, &[]).exits_with(code);
        assert_eq!(done.stdout.lines().count(), failing.len(), "{}", done.transcript());
        assert_eq!(accepted(&server, 4), 4 - failing.len());
        if code != 0 {
            let text = format!("{} of 4 devices were not accepted; the first: ", failing.len());
            let _ = done.says(&format!("{text}{}", id(failing.start)));
        }
    }
}

/// What failed is printed so that `--file` takes it back, whatever the form.
#[test]
fn failed_devices_make_the_round_trip_through_a_file() {
    for form in [&[][..], &["-q"], &["-o", "jsonl"], &["-o", "json"]] {
        let (server, home) = pending(5);
        for number in [1, 3] {
            server.fault(Fault::on("PUT", &decision_about(number)).status(500));
        }
        let first = accept_all(&server, &home, form).exits_with(3);
        assert!(!first.stdout.is_empty() && accepted(&server, 5) == 3, "{}", first.transcript());
        home.write("failed", &first.stdout);
        server.clear_requests();
        let again = accept(&server, &home, &["--file", "failed", "--yes"]).run().succeeds();
        assert_eq!(changes(&server).len(), 2, "{form:?}: {:?}", changes(&server));
        assert_eq!(accepted(&server, 5), 5, "{form:?}\n{}", again.transcript());
    }
}

#[test]
fn each_form_tells_what_failed_and_those_for_programs_what_did_not() {
    let run = |form: &[&str]| {
        let (server, home) = pending(2);
        server.fault(
            Fault::on("PUT", &decision_about(1))
                .status(409)
                .body("application/json", r#"{"error":"why\tso"}"#),
        );
        accept_all(&server, &home, form).exits_with(3)
    };
    let tabs = run(&[]);
    let fields: Vec<&str> = tabs.line().split('\t').collect();
    assert_eq!((fields.len(), fields[0], fields[1]), (3, id(1).as_str(), ""), "{}", tabs.transcript());
    assert!(fields[2].contains("why so"), "{}", tabs.transcript());
    let _ = run(&["-q"]).prints(&format!("{}\n", id(1)));
    let json = run(&["-o", "json"]).json();
    assert_eq!(json[0], json!({"id": id(0), "name": null, "done": true, "error": null}));
    assert_eq!((&json[1]["id"], &json[1]["done"]), (&json!(id(1)), &json!(false)));
    assert!(json[1]["error"].as_str().unwrap().contains("why\tso"), "{json}");
    let _ = run(&["--jq", ".[] | select(.done) | .id"]).prints(&format!("{}\n", id(0)));
}

#[test]
fn no_more_are_begun_a_second_than_asked() {
    let (server, home) = pending(4);
    let started = Instant::now();
    accept(&server, &home, &["--all", "--yes", "--rate", "5"]).run().succeeds().says("4 devices: accepted");
    let elapsed = started.elapsed().as_millis();
    assert!(elapsed >= 600, "three pauses of 200 ms, and all took {elapsed} ms");
}

/// Asked to be slower, it waits so long and goes on; nothing is done twice.
#[test]
fn a_limited_rate_is_waited_for() {
    let (server, home) = pending(5);
    server.fault(Fault::on("PUT", DECISION).status(429).header("Retry-After", "1").after(2));
    let started = Instant::now();
    let _ = accept_all(&server, &home, &[]).succeeds();
    assert!(started.elapsed().as_millis() >= 1000);
    let mut all: Vec<_> = (0..5).map(|number| decisions(&server, number)).collect();
    assert_eq!(all.remove(2), [Some(429), Some(204)]);
    assert!(all.iter().all(|decisions| *decisions == [Some(204)]), "{all:?}");
}

#[test]
fn a_token_that_ends_in_the_middle_stops_the_work() {
    let (server, home) = pending(5);
    server.fault(Fault::on("PUT", DECISION).status(401).after(2).times(99));
    let stopped = accept_all(&server, &home, &["-o", "jsonl"]).exits_with(3).does_not_say("panicked");
    let error: Value = serde_json::from_str(stopped.stderr.lines().last().unwrap()).unwrap();
    assert!(error["message"].as_str().unwrap().contains("stopped after 3 of 5 devices"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("mender-cli login gets a new one"), "{error}");
    assert_eq!(error["status"], 401);
    assert_eq!(stopped.stdout.lines().count(), 3, "{}", stopped.transcript());

    server.clear_faults();
    server.clear_requests();
    let _ = accept_all(&server, &home, &[]).succeeds().says("3 devices: accepted");
    assert_eq!((changes(&server).len(), accepted(&server, 5)), (3, 5));
}

#[test]
fn a_connection_that_breaks_costs_one_device() {
    let (server, home) = pending(4);
    server.fault(Fault::on("PUT", DECISION).cut().after(1));
    let broken = accept_all(&server, &home, &[]).exits_with(3).shows(&id(1));
    let _ = broken.says("1 of 4 devices were not accepted");
    assert_eq!(accepted(&server, 4), 3);
    assert_eq!(decisions(&server, 1).len(), 1, "what may have been done is not sent again");
    let _ = accept_all(&server, &home, &[]).succeeds();
    assert_eq!(accepted(&server, 4), 4);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::support::terminal::Terminal;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use std::process::{Child, Stdio};
    use std::time::Duration;

    fn start(run: Invocation) -> Child {
        let mut command = run.into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    fn decisions_begun(server: &Sandbox) -> (usize, usize) {
        let requests = server.requests();
        let put = requests.iter().filter(|request| request.method == "PUT");
        let open = put.clone().filter(|request| request.status.is_none());
        (put.count(), open.count())
    }

    fn wait_until(what: &str, is_so: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(30);
        while !is_so() {
            assert!(Instant::now() < until, "it never came to this: {what}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn as_many_at_once_as_asked_and_never_more() {
        for (jobs, expected) in [("1", 1), ("3", 3)] {
            let (server, home) = pending(9);
            server.fault(Fault::on("PUT", DECISION).delay(Duration::from_millis(60)).times(99));
            let mut child = start(accept(&server, &home, &["--all", "--yes", "-j", jobs]));
            let mut most = 0;
            while child.try_wait().unwrap().is_none() {
                most = most.max(decisions_begun(&server).1);
                std::thread::yield_now();
            }
            assert_eq!(most, expected, "-j {jobs}");
            assert_eq!(accepted(&server, 9), 9);
        }
    }

    #[test]
    fn interrupted_work_says_how_far_it_came() {
        for (form, signal) in [("json", Signal::SIGINT), ("jsonl", Signal::SIGTERM)] {
            let (server, home) = pending(6);
            server.fault(Fault::on("PUT", DECISION).hang().times(2));
            let child = start(accept(&server, &home, &["--all", "--yes", "-j", "3", "-o", form]));
            wait_until("two hang, the others are done", || decisions_begun(&server) == (6, 2));
            wait_until("and seen", || accepted(&server, 6) == 4);
            kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
            let output = child.wait_with_output().unwrap();
            let (stdout, stderr) =
                (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            assert_eq!(output.status.code(), Some(130), "{stderr}");
            // The last answers may still be on their way when the signal comes.
            let done: usize = (0..=4)
                .rev()
                .find(|done| stderr.contains(&format!("{done} of 6 devices are accepted")))
                .unwrap_or_else(|| panic!("{stderr}"));
            let shown: Vec<Value> = match form {
                "json" => serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}")),
                _ => stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            };
            assert_eq!(shown.len(), done, "{stdout}");
            assert!(
                stderr.contains("0 failed") && stderr.contains("the same command goes on with the rest"),
                "{stderr}"
            );
        }
    }

    /// A reader that goes is no reason to say that all is well.
    #[test]
    fn work_whose_reader_goes_says_how_far_it_came() {
        let (server, home) = pending(40);
        let run = accept(&server, &home, &["--all", "--yes", "-j1", "-o", "jsonl"]);
        let gone = run.in_shell(r#"{ "$0" "$@"; echo "code $?" >&2; } | head -n 1"#).run().succeeds();
        let gone = gone.says("code 3\n").says("nobody reads what is printed any more");
        let count = accepted(&server, 40);
        assert!(count < 40, "it went on\n{}", gone.transcript());
        assert!(
            gone.stderr.contains(&format!("stopped after {count} of 40 devices")),
            "{}",
            gone.transcript()
        );
    }

    fn env(server: &Sandbox) -> [(&str, &str); 1] {
        [("MENDER_SERVER_URL", server.url())]
    }

    #[test]
    fn a_person_is_asked() {
        for (answer, code) in [("y\r", 0), ("n\r", 1), ("\r", 1), ("\x03", 130)] {
            let (server, home) = pending(3);
            let mut terminal = Terminal::start(&home, 120, &env(&server), &["devices", "reject", "--all"]);
            terminal.wait_for("To reject: 3 devices, selected by status = pending");
            terminal.wait_for(&format!("Reject 3 devices on {}? [y/N]", server.url()));
            assert!(changes(&server).is_empty(), "before the answer");
            terminal.type_in(answer);
            assert_eq!(terminal.end(), code, "{answer:?}\n{}", terminal.screen());
            assert_eq!(changes(&server).len(), if code == 0 { 3 } else { 0 }, "{answer:?}");
            assert!(terminal.is_sane());
        }
    }

    #[test]
    fn a_person_sees_failures_as_a_table_and_no_device_can_spoil_it() {
        let (server, home) = pending(2);
        server.set_tags(&id(0), &[("name", json!("a\u{1b}[2Jb"))]);
        server.fault(Fault::on("PUT", &decision_about(0)).status(500));
        let args = ["devices", "accept", "--filter", "sn exists", "--yes"];
        let mut terminal = Terminal::start(&home, 160, &env(&server), &args);
        assert_eq!(terminal.end(), 3, "{}", terminal.screen());
        let screen = terminal.screen();
        assert!(screen.contains("FAILURE") && screen.contains(&id(0)), "{screen}");
        assert!(!terminal.history.contains("\u{1b}[2J"), "{:?}", terminal.history);
    }

    #[test]
    fn a_terminal_has_a_bar_unless_nobody_wants_it() {
        let (server, home) = pending(3);
        server.fault(Fault::on("PUT", DECISION).hang());
        let mut terminal =
            Terminal::start(&home, 120, &env(&server), &["devices", "accept", "--all", "--yes"]);
        terminal.wait_for(" 2/3 ");
        terminal.terminate();
        assert_eq!(terminal.end(), 130, "{}", terminal.screen());

        let (server, home) = pending(3);
        server.fault(Fault::on("PUT", DECISION).delay(Duration::from_millis(200)));
        let args = ["devices", "accept", "--all", "--yes", "--no-progress"];
        let mut terminal = Terminal::start(&home, 120, &env(&server), &args);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        assert!(!terminal.history.contains("/3"), "{:?}", terminal.history);
    }
}
