//! Names and words of others are shown whole, on their line, and drive no terminal.

use sandbox::Fault;
use serde_json::{Value, json};

use super::verbs::{fields, lab_of, run};
use super::{Fleet, V1, V2, deployed, id};
use crate::support::tame::is_tame;

/// A name, as it is, as people see it, and as it stands in a field.
const NAME: &str = "a\u{1b}[2J\u{7}b\nc\td\r\u{202e}e\u{2028}f";
const SHOWN: &str = r"a\u{1b}[2J\u{7}b\nc\td\r\u{202e}e\u{2028}f";
/// A device and a deployment of that name, with words to match.
fn hostile() -> (Fleet, String) {
    let fleet = lab_of(&[NAME]);
    let roll = deployed(&fleet, NAME, &["downloading"]);
    fleet.server.try_device_reports(&roll, &id(0), "failure", Some(NAME)).unwrap();
    (fleet, roll)
}

#[test]
fn no_name_drives_a_terminal() {
    let (fleet, roll) = hostile();
    let device = id(0);
    for line in [
        "list".to_owned(),
        "list -o json".to_owned(),
        format!("show {roll}"),
        format!("show {roll} -o json"),
        format!("devices {roll}"),
        format!("devices {roll} -o jsonl"),
        format!("history {device}"),
        format!("list --device {device}"),
        format!("abort {roll} --yes"),
        format!("retry {roll} --dry-run"),
        format!("retry {roll} --yes"),
    ] {
        let shown = fleet.on_terminal(300, &format!("deployments {line}"));
        // A table on a terminal may cut its cells over lines.
        is_tame(&shown);
        assert!(shown.contains("a\\u") || shown.contains(&device), "{line}: {shown}");
    }
    let shown = fleet.on_terminal(300, "deployments list --limit 1 --sort asc");
    assert!(shown.contains(&format!("{roll}  {SHOWN}  ")), "{shown}");
}

#[test]
fn programs_get_one_line_a_thing_and_the_same_fields() {
    let (fleet, roll) = hostile();
    for (line, count) in [
        ("list".to_owned(), 9),
        (format!("devices {roll}"), 7),
        (format!("history {}", id(0)), 7),
        (format!("list --device {}", id(0)), 9),
    ] {
        let shown = run(&fleet, &line).succeeds();
        is_tame(&shown.stdout);
        let all = fields(&shown);
        assert_eq!((all.len(), all[0].len()), (1, count), "{line}: {}", shown.stdout);
    }
    let shown = run(&fleet, &format!("show {roll}")).succeeds();
    assert!(fields(&shown).iter().all(|line| line.len() == 2), "{}", shown.stdout);
    is_tame(&shown.stdout);
    // JSON is what it was.
    assert_eq!(run(&fleet, "list -o json").succeeds().json()[0]["name"], NAME);
    let devices = run(&fleet, &format!("devices {roll} -o json")).succeeds().json();
    assert_eq!((&devices[0]["name"], &devices[0]["substate"]), (&json!(NAME), &json!(NAME)));
}

#[test]
fn messages_have_a_line_a_thing() {
    let (fleet, roll) = hostile();
    let device = id(0);
    let other = deployed(&fleet, NAME, &[""]);
    for (line, begun) in [
        (format!("abort {roll}"), 0),
        (format!("abort {other} --dry-run"), 0),
        (format!("abort --device {device} --dry-run"), 0),
        (format!("retry {roll} --dry-run"), 0),
        (format!("log {roll} {device}"), 1),
        (format!("watch {roll}"), 1),
        ("show nothing".to_owned(), 1),
    ] {
        let shown = run(&fleet, &line);
        is_tame(&shown.stderr);
        assert_eq!(shown.stderr.matches("FAILURE").count(), begun, "{line}\n{}", shown.stderr);
        let is_ours = |line: &&str| !line.starts_with("c\t") && !line.starts_with("c\\t");
        assert!(shown.stderr.lines().all(|line| is_ours(&line)), "{line}\n{}", shown.stderr);
    }
    let several = fleet.cli(["deployments", "show", NAME]).run().fails();
    is_tame(&several.stderr);
    assert_eq!(several.stderr.lines().count(), 4, "{}", several.stderr);
}

/// What the server itself says may be anything as well.
#[test]
fn no_other_text_of_a_server_drives_a_terminal() {
    let fleet = lab_of(&["one"]);
    let roll = deployed(&fleet, "roll", &["failure"]);
    let listed = |name: &str| {
        json!({
            "id": NAME, "name": name, "artifact_name": NAME, "status": NAME, "created": NAME, "finished": NAME,
            "type": NAME, "groups": [NAME], "max_devices": 1, "device_count": 1, "retries": NAME,
            "phases": [{ "batch_size": NAME, "start_ts": NAME }],
            "filter": { "terms": [{ "scope": NAME, "attribute": NAME, "type": NAME, "value": [NAME] }] },
            "statistics": { "status": { NAME: 3 } },
        })
    };
    let answer = |path: &str, body: Value| {
        fleet.server.fault(Fault::on("GET", path).body("application/json", body.to_string()).times(50));
    };
    answer(V2, json!([listed("twice"), listed("twice")]));
    answer(
        &format!("{V1}/{roll}/devices/list"),
        json!([{ "id": NAME, "status": NAME, "substate": NAME, "started": NAME, "log": true }]),
    );
    answer(&format!("{V1}/{roll}/devices/"), json!(NAME));
    answer(
        &format!("{V1}/devices/"),
        json!([{ "deployment": listed(NAME), "device": { "id": NAME, "status": NAME } }]),
    );
    answer(&format!("{V1}/{roll}"), listed("one"));
    for line in ["list".to_owned(), format!("show {roll}"), format!("history {}", id(0))] {
        let shown = fleet.on_terminal(400, &format!("deployments {line}"));
        is_tame(&shown);
        assert!(shown.contains("a\\u{1b}"), "{line}: {shown}");
        let shown = run(&fleet, &line).succeeds();
        is_tame(&shown.stdout);
        assert!(fields(&shown).iter().all(|line| line.len() > 1), "{line}: {}", shown.stdout);
    }
    let several = run(&fleet, "show twice").fails();
    is_tame(&several.stderr);
    assert_eq!(several.stderr.lines().count(), 4, "{}", several.stderr);
}
