//! `devices decommission`: the server does it in the background.

use std::process::Stdio;

use sandbox::{Builder, Fault, Sandbox};
use serde_json::json;

use crate::support::Fleet;
use crate::support::requests::wait_for;

const ONE: &str = "c0000001-0000-4000-8000-000000000000";
const TWO: &str = "c0000002-0000-4000-8000-000000000000";

fn two(builder: Builder) -> Fleet {
    let fleet = Fleet::at(builder.start());
    for id in [ONE, TWO] {
        fleet.add(id, json!({ "mac": id }));
    }
    fleet
}

fn delete(id: &str) -> String {
    format!("DELETE v2/devauth/devices/{id}")
}

#[test]
fn a_removal_is_begun_and_not_waited_for() {
    let fleet = two(Sandbox::builder().hold_decommissioning());
    fleet.cli(["devices", "decommission", ONE, "--yes"]).run().succeeds().prints("").says("decommissioned");
    assert_eq!(fleet.changes(), [delete(ONE)]);
    assert!(
        fleet.server.device(ONE).unwrap().decommissioning
            && !fleet.server.device(TWO).unwrap().decommissioning
    );
}

#[test]
fn with_wait_it_ends_when_the_device_is_gone() {
    let fleet = two(Sandbox::builder().hold_decommissioning());
    let args = ["devices", "decommission", ONE, TWO, "--yes", "--wait", "--interval", "20ms"];
    let mut command = fleet.cli(args).into_command();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for id in [ONE, TWO] {
        let path = format!("/api/management/v2/devauth/devices/{id}");
        wait_for(&fleet.server, 3, |request| request.method == "GET" && request.path == path);
    }
    assert_eq!(child.try_wait().unwrap(), None, "it waits while they are there");
    fleet.server.finish_decommissioning();
    assert!(child.wait().unwrap().success());
    assert_eq!(fleet.server.device(ONE), None);
}

#[test]
fn a_wait_has_an_end() {
    let fleet = two(Sandbox::builder().hold_decommissioning());
    let args =
        ["devices", "decommission", ONE, "--yes", "--wait", "--timeout", "150ms", "--interval", "20ms"];
    let late = fleet.cli(args).run().exits_with(4);
    late.says(&format!("{ONE} is not removed after 150ms")).says("the server goes on with it");
    assert_eq!(fleet.changes(), [delete(ONE)]);
}

#[test]
fn a_file_can_be_worked_on_again() {
    let fleet = two(Sandbox::builder());
    fleet.home.write("old", format!("{ONE}\n{TWO}\n"));
    let run = || fleet.cli(["devices", "decommission", "--file", "old", "--yes", "--wait"]).run();
    run().succeeds().says("2 devices: decommissioned");
    assert_eq!((fleet.server.device(ONE), fleet.server.device(TWO)), (None, None));
    fleet.server.clear_requests();
    run().succeeds().says("2 of the devices in the file are not there").says("nothing to do");
    assert!(fleet.changes().is_empty());
    // A name on the line is no list of what is to be gone: it may be a slip.
    fleet.cli(["devices", "decommission", ONE, "--yes"]).run().fails().says("no device is named");
}

/// The server's 404 has no body.
#[test]
fn what_somebody_else_removed_meanwhile_is_done() {
    let fleet = two(Sandbox::builder());
    let path = format!("/api/management/v2/devauth/devices/{ONE}");
    fleet.server.fault(Fault::on("DELETE", &path).status(404).body("application/json", ""));
    let done = fleet.cli(["devices", "decommission", ONE, TWO, "--yes", "--wait"]).run().succeeds();
    done.says("1 device: decommissioned; nothing to do for 1");
}

#[test]
fn a_refusal_is_none() {
    let fleet = two(Sandbox::builder());
    fleet.server.fault(Fault::on("DELETE", "/").status(403).times(2));
    let run = |args: &[&str]| fleet.cli(["devices", "decommission", "--yes"]).args(args).run();
    run(&[ONE]).fails().says("403").says("role");
    run(&[ONE, TWO, "-j1"]).exits_with(3).shows(ONE);
    assert!(fleet.server.device(ONE).is_some());
}
