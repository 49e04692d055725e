//! `devices wait`: looks again until a device is as wanted.

use std::process::{Child, Stdio};

use sandbox::{AuthSet, Device, Fault, Sandbox};
use serde_json::json;

use crate::support::Home;
use crate::support::home::Outcome;
use crate::support::requests::wait_for;

const DEVICE: &str = "f0000001-0000-4000-8000-000000000000";

fn world(status: &str) -> (Sandbox, Home) {
    let server = Sandbox::start();
    server.add_device(Device { id: DEVICE.into(), status: status.into(), ..Device::default() });
    let home = Home::logged_in(&server);
    (server, home)
}

fn wait(server: &Sandbox, home: &Home, device: &str, state: &str, timeout: &str) -> Outcome {
    let args = ["devices", "wait", device, "--for", state, "--interval", "20ms", "--timeout", timeout];
    home.at(server, args).run()
}

/// Waits in the background.
fn begin(server: &Sandbox, home: &Home, device: &str, state: &str) -> Child {
    let args = ["devices", "wait", device, "--for", state, "--interval", "20ms", "-q"];
    let mut command = home.at(server, args).into_command();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // It has looked, seen that it is not so, and looks again.
    let about = |path: &str| path.contains(DEVICE) || path.ends_with("/search");
    wait_for(server, 5, |request| about(&request.path));
    assert!(child.try_wait().unwrap().is_none(), "{state}: it did not wait");
    child
}

fn ends_well(child: Child, id: &str) {
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{id}\n"), "{stderr}");
}

#[test]
fn what_is_so_already_is_not_waited_for() {
    for (status, state) in [
        ("pending", "pending"),
        ("accepted", "accepted"),
        ("rejected", "rejected"),
        ("preauthorized", "preauthorized"),
        ("noauth", "noauth"),
    ] {
        let (server, home) = world(status);
        let _ = wait(&server, &home, DEVICE, state, "30s").succeeds().prints("").says("is as wanted");
    }
    let (server, home) = world("accepted");
    server.connect_device(DEVICE);
    server.set_tags(DEVICE, &[("site", json!("berlin")), ("name", json!("one"))]);
    for (device, state) in [
        (DEVICE, "connected"),
        ("one", "tags/site=berlin"),
        ("name=one", "status = accepted"),
        ("nobody", "gone"),
    ] {
        let _ = wait(&server, &home, device, state, "30s").succeeds();
    }
    let args = ["devices", "wait", "one", "--for", "connected", "-o", "json"];
    assert_eq!(home.at(&server, args).run().succeeds().json(), json!({ "id": DEVICE, "seconds": 0 }));
}

#[test]
fn it_ends_when_the_device_is_as_wanted() {
    let (server, home) = world("pending");
    let child = begin(&server, &home, DEVICE, "accepted");
    home.at(&server, ["devices", "accept", DEVICE]).run().succeeds();
    ends_well(child, DEVICE);

    server.clear_requests();
    let child = begin(&server, &home, DEVICE, "connected");
    server.connect_device(DEVICE);
    ends_well(child, DEVICE);

    server.clear_requests();
    let child = begin(&server, &home, DEVICE, "tags/site=berlin");
    server.set_tags(DEVICE, &[("site", json!("berlin"))]);
    ends_well(child, DEVICE);

    server.clear_requests();
    let child = begin(&server, &home, DEVICE, "gone");
    home.at(&server, ["devices", "decommission", DEVICE, "--yes"]).run().succeeds();
    ends_well(child, DEVICE);
}

#[test]
fn a_device_need_not_be_there_yet() {
    let (server, home) = world("accepted");
    let identity = json!({ "mac": "new" });
    let child = begin(&server, &home, "mac=new", "pending");
    server.device_authenticates(&identity, &AuthSet::default().pubkey);
    let id = server.device_with_identity(&identity).unwrap().id;
    ends_well(child, &id);
}

/// It was named by a tag, and the tag goes.
#[test]
fn a_device_that_was_seen_is_known_by_its_id() {
    let (server, home) = world("pending");
    server.set_tags(DEVICE, &[("name", json!("one"))]);
    let child = begin(&server, &home, "one", "accepted");
    server.set_tags(DEVICE, &[]);
    home.at(&server, ["devices", "accept", DEVICE]).run().succeeds();
    ends_well(child, DEVICE);
}

#[test]
fn a_wait_that_ends_says_how_the_device_was() {
    for (state, last) in [
        ("accepted", "it is pending"),
        ("connected", "it is disconnected"),
        ("gone", "it is still there"),
        ("tags/site=berlin", "not tags/site = berlin"),
    ] {
        let (server, home) = world("pending");
        let late = wait(&server, &home, DEVICE, state, "120ms").exits_with(4).prints("");
        let _ = late.says(&format!("FAILURE: {DEVICE} is not as wanted after 120ms: {last}"));
    }
    let (server, home) = world("pending");
    let late = wait(&server, &home, "nobody", "pending", "120ms").exits_with(4);
    let _ = late.says("there is no such device");
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again() {
    let (server, home) = world("pending");
    let of_the_device = format!("/api/management/v2/devauth/devices/{DEVICE}");
    server.fault(Fault::on("GET", &of_the_device).status(503).header("Retry-After", "0").times(5));
    server.fault(Fault::on("GET", &of_the_device).status(500).times(2));
    let waited = wait(&server, &home, DEVICE, "pending", "30s").succeeds();
    let waited = waited.says("warning: ").says("going on");
    assert_eq!(waited.stderr.matches("warning: ").count(), 1, "{}", waited.transcript());
}

#[test]
fn what_will_not_pass_ends_the_wait() {
    for (status, reason) in [(401, "mender-cli login gets a new one"), (403, "role")] {
        let (server, home) = world("pending");
        server.fault(Fault::on("*", "/").status(status).after(2).times(99));
        let _ = wait(&server, &home, DEVICE, "accepted", "30s").fails().says(reason);
    }
    let server = Sandbox::builder().without_service("deviceconnect").start();
    server.add_device(Device { id: DEVICE.into(), ..Device::default() });
    let home = Home::logged_in(&server);
    let lacking = wait(&server, &home, DEVICE, "connected", "30s").fails();
    let _ = lacking.says("the server has no service for connected devices");
}

#[test]
fn an_ambiguous_name_is_not_guessed() {
    let (server, home) = world("pending");
    let other = server.add_device(Device::default());
    for id in [DEVICE, &other] {
        server.set_tags(id, &[("name", json!("twin"))]);
    }
    let _ =
        wait(&server, &home, "twin", "accepted", "30s").fails().says("means several devices").says(&other);
}

#[test]
fn a_state_that_makes_no_sense_is_a_mistake_on_the_line() {
    let (server, home) = world("pending");
    for state in ["happy", "", "tags/site"] {
        let refused = wait(&server, &home, DEVICE, state, "1s");
        assert_ne!(refused.code, Some(0));
        let _ = refused.says("--for");
    }
    assert!(server.requests().is_empty());
}
