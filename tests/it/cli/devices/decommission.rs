//! `devices decommission`: the server does it in the background.

use std::process::Stdio;

use sandbox::{Builder, Device, Fault, Sandbox};

use crate::support::requests::wait_for;
use crate::support::{Home, changes};

const ONE: &str = "c0000001-0000-4000-8000-000000000000";
const TWO: &str = "c0000002-0000-4000-8000-000000000000";

fn world(builder: Builder) -> (Sandbox, Home) {
    let server = builder.start();
    for id in [ONE, TWO] {
        server.add_device(Device { id: id.into(), ..Device::default() });
    }
    let home = Home::logged_in(&server);
    (server, home)
}

fn delete(id: &str) -> String {
    format!("DELETE v2/devauth/devices/{id}")
}

#[test]
fn a_removal_is_begun_and_not_waited_for() {
    let (server, home) = world(Sandbox::builder().hold_decommissioning());
    home.at(&server, ["devices", "decommission", ONE, "--yes"])
        .run()
        .succeeds()
        .prints("")
        .says("decommissioned");
    assert_eq!(changes(&server), [delete(ONE)]);
    assert!(server.device(ONE).unwrap().decommissioning && !server.device(TWO).unwrap().decommissioning);
}

#[test]
fn with_wait_it_ends_when_the_device_is_gone() {
    let (server, home) = world(Sandbox::builder().hold_decommissioning());
    let args = ["devices", "decommission", ONE, TWO, "--yes", "--wait", "--interval", "20ms"];
    let mut command = home.at(&server, args).into_command();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for id in [ONE, TWO] {
        let path = format!("/api/management/v2/devauth/devices/{id}");
        wait_for(&server, 3, |request| request.method == "GET" && request.path == path);
    }
    assert_eq!(child.try_wait().unwrap(), None, "it waits while they are there");
    server.finish_decommissioning();
    assert!(child.wait().unwrap().success());
    assert_eq!(server.device(ONE), None);
}

#[test]
fn a_wait_has_an_end() {
    let (server, home) = world(Sandbox::builder().hold_decommissioning());
    let args =
        ["devices", "decommission", ONE, "--yes", "--wait", "--timeout", "150ms", "--interval", "20ms"];
    let late = home.at(&server, args).run().exits_with(4);
    let _ = late.says(&format!("{ONE} is not removed after 150ms")).says("the server goes on with it");
    assert_eq!(changes(&server), [delete(ONE)]);
}

#[test]
fn a_file_can_be_worked_on_again() {
    let (server, home) = world(Sandbox::builder());
    home.write("old", format!("{ONE}\n{TWO}\n"));
    let run = || home.at(&server, ["devices", "decommission", "--file", "old", "--yes", "--wait"]).run();
    let _ = run().succeeds().says("2 devices: decommissioned");
    assert_eq!((server.device(ONE), server.device(TWO)), (None, None));
    server.clear_requests();
    let _ = run().succeeds().says("2 of the devices in the file are not there").says("nothing to do");
    assert!(changes(&server).is_empty());
    // A name on the line is no list of what is to be gone: it may be a slip.
    home.at(&server, ["devices", "decommission", ONE, "--yes"]).run().fails().says("no device is named");
}

/// The server's 404 has no body.
#[test]
fn what_somebody_else_removed_meanwhile_is_done() {
    let (server, home) = world(Sandbox::builder());
    let path = format!("/api/management/v2/devauth/devices/{ONE}");
    server.fault(Fault::on("DELETE", &path).status(404).body("application/json", ""));
    let done = home.at(&server, ["devices", "decommission", ONE, TWO, "--yes", "--wait"]).run().succeeds();
    let _ = done.says("1 device: decommissioned; nothing to do for 1");
}

#[test]
fn a_refusal_is_none() {
    let (server, home) = world(Sandbox::builder());
    server.fault(Fault::on("DELETE", "/").status(403).times(2));
    let run = |args: &[&str]| home.at(&server, ["devices", "decommission", "--yes"]).args(args).run();
    let _ = run(&[ONE]).fails().says("403").says("role");
    let _ = run(&[ONE, TWO]).exits_with(3).shows(ONE);
    assert!(server.device(ONE).is_some());
}
