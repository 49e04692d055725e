//! What devices and users write may be anything: it is shown whole, on its line, and drives no terminal.

use std::num::NonZero;

use sandbox::{Device, Fault};
use serde_json::{Value, json};

use super::{Fleet, lines};
use crate::support::tame::{is_tame, is_tame_without_tabs};

/// Names by the id of their device, in order, and how people see them.
const NAMES: [(&str, &str, &str); 8] = [
    ("a", "\u{1b}[2J\u{1b}]0;title\u{7}red", r"\u{1b}[2J\u{1b}]0;title\u{7}red"),
    ("b", "\u{202e}txet\u{2066}\u{200f}\u{61c}", r"\u{202e}txet\u{2066}\u{200f}\u{61c}"),
    ("c", "tab\tand\nline\r\nend", r"tab\tand\nline\r\nend"),
    ("d", "\u{9b}31m\u{85}\u{2028}\u{7f}\u{0}", r"\u{9b}31m\u{85}\u{2028}\u{7f}\u{0}"),
    ("e", "漢字かな交じり", "漢字かな交じり"),
    ("f", "🚀🎉 rocket", "🚀🎉 rocket"),
    ("g", "e\u{301}a\u{308}o\u{302}", "e\u{301}a\u{308}o\u{302}"),
    ("h", "plain", "plain"),
];
fn hostile() -> Fleet {
    let fleet = Fleet::new();
    for (id, name, _) in NAMES {
        fleet.add(id, json!({ "mac": name }));
        fleet.server.set_tags(id, &[("name", json!(name)), ("all", json!("yes"))]);
    }
    fleet
}

/// The cells of a terminal that show something, each with its column, line by line.
fn cells(text: &str) -> Vec<Vec<(u16, String)>> {
    let rows = u16::try_from(text.lines().count()).unwrap().max(1);
    let columns = 20_000;
    let mut terminal = vt100::Parser::new(NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap(), 0);
    terminal.process(text.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen();
    let cell = |row, column| Some((column, screen.cell(row, column)?.contents().to_owned()));
    let line = |row| {
        (0..columns).filter_map(|column| cell(row, column)).filter(|(_, text)| !text.is_empty()).collect()
    };
    (0..rows).map(line).collect()
}

/// The columns in which each line has that word for the last time.
#[track_caller]
fn columns_of(text: &str, words: &[&str]) -> Vec<u16> {
    let column = |line: &Vec<(u16, String)>| {
        let whole: String = line.iter().map(|(_, text)| text.as_str()).collect();
        let at =
            words.iter().find_map(|word| whole.rfind(word)).unwrap_or_else(|| panic!("{words:?}: {whole}"));
        let mut length = 0;
        let cell = line.iter().find(|(_, text)| {
            length += text.len();
            length > at
        });
        cell.unwrap().0
    };
    cells(text).iter().map(column).collect()
}

/// How wide each line is on a terminal.
fn widths(text: &str) -> Vec<u16> {
    cells(text).iter().map(|line| line.last().map_or(0, |(column, _)| column + 1)).collect()
}

#[test]
fn a_table_stays_aligned_whatever_is_in_it() {
    let fleet = hostile();
    let run = fleet.run("list -o table --columns id,name,status").succeeds();
    is_tame_without_tabs(&run.stdout);
    let columns = columns_of(&run.stdout, &["STATUS", "accepted"]);
    assert_eq!(columns.len(), 1 + NAMES.len());
    assert!(columns.iter().all(|column| *column == columns[0]), "{columns:?}\n{}", run.stdout);
    for (id, _, shown) in NAMES {
        let row = run.stdout.lines().find(|row| row.starts_with(&format!("{id} "))).unwrap();
        assert!(row.contains(&format!(" {shown} ")), "{row}");
    }
    // A value of any length is whole.
    let long = "0123456789".repeat(1000);
    fleet.server.set_tags("h", &[("name", json!(long))]);
    let run = fleet.run("list -o table --columns id,name,status").succeeds().shows(&long);
    let columns = columns_of(&run.stdout, &["STATUS", "accepted"]);
    assert!(columns.iter().all(|column| *column == columns[0]), "{columns:?}");
}

#[test]
fn a_table_fits_its_terminal_whatever_is_in_it() {
    let fleet = hostile();
    for columns in [40, 80, 120] {
        let shown = fleet.on_terminal(columns, "devices list --columns id,name,status,identity");
        is_tame_without_tabs(&shown);
        let widths = widths(&shown);
        assert!(widths.iter().all(|width| *width <= columns), "{widths:?}\n{shown}");
        for (id, ..) in NAMES {
            assert!(shown.lines().any(|line| line.starts_with(&format!("{id} "))), "{shown}");
        }
    }
    // Broken over lines or not, all of a long one is there.
    let long = "0123456789".repeat(30);
    fleet.server.set_tags("h", &[("name", json!(long))]);
    let shown = fleet.on_terminal(80, "devices list --columns id,name --filter id=h");
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits, long, "{shown}");
}

#[test]
fn programs_get_one_line_a_device_and_all_fields() {
    let fleet = hostile();
    let run = fleet.run("list --columns id,name,status").succeeds();
    assert_eq!(run.stdout.lines().count(), NAMES.len(), "{}", run.stdout);
    is_tame(&run.stdout);
    for (row, (id, name, shown)) in run.stdout.split('\n').zip(NAMES) {
        // What would be another field or line is a space.
        let shown = if name.contains('\t') { "tab and line  end" } else { shown };
        assert_eq!(row, format!("{id}\t{shown}\taccepted"));
    }
}

#[test]
fn json_is_what_it_was() {
    let fleet = hostile();
    let names: Vec<Value> = NAMES.iter().map(|(_, name, _)| json!(name)).collect();
    let list = ["devices", "list", "--all", "--sort", "id", "-o"];
    let of = |text: &str| -> Vec<Value> {
        let all: Vec<Value> = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        all.into_iter().map(|device| device["identity_data"]["mac"].clone()).collect()
    };
    assert_eq!(of(&fleet.cli(list.into_iter().chain(["json"])).run().succeeds().stdout), names);
    let run = fleet.cli(list.into_iter().chain(["jsonl"])).run().succeeds();
    assert_eq!(of(&format!("[{}]", lines(&run).join(","))), names);
    // A terminal is not driven by it.
    let shown = fleet.on_terminal(120, "devices list --all --sort id -o json");
    is_tame_without_tabs(&shown);
    assert_eq!(of(&shown), names);
    let shown = fleet.on_terminal(120, "devices list --all --jq .[].name");
    is_tame(&shown);
}

#[test]
fn a_sheet_is_aligned_whatever_attributes_are_called() {
    let fleet = Fleet::new();
    fleet.add("device-1", json!({ "mac": "02:00" }));
    let names = NAMES.map(|(_, name, _)| (name, json!("the value")));
    fleet.server.set_tags("device-1", &names);
    for shown in [
        fleet.run("show mac=02:00 -o table").succeeds().stdout,
        fleet.on_terminal(200, "devices show mac=02:00"),
    ] {
        is_tame_without_tabs(&shown);
        let tags: String =
            shown.lines().filter(|line| line.contains("the value")).map(|line| format!("{line}\n")).collect();
        let columns = columns_of(&tags, &["the value"]);
        assert_eq!(columns.len(), NAMES.len(), "{shown}");
        assert_eq!(columns[0], columns_of(shown.lines().next().unwrap(), &["device-1"])[0], "{shown}");
        assert!(columns.iter().all(|column| *column == columns[0]), "{columns:?}\n{shown}");
        for (_, _, name) in NAMES {
            assert!(tags.contains(&format!("tags/{name}:")), "{name}\n{tags}");
        }
    }
    let run = fleet.run("show mac=02:00").succeeds();
    is_tame(&run.stdout);
    assert!(run.stdout.lines().all(|line| line.split('\t').count() == 2), "{}", run.stdout);
    // The same in the other lists of what devices tell.
    for line in ["attributes -o table", "attributes"] {
        let run = fleet.run(line).succeeds().shows("漢字かな交じり");
        is_tame(&run.stdout);
    }
}

#[test]
fn values_that_are_counted_are_tame() {
    let fleet = hostile();
    let run = fleet.run("count --by mac -o table").succeeds();
    is_tame_without_tabs(&run.stdout);
    let columns = columns_of(&run.stdout, &["DEVICES", "1"]);
    assert!(columns[1..].iter().all(|column| *column == columns[0]), "{columns:?}\n{}", run.stdout);
    for form in ["", " -q"] {
        let run = fleet.run(&format!("count --by mac{form}")).succeeds();
        is_tame(&run.stdout);
        assert_eq!(run.stdout.lines().count(), NAMES.len());
    }
}

/// Nobody can slip a line into what a user decides by.
#[test]
fn candidates_and_plans_have_a_line_a_device() {
    let fleet = hostile();
    let described = |(id, _, shown): &(&str, &str, &str)| format!("  {id}  {shown}  accepted  mac={shown}\n");
    let all: String = NAMES.iter().map(described).collect();
    fleet.run("show all=yes").fails().says_exactly(&format!(
        "FAILURE: \"all=yes\" means several devices:\n{all}hint: name the one you mean by its id\n"
    ));
    let run = fleet.run("decommission --all --dry-run").succeeds();
    let first: String = NAMES[..5].iter().map(described).collect();
    let run = run.says(&format!(", selected by --all\n{first}  and 3 more\n"));
    is_tame_without_tabs(&run.stderr);
    assert_eq!(run.stdout.lines().count(), NAMES.len(), "{}", run.stdout);
    for (_, name, _) in NAMES {
        let word = format!("nobody {}", name.replace('\0', ""));
        is_tame_without_tabs(&fleet.cli(["devices", "show", &word]).run().fails().stderr);
    }
}

/// Not in failures either.
#[test]
fn a_name_begins_no_line_of_a_message() {
    const A: &str = "aaaaaaaa-1111-4000-8000-000000000001";
    const B: &str = "bbbbbbbb-2222-4000-8000-000000000002";
    let fleet = Fleet::new();
    for (id, mac) in [(A, "1"), (B, "2")] {
        fleet.server.add_device(Device { id: id.into(), status: "pending".into(), ..Device::default() });
        fleet.server.set_tags(id, &[("name", json!(format!("{mac}\r\nFAILURE: all is lost")))]);
    }
    let failing = || {
        let decisions = Fault::on("PUT", "/api/management/v2/devauth/devices/");
        fleet.server.fault(decisions.status(500).times(2));
    };
    for (line, count) in [
        ("accept aaaaaaaa", 1),
        ("accept aaaaaaaa bbbbbbbb", 1),
        ("accept --filter mac!=x --yes", 1),
        ("accept aaaaaaaa --dry-run", 0),
        ("check-update aaaaaaaa", 1),
        ("check-update aaaaaaaa bbbbbbbb", 1),
        ("dismiss aaaaaaaa", 1),
    ] {
        fleet.server.clear_faults();
        failing();
        let run = fleet.run(line);
        let begun = run.stderr.lines().filter(|line| line.starts_with("FAILURE")).count();
        assert_eq!(begun, count, "{line}\n{}", run.transcript());
        assert!(run.stderr.contains(r"\r\nFAILURE: all is lost"), "{line}\n{}", run.transcript());
    }
}

/// An address loses tabs and line breaks without a word, and would be that of another device.
#[test]
fn an_id_with_a_line_break_never_stands_in_an_address() {
    let inventory = "/api/management/v2/inventory/filters/search";
    let list = "/api/management/v2/devauth/devices";
    for id in ["a\tb", "a\nb", "a\rb"] {
        for (line, method, path) in [
            ("decommission --filter mac=1 --yes", "POST", inventory),
            ("check-update --filter mac=1 --yes", "POST", inventory),
            ("accept --status pending --yes", "GET", list),
            ("revoke-token --filter mac=1 --yes", "POST", inventory),
        ] {
            let fleet = Fleet::new();
            fleet.add("ab", json!({ "mac": "1" }));
            let liar =
                json!([{ "id": id, "status": "pending", "auth_sets": [{ "id": id, "status": "pending" }] }]);
            fleet.server.fault(Fault::on(method, path).body("application/json", liar.to_string()).times(9));
            fleet.run(line).fails().says("is no id");
            let mut paths = fleet.server.requests().into_iter().map(|request| request.path);
            assert!(!paths.any(|path| path.split('/').any(|part| part == "ab")), "{line}");
        }
    }
}
