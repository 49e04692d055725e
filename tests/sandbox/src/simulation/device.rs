//! One device: it polls, and takes one step after the other with what it is given.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Simulation;
use super::mishap::{Mishap, Story};
use crate::deployments::{self, Record, Status};
use crate::random::Random;
use crate::state::{Data, State};
use crate::{devauth, deviceconfig, fleet, inventory};

/// Seconds between two polls.
pub(super) const POLL: f64 = 60.0;

pub(super) struct Device {
    id: Arc<str>,
    attempts: u64,
    update: Option<Update>,
}

/// What a device is at.
struct Update {
    deployment: String,
    /// The id of what it installs; a configuration has none.
    artifact: Option<String>,
    step: Status,
    began: Timestamp,
    random: Random,
    mishap: &'static Mishap,
    /// Whether the mishap comes to pass.
    unlucky: bool,
}

impl Device {
    pub(super) fn new(id: Arc<str>) -> Device {
        Device { id, attempts: 0, update: None }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Does what is next; returns how long it is busy with it, or nothing once the server does not let it in any more.
    pub(super) fn act(
        &mut self,
        state: &State,
        data: &mut Data,
        simulation: &Simulation,
    ) -> Option<Duration> {
        data.devices.get(&self.id).filter(|known| known.status == "accepted" && !known.decommissioning)?;
        let poll = simulation.time(POLL);
        if data.conduct.asleep.contains(&*self.id) {
            return Some(poll);
        }
        devauth::check_in(data, &self.id);
        let update = match self.update.take() {
            None => self.poll(state, data, simulation),
            Some(update) => self.go_on(data, update),
        };
        self.update = update;
        Some(self.update.as_mut().map_or(poll, |update| simulation.time(update.seconds())))
    }

    /// Asks what there is to install, and begins with it.
    fn poll(&mut self, state: &State, data: &mut Data, simulation: &Simulation) -> Option<Update> {
        if simulation.introducing && inventory::reported(data, &self.id, "device_type").is_none() {
            let attributes = fleet::attributes(&mut simulation.random(&self.id, 0));
            // A refusal changes nothing for a device: it tries to go on.
            let _ = inventory::try_report(data, &self.id, &attributes);
        }
        let device_type = inventory::reported(data, &self.id, "device_type");
        let installed = inventory::reported(data, &self.id, "artifact_name").unwrap_or_default();
        let order = deployments::next(state, data, &self.id, device_type.as_deref(), &installed)?;
        self.attempts += 1;
        let mut random = simulation.random(&self.id, self.attempts);
        let update = Update {
            deployment: order["id"].as_str()?.into(),
            artifact: order["artifact"]["id"].as_str().map(String::from),
            step: Status::Downloading,
            began: data.now(),
            unlucky: random.percent(simulation.failing.into()),
            mishap: Mishap::any(&mut random),
            random,
        };
        update.report(data, &self.id, update.step).then_some(update)
    }

    /// Ends a step; the next one, unless it was the last or the server wants no more of it.
    fn go_on(&self, data: &mut Data, mut update: Update) -> Option<Update> {
        let fails = update.unlucky || data.conduct.failing.contains(&*self.id);
        update.step = update.outcome(fails);
        if !update.report(data, &self.id, update.step) {
            return None;
        }
        match update.step {
            Status::Success => self.tell(data, &update),
            Status::Failure => self.send_log(data, &update),
            _ => return Some(update),
        }
        None
    }

    /// Reports what is installed or configured now.
    fn tell(&self, data: &mut Data, update: &Update) {
        let Some(artifact) = update.artifact(data) else {
            let configured = deviceconfig::wanted(data, &self.id);
            return deviceconfig::report(data, &self.id, configured);
        };
        let had_version = inventory::reported(data, &self.id, VERSION).is_some();
        let _ = inventory::try_report(data, &self.id, &news(artifact, had_version));
    }

    fn send_log(&self, data: &mut Data, update: &Update) {
        let reported = |name| inventory::reported(data, &self.id, name);
        let artifact = update.artifact(data);
        let story = Story {
            deployment: &update.deployment,
            artifact: artifact.map_or("of the configuration", Record::name),
            size: artifact.map_or(0, |artifact| artifact.size),
            device_type: reported("device_type").unwrap_or_else(|| "unknown".into()),
            installed: reported("artifact_name").unwrap_or_else(|| "unknown".into()),
            began: update.began,
            ended: data.now(),
        };
        let lines = update.mishap.log(&story);
        let _ = deployments::log(data, &update.deployment, &self.id, &lines);
    }
}

impl Update {
    /// How long the device is at this step.
    fn seconds(&mut self) -> f64 {
        let (from, to) = if self.step == Status::Rebooting { (30, 60) } else { (20, 60) };
        from as f64 + self.random.below((to - from) * 1000) as f64 / 1000.0
    }

    /// What comes of this step. Nothing has to be booted for a configuration.
    fn outcome(&self, fails: bool) -> Status {
        let next = match self.step {
            Status::Downloading => Status::Installing,
            Status::Installing if self.artifact.is_some() => Status::Rebooting,
            _ => Status::Success,
        };
        let goes_wrong = fails && (self.step >= self.mishap.step || next == Status::Success);
        if goes_wrong { Status::Failure } else { next }
    }

    /// Whether the server wants it to go on.
    fn report(&self, data: &mut Data, device: &str, status: Status) -> bool {
        deployments::report(data, &self.deployment, device, status, None).is_ok()
    }

    fn artifact<'a>(&self, data: &'a Data) -> Option<&'a Record> {
        data.artifacts.iter().find(|record| Some(&record.id) == self.artifact.as_ref())
    }
}

const VERSION: &str = "rootfs-image.version";

/// What the inventory hears after an installation.
fn news(artifact: &Record, had_version: bool) -> Map<String, Value> {
    let own = |(name, _): &(&String, &Value)| !["artifact_name", "artifact_group"].contains(&name.as_str());
    let provides = artifact.content.provides.iter().filter(own);
    let mut news: Map<String, Value> = provides.map(|(name, value)| (name.clone(), value.clone())).collect();
    // An Artifact that says nothing of its parts is the whole system.
    if news.is_empty() && had_version {
        news.insert(VERSION.into(), artifact.name().into());
    }
    news.insert("artifact_name".into(), artifact.name().into());
    news
}
