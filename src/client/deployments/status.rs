//! How far devices are with a deployment, and how many are how far (api-deployments 6.4, 6.5).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// How far a device is with a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Status {
    /// It failed, and went back to what it had.
    Failure,
    /// Somebody stopped it.
    Aborted,
    /// It waits for leave to install.
    PauseBeforeInstalling,
    /// It waits for leave to keep what it installed.
    PauseBeforeCommitting,
    /// It waits for leave to restart.
    PauseBeforeRebooting,
    /// It fetches the Artifact.
    Downloading,
    /// It installs it.
    Installing,
    /// It restarts.
    Rebooting,
    /// It has not begun; also for one that has not asked yet.
    Pending,
    /// It runs the Artifact.
    Success,
    /// There was no Artifact for its type.
    NoArtifact,
    /// It had the Artifact before.
    AlreadyInstalled,
    /// It was removed from the server meanwhile.
    Decommissioned,
}

impl Status {
    /// All of them, in the server's order.
    pub const ALL: [Status; 13] = [
        Status::Failure,
        Status::Aborted,
        Status::PauseBeforeInstalling,
        Status::PauseBeforeCommitting,
        Status::PauseBeforeRebooting,
        Status::Downloading,
        Status::Installing,
        Status::Rebooting,
        Status::Pending,
        Status::Success,
        Status::NoArtifact,
        Status::AlreadyInstalled,
        Status::Decommissioned,
    ];

    /// As the server writes it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Failure => "failure",
            Status::Aborted => "aborted",
            Status::PauseBeforeInstalling => "pause_before_installing",
            Status::PauseBeforeCommitting => "pause_before_committing",
            Status::PauseBeforeRebooting => "pause_before_rebooting",
            Status::Downloading => "downloading",
            Status::Installing => "installing",
            Status::Rebooting => "rebooting",
            Status::Pending => "pending",
            Status::Success => "success",
            Status::NoArtifact => "noartifact",
            Status::AlreadyInstalled => "already-installed",
            Status::Decommissioned => "decommissioned",
        }
    }

    /// Whether the device has what it was to get.
    pub fn is_good(self) -> bool {
        matches!(self, Status::Success | Status::AlreadyInstalled)
    }

    /// Whether the device is done, in whatever way.
    pub fn is_final(self) -> bool {
        self.is_good()
            || matches!(self, Status::Failure | Status::Aborted | Status::NoArtifact | Status::Decommissioned)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is no status of a device in a deployment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no status of a device in a deployment")]
pub struct ParseStatusError(pub String);

impl FromStr for Status {
    type Err = ParseStatusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Status::ALL.into_iter().find(|status| status.name() == text);
        known.ok_or_else(|| ParseStatusError(text.to_owned()))
    }
}

/// How many devices have which status, by the server's count.
///
/// It is not always what the devices would say: who was removed before it asked stays `pending` for ever, and who
/// never asked is not counted any more once the deployment is aborted (server-observed).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<String, u64>);

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Counts(Option::deserialize(from)?.unwrap_or_default()))
    }
}

impl<K: Into<String>> FromIterator<(K, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (K, u64)>>(counts: I) -> Self {
        Counts(counts.into_iter().map(|(name, count)| (name.into(), count)).collect())
    }
}

impl Counts {
    /// Devices of one status.
    pub fn of(&self, status: Status) -> u64 {
        self.0.get(status.name()).copied().unwrap_or_default()
    }

    /// Devices that have what they were to get.
    pub fn good(&self) -> u64 {
        self.sum(Status::is_good)
    }

    /// Devices that are done, in whatever way.
    pub fn finished(&self) -> u64 {
        self.sum(Status::is_final)
    }

    /// Devices that are done and do not have what they were to get.
    pub fn bad(&self) -> u64 {
        self.sum(|status| status.is_final() && !status.is_good())
    }

    /// All that are counted.
    pub fn total(&self) -> u64 {
        self.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The statuses that some device has, also those that this library does not know.
    pub fn some(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter(|(_, count)| **count > 0).map(|(name, count)| (name.as_str(), *count))
    }

    // What is not known counts as under way: nobody is to be called done by a word that means something else.
    fn sum(&self, fits: impl Fn(Status) -> bool) -> u64 {
        let counts = Status::ALL.into_iter().filter(|status| fits(*status)).map(|status| self.of(status));
        counts.fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_its_name_says() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
            assert!(status.is_final() || !status.is_good(), "{status}");
        }
        assert!("gone".parse::<Status>().is_err());
    }

    #[test]
    fn what_is_not_known_is_not_done() {
        let counts: Counts = serde_json::from_str(
            r#"{"success": 3, "already-installed": 1, "failure": 2, "conjured": 5, "pending": 0}"#,
        )
        .unwrap();
        assert_eq!((counts.good(), counts.bad(), counts.finished(), counts.total()), (4, 2, 6, 11));
        assert_eq!(counts.some().count(), 4);
        assert_eq!(serde_json::from_str::<Counts>("null").unwrap(), Counts::default());
    }
}
