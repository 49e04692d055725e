//! `devices list` for people.

use serde_json::json;

use super::{Fleet, id};

fn typical() -> Fleet {
    let fleet = Fleet::of(2);
    for number in 0..2 {
        fleet.server.set_tags(&id(number), &[("name", json!(format!("gateway-{number}")))]);
        fleet.server.report_inventory(
            &id(number),
            json!({ "device_type": "raspberrypi4", "artifact_name": "release-2026-01-02-final" }),
        );
    }
    fleet
}

#[test]
fn people_get_a_table_that_fits_their_terminal() {
    let fleet = typical();
    for line in ["devices list", "devices list --status accepted"] {
        let shown = fleet.on_terminal(80, line);
        assert!(shown.starts_with("ID "), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        for number in 0..2 {
            let row = shown.lines().find(|line| line.starts_with(&id(number))).unwrap_or_default();
            assert!(row.contains(&format!("gateway-{number}")), "{shown}");
        }
        // Where not even two columns have room, each device is a sheet.
        let shown = fleet.on_terminal(40, line);
        for number in 0..2 {
            assert!(shown.contains(&format!("ID:        {}\n", id(number))), "{shown}");
            assert!(shown.contains(&format!("Name:      gateway-{number}\n")), "{shown}");
        }
        let wide = fleet.on_terminal(200, line);
        let titles: Vec<&str> =
            wide.lines().next().unwrap().split("  ").filter(|it| !it.is_empty()).map(str::trim).collect();
        assert_eq!(
            titles,
            ["ID", "NAME", "STATUS", "TYPE", "SOFTWARE", "GROUP", "LAST CHECK-IN", "IDENTITY"],
            "{wide}"
        );
    }
}

#[test]
fn people_are_told_of_more_pages() {
    let fleet = Fleet::of(21);
    let note = "there are more devices: --page 2, or --all\n";
    assert!(fleet.on_terminal(120, "devices list").ends_with(note));
    for line in ["devices list -P 2", "devices list --all", "devices list -N 21", "devices list --limit 5"] {
        let shown = fleet.on_terminal(120, line);
        assert!(!shown.contains("more devices"), "{shown}");
    }
    assert!(fleet.on_terminal(120, "devices list -P 2").contains(&id(20)));
}

#[test]
fn on_a_terminal_blocks_come_on_request() {
    let fleet = typical();
    for line in ["devices list -o text", "devices list -d 0", "devices list -d 0 --status accepted"] {
        let shown = fleet.on_terminal(120, line);
        assert!(shown.starts_with(&format!("ID: {}\nStatus: accepted\n---", id(0))), "{line}: {shown}");
    }
}
