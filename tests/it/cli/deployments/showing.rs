//! `deployments show`.

use sandbox::Fault;
use serde_json::{Value, json};

use super::verbs::{asked, fields, lab_of, run};
use super::{Fleet, GROUP, V1, V2, deployed, id, lab};
use crate::support::fleet::ids;

/// The properties of a deployment that are not empty.
#[track_caller]
fn properties(fleet: &Fleet, named: &str) -> Vec<(String, String)> {
    let shown = fleet.cli(["deployments", "show", named]).run().succeeds();
    let lines = fields(&shown).into_iter().map(|line| (line[0].clone(), line[1].clone()));
    lines.filter(|(_, value)| !value.is_empty()).collect()
}

#[track_caller]
fn property(fleet: &Fleet, named: &str, key: &str) -> String {
    let all = properties(fleet, named);
    all.iter().find(|(own, _)| own == key).map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn all_that_is_known_has_a_line() {
    let fleet = lab_of(&["one", "two", "three", "four"]);
    let roll = deployed(&fleet, "roll", &["success", "failure", "", ""]);
    let json = run(&fleet, "show roll -o json").succeeds().json();
    let created = json["created"].as_str().unwrap();
    let expected = [
        ("id", roll.as_str()),
        ("name", "roll"),
        ("release", "r2"),
        ("state", "inprogress"),
        ("kind", "software"),
        ("selected by", "identity/id $in (4 values)"),
        ("created", created),
        ("devices", "4"),
        ("have asked", "2"),
        ("have not asked", "2: three, four"),
        ("failure", "1"),
        ("pending", "2"),
        ("success", "1"),
    ];
    for named in ["roll", &roll] {
        let shown = properties(&fleet, named);
        let shown: Vec<(&str, &str)> = shown.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(shown, expected);
    }
    assert_eq!(json["never_asked"], json!([id(2), id(3)]));
    assert_eq!(json["filter"]["terms"][0]["value"], json!(ids(0..4)));
    run(&fleet, "show roll -q").succeeds().prints(&format!("{roll}\n"));
}

#[test]
#[cfg(unix)]
fn people_get_a_sheet() {
    let fleet = lab_of(&["one", "two"]);
    let roll = deployed(&fleet, "roll", &["failure", ""]);
    let shown = fleet.on_terminal(100, "deployments show roll");
    assert!(shown.contains(&format!("{roll}\n")), "{shown}");
    let value = |title: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(title));
        line.map(|line| line.split_once(':').unwrap().1.trim().to_owned())
    };
    assert_eq!(value("Have not asked").as_deref(), Some("1: two"), "{shown}");
    assert_eq!(value("- failure").as_deref(), Some("1"), "{shown}");
    assert_eq!(value("- success"), None, "{shown}");
}

#[test]
fn only_some_of_the_silent_are_named() {
    let fleet = lab(12);
    deployed(&fleet, "roll", &[""; 12]);
    let silent = property(&fleet, "roll", "have not asked");
    assert_eq!(silent, format!("12: {}, ...", ids(0..10).join(", ")));
    let json = run(&fleet, "show roll -o json").succeeds().json();
    assert_eq!(json["never_asked"], json!(ids(0..12)));
}

#[test]
fn nobody_is_looked_for_where_all_have_asked() {
    let fleet = lab(2);
    deployed(&fleet, "roll", &["success", "installing"]);
    assert_eq!(property(&fleet, "roll", "have not asked"), "");
    assert_eq!(run(&fleet, "show roll -o json").succeeds().json()["never_asked"], json!([]));
    assert_eq!((asked(&fleet, "device_list"), asked(&fleet, "devices/list")), (0, 0));
}

/// The counters forget who never asked once it is aborted; they are still the ones that lack the release.
#[test]
fn who_never_asked_is_known_also_of_an_aborted_one() {
    let fleet = lab(3);
    deployed(&fleet, "roll", &["success", "installing", ""]);
    run(&fleet, "abort roll --yes").succeeds();
    assert_eq!(property(&fleet, "roll", "state"), "finished");
    assert_eq!(property(&fleet, "roll", "have not asked"), format!("1: {}", id(2)));
    assert_eq!(property(&fleet, "roll", "aborted"), "1");
    assert_eq!(property(&fleet, "roll", "pending"), "");
}

#[test]
fn how_its_devices_were_chosen_is_told() {
    let fleet = lab(4);
    let create = |name: &str, whom: &[&str]| {
        let args = ["deployments", "create", "--artifact", "r2", "--yes", "--name", name];
        fleet.cli(args).args(whom).run().succeeds();
    };
    create("by group", &["--group", GROUP]);
    create("by all", &["--all", "--force"]);
    create("by name", &[&id(0), &id(1)]);
    assert_eq!(property(&fleet, "by group", "selected by"), format!("system/group $eq {GROUP}"));
    assert_eq!(property(&fleet, "by group", "groups"), GROUP);
    assert_eq!(property(&fleet, "by all", "selected by"), "identity/status $eq accepted");
    assert_eq!(property(&fleet, "by all", "forced"), "true");
    assert_eq!(property(&fleet, "by group", "forced"), "");
    let few = property(&fleet, "by name", "selected by");
    assert!(few.starts_with("identity/id $in") && few.contains(&id(0)) && few.contains(&id(1)), "{few}");
}

#[test]
fn what_there_is_not_may_have_been_meant_otherwise() {
    let fleet = lab(1);
    deployed(&fleet, "release-2.0 to kiosks", &[""]);
    let missed = fleet.cli(["deployments", "show", "release-2.0 to kiosk"]).run().fails();
    missed
        .says("no deployment is named \"release-2.0 to kiosk\"")
        .says("there is \"release-2.0 to kiosks\"\n");
    let missed = run(&fleet, "show kiosks").fails();
    missed.says("there is \"release-2.0 to kiosks\"\n");
    let hint = "deployments list shows those that there are";
    run(&fleet, "show zzz").fails().says(hint);
    run(&fleet, &format!("show {}", id(7)))
        .fails()
        .says(&format!("no deployment is named {:?}", id(7)))
        .says(hint);
    fleet
        .cli(["deployments", "show", ""])
        .run()
        .exits_with(2)
        .says("the name or id of the deployment is empty");
    // One without a name is like no word.
    let nameless = json!([{ "id": id(9), "name": "" }]);
    let lie = Fault::on("GET", V2).body("application/json", nameless.to_string());
    fleet.server.fault(lie.times(2));
    run(&fleet, "show zzz").fails().says(hint);
}

#[test]
fn several_of_a_name_are_shown_with_their_ids() {
    let fleet = lab(1);
    let first = deployed(&fleet, "roll", &["success"]);
    let second = deployed(&fleet, "roll", &[""]);
    for verb in ["show", "devices", "log", "watch", "retry", "abort"] {
        let outcome = run(&fleet, &format!("{verb} roll")).fails().prints("");
        let outcome = outcome.says("several deployments are named \"roll\":\n");
        let outcome =
            outcome.says(&format!("\n  {second}  pending  ")).says(&format!("\n  {first}  finished  "));
        outcome.says("hint: name the one you mean by its id");
    }
    assert!(fleet.changes().is_empty());
    let newest = run(&fleet, "list -o json").succeeds().json();
    let time = newest[0]["created"].as_str().unwrap().to_owned();
    run(&fleet, "show roll").fails().says(&time);
}

#[test]
fn phases_and_retries_are_shown_where_a_server_has_them() {
    let fleet = lab(1);
    let roll = deployed(&fleet, "roll", &["success"]);
    let mut shown = run(&fleet, "show roll -o json").succeeds().json();
    shown["retries"] = json!(3);
    shown["phases"] = json!([{ "batch_size": 10, "start_ts": "2026-01-02T03:04:05Z" }, { "id": "x" }]);
    shown.as_object_mut().unwrap().remove("never_asked");
    let answer = Fault::on("GET", &format!("{V1}/{roll}")).body("application/json", shown.to_string());
    fleet.server.fault(answer.times(2));
    let json: Value = run(&fleet, &format!("show {roll} -o json")).succeeds().json();
    assert_eq!((&json["retries"], &json["phases"]), (&shown["retries"], &shown["phases"]));
    let told = properties(&fleet, &roll);
    assert!(told.contains(&("phases".into(), "10% from 2026-01-02T03:04:05Z, the rest".into())), "{told:?}");
    assert!(told.contains(&("retries".into(), "3".into())), "{told:?}");
}
