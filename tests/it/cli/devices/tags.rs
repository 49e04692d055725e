//! `devices tags`: changed by a read and a conditional write, so that nobody's change is lost.

use sandbox::{Device, Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::home::Outcome;
use crate::support::{Home, changes};

const DEVICE: &str = "a0000001-0000-4000-8000-000000000000";
const CALL: &str = "/api/management/v1/inventory/devices/a0000001-0000-4000-8000-000000000000/tags";

fn world(tags: &[(&str, Value)]) -> (Sandbox, Home) {
    let server = Sandbox::start();
    server.add_device(Device { id: DEVICE.into(), ..Device::default() });
    if !tags.is_empty() {
        server.set_tags(DEVICE, tags);
    }
    let home = Home::logged_in(&server);
    (server, home)
}

fn two() -> (Sandbox, Home) {
    world(&[("name", json!("one")), ("site", json!("oslo"))])
}

fn tags(server: &Sandbox, home: &Home, args: &[&str]) -> Outcome {
    home.at(server, ["devices", "tags"]).args(args).run()
}

/// Method, condition and names of each write.
fn writes(server: &Sandbox) -> Vec<(String, bool, Vec<String>)> {
    let requests = server.requests().into_iter().filter(|request| request.path == CALL);
    let names = |body: &[u8]| -> Vec<String> {
        let tags: Vec<Value> = serde_json::from_slice(body).unwrap();
        tags.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
    };
    requests
        .map(|request| (request.method.clone(), request.header("if-match").is_some(), names(&request.body)))
        .collect()
}

fn stored(server: &Sandbox) -> Value {
    json!(server.tags(DEVICE))
}

#[test]
fn tags_are_listed() {
    let (server, home) = two();
    let list = |more: &[&str]| tags(&server, &home, &[&["list", "one"], more].concat()).succeeds();
    let _ = list(&[]).prints("name\tone\t\nsite\toslo\t\n");
    let _ = list(&["-q"]).prints("name\nsite\n");
    let expected = json!([{ "name": "name", "value": "one" }, { "name": "site", "value": "oslo" }]);
    assert_eq!(list(&["-o", "json"]).json(), expected);
    let (server, home) = world(&[]);
    let _ = tags(&server, &home, &["list", DEVICE]).succeeds().prints("");
}

#[test]
fn setting_one_keeps_the_others() {
    let (server, home) = two();
    let set = ["set", DEVICE, "site=berlin", "rack=a=b", "empty=", "--description", "by hand"];
    let done = tags(&server, &home, &set).succeeds().prints("");
    let _ = done.says("has the tags: empty, name, rack, site");
    let expected = json!({ "name": "one", "site": "berlin", "rack": "a=b", "empty": "" });
    assert_eq!(stored(&server), expected);
    let all = ["empty", "name", "rack", "site"].map(str::to_owned).to_vec();
    assert_eq!(writes(&server), [("PUT".into(), true, all)]);
    let listed = tags(&server, &home, &["list", DEVICE, "-o", "json"]).succeeds().json();
    assert_eq!(listed[3], json!({ "name": "site", "value": "berlin", "description": "by hand" }));
}

#[test]
fn what_is_so_already_is_not_written() {
    let (server, home) = two();
    let _ = tags(&server, &home, &["set", DEVICE, "site=oslo"]).succeeds();
    assert!(changes(&server).is_empty());
}

#[test]
fn removing_some_keeps_the_others() {
    let (server, home) = two();
    let json = tags(&server, &home, &["remove", DEVICE, "site", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!([{ "name": "name", "value": "one" }]));
    assert_eq!(stored(&server), json!({ "name": "one" }));
    let _ = tags(&server, &home, &["remove", DEVICE, "name"]).succeeds();
    assert_eq!(stored(&server), json!({}));
    assert!(writes(&server).iter().all(|(method, conditional, _)| method == "PUT" && *conditional));
}

#[test]
fn a_tag_that_is_not_there_spoils_the_removal() {
    let (server, home) = two();
    let refused = tags(&server, &home, &["remove", DEVICE, "site", "nothing"]).fails();
    let _ = refused.says("has no tag \"nothing\"; nothing was removed");
    assert!(changes(&server).is_empty());
}

/// Nobody ever set one: there is nothing to be conditional on, and what somebody sets in between stays too.
#[test]
fn the_first_tags_of_a_device_are_added() {
    let (server, home) = world(&[]);
    let json = tags(&server, &home, &["set", DEVICE, "site=oslo", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!([{ "name": "site", "value": "oslo" }]));
    assert_eq!(writes(&server), [("PATCH".into(), false, vec!["site".into()])]);
    assert_eq!(stored(&server), json!({ "site": "oslo" }));
}

#[test]
fn a_change_in_between_is_read_and_kept() {
    for lost in [1, 2] {
        let (server, home) = two();
        server.fault(Fault::on("PUT", CALL).status(412).times(lost));
        let _ = tags(&server, &home, &["set", DEVICE, "rack=7"]).succeeds();
        assert_eq!(writes(&server).len(), lost + 1);
        let reads = server.requests().into_iter().filter(|request| CALL.starts_with(&request.path));
        assert!(reads.filter(|request| request.method == "GET").count() > lost, "each try reads again");
        assert_eq!(stored(&server), json!({ "name": "one", "site": "oslo", "rack": "7" }));
    }
}

/// A real change by somebody else, between our read and our write.
#[cfg(unix)]
#[test]
fn what_somebody_else_sets_in_between_stays() {
    use crate::support::requests::wait_for;
    let (server, home) = two();
    server.fault(Fault::on("PUT", CALL).delay(std::time::Duration::from_millis(300)));
    let mut command = home.at(&server, ["devices", "tags", "set", DEVICE, "rack=7"]).into_command();
    let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    wait_for(&server, 1, |request| request.method == "PUT");
    server.set_tags(DEVICE, &[("name", json!("two")), ("floor", json!("3"))]);
    assert!(child.wait().unwrap().success());
    assert_eq!(stored(&server), json!({ "name": "two", "floor": "3", "rack": "7" }));
    assert_eq!(writes(&server).len(), 2);
}

#[test]
fn endless_changes_by_somebody_else_are_given_up_on() {
    let (server, home) = two();
    server.fault(Fault::on("PUT", CALL).status(412).times(99));
    let refused = tags(&server, &home, &["set", DEVICE, "rack=7"]).fails();
    let _ =
        refused.says("412").says("hint: somebody else changes these tags all the time; nothing was changed");
    assert_eq!(writes(&server).len(), 3);
    assert_eq!(stored(&server), json!({ "name": "one", "site": "oslo" }));
}

#[test]
fn more_tags_than_the_server_takes_are_refused_in_its_words() {
    let (server, home) = two();
    let pairs: Vec<String> = (0..19).map(|number| format!("t{number}=x")).collect();
    let args: Vec<&str> = ["set", DEVICE].into_iter().chain(pairs.iter().map(String::as_str)).collect();
    let _ =
        tags(&server, &home, &args).fails().says("the number of attributes in the scope is above the limit");
    assert_eq!(stored(&server), json!({ "name": "one", "site": "oslo" }));
}

/// The server itself would say yes and keep nothing.
#[test]
fn an_unknown_device_is_never_a_success() {
    let (server, home) = two();
    for device in ["a0000009-0000-4000-8000-000000000000", "nobody", "name=nobody"] {
        for args in [&["list"][..], &["set", "a=b"], &["remove", "a"]] {
            let args: Vec<&str> = [args[0], device].iter().chain(&args[1..]).copied().collect();
            let _ = tags(&server, &home, &args).fails().prints("").says("no device is named");
        }
    }
    assert!(changes(&server).is_empty());
    // It is let in already, and the inventory does not know it yet.
    server.fault(Fault::on("GET", CALL.trim_end_matches("/tags")).status(404));
    let _ = tags(&server, &home, &["set", DEVICE, "a=b"])
        .fails()
        .says("hint: the inventory does not know the device yet");
}

#[test]
fn a_line_that_is_wrong_is_refused_at_once() {
    let (server, home) = two();
    for (args, reason) in [
        (&["set", DEVICE, "site"][..], "\"site\" is not NAME=VALUE"),
        (&["set", DEVICE, "=x"], "\"=x\" is not NAME=VALUE"),
        (&["set", DEVICE, "a=1", "a=2"], "the tag \"a\" comes twice"),
    ] {
        let _ = tags(&server, &home, args).exits_with(2).says(reason);
    }
    assert!(server.requests().is_empty());
}
