//! What can go wrong with an installation, and what the device's log says of it.

use jiff::{SignedDuration, Timestamp};

use crate::deployments::Status;
use crate::random::Random;

/// A way to fail.
pub(super) struct Mishap {
    /// The step that it happens at.
    pub(super) step: Status,
    lines: &'static [&'static str],
}

/// What the log of a failed installation is about.
pub(super) struct Story<'a> {
    pub(super) deployment: &'a str,
    pub(super) artifact: &'a str,
    pub(super) size: u64,
    pub(super) device_type: String,
    pub(super) installed: String,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
}

const DOWNLOADING: &[&str] = &[
    "info: Running the update client, version 5.0.3",
    "info: Deployment {deployment} received",
    "info: Device type {type}, Artifact {installed} installed",
    "info: Status \"downloading\" reported",
    "info: Downloading Artifact {artifact}, {size} bytes",
];

const INSTALLING: &[&str] = &[
    "info: Header of Artifact {artifact} read; it fits device type {type}",
    "info: Status \"installing\" reported",
    "info: Installing the payload of Artifact {artifact}",
];

const REBOOTING: &[&str] = &[
    "info: Payload of {size} bytes written and synchronised",
    "info: Status \"rebooting\" reported",
    "info: Rebooting into the new system",
    "info: The update client is up again after the reboot",
];

const MISHAPS: [Mishap; 6] = [
    Mishap {
        step: Status::Downloading,
        lines: &[
            "warning: Connection to the storage lost after {part} of {size} bytes; next attempt in 1m0s",
            "warning: Connection to the storage lost after {part} of {size} bytes; next attempt in 2m0s",
            "error: Connecting to the storage: Connection timed out",
            "error: No attempt is left to download Artifact {artifact}",
            "info: Incomplete download removed",
            "error: Deployment failed: the Artifact could not be downloaded: Connection timed out",
        ],
    },
    Mishap {
        step: Status::Installing,
        lines: &[
            "info: Writing to the inactive partition",
            "error: Writing block at {part}: No space left on device",
            "info: Artifact {installed} stays in use",
            "error: Deployment failed: the payload could not be written: No space left on device",
        ],
    },
    Mishap {
        step: Status::Installing,
        lines: &[
            "info: Verifying the checksum of the payload",
            "error: The checksum of the payload differs from the manifest's",
            "info: Artifact {installed} stays in use",
            "error: Deployment failed: the payload of Artifact {artifact} is damaged: checksum mismatch",
        ],
    },
    Mishap {
        step: Status::Installing,
        lines: &[
            "info: Executing script ArtifactInstall_Enter_10_check-battery",
            "info: Output of the script: battery at 14 %, 30 % needed",
            "error: Script ArtifactInstall_Enter_10_check-battery: exit status 1",
            "info: Artifact {installed} stays in use",
            "error: Deployment failed: script ArtifactInstall_Enter_10_check-battery refused the installation",
        ],
    },
    Mishap {
        step: Status::Rebooting,
        lines: &[
            "warning: The root file system is the old one, with Artifact {installed}",
            "error: The boot loader fell back after 3 attempts to boot Artifact {artifact}",
            "error: Deployment failed: the new system did not boot; rolled back to Artifact {installed}",
        ],
    },
    Mishap {
        step: Status::Rebooting,
        lines: &[
            "info: Executing script ArtifactCommit_Enter_50_health-check",
            "info: Output of the script: telemetry.service is not active after 30 s",
            "error: Script ArtifactCommit_Enter_50_health-check: exit status 1",
            "info: Rolling back and rebooting into Artifact {installed}",
            "error: Deployment failed: the health check did not pass; rolled back to Artifact {installed}",
        ],
    },
];

impl Mishap {
    pub(super) fn any(random: &mut Random) -> &'static Mishap {
        &MISHAPS[random.below(MISHAPS.len() as u64) as usize]
    }

    /// The device's log up to its end, in the form that the server keeps.
    pub(super) fn log(&self, story: &Story) -> String {
        let before: &[&[&str]] = match self.step {
            Status::Downloading => &[DOWNLOADING],
            Status::Installing => &[DOWNLOADING, INSTALLING],
            _ => &[DOWNLOADING, INSTALLING, REBOOTING],
        };
        let lines: Vec<&str> = before.iter().copied().chain([self.lines]).flatten().copied().collect();
        let last = (lines.len() - 1) as i32;
        let took = story.ended.duration_since(story.began);
        let stamped = |(line, number): (&&str, i32)| story.line(line, took * number / last);
        lines.iter().zip(0..).map(stamped).collect()
    }
}

impl Story<'_> {
    fn line(&self, line: &str, after: SignedDuration) -> String {
        let text = line
            .replace("{deployment}", self.deployment)
            .replace("{artifact}", self.artifact)
            .replace("{installed}", &self.installed)
            .replace("{type}", &self.device_type)
            .replace("{size}", &self.size.to_string())
            .replace("{part}", &(self.size / 3).to_string());
        let at = (self.began + after).strftime("%Y-%m-%d %H:%M:%S%.3f +0000 UTC");
        format!("{at} {text}\n")
    }
}
