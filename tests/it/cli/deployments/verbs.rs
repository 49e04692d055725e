//! What tests of single verbs share.

use serde_json::json;

use super::{Fleet, id, lab};
use crate::support::home::Outcome;

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

/// How often something below a path was asked for.
pub fn asked(fleet: &Fleet, part: &str) -> usize {
    fleet.server.requests().iter().filter(|request| request.path.contains(part)).count()
}

/// The fields of each line.
pub fn fields(outcome: &Outcome) -> Vec<Vec<String>> {
    outcome.stdout.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
