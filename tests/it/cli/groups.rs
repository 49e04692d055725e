//! `groups`: a group is there while a device is in it.

use sandbox::{Device, Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::home::Outcome;
use crate::support::{Home, changes};

fn id(number: usize) -> String {
    format!("ad{number:06}-0000-4000-8000-000000000000")
}

/// Devices of these groups; an empty one is none.
fn world(of: &[&str]) -> (Sandbox, Home) {
    let server = Sandbox::start();
    for (number, group) in of.iter().enumerate() {
        let identity_data = json!({ "sn": format!("SN{number}") });
        server.add_device(Device { id: id(number), identity_data, ..Device::default() });
        if !group.is_empty() {
            server.set_group(&id(number), group);
        }
    }
    let home = Home::logged_in(&server);
    (server, home)
}

fn groups(server: &Sandbox, home: &Home, args: &[&str]) -> Outcome {
    home.at(server, ["groups"]).args(args).run()
}

/// The group of each of the first devices.
fn of(server: &Sandbox, count: usize) -> Vec<String> {
    (0..count).map(|number| server.group(&id(number)).unwrap_or_default()).collect()
}

#[test]
fn groups_are_listed_by_name() {
    let (server, home) = world(&["lab", "", "depot", "lab"]);
    let _ = groups(&server, &home, &["list"]).succeeds().prints("depot\nlab\n");
    assert_eq!(groups(&server, &home, &["list", "-o", "json"]).succeeds().json(), json!(["depot", "lab"]));
    let (server, home) = world(&[]);
    let _ = groups(&server, &home, &["list"]).succeeds().prints("");
}

#[test]
fn a_group_shows_its_devices() {
    let (server, home) = world(&["lab", "depot", "lab"]);
    let shown = groups(&server, &home, &["show", "lab", "-q"]).succeeds();
    let _ = shown.prints(&format!("{}\n{}\n", id(0), id(2)));
    let json = groups(&server, &home, &["show", "depot", "-o", "json"]).succeeds().json();
    assert_eq!((&json[0]["id"], &json[0]["group"]), (&json!(id(1)), &json!("depot")));
    let _ = groups(&server, &home, &["show", "nothing"]).fails().says("there is no group \"nothing\"");
}

#[test]
fn devices_that_were_named_are_put_into_a_group_at_once() {
    let (server, home) = world(&["", "", "depot"]);
    let done = groups(&server, &home, &["add", "lab", &id(0), "sn=SN2"]).succeeds().prints("");
    let _ = done.says("devices in the group lab: 2 of 2, new ones: 2");
    let body = json!([id(0), id(2)]);
    assert_eq!(changes(&server), [format!("PATCH v1/inventory/groups/lab/devices {body}")]);
    assert_eq!(of(&server, 3), ["lab", "", "lab"], "it moved from the other group");

    let again = groups(&server, &home, &["add", "lab", &id(0), &id(1), "-o", "json"]).succeeds().json();
    assert_eq!(again, json!({ "group": "lab", "matched": 2, "updated": 1 }));
}

#[test]
fn a_selection_is_shown_and_wants_consent() {
    let (server, home) = world(&["", "depot", "depot"]);
    let refused = groups(&server, &home, &["add", "lab", "--group", "depot"]).fails();
    let refused = refused.says("nobody can be asked here").says("ut 2 devices into the group lab on ");
    let _ = refused.says("selected by group = depot (compared by the server)");
    let dry = groups(&server, &home, &["add", "lab", "--group", "depot", "--dry-run"]).succeeds();
    let _ = dry.says("would put 2 devices into the group lab");
    let dry = groups(&server, &home, &["remove", "depot", "--all", "--dry-run"]).succeeds();
    let _ = dry.says("would take 3 devices out of the group depot");
    assert!(changes(&server).is_empty());
    let _ = groups(&server, &home, &["add", "lab", "--group", "depot", "--yes"]).succeeds();
    assert_eq!(of(&server, 3), ["", "lab", "lab"]);
    let _ = groups(&server, &home, &["add", "lab", "--group", "nothing", "--yes"])
        .succeeds()
        .says("nothing to do");
}

#[test]
fn devices_leave_a_group() {
    let (server, home) = world(&["lab", "lab", "depot"]);
    let done = groups(&server, &home, &["remove", "lab", &id(0)]).succeeds();
    let _ = done.says("devices taken out of the group lab: 1");
    assert_eq!(changes(&server), [format!("DELETE v1/inventory/groups/lab/devices {}", json!([id(0)]))]);
    assert_eq!(of(&server, 3), ["", "lab", "depot"]);
}

/// The server's answer to work on nothing is `{}`, and a success.
#[test]
fn nothing_done_is_no_success() {
    let (server, home) = world(&["lab", "depot"]);
    let _ = groups(&server, &home, &["remove", "lab", &id(1)]).fails().says("they were not in that group");
    let some = groups(&server, &home, &["remove", "lab", &id(0), &id(1), "-o", "json"]).exits_with(3);
    assert_eq!(some.json()["updated"], 1);
    let _ = some.says("1 of 2 devices: nothing was done");

    let (server, home) = world(&["lab"]);
    let call = "/api/management/v1/inventory/groups/";
    server.fault(Fault::on("PATCH", call).body("application/json", "{}"));
    let _ = groups(&server, &home, &["add", "depot", &id(0)])
        .fails()
        .says("the inventory does not know them yet");
    server.fault(Fault::on("DELETE", call).body("application/json", "{}"));
    let _ = groups(&server, &home, &["delete", "lab", "--yes"]).fails().says("there is no group \"lab\"");
}

#[test]
fn more_devices_than_a_call_takes_are_several_calls() {
    let (server, home) = world(&[""; 501]);
    let done = groups(&server, &home, &["add", "lab", "--all", "--yes"]).succeeds();
    let _ = done.says("devices in the group lab: 501 of 501, new ones: 501");
    assert_eq!(changes(&server).len(), 2);
    let done = groups(&server, &home, &["remove", "lab", "--all", "--yes", "-o", "json"]).succeeds();
    assert_eq!(done.json(), json!({ "group": "lab", "matched": 501, "updated": 501 }));
    assert!(of(&server, 501).iter().all(String::is_empty));
}

/// A failure in the middle does not hide what was done before it.
#[test]
fn what_was_done_before_a_failure_is_told() {
    for (verb, group, method) in [("add", "", "PATCH"), ("remove", "lab", "DELETE")] {
        let (server, home) = world(&[group; 501]);
        server.fault(Fault::on(method, "/api/management/v1/inventory/groups/").status(500).after(1));
        let run = groups(&server, &home, &[verb, "lab", "--all", "--yes"]).exits_with(3);
        let run = run.says("FAILURE: stopped after 500 of 501 devices, of which 500 were changed: ");
        let _ = run.says("status 500").says("the same command goes on with the rest");
        let changed = of(&server, 501).into_iter().filter(|it| it != group).count();
        assert_eq!(changed, 500, "{verb}");
        server.fault(Fault::on(method, "/api/management/v1/inventory/groups/").status(500));
        let _ =
            groups(&server, &home, &[verb, "lab", "--all", "--yes"]).fails().does_not_say("stopped after");
    }
}

#[test]
fn an_unknown_group_is_none() {
    let (server, home) = world(&["lab"]);
    for args in [&["remove", "lbb", "sn=SN0"][..], &["delete", "lbb", "--yes"], &["show", "lbb"]] {
        let _ =
            groups(&server, &home, args).fails().says("there is no group \"lbb\"").says("hint: groups list");
    }
    assert!(changes(&server).is_empty());
}

#[test]
fn an_unknown_device_stops_all() {
    let (server, home) = world(&["", ""]);
    let refused = groups(&server, &home, &["add", "lab", &id(0), "nobody"]).fails();
    let _ = refused.says("no device is named \"nobody\"");
    let _ = groups(&server, &home, &["add", "lab"]).exits_with(2).says("no device is named or selected");
    assert!(changes(&server).is_empty());
}

#[test]
fn a_group_ends_with_consent() {
    let (server, home) = world(&["lab", "lab", "depot"]);
    let refused = groups(&server, &home, &["delete", "lab"]).fails();
    let _ = refused.says("nobody can be asked here: Take 2 devices out of the group lab, which ends it");
    let _ = groups(&server, &home, &["delete", "lab", "--dry-run"]).succeeds().says("would take 2 devices");
    assert!(changes(&server).is_empty());
    let json = groups(&server, &home, &["delete", "lab", "--yes", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!({ "group": "lab", "matched": 2, "updated": 2 }));
    assert_eq!(changes(&server), ["DELETE v1/inventory/groups/lab"]);
    assert_eq!(of(&server, 3), ["", "", "depot"]);
}

#[test]
fn names_that_no_group_may_have_are_refused_in_the_servers_words() {
    let (server, home) = world(&[""]);
    let long = "x".repeat(257);
    for (name, words) in [
        ("a b", "group name can only contain"),
        ("ä", "group name can only contain"),
        (&long, "the length must be"),
    ] {
        let _ = groups(&server, &home, &["add", name, &id(0)]).fails().says("400").says(words);
    }
    assert_eq!(of(&server, 1), [""]);
}

/// Whatever a name is, it is one part of the path.
#[test]
fn odd_names_stay_in_their_place_in_the_path() {
    let (server, home) = world(&[""]);
    for (name, encoded) in
        [("a/b", "a%2Fb"), ("a b", "a%20b"), ("a?b#c", "a%3Fb%23c"), ("ä%2F", "%C3%A4%252F")]
    {
        server.clear_requests();
        let _ = groups(&server, &home, &["show", name]).fails().says("there is no group");
        let _ = groups(&server, &home, &["add", name, &id(0)]).fails();
        let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
        let path = format!("/api/management/v1/inventory/groups/{encoded}/devices");
        assert_eq!(paths.iter().filter(|it| **it == path).count(), 2, "{name}: {paths:?}");
    }
    server.clear_requests();
    for name in ["", ".", ".."] {
        let _ = groups(&server, &home, &["show", name]).fails();
        let _ = groups(&server, &home, &["delete", name, "--yes"]).fails();
    }
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn a_person_is_asked() {
    use crate::support::terminal::Terminal;
    for (answer, code) in [("y\r", 0), ("n\r", 1)] {
        let (server, home) = world(&["lab"]);
        let env = [("MENDER_SERVER_URL", server.url())];
        let mut terminal = Terminal::start(&home, 160, &env, &["groups", "delete", "lab"]);
        terminal.wait_for("Take 1 device out of the group lab, which ends it");
        terminal.type_in(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(changes(&server).len(), usize::from(code == 0));
    }
}

#[test]
fn a_forms_value_is_what_programs_read() {
    let (server, home) = world(&["lab"]);
    let line: Value = groups(&server, &home, &["list", "-o", "jsonl"]).succeeds().json();
    assert_eq!(line, json!("lab"));
    let _ = groups(&server, &home, &["add", "lab", &id(0), "-q"]).succeeds().prints("lab\n").says_exactly("");
}
