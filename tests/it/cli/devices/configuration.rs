//! `devices configuration`: the service replaces all keys at once, the command does not.

use sandbox::{Device, Fault, Sandbox};
use serde_json::{Map, Value, json};

use crate::support::Fleet;
use crate::support::home::Outcome;

const DEVICE: &str = "ab000001-0000-4000-8000-000000000000";
const CALL: &str =
    "/api/management/v1/deviceconfig/configurations/device/ab000001-0000-4000-8000-000000000000";

/// A device that is to have the keys `zone` and `speed`.
fn configured() -> Fleet {
    let fleet = Fleet::with([Device { id: DEVICE.into(), ..Device::default() }]);
    configuration(&fleet, &["set", DEVICE, "zone=UTC", "speed=9600"]).succeeds();
    fleet.server.clear_requests();
    fleet
}

fn configuration(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["devices", "configuration"]).args(args).run()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_key_is_changed_and_the_others_stay() {
    let fleet = configured();
    let done =
        configuration(&fleet, &["set", DEVICE, "zone=Europe/Oslo", "opts=a=b,c=d", "none="]).succeeds();
    done.prints("").says("stored what is wanted");
    let put = r#"{"none":"","opts":"a=b,c=d","speed":"9600","zone":"Europe/Oslo"}"#;
    let path = CALL.strip_prefix("/api/management/").unwrap();
    assert_eq!(fleet.changes(), [format!("PUT {path} {put}")]);
    assert_eq!(
        Value::from(fleet.server.device_configuration(DEVICE)),
        serde_json::from_str::<Value>(put).unwrap()
    );
}

#[test]
fn a_key_is_taken_out_and_the_others_stay() {
    let fleet = configured();
    let json = configuration(&fleet, &["set", DEVICE, "--unset", "speed", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!({ "zone": "UTC" }));
    assert_eq!(Value::from(fleet.server.device_configuration(DEVICE)), json!({ "zone": "UTC" }));
    fleet.server.clear_requests();
    let refused = configuration(&fleet, &["set", DEVICE, "a=b", "--unset", "speed"]).fails();
    refused.says("there is no key \"speed\"; nothing was changed");
    assert!(fleet.changes().is_empty());
}

#[test]
fn more_keys_than_the_server_takes_are_refused_before_a_request() {
    let fleet = configured();
    let pairs: Vec<String> = (0..99).map(|number| format!("k{number}=v")).collect();
    let set = |pairs: &[String]| {
        let args: Vec<&str> = ["set", DEVICE].into_iter().chain(pairs.iter().map(String::as_str)).collect();
        configuration(&fleet, &args)
    };
    set(&pairs).fails().says("that makes 101 keys; the server takes 100");
    assert!(fleet.changes().is_empty());
    set(&pairs[..98]).succeeds();
    assert_eq!(fleet.server.device_configuration(DEVICE).len(), 100);
}

#[test]
fn a_line_that_is_wrong_is_refused_at_once() {
    let fleet = configured();
    let long = format!("key={}", "x".repeat(4097));
    for (args, reason) in [
        (&["zone"][..], "\"zone\" is not KEY=VALUE"),
        (&["=x"], "\"=x\" is not KEY=VALUE"),
        (&["a=1", "a=2"], "the key \"a\" comes twice"),
        (&["a=1", "--unset", "a"], "the key \"a\" comes twice"),
        (&[&long], "at most 4096 bytes"),
    ] {
        let args: Vec<&str> = ["set", DEVICE].iter().chain(args).copied().collect();
        configuration(&fleet, &args).exits_with(2).says(reason);
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn what_is_wanted_stands_beside_what_is_reported() {
    let fleet = configured();
    let show = |more: &[&str]| configuration(&fleet, &[&["show", DEVICE], more].concat()).succeeds();
    show(&[]).prints("speed\t9600\t\nzone\tUTC\t\n").says("last reported never");
    fleet.server.report_configuration(DEVICE, object(json!({ "zone": "CET", "build": "5" })));
    show(&[]).prints("build\t\t5\nspeed\t9600\t\nzone\tUTC\tCET\n");
    let json = show(&["-o", "json"]).json();
    assert_eq!(json["configured"], json!({ "zone": "UTC", "speed": "9600" }));
    assert_eq!(json["reported"], json!({ "zone": "CET", "build": "5" }));
}

#[test]
fn a_deployment_of_it_tells_its_id() {
    let fleet = configured();
    let id = configuration(&fleet, &["deploy", DEVICE, "--retries", "2"]).succeeds();
    let path = CALL.strip_prefix("/api/management/").unwrap();
    assert_eq!(fleet.changes(), [format!(r#"POST {path}/deploy {{"retries":2}}"#)]);
    let shown = configuration(&fleet, &["show", DEVICE, "-o", "json"]).succeeds().json();
    assert_eq!(shown["deployment_id"], json!(id.line()), "{}", id.transcript());

    let json =
        configuration(&fleet, &["set", DEVICE, "zone=CET", "--deploy", "-o", "json"]).succeeds().json();
    let shown = configuration(&fleet, &["show", DEVICE, "-o", "json"]).succeeds().json();
    assert_eq!(shown["deployment_id"], json["deployment_id"]);
    assert_eq!(shown["configured"]["zone"], "CET");
}

/// The service says yes with this id when it could not note the deployment.
#[test]
fn an_id_of_zeros_is_no_deployment() {
    let fleet = configured();
    for id in ["00000000-0000-0000-0000-000000000000", ""] {
        let body = json!({ "deployment_id": id }).to_string();
        fleet.server.fault(Fault::on("POST", CALL).body("application/json", body));
        let refused = configuration(&fleet, &["deploy", DEVICE]).fails().prints("");
        refused.says("the server made no deployment of it");
    }
}

#[test]
fn somebody_else_who_writes_at_the_same_time_is_noticed() {
    let fleet = configured();
    let other = json!({ "id": DEVICE, "configured": { "zone": "CET" }, "reported": {} }).to_string();
    fleet.server.fault(Fault::on("GET", CALL).body("application/json", other).after(1));
    let done = configuration(&fleet, &["set", DEVICE, "zone=UTC"]).succeeds();
    done.says("warning: somebody else changed the configuration at the same time");
}

/// The service keeps a record for any id that it is given.
#[test]
fn an_unknown_device_is_never_a_success() {
    let fleet = configured();
    for device in ["ab000009-0000-4000-8000-000000000000", "nobody"] {
        for args in [&["show"][..], &["set", "a=b"], &["deploy"]] {
            let args: Vec<&str> = [args[0], device].iter().chain(&args[1..]).copied().collect();
            configuration(&fleet, &args).fails().prints("").says("no device is named");
        }
    }
    assert!(fleet.changes().is_empty());
    // It is let in already, and the service does not know it yet.
    fleet.server.fault(
        Fault::on("GET", CALL).status(404).body("application/json", r#"{"error":"device does not exist"}"#),
    );
    configuration(&fleet, &["set", DEVICE, "a=b"]).fails().says("hint: the service learns of a device");
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_server_without_the_service_is_told_apart_from_a_device_without_a_record() {
    let fleet = Fleet::at(Sandbox::builder().without_service("deviceconfig").start());
    fleet.add(DEVICE, json!({ "mac": "1" }));
    for args in [&["show", DEVICE][..], &["set", DEVICE, "a=b"], &["deploy", DEVICE]] {
        let lacking = configuration(&fleet, args).fails();
        lacking.says("the server has no service for the configuration of devices");
    }
}

#[test]
fn a_role_that_may_not_is_told_so() {
    let fleet = configured();
    fleet.server.fault(Fault::on("PUT", CALL).status(403));
    let refused = configuration(&fleet, &["set", DEVICE, "a=b"]).fails();
    refused.says("403").says("hint: the user's role, or the plan, does not allow it");
    assert_eq!(
        Value::from(fleet.server.device_configuration(DEVICE)),
        json!({ "zone": "UTC", "speed": "9600" })
    );
}
