//! The device's side: asking, reporting, leaving.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Deployment, Part, Status, find_mut};
use crate::deployments::Record;
use crate::state::{Data, State, time};

impl Deployment {
    /// Whether the device has asked and is not done.
    pub(super) fn is_at(&self, device: &str) -> bool {
        self.parts.get(device).is_some_and(|part| !part.status.is_final())
    }

    /// Whether the device has yet to ask.
    fn awaits(&self, device: &str) -> bool {
        self.is_active() && self.members.contains(device) && !self.parts.contains_key(device)
    }

    fn begin(&mut self, device: &str) -> &mut Part {
        self.parts.entry(device.into()).or_insert_with(|| Part {
            id: uuid::Uuid::new_v4().to_string(),
            device: device.into(),
            status: Status::Pending,
            created: self.created,
            started: None,
            finished: None,
            deleted: None,
            substate: String::new(),
            image: None,
            log: None,
        })
    }

    /// The device asks. It gets the smallest Artifact for its type, of any type if it has none.
    fn ask(&mut self, device: &str, device_type: Option<&str>, installed: &str, now: Timestamp) {
        let fits = |record: &&Arc<Record>| {
            let types = &record.content.device_types;
            device_type.is_none_or(|own| types.iter().any(|known| known == own))
        };
        let image = self.artifacts.iter().filter(fits).min_by_key(|record| record.size).cloned();
        let has_it = !self.force && self.artifact_name == installed;
        let is_configuration = self.kind() == "configuration";
        let size = image.as_ref().map_or(0, |image| image.size);
        let outcome = match image {
            None if !is_configuration => Some(Status::NoArtifact),
            Some(_) if has_it => Some(Status::AlreadyInstalled),
            _ => None,
        };
        self.begin(device).image = image;
        match outcome {
            Some(status) => self.reach(device, status, now),
            None => self.total_size += size,
        }
    }

    /// The device has another status, and the numbers with it.
    fn reach(&mut self, device: &str, status: Status, now: Timestamp) {
        let Some(part) = self.parts.get_mut(device) else { return };
        self.counts.moved(part.status, status);
        part.reach(status, now);
        if status.is_final() {
            part.finished = Some(now);
        }
        self.settle(now);
    }

    /// The device will not go on. Who never asked is not counted as having left: such a deployment never finishes.
    pub(super) fn drop_out(&mut self, device: &str, status: Status, now: Timestamp) {
        if self.parts.contains_key(device) {
            self.reach(device, status, now);
        } else {
            self.begin(device).reach(status, now);
        }
    }

    /// What the device is told to install.
    fn order(&self, state: &State, device: &str) -> Value {
        let mut order = json!({ "id": self.id });
        if let Some(image) = self.parts.get(device).and_then(|part| part.image.as_ref()) {
            let (uri, expires) = state.links.download(&image.id, image.name(), state.settings.link_lifetime);
            order["artifact"] = json!({
                "id": image.id, "artifact_name": image.name(),
                "source": { "uri": uri, "expire": time(expires), "method": "GET" },
                "device_types_compatible": image.content.device_types,
            });
        }
        order
    }
}

/// A device asks what it is to install: what it has begun, or the oldest that waits for it.
/// One without a type takes what is for any.
pub(crate) fn next(
    state: &State,
    data: &mut Data,
    device: &str,
    device_type: Option<&str>,
    installed: &str,
) -> Option<Value> {
    let now = data.now();
    let active = |known: &&mut Deployment| known.is_active();
    if let Some(begun) = data.deployments.iter_mut().filter(active).find(|known| known.is_at(device)) {
        return Some(begun.order(state, device));
    }
    let waiting = data.deployments.iter_mut().find(|known| known.awaits(device))?;
    waiting.ask(device, device_type, installed, now);
    waiting.is_at(device).then(|| waiting.order(state, device))
}

/// Why a report is refused, with the status of the answer.
type Refused = (u16, &'static str);

const UNKNOWN: Refused = (404, "Resource not found");

/// A device says how far it is.
pub(crate) fn report(
    data: &mut Data,
    id: &str,
    device: &str,
    status: Status,
    substate: Option<&str>,
) -> Result<(), Refused> {
    let now = data.now();
    let deployment = find_mut(data, id).ok_or(UNKNOWN)?;
    let part = deployment.parts.get_mut(device).ok_or(UNKNOWN)?;
    if part.status == Status::Aborted {
        return Err((409, "Deployment aborted"));
    }
    if part.status.is_final() {
        return Ok(());
    }
    if let Some(substate) = substate {
        part.substate = substate.into();
    }
    deployment.reach(device, status, now);
    Ok(())
}

/// The same for a device that need not have asked before.
pub(crate) fn take_part(
    data: &mut Data,
    id: &str,
    device: &str,
    status: Status,
    device_type: Option<&str>,
) -> Result<(), Refused> {
    let now = data.now();
    let deployment = find_mut(data, id).ok_or(UNKNOWN)?;
    if deployment.awaits(device) {
        deployment.ask(device, device_type, "", now);
    }
    report(data, id, device, status, None)
}

/// A device sends its log, in place of an older one.
pub(crate) fn log(data: &mut Data, id: &str, device: &str, lines: &str) -> Result<(), Refused> {
    let part = find_mut(data, id).and_then(|known| known.parts.get_mut(device)).ok_or(UNKNOWN)?;
    part.log = Some(lines.into());
    Ok(())
}

/// A device is gone.
pub(crate) fn decommissioned(data: &mut Data, device: &str) {
    let now = data.now();
    for deployment in data.deployments.iter_mut().filter(|known| known.is_active()) {
        if deployment.is_at(device) || deployment.awaits(device) {
            deployment.drop_out(device, Status::Decommissioned, now);
        }
    }
}
