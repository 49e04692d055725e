//! Work on many devices that is watched, interrupted, or done at a terminal.

use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::*;
use crate::support::requests::wait_until;

fn start(run: Invocation) -> Child {
    let mut command = run.into_command();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn decisions_begun(fleet: &Fleet) -> (usize, usize) {
    let requests = fleet.server.requests();
    let put = requests.iter().filter(|request| request.method == "PUT");
    let open = put.clone().filter(|request| request.status.is_none());
    (put.count(), open.count())
}

#[test]
fn as_many_at_once_as_asked_and_never_more() {
    for (jobs, expected) in [("1", 1), ("3", 3)] {
        let fleet = pending(9);
        fleet.server.fault(Fault::on("PUT", DECISION).delay(Duration::from_millis(60)).times(99));
        let mut child = start(accept(&fleet, &["--all", "--yes", "-j", jobs]));
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            most = most.max(decisions_begun(&fleet).1);
            std::thread::yield_now();
        }
        assert_eq!(most, expected, "-j {jobs}");
        assert_eq!(accepted(&fleet, 9), 9);
    }
}

#[test]
fn interrupted_work_says_how_far_it_came() {
    for (form, signal) in [("json", Signal::SIGINT), ("jsonl", Signal::SIGTERM)] {
        let fleet = pending(6);
        fleet.server.fault(Fault::on("PUT", DECISION).hang().times(2));
        let child = start(accept(&fleet, &["--all", "--yes", "-j", "3", "-o", form]));
        wait_until(|| "two hang, the others are done", || decisions_begun(&fleet) == (6, 2));
        wait_until(|| "and seen", || accepted(&fleet, 6) == 4);
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
        let is_done = |it: &&Value| it["done"] == true;
        assert_eq!((shown.len(), shown.iter().filter(is_done).count()), (6, done), "{stdout}");
        assert!(
            stderr.contains("0 failed") && stderr.contains("the same command goes on with the rest"),
            "{stderr}"
        );
    }
}

/// A reader that goes is no reason to say that all is well.
#[test]
fn work_whose_reader_goes_says_how_far_it_came() {
    let fleet = pending(40);
    let run = accept(&fleet, &["--all", "--yes", "-j1", "-o", "jsonl"]);
    let gone = run.in_shell(r#"{ "$0" "$@"; echo "code $?" >&2; } | head -n 1"#).run().succeeds();
    let gone = gone.says("code 3\n").says("nobody reads what is printed any more");
    let count = accepted(&fleet, 40);
    assert!(count < 40, "it went on\n{}", gone.transcript());
    assert!(gone.stderr.contains(&format!("stopped after {count} of 40 devices")), "{}", gone.transcript());
}

#[test]
fn a_person_is_asked() {
    for (answer, code) in [("y\r", 0), ("n\r", 1), ("\r", 1), ("\x03", 130)] {
        let fleet = pending(3);
        let mut terminal = fleet.terminal(120, "devices reject --all");
        terminal.wait_for("To reject: 3 devices on ");
        terminal.wait_for(", selected by status = pending");
        terminal.wait_for(&format!("Reject 3 devices on {}? [y/N]", fleet.server.url()));
        assert!(fleet.changes().is_empty(), "before the answer");
        terminal.type_in(answer);
        assert_eq!(terminal.end(), code, "{answer:?}\n{}", terminal.screen());
        assert_eq!(fleet.changes().len(), if code == 0 { 3 } else { 0 }, "{answer:?}");
        assert!(terminal.is_sane());
    }
}

#[test]
fn a_person_sees_failures_as_a_table_and_no_device_can_spoil_it() {
    let fleet = pending(2);
    fleet.server.set_tags(&id(0), &[("name", json!("a\u{1b}[2Jb"))]);
    fleet.server.fault(Fault::on("PUT", &decision_about(0)).status(500));
    let mut terminal = fleet.terminal(160, "devices accept --filter sn~SN --yes");
    assert_eq!(terminal.end(), 3, "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(screen.contains("FAILURE") && screen.contains(&id(0)), "{screen}");
    assert!(screen.contains(r"a\u{1b}[2Jb"), "{screen}");
    assert!(!terminal.history.contains("\u{1b}[2J"), "{:?}", terminal.history);
}

#[test]
fn a_terminal_has_a_bar_unless_nobody_wants_it() {
    let fleet = pending(3);
    fleet.server.fault(Fault::on("PUT", DECISION).hang());
    let mut terminal = fleet.terminal(120, "devices accept --all --yes");
    terminal.wait_for(" 2/3 ");
    terminal.terminate();
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());

    let fleet = pending(3);
    fleet.server.fault(Fault::on("PUT", DECISION).delay(Duration::from_millis(200)));
    let mut terminal = fleet.terminal(120, "devices accept --all --yes --no-progress");
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(!terminal.history.contains("/3"), "{:?}", terminal.history);
}
