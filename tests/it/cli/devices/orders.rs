//! `devices check-update`, `send-inventory` and `revoke-token`.

use sandbox::{AuthSet, Device, Sandbox};
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::fleet::id;
use crate::support::home::Outcome;

const DEVICE: &str = "ac000001-0000-4000-8000-000000000000";
const OTHER: &str = "ac000002-0000-4000-8000-000000000000";

fn on(server: Sandbox) -> Fleet {
    for (id, connected) in [(DEVICE, true), (OTHER, false)] {
        server.add_device(Device { id: id.into(), connected, ..Device::default() });
    }
    Fleet::at(server)
}

fn order(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["devices"]).args(args).run()
}

#[test]
fn a_connected_device_is_told_at_once() {
    for verb in ["check-update", "send-inventory"] {
        let fleet = on(Sandbox::start());
        order(&fleet, &[verb, DEVICE]).succeeds().prints("").says("told to");
        assert_eq!(fleet.changes(), [format!("POST v1/deviceconnect/devices/{DEVICE}/{verb}")]);
    }
}

#[test]
fn a_device_that_is_not_connected_is_told_so() {
    for verb in ["check-update", "send-inventory"] {
        let fleet = on(Sandbox::start());
        order(&fleet, &[verb, OTHER]).fails().says(&format!("{OTHER}: it is not connected"));
        let some = order(&fleet, &[verb, "--status", "accepted", "--yes"]).exits_with(3);
        some.shows(OTHER).says("1 of 2 devices were not told to");
    }
}

/// It says nothing of the others, and the work goes on however many they are.
#[test]
fn devices_that_take_no_order_are_left_out() {
    for (verb, unfit, why, told) in [
        ("check-update", "accepted", "it is not connected", &*id(15)),
        ("send-inventory", "accepted", "it is not connected", &id(15)),
        ("revoke-token", "pending", "it is pending and has no token", "DELETE v2/devauth/tokens/"),
    ] {
        let mut devices: Vec<Device> = (0..15)
            .map(|number| Device { id: id(number), status: unfit.into(), ..Device::default() })
            .collect();
        devices.push(Device { id: id(15), connected: true, ..Device::default() });
        let fleet = Fleet::with(devices);
        let some = order(&fleet, &[verb, "--all", "--yes", "-j1"]).exits_with(3);
        let some = some.says("15 of 16 devices were not ").says(why);
        assert_eq!(some.stdout.matches(why).count(), 15, "{verb}\n{}", some.transcript());
        let last = fleet.changes().pop().unwrap_or_default();
        assert!(last.contains(told), "{verb}: {last}");
    }
}

#[test]
fn a_server_without_the_service_is_told_apart() {
    let fleet = on(Sandbox::builder().without_service("deviceconnect").start());
    for verb in ["check-update", "send-inventory"] {
        let lacking = order(&fleet, &[verb, DEVICE]).fails().does_not_say("not connected");
        lacking.says("the server has no service for connected devices");
    }
}

/// A device with an accepted key, and one that was let in before.
fn with_two_keys() -> (Fleet, Value) {
    let set = |id: &str, status: &str, pubkey: String| AuthSet {
        id: id.into(),
        status: status.into(),
        pubkey,
        ..AuthSet::default()
    };
    let old = rcgen::KeyPair::generate().unwrap().public_key_pem().replace('\r', "");
    let identity = json!({ "mac": "1" });
    let auth_sets = vec![set("old", "rejected", old), set("now", "accepted", AuthSet::default().pubkey)];
    let identity_data = identity.clone();
    (Fleet::with([Device { id: DEVICE.into(), identity_data, auth_sets, ..Device::default() }]), identity)
}

#[test]
fn the_token_that_ends_is_that_of_the_accepted_set() {
    let (fleet, identity) = with_two_keys();
    let token = fleet.server.device_authenticates(&identity, &AuthSet::default().pubkey).unwrap();
    assert_eq!(fleet.server.device_with_token(&token).as_deref(), Some(DEVICE));
    order(&fleet, &["revoke-token", "mac=1"]).succeeds().says("deprived of their tokens");
    assert_eq!(fleet.changes(), ["DELETE v2/devauth/tokens/now"]);
    assert_eq!(fleet.server.device_with_token(&token), None);
    assert_eq!(fleet.server.device(DEVICE).unwrap().status, "accepted", "it may come again");
}

/// The server's 404 has no body.
#[test]
fn a_token_that_is_not_there_any_more_is_fine() {
    let (fleet, _) = with_two_keys();
    order(&fleet, &["revoke-token", DEVICE]).succeeds().says("nothing to do");
    assert_eq!(fleet.changes(), ["DELETE v2/devauth/tokens/now"]);
}

#[test]
fn a_device_that_was_not_let_in_has_no_token() {
    for status in ["pending", "rejected", "noauth"] {
        let fleet = on(Sandbox::start());
        let id = "ac000003-0000-4000-8000-000000000000";
        fleet.server.add_device(Device { id: id.into(), status: status.into(), ..Device::default() });
        let refused = order(&fleet, &["revoke-token", id]).fails();
        refused.says(&format!("it is {status} and has no token"));
        assert!(fleet.changes().is_empty());
    }
}
