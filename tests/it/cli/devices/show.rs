//! `devices show`, `count` and `attributes`.

use sandbox::artifact::Artifact;
use sandbox::{AuthSet, Device, Fault, Sandbox};
use serde_json::{Value, json};

use super::{Fleet, SEARCH, lines};

const A: &str = "aaaaaaaa-1111-4000-8000-000000000001";
const INVENTORY: &str = "/api/management/v1/inventory/devices/";
const CONNECT: &str = "/api/management/v1/deviceconnect/devices/";
const DEPLOYMENTS: &str = "/api/management/v1/deployments/deployments/devices/";
/// What `openssl pkey -pubin -outform der | sha256sum` says of the sandbox's usual key.
const FINGERPRINT: &str = "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f";

/// One device of which every service knows something.
fn one_at(server: Sandbox) -> Fleet {
    let fleet = Fleet::at(server);
    fleet.server.add_device(Device {
        id: A.into(),
        identity_data: json!({ "mac": "02:00", "n": 5 }),
        auth_sets: vec![
            AuthSet { id: "set-1".into(), ts: Some("2026-01-02T03:04:05Z".into()), ..AuthSet::default() },
            AuthSet {
                id: "set-2".into(),
                pubkey: "no key".into(),
                status: "rejected".into(),
                ts: Some("2026-01-01T03:04:05Z".into()),
            },
        ],
        created_ts: Some("2025-01-02T03:04:05Z".into()),
        updated_ts: Some("2025-01-02T03:04:06Z".into()),
        check_in_time: Some("2026-02-03T04:05:06Z".into()),
        connected: true,
        ..Device::default()
    });
    fleet.server.set_tags(A, &[("name", json!("gateway")), ("site", json!("oslo"))]);
    fleet.server.set_group(A, "lab");
    fleet
        .server
        .report_inventory(A, json!({ "device_type": "rpi4", "ipv4": ["10.0.0.1", "10.0.0.2"], "cpus": 4 }));
    fleet
}

fn one() -> Fleet {
    let fleet = one_at(Sandbox::start());
    fleet.server.add_artifact(&Artifact::new("release-2").device_type("rpi4").build());
    let deployment = fleet.server.create_deployment("night shift", "release-2", &[A]);
    fleet.server.device_reports(&deployment, A, "success");
    fleet
}

#[test]
fn programs_get_a_line_a_property() {
    let fleet = one();
    let run = fleet.run("show gateway").succeeds().says_exactly("");
    let shown: Vec<(String, String)> = run
        .stdout
        .lines()
        .map(|line| line.split_once('\t').map(|(title, value)| (title.into(), value.into())).unwrap())
        .collect();
    let value = |title: &str| {
        let found: Vec<_> = shown.iter().filter(|(known, _)| known == title).collect();
        assert_eq!(found.len(), 1, "{title}\n{}", run.stdout);
        found[0].1.clone()
    };
    for (title, expected) in [
        ("id", A),
        ("name", "gateway"),
        ("status", "accepted"),
        ("decommissioning", ""),
        ("group", "lab"),
        ("connection", "connected"),
        ("last check-in", "2026-02-03T04:05:06Z"),
        ("created", "2025-01-02T03:04:05Z"),
        (
            "authentication set 1",
            &format!("set-1  accepted  since 2026-01-02T03:04:05Z  SHA256:{FINGERPRINT}"),
        ),
        ("authentication set 2", "set-2  rejected  since 2026-01-01T03:04:05Z  "),
        ("identity/mac", "02:00"),
        ("identity/n", "5"),
        ("tags/site", "oslo"),
        ("inventory/device_type", "rpi4"),
        ("inventory/ipv4", "10.0.0.1, 10.0.0.2"),
        ("inventory/cpus", "4"),
    ] {
        assert_eq!(value(title), expected, "{title}");
    }
    let last = value("last deployment");
    assert!(last.starts_with("night shift  release-2  success  20"), "{last}");
    assert!(value("inventory of").starts_with("20"));
}

#[test]
fn people_get_what_has_a_value() {
    let fleet = one();
    let run = fleet.run("show gateway -o table").succeeds();
    assert!(run.stdout.lines().all(|line| line.contains(": ")), "{}", run.stdout);
    let width = run.stdout.find(A).unwrap();
    assert!(
        run.stdout.lines().all(|line| !line.is_char_boundary(width) || line.as_bytes()[width - 1] == b' ')
    );
    run.shows("Connection:             connected\n")
        .shows("Last check-in:          2026-02-03 04:05\n")
        .shows("inventory/ipv4:         10.0.0.1, 10.0.0.2\n");
    let run = fleet.run("show gateway -o table").succeeds();
    assert!(!run.stdout.contains("Decommissioning"), "{}", run.stdout);
    fleet.run("show gateway -q").succeeds().prints(&format!("{A}\n"));
    fleet.run("show gateway -o text").exits_with(2).prints("").says("-o text is only for");
}

#[test]
fn json_has_what_all_services_know() {
    let fleet = one();
    let json = fleet.run("show gateway -o json").succeeds().json();
    for (pointer, expected) in [
        ("/id", json!(A)),
        ("/name", json!("gateway")),
        ("/status", json!("accepted")),
        ("/decommissioning", json!(false)),
        ("/identity_data", json!({ "mac": "02:00", "n": 5 })),
        ("/group", json!("lab")),
        ("/tags", json!({ "name": "gateway", "site": "oslo" })),
        ("/inventory", json!({ "device_type": "rpi4", "ipv4": ["10.0.0.1", "10.0.0.2"], "cpus": 4 })),
        ("/check_in_time", json!("2026-02-03T04:05:06Z")),
        ("/auth_sets/0/id", json!("set-1")),
        ("/auth_sets/0/fingerprint", json!(FINGERPRINT)),
        ("/auth_sets/1/status", json!("rejected")),
        ("/auth_sets/1/fingerprint", Value::Null),
        ("/connection/status", json!("connected")),
        ("/last_deployment/deployment/name", json!("night shift")),
        ("/last_deployment/deployment/artifact_name", json!("release-2")),
        ("/last_deployment/device/status", json!("success")),
    ] {
        assert_eq!(json.pointer(pointer), Some(&expected), "{pointer}\n{json:#}");
    }
    let line = fleet.run("show gateway -o jsonl").succeeds();
    assert_eq!((line.stdout.lines().count(), line.json()), (1, json));
    fleet.run("show gateway --jq .tags.site").succeeds().prints("oslo\n");
}

/// The newest deployment is the last one, finished or not.
#[test]
fn the_last_deployment_is_the_newest() {
    let fleet = one();
    fleet.server.add_artifact(&Artifact::new("release-3").device_type("rpi4").build());
    let deployment = fleet.server.create_deployment("day shift", "release-3", &[A]);
    fleet.server.device_reports(&deployment, A, "downloading");
    let last = fleet.cli([
        "devices",
        "show",
        A,
        "--jq",
        ".last_deployment | .deployment.name + \" \" + .device.status",
    ]);
    last.run().succeeds().prints("day shift downloading\n");
    fleet.run(&format!("show {A}")).succeeds().shows("last deployment\tday shift  release-3  downloading\n");
}

#[test]
fn a_device_that_the_inventory_does_not_know_is_shown_all_the_same() {
    let fleet = one();
    // Some of the server's refusals have no words.
    let empty = Fault::on("GET", INVENTORY).status(404).body("text/plain", "");
    fleet.server.fault(empty.times(2));
    let json = fleet.run(&format!("show {A} -o json")).succeeds().says_exactly("").json();
    for key in ["name", "group", "tags", "inventory"] {
        assert_eq!(json[key], Value::Null, "{key}");
    }
    assert_eq!(json["identity_data"]["mac"], "02:00");
    assert_eq!(json["check_in_time"], "2026-02-03T04:05:06Z");
    fleet.run(&format!("show {A}")).succeeds().shows("identity/mac\t02:00\n").shows("name\t\n");
}

#[test]
fn services_that_are_lacking_or_closed_are_left_out() {
    let fleet =
        one_at(Sandbox::builder().without_service("deviceconnect").without_service("deployments").start());
    let json = fleet.run(&format!("show {A} -o json")).succeeds().says_exactly("").json();
    assert_eq!((&json["connection"], &json["last_deployment"]), (&Value::Null, &Value::Null));
    assert_eq!(json["group"], "lab");
    // Other refusals are told of.
    let fleet = one();
    for (path, what) in [(INVENTORY, "inventory"), (CONNECT, "connection"), (DEPLOYMENTS, "deployments")] {
        for status in [403, 500] {
            fleet.server.fault(Fault::on("GET", path).status(status));
            fleet
                .run(&format!("show {A}"))
                .succeeds()
                .shows("identity/mac\t02:00\n")
                .says(&format!("warning: {what}: "))
                .says(&format!("status {status}"));
        }
        fleet.server.fault(Fault::on("GET", path).status(401));
        fleet.run(&format!("show {A}")).fails().prints("").says("status 401");
        fleet.server.fault(Fault::on("GET", path).body("text/html", "<html>"));
        fleet.run(&format!("show {A}")).fails().prints("").says("a web page instead of data");
    }
    fleet.server.fault(Fault::on("GET", &format!("/api/management/v2/devauth/devices/{A}")).status(500));
    fleet.run(&format!("show {A}")).fails().prints("").says("status 500");
}

#[test]
fn a_server_without_an_inventory_says_so() {
    let fleet = one_at(Sandbox::builder().without_service("inventory").start());
    fleet.run(&format!("show {A} -q")).succeeds().prints(&format!("{A}\n"));
    for line in [
        "show gateway",
        "list --filter a=5",
        "list --group lab",
        "count --group lab",
        "attributes",
        "list --columns id,x",
    ] {
        fleet.run(line).fails().prints("").says("FAILURE: ").says(" request failed with status 40");
    }
    // What needs none goes on.
    fleet.run("list").succeeds().shows(A);
    fleet.run("count").succeeds().prints("1\n");
    fleet.run("count --status accepted").succeeds().prints("1\n");
}

fn several() -> Fleet {
    let fleet = Fleet::new();
    for (id, value) in [
        ("a", json!("x")),
        ("b", json!("x")),
        ("c", json!(5)),
        ("d", json!("5")),
        ("e", json!(["x", "y"])),
        ("f", json!(5)),
        ("g", json!(5)),
    ] {
        fleet.add_reporting(id, json!({ "kind": value }));
    }
    fleet.add("h", json!({ "mac": "h" }));
    for (id, status) in [("p", "pending"), ("r", "rejected")] {
        fleet.server.add_device(Device { id: id.into(), status: status.into(), ..Device::default() });
    }
    fleet
}

#[test]
fn counts_are_asked_for_where_they_are_known() {
    let fleet = several();
    for (line, count, path, requests) in [
        ("count", 10, "/api/management/v2/devauth/devices/count", 1),
        ("count --status pending", 1, "/api/management/v2/devauth/devices/count", 1),
        ("count --group none", 0, SEARCH, 1),
        ("count --filter mac!=a --status accepted", 7, SEARCH, 1),
        ("count --filter kind>4", 7, SEARCH, 1),
    ] {
        fleet.server.clear_requests();
        fleet.run(line).succeeds().prints(&format!("{count}\n"));
        assert_eq!(fleet.server.requests().iter().filter(|it| it.path == path).count(), requests, "{line}");
        let json = fleet.run(&format!("{line} -o json")).succeeds().json();
        assert_eq!(json, json!({ "count": count }), "{line}");
        fleet.run(&format!("{line} -q")).succeeds().prints(&format!("{count}\n"));
    }
    fleet.run("count --status accepted --jq .count").succeeds().prints("8\n");
}

/// Numbers and texts that look alike are not the same.
#[test]
fn devices_are_counted_by_the_values_of_an_attribute() {
    let fleet = several();
    fleet.run("count --by kind").succeeds().says_exactly("").prints("5\t3\n(none)\t3\nx\t2\n5\t1\nx, y\t1\n");
    let json = fleet.run("count --by inventory/kind --status accepted -o json").succeeds().json();
    assert_eq!(
        json,
        json!([
            { "value": 5, "count": 3 },
            { "value": "x", "count": 2 },
            { "value": "5", "count": 1 },
            { "value": ["x", "y"], "count": 1 },
            { "value": null, "count": 1 },
        ])
    );
    fleet
        .run("count --by status -o table")
        .succeeds()
        .prints("VALUE     DEVICES\naccepted  8\npending   1\nrejected  1\n");
    fleet
        .run("count --by kind --filter kind>4 -o jsonl")
        .succeeds()
        .shows("{\"value\":5,\"count\":3}\n")
        .says("3 devices have text there");
    fleet.run("count --by id --status pending").succeeds().prints("p\t1\n");
    fleet.run("count --by group --filter id=none").succeeds().prints("");
    fleet.run("count --by group --filter id=none -o json").succeeds().prints("[]\n");
    fleet.run("count --by kind -q --status accepted").succeeds().prints("5\nx\n5\nx, y\n(none)\n");
    fleet.run("count --by tags/").exits_with(2).prints("").says("the attribute has no name");
}

#[test]
fn attributes_are_those_that_devices_have() {
    let fleet = several();
    fleet.server.set_tags("a", &[("site", json!("oslo"))]);
    let run = fleet.run("attributes").succeeds().says_exactly("");
    assert_eq!(lines(&run)[0], "identity\tmac\t10");
    let run = run.shows("\ninventory\tkind\t7\n").shows("\ntags\tsite\t1\n");
    drop(run);
    fleet.run("attributes --scope tags").succeeds().prints("tags\tsite\t1\n");
    fleet.run("attributes --scope tags -q").succeeds().prints("site\n");
    fleet.run("attributes --scope monitor").succeeds().prints("");
    assert_eq!(
        fleet.run("attributes --scope inventory -o json").succeeds().json(),
        json!([{ "name": "kind", "scope": "inventory", "count": 7 }])
    );
    fleet.run("attributes --scope tags -o table").succeeds().prints("SCOPE  NAME  DEVICES\ntags   site  1\n");
    fleet
        .run("attributes --scope colour")
        .exits_with(2)
        .says("\"colour\" is no scope; there are identity, inventory, system, monitor and tags");
}
