//! Deployments: which devices are to get which release, and how far they are.

pub(super) mod abort;
pub(super) mod create;
mod device;
pub(super) mod history;
pub(super) mod lists;
pub(super) mod show;
mod staged;
mod status;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use create::{configure, deploy};
pub(crate) use device::{decommissioned, log, next, report, take_part};
pub(crate) use status::Status;

use super::artifacts::Record;
use crate::inventory::SavedFilter;
use crate::state::{Data, time};
use staged::Staged;
use status::Counts;

/// Whom a deployment is meant for.
#[derive(Debug, Clone, PartialEq)]
enum Aim {
    All,
    Group(String),
    Devices(Vec<String>),
    /// The devices that a saved filter found.
    Filter(SavedFilter),
    /// One device, to be given this configuration.
    Configuration(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(super) id: String,
    name: String,
    artifact_name: String,
    /// The Artifacts of that name when it was made.
    artifacts: Vec<Arc<Record>>,
    force: bool,
    aim: Aim,
    staged: Staged,
    /// The ids of its devices when it was made.
    targets: Vec<String>,
    members: HashSet<String>,
    groups: Vec<String>,
    created: Timestamp,
    finished: Option<Timestamp>,
    counts: Counts,
    /// The bytes of all Artifacts handed to devices.
    total_size: u64,
    /// Devices that have asked, by id.
    parts: BTreeMap<String, Part>,
    /// Parts that the device's history was told to forget.
    forgotten: Vec<Part>,
}

/// A device's part in a deployment.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    id: String,
    device: String,
    status: Status,
    /// When the deployment was made.
    created: Timestamp,
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
    deleted: Option<Timestamp>,
    substate: String,
    image: Option<Arc<Record>>,
    log: Option<String>,
}

impl Deployment {
    pub(super) fn is_active(&self) -> bool {
        self.finished.is_none()
    }

    /// Whether it uses an Artifact of this id.
    pub(super) fn uses(&self, id: &str) -> bool {
        self.artifacts.iter().any(|record| record.id == id)
    }

    fn status(&self) -> &'static str {
        match self.finished {
            Some(_) => "finished",
            None if self.counts.has_begun() => "inprogress",
            None => "pending",
        }
    }

    fn kind(&self) -> &'static str {
        if matches!(self.aim, Aim::Configuration(_)) { "configuration" } else { "software" }
    }

    /// Ends when every device has.
    fn settle(&mut self, now: Timestamp) {
        if self.finished.is_none() && self.counts.finished() >= self.targets.len() as u64 {
            self.finished = Some(now);
        }
    }

    /// All parts that devices ever took.
    fn all_parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.values().chain(&self.forgotten)
    }

    fn shown(&self) -> Value {
        let term = |scope, attribute, kind, value: Value| {
            let term = json!({ "scope": scope, "attribute": attribute, "type": kind, "value": value });
            json!({ "id": "", "name": "", "terms": [term] })
        };
        let mut value = json!({
            "id": self.id, "name": self.name, "artifact_name": self.artifact_name, "created": time(self.created),
            "status": self.status(), "type": self.kind(), "device_count": self.parts.len() + self.forgotten.len(),
            "max_devices": self.targets.len(),
            "statistics": { "status": self.counts.shown(), "total_size": self.total_size },
        });
        match &self.aim {
            Aim::All => value["filter"] = term("identity", "status", "$eq", "accepted".into()),
            Aim::Group(group) => value["filter"] = term("system", "group", "$eq", group.as_str().into()),
            Aim::Devices(ids) => value["filter"] = term("identity", "id", "$in", json!(ids)),
            Aim::Filter(filter) => {
                value["filter"] = filter.shown();
                value["dynamic"] = true.into();
            }
            Aim::Configuration(configuration) => value["configuration"] = configuration.as_str().into(),
        }
        self.staged.show(&mut value);
        if let Some(at) = self.finished {
            value["finished"] = time(at);
        }
        if self.force {
            value["force_installation"] = true.into();
        }
        if !self.artifacts.is_empty() {
            value["artifacts"] = self.artifacts.iter().map(|record| record.id.as_str()).collect();
        }
        if !self.groups.is_empty() {
            value["groups"] = json!(self.groups);
        }
        value
    }
}

impl Part {
    /// The device gets on; once it is done it stays so.
    fn reach(&mut self, status: Status, now: Timestamp) {
        if status != Status::Pending {
            self.started.get_or_insert(now);
        }
        self.status = status;
    }

    fn shown(&self) -> Value {
        let mut value = json!({
            "id": self.device, "status": self.status.name(), "created": time(self.created),
            "log": self.log.is_some(),
        });
        let times = [("started", self.started), ("finished", self.finished), ("deleted", self.deleted)];
        for (key, at) in times {
            if let Some(at) = at {
                value[key] = time(at);
            }
        }
        if !self.substate.is_empty() {
            value["substate"] = self.substate.as_str().into();
        }
        if let Some(image) = &self.image {
            value["image"] = image.shown();
        }
        value
    }
}

/// The deployment of this id.
fn find<'a>(data: &'a Data, id: &str) -> Option<&'a Deployment> {
    data.deployments.iter().find(|known| known.id == id)
}

/// The same, to be changed.
fn find_mut<'a>(data: &'a mut Data, id: &str) -> Option<&'a mut Deployment> {
    data.deployments.iter_mut().find(|known| known.id == id)
}
