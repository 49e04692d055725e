//! `--file`: devices by a list of ids or names.

use serde_json::json;

use super::{Fleet, PAGE};

const A: &str = "aaaaaaaa-1111-4000-8000-000000000001";
const B: &str = "bbbbbbbb-2222-4000-8000-000000000002";
const C: &str = "cccccccc-3333-4000-8000-000000000003";

fn three() -> Fleet {
    let fleet = Fleet::new();
    for (id, name) in [(A, "gateway 7"), (B, "pump"), (C, "kiosk")] {
        fleet.add(id, json!({ "mac": format!("02:{name}") }));
        fleet.server.set_tags(id, &[("name", json!(name))]);
    }
    fleet
}

#[test]
fn a_file_names_devices_in_any_form() {
    let fleet = three();
    for (content, found) in [
        (format!("{A}\n{C}\n"), vec![A, C]),
        (format!("{C}\n{A}"), vec![A, C]),
        ("gateway 7\npump\n".into(), vec![A, B]),
        ("cccccccc\nmac=02:pump\n".into(), vec![B, C]),
        (format!("# the old ones\n\n  {A}  \r\npump\r\n"), vec![A, B]),
        (format!("\u{feff}{A}\n"), vec![A]),
        ("pump\npump\nbbbbbbbb\n".into(), vec![B]),
        (format!("{A}\twhy it failed\n"), vec![A]),
        (format!("{{\"id\":\"{A}\",\"done\":false}}\n{{\"id\":\"{B}\",\"done\":true}}\n"), vec![A]),
    ] {
        fleet.home.write("devices", &content);
        assert_eq!(fleet.find(&["--file", "devices"]), found, "{content:?}");
        let run = fleet.cli(["devices", "list", "-q", "--file", "-"]).stdin(content.as_str()).run();
        assert_eq!(super::lines(&run.succeeds()), found, "{content:?}");
    }
}

#[test]
fn what_the_program_wrote_it_reads_back() {
    let fleet = three();
    for form in [&["-o", "jsonl"][..], &["-q"], &[]] {
        let args = ["devices", "list", "--status", "accepted"].into_iter().chain(form.iter().copied());
        fleet.home.write("devices", fleet.cli(args).run().succeeds().stdout);
        assert_eq!(fleet.find(&["--file", "devices"]), [A, B, C], "{form:?}");
    }
}

#[test]
fn further_conditions_are_on_top_of_the_file() {
    let fleet = three();
    fleet.server.set_group(B, "lab");
    fleet.home.write("devices", "pump\nkiosk\n");
    assert_eq!(fleet.find(&["--file", "devices", "--group", "lab"]), [B]);
    assert_eq!(fleet.find(&["--file", "devices", "--filter", "group !exists"]), [C]);
    assert_eq!(fleet.find(&["--file", "devices", "--status", "pending"]), [""; 0]);
    assert_eq!(fleet.find(&["--file", "devices", "--limit", "1"]), [B]);
    fleet.run("count --file devices").succeeds().prints("2\n");
    fleet.run("count --file devices --group lab").succeeds().prints("1\n");
}

#[test]
fn names_that_mean_nothing_are_listed_and_nothing_is_done() {
    let fleet = three();
    fleet.home.write("devices", format!("{A}\nghost\npump\ndddddddd\n"));
    fleet
        .run("list --file devices")
        .fails()
        .prints("")
        .says("FAILURE: no device is named \"ghost\", \"dddddddd\"\n");
    assert!(fleet.searches().iter().all(|search| search["device_ids"].is_null()));
    let ghosts: String = (0..30).map(|number| format!("ghost {number}\n")).collect();
    fleet.home.write("devices", ghosts);
    fleet.run("list --file devices").fails().says("\"ghost 19\" and 10 more\n").does_not_say("ghost 20");
    fleet.server.set_tags(B, &[("name", json!("kiosk"))]);
    fleet.home.write("devices", "kiosk\n");
    fleet
        .run("list --file devices")
        .fails()
        .prints("")
        .says("\"kiosk\" means several devices:\n")
        .says(B)
        .says(C);
}

#[test]
fn what_is_no_list_of_devices_is_refused_with_its_line() {
    let fleet = three();
    let huge = [b"pump\n".as_slice(), &vec![b'x'; 2 << 20]].concat();
    for (content, reason) in [
        (b"pump\n\xff\xfe\n".as_slice(), "FAILURE: devices: line 2: it is not UTF-8\n"),
        (&huge, "FAILURE: devices: line 2: it is longer than 1 MiB\n"),
        (b"", "FAILURE: devices names no device\n"),
        (b"# none\n\r\n", "FAILURE: devices names no device\n"),
        (b"pump\n{\"id\": \n", "FAILURE: devices: line 2: it is not JSON: "),
        (b"{\"name\": \"pump\"}\n", "FAILURE: devices: line 1: it has no \"id\"\n"),
    ] {
        fleet.home.write("devices", content);
        fleet.run("list --file devices").fails().prints("").says(reason);
    }
    std::fs::create_dir(fleet.home.path("folder")).unwrap();
    for path in ["folder", "nowhere"] {
        fleet
            .cli(["devices", "list", "--file", path])
            .run()
            .fails()
            .prints("")
            .says(&format!("FAILURE: cannot read {path}: "));
    }
    assert!(fleet.searches().is_empty());
}

/// One search takes so many ids as it gives devices; the list is one all the same.
#[test]
fn a_long_file_is_one_list() {
    let fleet = Fleet::of(PAGE + 20);
    let all = super::ids(0..PAGE + 20);
    // The order of the file is neither that of the ids nor the opposite.
    let (first, second) = all.split_at(PAGE / 2);
    let content: String = second.iter().chain(first).map(|id| format!("{id}\n")).collect();
    fleet.home.write("devices", content);
    assert_eq!(fleet.find(&["--file", "devices"]), all);
    assert_eq!(fleet.searches().last().unwrap()["device_ids"].as_array().unwrap().len(), 20);
    assert_eq!(fleet.find(&["--file", "devices", "--sort", "mac"]), all);
    let reversed: Vec<_> = all.into_iter().rev().collect();
    assert_eq!(fleet.find(&["--file", "devices", "--sort", "mac:desc"]), reversed);
}
