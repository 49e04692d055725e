//! `deployments create` with what only Mender Enterprise has.

use jiff::{SignedDuration, Timestamp};
use sandbox::Fault;

use super::*;

/// Where filters are saved.
const SAVED: &str = "/api/management/v2/inventory/filters";

fn enterprise(count: usize) -> Fleet {
    lab_at(Sandbox::builder().enterprise(true).start(), count)
}

/// The bodies of all filters that were to be saved.
fn filters(fleet: &Fleet) -> Vec<Value> {
    let requests = fleet.server.requests().into_iter().filter(is_change);
    let saved = requests.filter(|request| request.path == SAVED);
    saved.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// The paths and bodies of all dynamic deployments that were to be made.
fn dynamic(fleet: &Fleet) -> Vec<Value> {
    let requests = fleet.server.requests().into_iter().filter(is_change);
    let made = requests.filter(|request| request.path == V2);
    made.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
}

/// It would ignore them, and roll out to everybody at once.
#[test]
fn the_open_source_server_is_asked_for_nothing_that_it_would_ignore() {
    let fleet = lab(2);
    fleet.home.write("r3.mender", Artifact::new("r3").device_type(TYPE).build());
    for flags in [
        &["--phases", "10%,1h,30%,2h"][..],
        &["--start", "2099-01-01T00:00:00Z"],
        &["--retries", "2"],
        &["--dynamic"],
        &["--dynamic", "--max-devices", "5"],
    ] {
        let words = format!("the server has no {}: it would ignore that", flags[0]);
        to_group(&fleet, flags).fails().prints("").says(&words).says("hint: that takes Mender Enterprise");
        let line = ["deployments", "create", "--upload", "r3.mender", "--group", GROUP, "--yes"];
        fleet.cli(line).args(flags).run().fails().says(&words);
    }
    assert!(fleet.changes().is_empty());
}

/// A server that is away says nothing of what it is.
#[test]
fn a_server_that_does_not_say_what_it_is_is_asked_for_nothing() {
    let fleet = enterprise(1);
    fleet.server.fault(Fault::on("GET", SAVED).status(403));
    to_group(&fleet, &["--retries", "2"]).fails().says("403");
    assert!(fleet.changes().is_empty());
}

#[test]
fn phases_follow_one_another_from_the_start() {
    let fleet = enterprise(2);
    let flags = ["--phases", "10%,1h,30%,90m", "--start", "2099-01-01T08:00:00Z", "--retries", "2"];
    to_group(&fleet, &flags).succeeds().says("created: r2 to group lab (2 devices)");
    let phases = json!([
        { "batch_size": 10, "start_ts": "2099-01-01T08:00:00Z" },
        { "batch_size": 30, "start_ts": "2099-01-01T09:00:00Z" },
        { "start_ts": "2099-01-01T10:30:00Z" },
    ]);
    let body = json!({ "name": "r2 to group lab", "artifact_name": "r2", "phases": phases, "retries": 2 });
    assert_eq!(order(&fleet), ("/group/lab".into(), body));
}

#[test]
fn phases_without_a_start_begin_at_once() {
    let fleet = enterprise(2);
    let before = Timestamp::now() + SignedDuration::from_mins(59);
    create(&fleet, &["--all", "--yes", "--phases", "50%,1h,50%"]).succeeds();
    let body = order(&fleet).1;
    let phases = body["phases"].as_array().unwrap();
    assert_eq!(phases[0], json!({ "batch_size": 50 }));
    let second: Timestamp = phases[1]["start_ts"].as_str().unwrap().parse().unwrap();
    assert!(second > before && second < before + SignedDuration::from_mins(5), "{second}");
    assert_eq!((&phases[1]["batch_size"], phases.len()), (&json!(50), 2));
}

#[test]
fn a_start_alone_is_one_phase() {
    let fleet = enterprise(2);
    create(&fleet, &[&id(0), "--start", "2099-01-01"]).succeeds();
    let body = order(&fleet).1;
    assert_eq!(body["phases"], json!([{ "start_ts": "2099-01-01T00:00:00Z" }]));
    assert_eq!(body["devices"], json!([id(0)]));
    assert!(body.get("retries").is_none());
}

#[test]
fn an_enterprise_server_is_asked_for_no_more_than_was_wanted() {
    let fleet = enterprise(1);
    to_group(&fleet, &[]).succeeds();
    assert_eq!(order(&fleet).1, json!({ "name": "r2 to group lab", "artifact_name": "r2" }));
}

#[test]
fn phases_and_starts_that_make_no_sense_are_refused_before_any_request() {
    let many = vec!["100%"; 700].join(",1h,");
    let fleet = enterprise(1);
    for flags in [
        ["--phases", "10%"],
        ["--phases", "60%,1h,50%"],
        ["--phases", "10%,30%"],
        ["--phases", "10,1h"],
        ["--phases", "0%,1h"],
        ["--phases", ""],
        ["--phases", &many],
        ["--start", "yesterday"],
        ["--start", "2001-01-01"],
        ["--start", "2h30"],
        ["--retries", "x"],
    ] {
        to_group(&fleet, &flags).exits_with(2).says(flags[0]).prints("");
    }
    to_group(&fleet, &["--dynamic", "--max-devices", "0"]).exits_with(2);
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn a_dynamic_deployment_saves_its_filter_and_names_it() {
    let fleet = enterprise(3);
    let line = ["--group", "lab", "--filter", "device_type=qemu", "--dynamic", "--max-devices", "2"];
    let made = create(&fleet, &[&line[..], &["--yes", "--name", "Tuesday"]].concat()).succeeds();
    let made = made
        .says("qemu, group = lab: 3 devices now, and those that come to fit later, on http")
        .says("created: Tuesday");
    let terms = json!([
        { "scope": "inventory", "attribute": "device_type", "type": "$eq", "value": "qemu" },
        { "scope": "system", "attribute": "group", "type": "$eq", "value": "lab" },
    ]);
    assert_eq!(filters(&fleet), [json!({ "name": "Tuesday", "terms": terms })]);
    let [body] = dynamic(&fleet).try_into().unwrap();
    let filter = body["filter_id"].clone();
    assert!(filter.as_str().is_some_and(|id| id.len() == 36), "{filter}");
    let whole = json!({ "name": "Tuesday", "artifact_name": "r2", "filter_id": filter, "max_devices": 2 });
    assert_eq!(body, whole);
    made.prints(&format!("{}\n", deployments(&fleet)[0]));
    assert!(orders(&fleet).is_empty());
}

#[test]
fn a_dynamic_deployment_is_found_again() {
    let fleet = enterprise(2);
    let first = to_group(&fleet, &["--dynamic"]).succeeds();
    to_group(&fleet, &["--dynamic"]).succeeds().prints(&first.stdout).says("it is there already");
    assert_eq!((filters(&fleet).len(), dynamic(&fleet).len()), (1, 1));
}

/// Between the filter and the deployment a run may end.
#[test]
fn a_filter_that_is_left_from_an_interrupted_run_is_used() {
    let fleet = enterprise(2);
    fleet.server.fault(Fault::on("POST", V2).status(500));
    to_group(&fleet, &["--dynamic"]).fails().says("the server shows no such deployment");
    to_group(&fleet, &["--dynamic"]).succeeds().says("created: ");
    assert_eq!(deployments(&fleet).len(), 1);
}

#[test]
fn a_filter_of_that_name_with_other_conditions_is_an_error() {
    let fleet = enterprise(2);
    let dynamic =
        |condition: &str| create(&fleet, &["--filter", condition, "--dynamic", "--name", "Tuesday", "--yes"]);
    fleet.server.fault(Fault::on("POST", V2).status(500));
    dynamic("device_type=qemu").fails();
    let refused = dynamic("artifact_name=r1").fails().prints("");
    refused
        .says("filter with the same name already exists")
        .says("hint: the filter is saved by the deployment's name");
    assert!(deployments(&fleet).is_empty());
}

#[test]
fn conditions_that_the_server_cannot_compare_make_no_dynamic_deployment() {
    let fleet = enterprise(1);
    fleet.home.write("devices.txt", id(0));
    for selection in [
        ["--filter", "artifact_name ver< r9"],
        ["--seen-within", "1h"],
        ["--inactive", "1h"],
        ["--text", "qemu"],
        ["--file", "devices.txt"],
    ] {
        let flags = [&selection[..], &["--dynamic", "--yes"]].concat();
        let refused = create(&fleet, &flags).exits_with(2).prints("");
        refused.says("--dynamic takes conditions that the server compares by itself");
    }
    assert!(fleet.changes().is_empty());
}
