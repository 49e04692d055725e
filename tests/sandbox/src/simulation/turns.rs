//! Whose turn it is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Simulation;
use super::device::{Device, POLL};
use crate::devauth;
use crate::state::{Data, State};

/// How often newcomers are looked for, in seconds of life.
const CENSUS: f64 = 10.0;

/// Who was last seen so long before the start is switched off for good.
const OFFLINE: Duration = Duration::from_hours(24);

/// How many devices have their turn before others get at the data.
const BATCH: usize = 100;

/// All devices that live, and when each of them does something again.
pub(super) struct Turns {
    simulation: Simulation,
    started: Timestamp,
    census: Instant,
    known: HashSet<Arc<str>>,
    /// The number tells those of one moment apart.
    queue: BTreeMap<(Instant, u64), Device>,
    count: u64,
}

impl Turns {
    pub(super) fn new(simulation: Simulation, started: Timestamp) -> Turns {
        Turns {
            simulation,
            started,
            census: Instant::now(),
            known: HashSet::new(),
            queue: BTreeMap::new(),
            count: 0,
        }
    }

    /// Lets those act whose time has come, a batch at most; returns when there is more to do.
    pub(super) fn take(&mut self, state: &State) -> Instant {
        let mut data = state.data();
        let now = Instant::now();
        if self.census <= now {
            self.welcome(&data, now);
            self.census = now + self.simulation.time(CENSUS);
        }
        for _ in 0..BATCH {
            let Some(first) = self.queue.first_entry().filter(|first| first.key().0 <= now) else { break };
            let mut device = first.remove();
            match device.act(state, &mut data, &self.simulation) {
                Some(pause) => self.put(now + pause, device),
                None => {
                    self.known.remove(device.id());
                }
            }
        }
        let next = self.queue.first_key_value().map(|((at, _), _)| *at);
        next.map_or(self.census, |next| next.min(self.census))
    }

    fn put(&mut self, at: Instant, device: Device) {
        self.count += 1;
        self.queue.insert((at, self.count), device);
    }

    /// Devices that were accepted meanwhile join in, each with a beat of its own.
    fn welcome(&mut self, data: &Data, now: Instant) {
        let new: Vec<&devauth::Device> = data
            .devices
            .accepted()
            .filter(|device| !self.known.contains(device.id.as_str()) && self.lives(device))
            .collect();
        for device in new {
            let id: Arc<str> = device.id.as_str().into();
            let offset = self.simulation.random(&id, 0).below(1000) as f64 / 1000.0;
            self.known.insert(id.clone());
            self.put(now + self.simulation.time(offset * POLL), Device::new(id));
        }
    }

    fn lives(&self, device: &devauth::Device) -> bool {
        let seen = device.check_in_time.as_deref().and_then(|seen| seen.parse::<Timestamp>().ok());
        !device.decommissioning && seen.is_none_or(|seen| seen >= self.started - OFFLINE)
    }
}
