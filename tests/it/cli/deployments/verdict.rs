//! The verdict after random histories of devices, against a model of the server and of the truth.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::artifact::Artifact;
use sandbox::{Device, Sandbox};
use serde_json::json;

use super::{RELEASE, TYPE};
use crate::support::fleet::id;
use crate::support::{Fleet, several_at_once};

const HISTORIES: u64 = 120;
const MOST_DEVICES: usize = 5;
const MOST_EVENTS: usize = 14;

/// How a device ends, in the server's words.
const GOOD: [&str; 2] = ["success", "already-installed"];
const FINAL: [&str; 6] =
    ["failure", "aborted", "success", "noartifact", "already-installed", "decommissioned"];
const ON_THE_WAY: [&str; 4] = ["downloading", "installing", "rebooting", "pause_before_rebooting"];

/// What may happen.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A device asks for work.
    Asks(usize),
    Reports(usize, &'static str),
    Decommissioned(usize),
    /// Somebody ends all that it is at.
    AbortedAlone(usize),
    /// Somebody makes the server forget what it did.
    Forgotten(usize),
    AbortedAsAWhole,
}

/// The server as it is documented, and what became of each device.
struct Model {
    targets: Vec<usize>,
    /// Devices that have asked, or were told that they need not.
    parts: BTreeMap<usize, &'static str>,
    /// By the server's counters, which do not know who left before it asked.
    finished: usize,
    is_active: bool,
    gone: BTreeSet<usize>,
}

impl Model {
    fn happens(&mut self, event: Event, first_answer: impl Fn(usize) -> &'static str) {
        match event {
            Event::Asks(device) if self.is_active && self.awaits(device) && !self.gone.contains(&device) => {
                self.parts.insert(device, "pending");
                self.reaches(device, first_answer(device));
            }
            Event::Reports(device, status) => self.reaches(device, status),
            Event::Decommissioned(device) if self.gone.insert(device) => {
                self.leaves(device, "decommissioned")
            }
            Event::AbortedAlone(device) => self.leaves(device, "aborted"),
            Event::Forgotten(device)
                if self.parts.get(&device).is_some_and(|status| FINAL.contains(status)) =>
            {
                self.parts.remove(&device);
            }
            Event::AbortedAsAWhole if self.is_active => {
                self.is_active = false;
                self.parts
                    .values_mut()
                    .filter(|status| !FINAL.contains(status))
                    .for_each(|it| *it = "aborted");
            }
            _ => {}
        }
    }

    fn awaits(&self, device: usize) -> bool {
        self.targets.contains(&device) && !self.parts.contains_key(&device)
    }

    fn reaches(&mut self, device: usize, status: &'static str) {
        let Some(part) = self.parts.get_mut(&device).filter(|part| !FINAL.contains(part)) else { return };
        *part = status;
        self.finished += usize::from(FINAL.contains(&status));
        self.is_active &= self.finished < self.targets.len();
    }

    fn leaves(&mut self, device: usize, status: &'static str) {
        if !self.is_active {
            return;
        }
        if self.awaits(device) {
            self.parts.insert(device, status);
        } else {
            self.reaches(device, status);
        }
    }

    /// The exit code that tells the truth.
    fn code(&self) -> i32 {
        let targets: BTreeSet<usize> = self.targets.iter().copied().collect();
        let ends = |words: &[&str]| {
            targets
                .iter()
                .filter(|device| self.parts.get(device).is_some_and(|it| words.contains(it)))
                .count()
        };
        if self.is_active && ends(&FINAL) < targets.len() {
            return 4;
        }
        if ends(&GOOD) == targets.len() { 0 } else { 3 }
    }
}

/// Dice that fall alike for the same number (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn event(&mut self, devices: usize) -> Event {
        let device = self.below(devices);
        match self.below(20) {
            0..7 => Event::Asks(device),
            7..10 => Event::Reports(device, self.one(&ON_THE_WAY)),
            10..14 => Event::Reports(device, "success"),
            14..16 => Event::Reports(device, "failure"),
            16 => Event::Decommissioned(device),
            17 => Event::AbortedAlone(device),
            18 => Event::Forgotten(device),
            _ if self.below(3) == 0 => Event::AbortedAsAWhole,
            _ => Event::Asks(device),
        }
    }
}

/// A device of the type, one of another type, and one that has the release.
fn reported(number: usize) -> (&'static str, &'static str) {
    match number {
        3 => ("other", "r1"),
        4 => (TYPE, RELEASE),
        _ => (TYPE, "r1"),
    }
}

fn first_answer(number: usize) -> &'static str {
    match reported(number) {
        ("other", _) => "noartifact",
        (_, RELEASE) => "already-installed",
        _ => "pending",
    }
}

fn make_happen(fleet: &Fleet, deployment: &str, event: Event) {
    let api = |line: &[&str]| drop(fleet.cli(["api"]).args(line).run());
    match event {
        Event::Asks(number) => {
            let (device_type, software) = reported(number);
            if fleet.server.device(&id(number)).is_some() {
                fleet.server.device_polls(&id(number), device_type, software);
            }
        }
        Event::Reports(number, status) => {
            let _ = fleet.server.try_device_reports(deployment, &id(number), status, None);
        }
        Event::Decommissioned(number) => {
            api(&["DELETE", &format!("v2/devauth/devices/{}", id(number))]);
            fleet.server.finish_decommissioning();
        }
        Event::AbortedAlone(number) => {
            api(&["DELETE", &format!("v1/deployments/deployments/devices/{}", id(number))]);
        }
        Event::Forgotten(number) => {
            api(&["DELETE", &format!("v1/deployments/deployments/devices/{}/history", id(number))]);
        }
        Event::AbortedAsAWhole => {
            api(&["PUT", &format!("v1/deployments/deployments/{deployment}/status"), "-f", "status=aborted"]);
        }
    }
}

fn history(seed: u64) -> i32 {
    let mut dice = Dice(seed);
    let fleet = Fleet::at(Sandbox::builder().hold_decommissioning().start());
    fleet.server.add_artifact(&Artifact::new(RELEASE).device_type(TYPE).file("f", b"new").build());
    let devices = 1 + dice.below(MOST_DEVICES);
    for number in 0..devices {
        fleet.server.add_device(Device { id: id(number), ..Device::default() });
    }
    let mut targets: Vec<usize> = (0..devices).collect();
    if dice.below(10) == 0 {
        targets.push(0);
    }
    let ids: Vec<String> = targets.iter().map(|number| id(*number)).collect();
    let deployment = fleet.server.create_deployment("random", RELEASE, &ids);
    let mut model =
        Model { targets, parts: BTreeMap::new(), finished: 0, is_active: true, gone: BTreeSet::new() };
    let mut events = Vec::new();
    for _ in 0..=dice.below(MOST_EVENTS) {
        let event = dice.event(devices);
        make_happen(&fleet, &deployment, event);
        model.happens(event, first_answer);
        events.push(event);
    }
    let expected = model.code();
    // Only what cannot end waits for the time to be up; the verdict then comes from a look of its own, however few
    // there were before.
    let timeout = if expected == 4 { "1s" } else { "60s" };
    let line = ["deployments", "watch", &deployment, "--interval", "1ms", "--timeout", timeout, "-o", "json"];
    let outcome = fleet.cli(line).run();
    let told = || format!("history {seed} of {:?}: {events:?}\nended as {:?}", model.targets, model.parts);
    assert_eq!(outcome.code, Some(expected), "{}\n{}", told(), outcome.transcript());
    let verdict = outcome.json();
    let good = model.parts.iter().filter(|(_, status)| GOOD.contains(status)).count();
    let distinct: BTreeSet<&usize> = model.targets.iter().collect();
    assert_eq!(
        (&verdict["succeeded"], &verdict["devices"]),
        (&json!(good), &json!(distinct.len())),
        "{}",
        told()
    );
    for failure in verdict["failures"].as_array().unwrap() {
        let known = (0..devices).find(|number| failure["id"] == json!(id(*number))).expect("a target");
        let status = model.parts.get(&known).copied().unwrap_or("never-asked");
        assert_eq!(failure["status"], status, "{}", told());
    }
    expected
}

#[test]
fn the_verdict_is_the_truth_whatever_devices_went_through() {
    let seeds: Vec<u64> = (0..HISTORIES).collect();
    let codes = several_at_once(&seeds, |seed| history(*seed));
    for code in [0, 3, 4] {
        let count = codes.iter().filter(|it| **it == code).count();
        assert!(
            count >= 5,
            "only {count} histories of {HISTORIES} end with {code}: too few to prove anything"
        );
    }
}
