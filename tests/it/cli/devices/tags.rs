//! `devices tags`: changed by a read and a conditional write, so that nobody's change is lost.

use sandbox::{Device, Fault};
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::home::Outcome;

const DEVICE: &str = "a0000001-0000-4000-8000-000000000000";
const CALL: &str = "/api/management/v1/inventory/devices/a0000001-0000-4000-8000-000000000000/tags";

/// A device that nobody gave tags yet.
fn none() -> Fleet {
    Fleet::with([Device { id: DEVICE.into(), ..Device::default() }])
}

fn two() -> Fleet {
    let fleet = none();
    fleet.server.set_tags(DEVICE, &[("name", json!("one")), ("site", json!("oslo"))]);
    fleet
}

fn tags(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["devices", "tags"]).args(args).run()
}

/// Method, condition and names of each write.
fn writes(fleet: &Fleet) -> Vec<(String, bool, Vec<String>)> {
    let requests = fleet.server.requests().into_iter().filter(|request| request.path == CALL);
    let names = |body: &[u8]| -> Vec<String> {
        let tags: Vec<Value> = serde_json::from_slice(body).unwrap();
        tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
    };
    requests
        .map(|request| (request.method.clone(), request.header("if-match").is_some(), names(&request.body)))
        .collect()
}

fn stored(fleet: &Fleet) -> Value {
    json!(fleet.server.tags(DEVICE))
}

#[test]
fn tags_are_listed() {
    let fleet = two();
    let list = |more: &[&str]| tags(&fleet, &[&["list", "one"], more].concat()).succeeds();
    list(&[]).prints("name\tone\t\nsite\toslo\t\n");
    list(&["-q"]).prints("name\nsite\n");
    let expected = json!([{ "name": "name", "value": "one" }, { "name": "site", "value": "oslo" }]);
    assert_eq!(list(&["-o", "json"]).json(), expected);
    let fleet = none();
    tags(&fleet, &["list", DEVICE]).succeeds().prints("");
}

#[test]
fn setting_one_keeps_the_others() {
    let fleet = two();
    let set = ["set", DEVICE, "site=berlin", "rack=a=b", "empty=", "--description", "by hand"];
    let done = tags(&fleet, &set).succeeds().prints("");
    done.says("has the tags: empty, name, rack, site");
    let expected = json!({ "name": "one", "site": "berlin", "rack": "a=b", "empty": "" });
    assert_eq!(stored(&fleet), expected);
    let all = ["empty", "name", "rack", "site"].map(str::to_owned).to_vec();
    assert_eq!(writes(&fleet), [("PUT".into(), true, all)]);
    let listed = tags(&fleet, &["list", DEVICE, "-o", "json"]).succeeds().json();
    assert_eq!(listed[3], json!({ "name": "site", "value": "berlin", "description": "by hand" }));
}

#[test]
fn what_is_so_already_is_not_written() {
    let fleet = two();
    tags(&fleet, &["set", DEVICE, "site=oslo"]).succeeds();
    assert!(fleet.changes().is_empty());
}

#[test]
fn removing_some_keeps_the_others() {
    let fleet = two();
    let json = tags(&fleet, &["remove", DEVICE, "site", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!([{ "name": "name", "value": "one" }]));
    assert_eq!(stored(&fleet), json!({ "name": "one" }));
    tags(&fleet, &["remove", DEVICE, "name"]).succeeds();
    assert_eq!(stored(&fleet), json!({}));
    assert!(writes(&fleet).iter().all(|(method, conditional, _)| method == "PUT" && *conditional));
}

#[test]
fn a_tag_that_is_not_there_spoils_the_removal() {
    let fleet = two();
    let refused = tags(&fleet, &["remove", DEVICE, "site", "nothing"]).fails();
    refused.says("has no tag \"nothing\"; nothing was removed");
    assert!(fleet.changes().is_empty());
}

/// Nobody ever set one: there is nothing to be conditional on, and what somebody sets in between stays too.
#[test]
fn the_first_tags_of_a_device_are_added() {
    let fleet = none();
    let json = tags(&fleet, &["set", DEVICE, "site=oslo", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!([{ "name": "site", "value": "oslo" }]));
    assert_eq!(writes(&fleet), [("PATCH".into(), false, vec!["site".into()])]);
    assert_eq!(stored(&fleet), json!({ "site": "oslo" }));
}

#[test]
fn a_change_in_between_is_read_and_kept() {
    for lost in [1, 2] {
        let fleet = two();
        fleet.server.fault(Fault::on("PUT", CALL).status(412).times(lost));
        tags(&fleet, &["set", DEVICE, "rack=7"]).succeeds();
        assert_eq!(writes(&fleet).len(), lost + 1);
        let reads = fleet.server.requests().into_iter().filter(|request| CALL.starts_with(&request.path));
        assert!(reads.filter(|request| request.method == "GET").count() > lost, "each try reads again");
        assert_eq!(stored(&fleet), json!({ "name": "one", "site": "oslo", "rack": "7" }));
    }
}

/// A real change by somebody else, between our read and our write.
#[cfg(unix)]
#[test]
fn what_somebody_else_sets_in_between_stays() {
    use crate::support::requests::wait_for;
    let fleet = two();
    fleet.server.fault(Fault::on("PUT", CALL).delay(std::time::Duration::from_millis(300)));
    let mut command = fleet.cli(["devices", "tags", "set", DEVICE, "rack=7"]).into_command();
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_for(&fleet.server, 1, |request| request.method == "PUT");
    fleet.server.set_tags(DEVICE, &[("name", json!("two")), ("floor", json!("3"))]);
    assert!(child.wait().unwrap().success());
    assert_eq!(stored(&fleet), json!({ "name": "two", "floor": "3", "rack": "7" }));
    assert_eq!(writes(&fleet).len(), 2);
}

#[test]
fn endless_changes_by_somebody_else_are_given_up_on() {
    let fleet = two();
    fleet.server.fault(Fault::on("PUT", CALL).status(412).times(99));
    let refused = tags(&fleet, &["set", DEVICE, "rack=7"]).fails();
    refused.says("412").says("hint: somebody else changes these tags all the time; nothing was changed");
    assert_eq!(writes(&fleet).len(), 3);
    assert_eq!(stored(&fleet), json!({ "name": "one", "site": "oslo" }));
}

#[test]
fn more_tags_than_the_server_takes_are_refused_in_its_words() {
    let fleet = two();
    let pairs: Vec<String> = (0..19).map(|number| format!("t{number}=x")).collect();
    let args: Vec<&str> = ["set", DEVICE].into_iter().chain(pairs.iter().map(String::as_str)).collect();
    tags(&fleet, &args).fails().says("the number of attributes in the scope is above the limit");
    assert_eq!(stored(&fleet), json!({ "name": "one", "site": "oslo" }));
}

/// The server itself would say yes and keep nothing.
#[test]
fn an_unknown_device_is_never_a_success() {
    let fleet = two();
    for device in ["a0000009-0000-4000-8000-000000000000", "nobody", "name=nobody"] {
        for args in [&["list"][..], &["set", "a=b"], &["remove", "a"]] {
            let args: Vec<&str> = [args[0], device].iter().chain(&args[1..]).copied().collect();
            tags(&fleet, &args).fails().prints("").says("no device is named");
        }
    }
    assert!(fleet.changes().is_empty());
    // It is let in already, and the inventory does not know it yet.
    fleet.server.fault(Fault::on("GET", CALL.trim_end_matches("/tags")).status(404));
    tags(&fleet, &["set", DEVICE, "a=b"]).fails().says("hint: the inventory does not know the device yet");
}

#[test]
fn a_line_that_is_wrong_is_refused_at_once() {
    let fleet = two();
    for (args, reason) in [
        (&["set", DEVICE, "site"][..], "\"site\" is not NAME=VALUE"),
        (&["set", DEVICE, "=x"], "\"=x\" is not NAME=VALUE"),
        (&["set", DEVICE, "a=1", "a=2"], "the tag \"a\" comes twice"),
    ] {
        tags(&fleet, args).exits_with(2).says(reason);
    }
    assert!(fleet.server.requests().is_empty());
}
