//! `devices wait`: looks again until a device is as wanted.

use std::process::{Child, Stdio};

use sandbox::{AuthSet, Device, Fault, Sandbox};
use serde_json::json;

use crate::support::Fleet;
use crate::support::home::Outcome;
use crate::support::requests::wait_for;

const DEVICE: &str = "f0000001-0000-4000-8000-000000000000";

fn one(status: &str) -> Fleet {
    Fleet::with([Device { id: DEVICE.into(), status: status.into(), ..Device::default() }])
}

fn wait(fleet: &Fleet, device: &str, state: &str, timeout: &str) -> Outcome {
    let args = ["devices", "wait", device, "--for", state, "--interval", "20ms", "--timeout", timeout];
    fleet.cli(args).run()
}

/// Waits in the background.
fn begin(fleet: &Fleet, device: &str, state: &str) -> Child {
    let args = ["devices", "wait", device, "--for", state, "--interval", "20ms", "-q"];
    let mut command = fleet.cli(args).into_command();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // It has looked, seen that it is not so, and looks again.
    let about = |path: &str| path.contains(DEVICE) || path.ends_with("/search");
    wait_for(&fleet.server, 5, |request| about(&request.path));
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
        let fleet = one(status);
        wait(&fleet, DEVICE, state, "30s").succeeds().prints("").says("is as wanted");
    }
    let fleet = one("accepted");
    fleet.server.connect_device(DEVICE);
    fleet.server.set_tags(DEVICE, &[("site", json!("berlin")), ("name", json!("one"))]);
    for (device, state) in [
        (DEVICE, "connected"),
        ("one", "tags/site=berlin"),
        ("name=one", "status = accepted"),
        ("nobody", "gone"),
    ] {
        wait(&fleet, device, state, "30s").succeeds();
    }
    let args = ["devices", "wait", "one", "--for", "connected", "-o", "json"];
    assert_eq!(fleet.cli(args).run().succeeds().json(), json!({ "id": DEVICE, "seconds": 0 }));
}

#[test]
fn it_ends_when_the_device_is_as_wanted() {
    let fleet = one("pending");
    let child = begin(&fleet, DEVICE, "accepted");
    fleet.cli(["devices", "accept", DEVICE]).run().succeeds();
    ends_well(child, DEVICE);

    fleet.server.clear_requests();
    let child = begin(&fleet, DEVICE, "connected");
    fleet.server.connect_device(DEVICE);
    ends_well(child, DEVICE);

    fleet.server.clear_requests();
    let child = begin(&fleet, DEVICE, "tags/site=berlin");
    fleet.server.set_tags(DEVICE, &[("site", json!("berlin"))]);
    ends_well(child, DEVICE);

    fleet.server.clear_requests();
    let child = begin(&fleet, DEVICE, "gone");
    fleet.cli(["devices", "decommission", DEVICE, "--yes"]).run().succeeds();
    ends_well(child, DEVICE);
}

#[test]
fn a_device_need_not_be_there_yet() {
    let fleet = one("accepted");
    let identity = json!({ "mac": "new" });
    let child = begin(&fleet, "mac=new", "pending");
    fleet.server.device_authenticates(&identity, &AuthSet::default().pubkey);
    let id = fleet.server.device_with_identity(&identity).unwrap().id;
    ends_well(child, &id);
}

/// It was named by a tag, and the tag goes.
#[test]
fn a_device_that_was_seen_is_known_by_its_id() {
    let fleet = one("pending");
    fleet.server.set_tags(DEVICE, &[("name", json!("one"))]);
    let child = begin(&fleet, "one", "accepted");
    fleet.server.set_tags(DEVICE, &[]);
    fleet.cli(["devices", "accept", DEVICE]).run().succeeds();
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
        let fleet = one("pending");
        let late = wait(&fleet, DEVICE, state, "120ms").exits_with(4).prints("");
        late.says(&format!("FAILURE: {DEVICE} is not as wanted after 120ms: {last}"));
    }
    let fleet = one("pending");
    let late = wait(&fleet, "nobody", "pending", "120ms").exits_with(4);
    late.says("there is no such device");
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again() {
    let fleet = one("pending");
    let of_the_device = format!("/api/management/v2/devauth/devices/{DEVICE}");
    fleet.server.fault(Fault::on("GET", &of_the_device).status(503).header("Retry-After", "0").times(5));
    fleet.server.fault(Fault::on("GET", &of_the_device).status(500).times(2));
    let waited = wait(&fleet, DEVICE, "pending", "30s").succeeds();
    let waited = waited.says("warning: ").says("going on");
    assert_eq!(waited.stderr.matches("warning: ").count(), 1, "{}", waited.transcript());
}

#[test]
fn trouble_that_lasts_is_the_reason_of_the_end() {
    let fleet = one("pending");
    let of_the_device = format!("/api/management/v2/devauth/devices/{DEVICE}");
    fleet.server.fault(Fault::on("GET", &of_the_device).status(500).after(1).times(9999));
    let late = wait(&fleet, DEVICE, "accepted", "300ms").exits_with(4);
    late.says(&format!("FAILURE: {DEVICE} is not as wanted after 300ms: the last look failed: "))
        .says("status 500");
}

/// Servers answer so to a pattern that they cannot read, and will not learn to.
#[test]
fn a_pattern_that_the_server_cannot_read_ends_the_wait() {
    let fleet = one("pending");
    wait(&fleet, DEVICE, "tags/site ~ (", "30s")
        .fails()
        .says("status 500")
        .says("a pattern of '~' that they cannot read");
}

#[test]
fn what_will_not_pass_ends_the_wait() {
    for (status, reason) in [(401, "mender-cli login gets a new one"), (403, "role")] {
        let fleet = one("pending");
        fleet.server.fault(Fault::on("*", "/").status(status).after(2).times(99));
        wait(&fleet, DEVICE, "accepted", "30s").fails().says(reason);
    }
    let fleet = Fleet::at(Sandbox::builder().without_service("deviceconnect").start());
    fleet.add(DEVICE, json!({ "mac": "1" }));
    let lacking = wait(&fleet, DEVICE, "connected", "30s").fails();
    lacking.says("the server has no service for connected devices");
}

#[test]
fn an_ambiguous_name_is_not_guessed() {
    let fleet = one("pending");
    let other = fleet.server.add_device(Device::default());
    for id in [DEVICE, &other] {
        fleet.server.set_tags(id, &[("name", json!("twin"))]);
    }
    wait(&fleet, "twin", "accepted", "30s").fails().says("means several devices").says(&other);
}

#[test]
fn a_state_that_makes_no_sense_is_a_mistake_on_the_line() {
    let fleet = one("pending");
    for state in ["happy", "", "tags/site"] {
        wait(&fleet, DEVICE, state, "1s").exits_with(2).prints("").says("--for");
    }
    assert!(fleet.server.requests().is_empty());
}
