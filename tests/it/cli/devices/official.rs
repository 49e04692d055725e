//! `devices list`: the official client's blocks to the byte, and the forms beside them.

use sandbox::{AuthSet, Device, Fault};
use serde_json::json;

use crate::support::{Fleet, Home};

const CALL: &str = "/api/management/v2/devauth/devices";
const RULE: &str = "--------------------------------------------------------------------------------\n";

fn one() -> Fleet {
    Fleet::with([Device {
        id: "dev-1".into(),
        status: "pending".into(),
        identity_data: json!({ "mac": "02:00", "sku": "", "sn": "S1", "other": "x" }),
        auth_sets: vec![AuthSet {
            id: "set-1".into(),
            pubkey: "KEY WITHOUT END".into(),
            status: "pending".into(),
            ts: Some("2024-01-01T00:00:01Z".into()),
        }],
        created_ts: Some("2024-01-01T00:00:00.5Z".into()),
        ..Device::default()
    }])
}

/// D18: all of it on stdout; a key without an end of line runs into the next line, as in the official client.
#[test]
fn each_level_of_detail_is_the_official_one_to_the_byte() {
    let fleet = one();
    let list = |level: &str| fleet.cli(["devices", "list", "-d", level]).run().succeeds();
    let level_0 = "ID: dev-1\nStatus: pending\n";
    let level_1 = "IdentityData:\n  MAC address: 02:00\n  Serial number: S1\nCreatedTs: 2024-01-01T00:00:00.5Z\n\
        UpdatedTs: 2024-01-01T00:00:00.5Z\nDecommissioning: false\n";
    let level_2 = "AuthSet[0]:\n  ID: set-1\n  PubKey:\nKEY WITHOUT END  IdentityData:\n    MAC address: 02:00\n    \
        Serial number: S1\n  Status: pending\n  Ts: 2024-01-01T00:00:01Z\n";
    fleet.cli(["devices", "list"]).run().succeeds().prints(&format!("{level_0}{RULE}")).says_exactly("");
    list("0").prints(&format!("{level_0}{RULE}"));
    list("1").prints(&format!("{level_0}{level_1}{RULE}"));
    list("2").prints(&format!("{level_0}{level_1}{level_2}{RULE}"));
    list("3").prints(&format!("{level_0}{level_1}{level_2}{RULE}"));
}

/// D16: an identity of another kind fails nothing, and people see all of it.
#[test]
fn identities_of_any_kind_are_shown() {
    let fleet = Fleet::with([
        Device { id: "d1".into(), identity_data: json!({ "mac": 7, "sn": null }), ..Device::default() },
        Device { id: "d2".into(), identity_data: json!({ "vin": "V", "n": [1] }), ..Device::default() },
        Device { id: "d3".into(), identity_data: json!(null), ..Device::default() },
    ]);
    let listed = fleet.cli(["devices", "list", "-d", "1"]).run().succeeds();
    let listed = listed.shows("IdentityData:\n  MAC address: 7\nCreatedTs");
    assert_eq!(listed.stdout.matches("IdentityData:\nCreatedTs").count(), 2, "{}", listed.transcript());
    fleet.cli(["devices", "list", "-o", "table"]).run().succeeds().shows("mac=7").shows("vin=V").shows("n=1");
    let json = fleet.cli(["devices", "list", "-o", "json"]).run().succeeds().json();
    assert_eq!(json[1]["identity_data"]["vin"], "V");
}

#[test]
fn raw_is_the_servers_body_byte_for_byte() {
    let fleet = one();
    fleet.server.fault(Fault::on("GET", CALL).body("application/json", "[ {\"id\":\"1\"}\n]\n"));
    fleet.cli(["devices", "list", "--raw"]).run().succeeds().prints("[ {\"id\":\"1\"}\n]\n");
}

#[test]
fn an_empty_list_is_nothing_at_all() {
    let fleet = Fleet::with([]);
    fleet.cli(["devices", "list"]).run().succeeds().prints("").says_exactly("");
    fleet.server.fault(Fault::on("GET", CALL).body("application/json", "null"));
    fleet.cli(["devices", "list", "-d2"]).run().succeeds().prints("");
}

/// D15: over 500 the server refuses; all pages come on request.
#[test]
fn pages() {
    let fleet = Fleet::with((0..501).map(|_| Device::default()));
    let count = |args: &[&str]| {
        let args = ["devices", "list", "-q"].iter().chain(args);
        fleet.cli(args.copied()).run().succeeds().stdout.lines().count()
    };
    assert_eq!(count(&[]), 20);
    assert_eq!(count(&["-N", "500", "-P", "2"]), 1);
    assert_eq!(count(&["-P", "99"]), 0);
    assert_eq!(count(&["--all"]), 501);
    let asked: Vec<_> = fleet.server.requests().into_iter().map(|request| request.query).collect();
    assert!(asked.iter().all(String::is_empty), "the page is in the body: {asked:?}");
    fleet.server.clear_requests();
    fleet.cli(["devices", "list", "-N501"]).run().fails().says("at most 500 items a page");
    fleet.cli(["devices", "list", "-P0"]).run().fails().says("must be larger than 0");
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn the_order_of_complaints() {
    let fleet = one();
    Home::new()
        .at(&fleet.server, ["devices", "list", "-d", "9"])
        .run()
        .fails()
        .says("FAILURE: Please Login first: ");
    fleet
        .cli(["devices", "list", "-d", "4"])
        .run()
        .fails()
        .says("FAILURE: FAILURE: invalid devices detail\n");
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn forms_on_request() {
    let fleet = one();
    fleet.cli(["devices", "list", "-q"]).run().succeeds().prints("dev-1\n");
    let line = fleet.cli(["devices", "list", "-o", "jsonl"]).run().succeeds().json();
    assert_eq!((&line["id"], &line["status"]), (&json!("dev-1"), &json!("pending")));
    fleet.cli(["devices", "list", "-o", "text"]).run().succeeds().shows("Status: pending\n");
}

#[cfg(unix)]
#[test]
fn people_get_a_table_that_no_device_can_spoil() {
    for columns in [80, 40] {
        let fleet = Fleet::with([Device {
            id: "1bd0b9a2-5c56-4b4b-8a5b-0f7a3a0e9a11".into(),
            identity_data: json!({ "mac": "02\u{1b}[2J\u{7}" }),
            ..Device::default()
        }]);
        let shown = fleet.on_terminal(columns, "devices list");
        assert!(shown.contains("1bd0b9a2-5c56-4b4b-8a5b-0f7a3a0e9a11"), "{shown}");
        assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\u{7}'), "{shown:?}");
    }
}
