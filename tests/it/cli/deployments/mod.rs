//! `deployments`: creating, following, judging.

mod abort;
mod checks;
mod cost;
mod create;
mod enterprise;
mod forge;
#[cfg(unix)]
mod hostile;
mod listing;
mod lists_that_lie;
mod log;
mod log_directory;
mod odd_ends;
mod pipeline;
mod retry;
mod showing;
mod steps;
mod taking_part;
#[cfg(unix)]
mod terminal;
mod trouble;
mod twice;
mod upload;
mod verbs;
mod verdict;
mod watch;

use sandbox::Sandbox;
use sandbox::artifact::Artifact;
use serde_json::{Value, json};

use crate::support::Fleet;
use crate::support::fleet::{id, ids};
use crate::support::home::Outcome;
use crate::support::requests::is_change;

/// The release that is deployed.
const RELEASE: &str = "r2";
/// The device type that it is for.
const TYPE: &str = "qemu";
/// The group of all devices.
const GROUP: &str = "lab";
/// Where deployments are made, and where each of them and what belongs to it is found.
const V1: &str = "/api/management/v1/deployments/deployments";
/// Where they are listed, and where dynamic ones are made.
const V2: &str = "/api/management/v2/deployments/deployments";

/// A server with the release, and so many accepted devices in the group that run another one.
fn lab(count: usize) -> Fleet {
    lab_at(Sandbox::start(), count)
}

/// The same on a server that is there.
fn lab_at(server: Sandbox, count: usize) -> Fleet {
    let fleet = Fleet::at(server);
    fleet.server.add_artifact(&Artifact::new(RELEASE).device_type(TYPE).file("f", b"new").build());
    for number in 0..count {
        fleet.add(&id(number), json!({ "mac": format!("02:{number:06x}") }));
        join(&fleet, &id(number), TYPE);
    }
    fleet
}

/// Adds an accepted device of a type to the group.
fn add(fleet: &Fleet, id: &str, device_type: &str) {
    fleet.add(id, json!({ "mac": id }));
    join(fleet, id, device_type);
}

/// A device says what it is, and comes into the group.
fn join(fleet: &Fleet, id: &str, device_type: &str) {
    fleet.server.report_inventory(id, json!({ "device_type": device_type, "artifact_name": "r1" }));
    fleet.server.set_group(id, GROUP);
}

/// A deployment for the first devices, of which each has got so far; those with an empty status never ask.
fn deployed(fleet: &Fleet, name: &str, statuses: &[&str]) -> String {
    let deployment = fleet.server.create_deployment(name, RELEASE, &ids(0..statuses.len()));
    report(fleet, &deployment, statuses);
    deployment
}

/// The first devices report these, in order; nothing is reported for an empty one.
fn report(fleet: &Fleet, deployment: &str, statuses: &[&str]) {
    for (number, status) in statuses.iter().enumerate().filter(|(_, status)| !status.is_empty()) {
        fleet.server.device_reports(deployment, &id(number), status);
    }
}

/// A lab of so many devices, and a deployment named rollout for all of them, which have not asked yet.
fn rollout(count: usize) -> (Fleet, String) {
    let fleet = lab(count);
    let deployment = deployed(&fleet, "rollout", &vec![""; count]);
    (fleet, deployment)
}

/// `deployments create` of the release.
fn create(fleet: &Fleet, args: &[&str]) -> Outcome {
    fleet.cli(["deployments", "create", "--artifact", RELEASE]).args(args).run()
}

/// The same to the group.
fn to_group(fleet: &Fleet, args: &[&str]) -> Outcome {
    create(fleet, &[&["--group", GROUP, "--yes"], args].concat())
}

/// The orders that the server got: what stands behind `deployments` in the path, and the body, if that was read.
fn orders(fleet: &Fleet) -> Vec<(String, Value)> {
    let requests = fleet.server.requests().into_iter().filter(is_change);
    let order = |request: sandbox::Recorded| {
        let behind = request.path.strip_prefix(V1)?.to_owned();
        Some((behind, serde_json::from_slice(&request.body).unwrap_or_default()))
    };
    requests.filter_map(order).collect()
}

/// The only order that the server got.
#[track_caller]
fn order(fleet: &Fleet) -> (String, Value) {
    let mut orders = orders(fleet);
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders.remove(0)
}

/// The ids of all deployments, the newest first.
#[track_caller]
fn deployments(fleet: &Fleet) -> Vec<String> {
    let outcome = fleet.cli(["deployments", "list", "-q"]).run().succeeds();
    outcome.stdout.lines().map(str::to_owned).collect()
}
