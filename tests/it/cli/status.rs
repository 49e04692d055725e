//! `status`: the fleet on one screen.

use sandbox::artifact::Artifact;
use sandbox::{Device, Fault, Sandbox};
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::fleet::id;
use crate::support::home::Outcome;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn ago(seconds: i64) -> Option<String> {
    Some((jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds)).to_string())
}

/// Accepted devices: when each was seen, its release and its group.
const ACCEPTED: [(Option<i64>, Option<&str>, &str); 6] = [
    (Some(60), Some("r2"), "lab"),
    (Some(HOUR), Some("r2"), "lab"),
    (Some(DAY + HOUR), Some("r1"), "lab"),
    (Some(2 * DAY + HOUR), Some("r2"), "depot"),
    (Some(9 * DAY), Some("r1"), "depot"),
    (None, None, ""),
];

fn mixed(server: Sandbox) -> Fleet {
    for (number, (seen, release, group)) in ACCEPTED.into_iter().enumerate() {
        server.add_device(Device { id: id(number), check_in_time: seen.and_then(ago), ..Device::default() });
        if let Some(release) = release {
            server.report_inventory(&id(number), json!({ "artifact_name": release, "device_type": "qemu" }));
        }
        if !group.is_empty() {
            server.set_group(&id(number), group);
        }
    }
    for (number, status) in
        [(10, "pending"), (11, "pending"), (12, "rejected"), (13, "preauthorized"), (14, "noauth")]
    {
        let identity_data = json!({ "mac": format!("m{number}") });
        server.add_device(Device {
            id: id(number),
            status: status.into(),
            identity_data,
            ..Device::default()
        });
    }
    Fleet::at(server)
}

fn status(fleet: &Fleet, more: &[&str]) -> Outcome {
    fleet.cli(["status"]).args(more).run()
}

/// The lines of a part of the screen, with single blanks.
fn part(outcome: &Outcome, title: &str) -> Vec<String> {
    let lines = outcome.stdout.lines().skip_while(|line| *line != title).skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_numbers_are_right() {
    let fleet = mixed(Sandbox::builder().max_devices(50).start());
    fleet.server.set_tenant_setting("offlineThreshold", json!({ "interval": 2, "intervalUnit": "days" }));
    let shown = status(&fleet, &[]).succeeds().says_exactly("");
    let shown = shown.shows(&format!("Fleet of {}\n", fleet.server.url()));
    assert_eq!(
        part(&shown, "Devices"),
        [
            "pending 2",
            "accepted 6",
            "rejected 1",
            "preauthorized 1",
            "noauth 1",
            "silent for over 2 d 0 h 2 of 6",
            "accepted and never seen 1"
        ]
    );
    assert_eq!(part(&shown, "Software"), ["r2 3 (50%)", "r1 2 (33%)", "(none reported) 1 (17%)"]);
    let waiting = [format!("{} mac=m10", id(10)), format!("{} mac=m11", id(11))];
    assert_eq!(part(&shown, "Waiting for a decision"), waiting);
    assert_eq!(part(&shown, "Limits"), ["accepted devices 6 of 50"]);
    assert!(!shown.stdout.contains("Deployments"), "{}", shown.transcript());

    let json = status(&fleet, &["-o", "json"]).succeeds().json();
    let counts = json!({ "accepted": 6, "noauth": 1, "pending": 2, "preauthorized": 1, "rejected": 1 });
    assert_eq!(json["devices"], counts);
    assert_eq!((&json["offline"], &json["offline_after"]), (&json!(2), &json!(2 * DAY)));
    assert_eq!(json["never_seen"], 1, "who never came is not silent");
    assert_eq!(json["software"][2], json!({ "name": null, "devices": 1 }));
    assert_eq!(json["pending"][1]["identity_data"], json!({ "mac": "m11" }));
    assert_eq!(json["limits"]["devices"], 50);
}

#[test]
fn a_day_is_the_threshold_where_nobody_chose_another() {
    let fleet = mixed(Sandbox::start());
    let json = status(&fleet, &["-o", "jsonl"]).succeeds();
    assert_eq!(json.stdout.lines().count(), 1);
    let json = json.json();
    assert_eq!((&json["offline"], &json["offline_after"]), (&json!(3), &json!(DAY)));
    assert_eq!(json["limits"]["devices"], Value::Null);
}

#[test]
fn deployments_that_run_are_shown_with_their_counters() {
    let fleet = mixed(Sandbox::start());
    fleet.server.add_artifact(&Artifact::new("r3").device_type("qemu").file("f", b"x").build());
    let ids: Vec<String> = (0..4).map(id).collect();
    let running = fleet.server.create_deployment("rollout", "r3", &ids);
    fleet.server.device_reports(&running, &ids[0], "success");
    fleet.server.device_reports(&running, &ids[1], "failure");
    let waiting = fleet.server.create_deployment("later", "r3", &ids[2..3]);
    let done = fleet.server.create_deployment("done", "r3", &ids[..1]);
    fleet.server.device_reports(&done, &ids[0], "success");

    let shown = status(&fleet, &[]).succeeds();
    assert_eq!(
        part(&shown, "Deployments"),
        ["rollout r3, inprogress: 1 failure, 2 pending, 1 success of 4", "later r3, pending: 1 pending of 1"]
    );
    let json = status(&fleet, &["-o", "json"]).succeeds().json();
    let ids: Vec<&Value> = json["deployments"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&json!(running), &json!(waiting)]);
    assert_eq!(json["deployments"][0]["statistics"], json!({ "failure": 1, "pending": 2, "success": 1 }));
}

#[test]
fn a_release_is_followed_by_group() {
    let fleet = mixed(Sandbox::start());
    let shown = status(&fleet, &["--artifact", "r2"]).succeeds();
    shown.prints("(none)\t0\t1\t0%\ndepot\t1\t2\t50%\nlab\t2\t3\t66%\n").says_exactly("");
    let json = status(&fleet, &["--artifact", "r2", "-o", "json"]).succeeds().json();
    assert_eq!(json[0], json!({ "group": null, "done": 0, "devices": 1 }));
    assert_eq!(json[2], json!({ "group": "lab", "done": 2, "devices": 3 }));
    status(&fleet, &["--artifact", "r9"]).succeeds().says("no accepted device reports \"r9\"");
}

#[test]
fn what_a_role_may_not_see_is_left_out_with_a_word() {
    for (path, lacking) in [
        ("/api/management/v2/deployments/deployments", "Deployments"),
        ("/api/management/v2/devauth/limits", "Limits"),
        ("/api/management/v2/inventory", "Software"),
        ("/api/management/v2/devauth/devices?", "Waiting for a decision"),
        ("/api/management/v2/devauth/devices/count", "Devices"),
    ] {
        let fleet = mixed(Sandbox::builder().max_devices(50).start());
        fleet.server.add_artifact(&Artifact::new("r3").device_type("qemu").file("f", b"x").build());
        fleet.server.create_deployment("rollout", "r3", &[id(0)]);
        fleet.server.fault(Fault::on("*", path).status(403).times(9));
        let shown = status(&fleet, &[]).succeeds().says("warning: ").says("403");
        for title in ["Devices", "Software", "Waiting for a decision", "Deployments", "Limits"] {
            // The silent ones are not counted by the same service.
            let is_empty = part(&shown, title)
                .iter()
                .all(|line| line.starts_with("silent") || line.ends_with("never seen 1"));
            assert_eq!(is_empty, title == lacking, "{path}\n{}", shown.transcript());
        }
        fleet.server.clear_faults();
        fleet.server.fault(Fault::on("*", path).status(403).times(9));
        let json = status(&fleet, &["-o", "json"]).succeeds().json();
        let key = match lacking {
            "Limits" => continue,
            "Waiting for a decision" => "pending",
            other => &other.to_lowercase(),
        };
        assert_eq!(json[key], Value::Null, "nothing to see is not the same as none");
    }
}

#[test]
fn a_token_that_is_not_good_shows_nothing() {
    let fleet = mixed(Sandbox::start());
    for path in
        ["/api/management/v1/deployments", "/api/management/v2/devauth", "/api/management/v2/inventory"]
    {
        fleet.server.clear_faults();
        fleet.server.fault(Fault::on("*", path).status(401).times(9));
        status(&fleet, &[]).fails().prints("").says("mender-cli login gets a new one");
    }
}

#[test]
fn where_nothing_at_all_is_to_be_seen_it_fails() {
    let fleet = mixed(Sandbox::start());
    fleet.server.fault(Fault::on("*", "/").status(403).times(99));
    status(&fleet, &[]).fails().prints("").says("the server shows nothing of the fleet");
}

#[test]
fn long_lists_are_cut_and_counted() {
    let fleet = mixed(Sandbox::start());
    for number in 100..125 {
        fleet.server.add_device(Device { id: id(number), status: "pending".into(), ..Device::default() });
        fleet.server.add_device(Device { id: id(number + 100), ..Device::default() });
        fleet.server.report_inventory(&id(number + 100), json!({ "artifact_name": format!("x{number}") }));
    }
    let shown = status(&fleet, &[]).succeeds();
    let waiting = part(&shown, "Waiting for a decision");
    assert_eq!((waiting.len(), waiting[10].as_str()), (11, "and 17 more"), "{}", shown.transcript());
    let software = part(&shown, "Software");
    assert!(software.len() <= 12 && software.last().unwrap().starts_with("and "), "{}", shown.transcript());
    let json = status(&fleet, &["-o", "json"]).succeeds().json();
    assert_eq!(json["software"].as_array().unwrap().len(), 28, "JSON has all of them");
}

#[test]
fn names_cannot_spoil_the_screen() {
    let fleet = mixed(Sandbox::start());
    let nasty = "r\u{1b}[2J\nPretended\n  heading 5";
    fleet.server.report_inventory(&id(0), json!({ "artifact_name": nasty }));
    fleet.server.add_device(Device {
        id: id(20),
        status: "pending".into(),
        identity_data: json!({ "mac": "a\u{1b}[31m\nb" }),
        ..Device::default()
    });
    fleet.server.add_artifact(&Artifact::new("r3").device_type("qemu").file("f", b"x").build());
    fleet.server.create_deployment("d\u{1b}[2J\nx", "r3", &[id(1)]);
    let shown = status(&fleet, &[]).succeeds();
    assert!(!shown.stdout.contains('\u{1b}'), "{}", shown.transcript());
    assert!(!shown.stdout.lines().any(|line| line.starts_with("Pretended")), "{}", shown.transcript());
    let json = status(&fleet, &["-o", "json"]).succeeds().json();
    assert!(json["software"].as_array().unwrap().iter().any(|it| it["name"] == nasty), "{json}");
}

#[test]
fn a_state_has_no_ids() {
    let fleet = mixed(Sandbox::start());
    status(&fleet, &["-q"]).exits_with(2).says("the fleet's state has no ids");
}
