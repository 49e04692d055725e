//! How far a device is with a deployment, and how many devices are how far.

use serde_json::{Value, json};

/// In the order that lists of devices go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Failure,
    Aborted,
    PauseBeforeInstalling,
    PauseBeforeCommitting,
    PauseBeforeRebooting,
    Downloading,
    Installing,
    Rebooting,
    Pending,
    Success,
    NoArtifact,
    AlreadyInstalled,
    Decommissioned,
}

const ALL: [(Status, &str); 13] = [
    (Status::Failure, "failure"),
    (Status::Aborted, "aborted"),
    (Status::PauseBeforeInstalling, "pause_before_installing"),
    (Status::PauseBeforeCommitting, "pause_before_committing"),
    (Status::PauseBeforeRebooting, "pause_before_rebooting"),
    (Status::Downloading, "downloading"),
    (Status::Installing, "installing"),
    (Status::Rebooting, "rebooting"),
    (Status::Pending, "pending"),
    (Status::Success, "success"),
    (Status::NoArtifact, "noartifact"),
    (Status::AlreadyInstalled, "already-installed"),
    (Status::Decommissioned, "decommissioned"),
];

impl Status {
    pub(crate) fn named(name: &str) -> Option<Status> {
        ALL.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }

    pub(super) fn name(self) -> &'static str {
        ALL[self as usize].1
    }

    /// Whether the device is done.
    pub(super) fn is_final(self) -> bool {
        use Status::{Aborted, AlreadyInstalled, Decommissioned, Failure, NoArtifact, Success};
        matches!(self, Failure | Aborted | Success | NoArtifact | AlreadyInstalled | Decommissioned)
    }

    fn is_pause(self) -> bool {
        use Status::{PauseBeforeCommitting, PauseBeforeInstalling, PauseBeforeRebooting};
        matches!(self, PauseBeforeInstalling | PauseBeforeCommitting | PauseBeforeRebooting)
    }

    /// Whether this is a status of that name, or one of the group of that name.
    pub(super) fn is_of(self, name: &str) -> bool {
        match name {
            "finished" => self.is_final(),
            "active" => !self.is_final(),
            "pause" => self.is_pause(),
            name => self.name() == name,
        }
    }
}

/// Whether devices can be asked for by this name of a status or a group of them.
pub(super) fn is_filter(name: &str) -> bool {
    matches!(name, "finished" | "active" | "pause") || Status::named(name).is_some()
}

/// How many devices have which status, by the server's count.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts([u64; ALL.len()]);

impl Counts {
    pub(super) fn add(&mut self, status: Status, devices: usize) {
        self.0[status as usize] += devices as u64;
    }

    pub(super) fn moved(&mut self, from: Status, to: Status) {
        let from = &mut self.0[from as usize];
        *from = from.saturating_sub(1);
        self.0[to as usize] += 1;
    }

    /// How many are done.
    pub(super) fn finished(&self) -> u64 {
        ALL.iter().filter(|(status, _)| status.is_final()).map(|(status, _)| self.0[*status as usize]).sum()
    }

    /// Whether anybody has got anywhere. Who left before it asked does not count.
    pub(super) fn has_begun(&self) -> bool {
        let still = [Status::Pending, Status::Decommissioned];
        ALL.iter().any(|(status, _)| !still.contains(status) && self.0[*status as usize] > 0)
    }

    pub(super) fn shown(&self) -> Value {
        ALL.iter().map(|(status, name)| (*name, json!(self.0[*status as usize]))).collect()
    }
}
