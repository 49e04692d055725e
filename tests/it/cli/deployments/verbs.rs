//! What tests of single verbs share.

use serde_json::json;

use super::{Fleet, RELEASE, id, lab};
use crate::support::home::Outcome;

/// Where one deployment, and what belongs to it, is found.
pub const V1: &str = "/api/management/v1/deployments/deployments";
/// Where they are listed.
pub const V2: &str = "/api/management/v2/deployments/deployments";

/// `deployments` with the words of a line.
pub fn run(fleet: &Fleet, line: &str) -> Outcome {
    fleet.cli(["deployments"].into_iter().chain(line.split_whitespace())).run()
}

/// Devices with such names in the lab, in the order of their ids.
pub fn lab_of(names: &[&str]) -> Fleet {
    let fleet = lab(names.len());
    for (number, name) in names.iter().enumerate() {
        fleet.server.set_tags(&id(number), &[("name", json!(name))]);
    }
    fleet
}

/// A deployment for the first devices, of which each has got so far; those with an empty status never ask.
pub fn deployed(fleet: &Fleet, name: &str, statuses: &[&str]) -> String {
    let all: Vec<String> = (0..statuses.len()).map(id).collect();
    let deployment = fleet.server.create_deployment(name, RELEASE, &all);
    for (device, status) in all.iter().zip(statuses) {
        if !status.is_empty() {
            fleet.server.device_reports(&deployment, device, status);
        }
    }
    deployment
}

/// How often something below a path was asked for.
pub fn asked(fleet: &Fleet, part: &str) -> usize {
    fleet.server.requests().iter().filter(|request| request.path.contains(part)).count()
}

/// The fields of each line.
pub fn fields(outcome: &Outcome) -> Vec<Vec<String>> {
    outcome.stdout.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
