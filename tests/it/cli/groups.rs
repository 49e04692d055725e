//! `groups`: a group is there while a device is in it.

use sandbox::Fault;
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::fleet::id;
use crate::support::home::Outcome;

/// Devices of these groups; an empty one is none.
fn grouped(of: &[&str]) -> Fleet {
    let fleet = Fleet::new();
    for (number, group) in of.iter().enumerate() {
        fleet.add(&id(number), json!({ "sn": format!("SN{number}") }));
        if !group.is_empty() {
            fleet.server.set_group(&id(number), group);
        }
    }
    fleet
}

fn groups(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["groups"]).args(args).run()
}

/// The group of each of the first devices.
fn of(fleet: &Fleet, count: usize) -> Vec<String> {
    (0..count).map(|number| fleet.server.group(&id(number)).unwrap_or_default()).collect()
}

#[test]
fn groups_are_listed_by_name() {
    let fleet = grouped(&["lab", "", "depot", "lab"]);
    groups(&fleet, &["list"]).succeeds().prints("depot\nlab\n");
    assert_eq!(groups(&fleet, &["list", "-o", "json"]).succeeds().json(), json!(["depot", "lab"]));
    let fleet = grouped(&[]);
    groups(&fleet, &["list"]).succeeds().prints("");
}

#[test]
fn a_group_shows_its_devices() {
    let fleet = grouped(&["lab", "depot", "lab"]);
    let shown = groups(&fleet, &["show", "lab", "-q"]).succeeds();
    shown.prints(&format!("{}\n{}\n", id(0), id(2)));
    let json = groups(&fleet, &["show", "depot", "-o", "json"]).succeeds().json();
    assert_eq!((&json[0]["id"], &json[0]["group"]), (&json!(id(1)), &json!("depot")));
    groups(&fleet, &["show", "nothing"]).fails().says("there is no group \"nothing\"");
}

#[test]
fn devices_that_were_named_are_put_into_a_group_at_once() {
    let fleet = grouped(&["", "", "depot"]);
    let done = groups(&fleet, &["add", "lab", &id(0), "sn=SN2"]).succeeds().prints("");
    done.says("devices in the group lab: 2 of 2, new ones: 2");
    let body = json!([id(0), id(2)]);
    assert_eq!(fleet.changes(), [format!("PATCH v1/inventory/groups/lab/devices {body}")]);
    assert_eq!(of(&fleet, 3), ["lab", "", "lab"], "it moved from the other group");

    let again = groups(&fleet, &["add", "lab", &id(0), &id(1), "-o", "json"]).succeeds().json();
    assert_eq!(again, json!({ "group": "lab", "matched": 2, "updated": 1 }));
}

#[test]
fn a_selection_is_shown_and_wants_consent() {
    let fleet = grouped(&["", "depot", "depot"]);
    let refused = groups(&fleet, &["add", "lab", "--group", "depot"]).fails();
    let refused = refused.says("nobody can be asked here").says("ut 2 devices into the group lab on ");
    refused.says("selected by group = depot (compared by the server)");
    let dry = groups(&fleet, &["add", "lab", "--group", "depot", "--dry-run"]).succeeds();
    dry.says("would put 2 devices into the group lab");
    let dry = groups(&fleet, &["remove", "depot", "--all", "--dry-run"]).succeeds();
    dry.says("would take 3 devices out of the group depot");
    assert!(fleet.changes().is_empty());
    groups(&fleet, &["add", "lab", "--group", "depot", "--yes"]).succeeds();
    assert_eq!(of(&fleet, 3), ["", "lab", "lab"]);
    groups(&fleet, &["add", "lab", "--group", "nothing", "--yes"]).succeeds().says("nothing to do");
}

#[test]
fn devices_leave_a_group() {
    let fleet = grouped(&["lab", "lab", "depot"]);
    let done = groups(&fleet, &["remove", "lab", &id(0)]).succeeds();
    done.says("devices taken out of the group lab: 1");
    assert_eq!(fleet.changes(), [format!("DELETE v1/inventory/groups/lab/devices {}", json!([id(0)]))]);
    assert_eq!(of(&fleet, 3), ["", "lab", "depot"]);
}

/// The server's answer to work on nothing is `{}`, and a success.
#[test]
fn nothing_done_is_no_success() {
    let fleet = grouped(&["lab", "depot"]);
    groups(&fleet, &["remove", "lab", &id(1)]).fails().says("they were not in that group");
    let some = groups(&fleet, &["remove", "lab", &id(0), &id(1), "-o", "json"]).exits_with(3);
    assert_eq!(some.json()["updated"], 1);
    some.says("1 of 2 devices: nothing was done");

    let fleet = grouped(&["lab"]);
    let call = "/api/management/v1/inventory/groups/";
    fleet.server.fault(Fault::on("PATCH", call).body("application/json", "{}"));
    groups(&fleet, &["add", "depot", &id(0)]).fails().says("the inventory does not know them yet");
    fleet.server.fault(Fault::on("DELETE", call).body("application/json", "{}"));
    groups(&fleet, &["delete", "lab", "--yes"]).fails().says("there is no group \"lab\"");
}

#[test]
fn more_devices_than_a_call_takes_are_several_calls() {
    let fleet = grouped(&[""; 501]);
    let done = groups(&fleet, &["add", "lab", "--all", "--yes"]).succeeds();
    done.says("devices in the group lab: 501 of 501, new ones: 501");
    assert_eq!(fleet.changes().len(), 2);
    let done = groups(&fleet, &["remove", "lab", "--all", "--yes", "-o", "json"]).succeeds();
    assert_eq!(done.json(), json!({ "group": "lab", "matched": 501, "updated": 501 }));
    assert!(of(&fleet, 501).iter().all(String::is_empty));
}

/// A failure in the middle does not hide what was done before it.
#[test]
fn what_was_done_before_a_failure_is_told() {
    for (verb, group, method) in [("add", "", "PATCH"), ("remove", "lab", "DELETE")] {
        let fleet = grouped(&[group; 501]);
        fleet.server.fault(Fault::on(method, "/api/management/v1/inventory/groups/").status(500).after(1));
        let run = groups(&fleet, &[verb, "lab", "--all", "--yes"]).exits_with(3);
        let run = run.says("FAILURE: stopped after 500 of 501 devices, of which 500 were changed: ");
        run.says("status 500").says("the same command goes on with the rest");
        let changed = of(&fleet, 501).into_iter().filter(|it| it != group).count();
        assert_eq!(changed, 500, "{verb}");
        fleet.server.fault(Fault::on(method, "/api/management/v1/inventory/groups/").status(500));
        groups(&fleet, &[verb, "lab", "--all", "--yes"]).fails().does_not_say("stopped after");
    }
}

#[test]
fn an_unknown_group_is_none() {
    let fleet = grouped(&["lab"]);
    for args in [&["remove", "lbb", "sn=SN0"][..], &["delete", "lbb", "--yes"], &["show", "lbb"]] {
        groups(&fleet, args).fails().says("there is no group \"lbb\"").says("hint: groups list");
    }
    assert!(fleet.changes().is_empty());
}

#[test]
fn an_unknown_device_stops_all() {
    let fleet = grouped(&["", ""]);
    let refused = groups(&fleet, &["add", "lab", &id(0), "nobody"]).fails();
    refused.says("no device is named \"nobody\"");
    groups(&fleet, &["add", "lab"]).exits_with(2).says("no device is named or selected");
    assert!(fleet.changes().is_empty());
}

#[test]
fn a_group_ends_with_consent() {
    let fleet = grouped(&["lab", "lab", "depot"]);
    let refused = groups(&fleet, &["delete", "lab"]).fails();
    refused.says("nobody can be asked here: Take 2 devices out of the group lab, which ends it");
    groups(&fleet, &["delete", "lab", "--dry-run"]).succeeds().says("would take 2 devices");
    assert!(fleet.changes().is_empty());
    let json = groups(&fleet, &["delete", "lab", "--yes", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!({ "group": "lab", "matched": 2, "updated": 2 }));
    assert_eq!(fleet.changes(), ["DELETE v1/inventory/groups/lab"]);
    assert_eq!(of(&fleet, 3), ["", "", "depot"]);
}

#[test]
fn names_that_no_group_may_have_are_refused_in_the_servers_words() {
    let fleet = grouped(&[""]);
    let long = "x".repeat(257);
    for (name, words) in [
        ("a b", "group name can only contain"),
        ("ä", "group name can only contain"),
        (&long, "the length must be"),
    ] {
        groups(&fleet, &["add", name, &id(0)]).fails().says("400").says(words);
    }
    assert_eq!(of(&fleet, 1), [""]);
}

/// Whatever a name is, it is one part of the path.
#[test]
fn odd_names_stay_in_their_place_in_the_path() {
    let fleet = grouped(&[""]);
    for (name, encoded) in
        [("a/b", "a%2Fb"), ("a b", "a%20b"), ("a?b#c", "a%3Fb%23c"), ("ä%2F", "%C3%A4%252F")]
    {
        fleet.server.clear_requests();
        groups(&fleet, &["show", name]).fails().says("there is no group");
        groups(&fleet, &["add", name, &id(0)]).fails();
        let paths: Vec<String> = fleet.server.requests().into_iter().map(|request| request.path).collect();
        let path = format!("/api/management/v1/inventory/groups/{encoded}/devices");
        assert_eq!(paths.iter().filter(|it| **it == path).count(), 2, "{name}: {paths:?}");
    }
    fleet.server.clear_requests();
    // An address loses tabs and line breaks without a word, and would be that of another group.
    for name in ["", ".", "..", "la\tb", "la\nb", "la\rb"] {
        for args in [
            &["show", name][..],
            &["delete", name, "--yes"],
            &["add", name, &id(0)],
            &["add", name, "--all", "--yes"],
            &["remove", name, &id(0)],
        ] {
            groups(&fleet, args).fails().says("is no id");
            assert!(fleet.server.requests().is_empty(), "{args:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_person_is_asked() {
    for (answer, code) in [("y\r", 0), ("n\r", 1)] {
        let fleet = grouped(&["lab"]);
        let mut terminal = fleet.terminal(160, "groups delete lab");
        terminal.wait_for("Take 1 device out of the group lab, which ends it");
        terminal.type_in(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(fleet.changes().len(), usize::from(code == 0));
    }
}

#[test]
fn a_forms_value_is_what_programs_read() {
    let fleet = grouped(&["lab"]);
    let line: Value = groups(&fleet, &["list", "-o", "jsonl"]).succeeds().json();
    assert_eq!(line, json!("lab"));
    groups(&fleet, &["add", "lab", &id(0), "-q"]).succeeds().prints("lab\n").says_exactly("");
}
