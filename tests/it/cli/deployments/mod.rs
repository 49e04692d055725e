//! `deployments`: creating, following, judging.

mod abort;
mod cost;
mod forge;
#[cfg(unix)]
mod hostile;
mod listing;
mod lists_that_lie;
mod log;
mod log_directory;
mod pipeline;
mod retry;
mod showing;
mod taking_part;
#[cfg(unix)]
mod terminal;
mod trouble;
mod verbs;
mod verdict;
mod watch;

use sandbox::artifact::Artifact;
use serde_json::json;

use crate::support::Fleet;
use crate::support::fleet::id;

/// The release that is deployed.
const RELEASE: &str = "r2";
/// The device type that it is for.
const TYPE: &str = "qemu";
/// The group of all devices.
const GROUP: &str = "lab";

/// A server with the release, and so many accepted devices in the group that run another one.
fn lab(count: usize) -> Fleet {
    let fleet = Fleet::of(count);
    fleet.server.add_artifact(&Artifact::new(RELEASE).device_type(TYPE).file("f", b"new").build());
    for number in 0..count {
        let inventory = json!({ "device_type": TYPE, "artifact_name": "r1" });
        fleet.server.report_inventory(&id(number), inventory);
        fleet.server.set_group(&id(number), GROUP);
    }
    fleet
}
