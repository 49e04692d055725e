//! The verdict on one deployment: in words, as JSON, and as a summary in Markdown.

use serde_json::{Value, json};

use mender::deployments::{Counts, Deployment};

use super::judge::{End, Outcome, Standing, Verdict};
use super::screen::{label, progress_text};
use crate::cli::error::{CliError, Kind};
use crate::cli::forge::markdown;
use crate::cli::output::{cell, duration};

/// So many devices are named in a message.
const MOST_NAMED: usize = 10;
/// So many in a summary, which has room for a MiB.
const MOST_IN_SUMMARY: usize = 500;

/// What came of a deployment.
pub struct Report {
    pub deployment: Deployment,
    pub end: End,
    pub verdict: Verdict,
    pub standing: Standing,
    /// What the counters said last.
    pub counts: Counts,
    /// Devices that left before they asked.
    pub left: u64,
    /// How long it was watched.
    pub seconds: u64,
}

impl Report {
    /// The object for programs, which is part of the program's interface.
    pub fn json(&self, with_devices: bool) -> Value {
        let Report { deployment, end, verdict, standing, seconds, .. } = self;
        let mut object = json!({
            "id": deployment.id,
            "name": deployment.name,
            "artifact_name": deployment.artifact_name,
            "verdict": verdict.name(),
            "end": end.name(),
            "devices": standing.targets,
            "succeeded": standing.good,
            "others": standing.bad(),
            "others_by_status": standing.by_status(),
            "failures": standing.others,
            "statistics": self.counts,
            "seconds": seconds,
        });
        if with_devices {
            object["results"] = json!(standing.all);
        }
        object
    }

    /// The verdict in a sentence.
    pub fn sentence(&self) -> String {
        let Report { deployment, end, standing, .. } = self;
        let name = label(deployment);
        let artifact = cell(&deployment.artifact_name);
        let (targets, good, bad) = (standing.targets, standing.good, standing.bad());
        let others = || {
            let parts: Vec<String> = standing
                .by_status()
                .iter()
                .map(|(status, count)| format!("{count} {}", cell(status)))
                .collect();
            parts.join(", ")
        };
        match (self.verdict, end) {
            (Verdict::Succeeded, _) => {
                let all = if targets == 1 {
                    "the device has".into()
                } else {
                    format!("all {targets} devices have")
                };
                format!("{name}: {all} {artifact}, after {}", self.took())
            }
            (Verdict::Tolerated, _) => format!(
                "{name}: {good} of {targets} devices have {artifact}; {bad} do not, no more than may: {}",
                others()
            ),
            (Verdict::TimeUp, End::Unread) => format!(
                "{name}: time is up after {}: it has ended, but the server did not tell how: {}",
                self.took(),
                self.progress()
            ),
            (Verdict::TimeUp, end) => {
                let then = if end.goes_on() { "it goes on" } else { "it was aborted" };
                let progress = progress_text(&self.counts, targets, self.left);
                format!("{name}: time is up after {}, and {then}: {progress}", self.took())
            }
            (Verdict::Failed, End::TooManyFailures) => {
                format!("{name}: too many devices failed, and it goes on: {}", self.progress())
            }
            (Verdict::Failed, End::AbortedForFailures) => {
                format!(
                    "{name}: too many devices failed, and it was aborted: {good} of {targets} devices have {artifact}; the others: {}",
                    others()
                )
            }
            (Verdict::Failed, _) if targets == 0 => format!("{name}: it ended without any device"),
            (Verdict::Failed, _) if targets == 1 => {
                format!("{name}: the device does not have {artifact}: {}", others())
            }
            (Verdict::Failed, _) => {
                format!("{name}: {bad} of {targets} devices do not have {artifact}: {}", others())
            }
        }
    }

    fn progress(&self) -> String {
        progress_text(&self.counts, self.standing.targets, self.left)
    }

    fn took(&self) -> String {
        duration(i64::try_from(self.seconds).unwrap_or(i64::MAX))
    }

    /// The verdict as an error, if it is none to be content with.
    pub fn error(&self) -> Option<CliError> {
        let kind = match self.verdict {
            Verdict::Succeeded | Verdict::Tolerated => return None,
            Verdict::Failed => Kind::Partial,
            Verdict::TimeUp => Kind::Timeout,
        };
        let mut text = self.sentence();
        for outcome in self.standing.others.iter().take(MOST_NAMED) {
            text.push_str(&format!("\n  {}", described(outcome)));
        }
        let more = self.standing.others.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            text.push_str(&format!("\n  and {more} more"));
        }
        let mut error = CliError::new(kind, anyhow::Error::msg(text));
        for hint in self.hints() {
            error = error.hint(hint);
        }
        Some(error)
    }

    /// What to do next.
    pub fn hints(&self) -> Vec<String> {
        let id = &self.deployment.id;
        let mut hints = Vec::new();
        if self.standing.others.iter().any(|outcome| outcome.log) {
            hints.push(format!("mender-cli deployments log {id} --failed shows what devices wrote"));
        }
        match self.end {
            End::Stuck => hints.push(format!(
                "it waits for devices that will never ask for it, and never finishes by itself: mender-cli deployments abort {id} ends it"
            )),
            end if end.goes_on() => hints.push(format!(
                "mender-cli deployments watch {id} follows it on, mender-cli deployments abort {id} ends it"
            )),
            End::Unread => hints.push(format!("mender-cli deployments watch {id} asks again how it ended")),
            _ if !self.verdict.is_fine() => hints.push(format!(
                "mender-cli deployments retry {id} tries again with those that do not have it"
            )),
            _ => {}
        }
        hints
    }

    /// The summary for a forge.
    pub fn summary(&self) -> String {
        let Report { deployment, standing, verdict, .. } = self;
        let sign = if verdict.is_fine() { "✅" } else { "❌" };
        let mut text = format!(
            "### {sign} Deployment {}: {}\n\n| | |\n| --- | --- |\n| Release | {} |\n| Deployment | {} |\n| Devices | {} of {} have it |\n| Watched | {} |\n",
            markdown(&deployment.name),
            verdict.name(),
            markdown(&deployment.artifact_name),
            markdown(&deployment.id),
            standing.good,
            standing.targets,
            self.took(),
        );
        for (status, count) in standing.by_status() {
            text.push_str(&format!("| {} | {count} |\n", markdown(status)));
        }
        if !standing.others.is_empty() {
            text.push_str("\n| Device | Name | Status | Log |\n| --- | --- | --- | --- |\n");
        }
        for outcome in standing.others.iter().take(MOST_IN_SUMMARY) {
            let Outcome { id, name, status, log } = outcome;
            let name = markdown(name.as_deref().unwrap_or_default());
            let log = if *log { "yes" } else { "" };
            text.push_str(&format!("| {} | {name} | {} | {log} |\n", markdown(id), markdown(status)));
        }
        let more = standing.others.len().saturating_sub(MOST_IN_SUMMARY);
        if more > 0 {
            text.push_str(&format!("\nand {more} more\n"));
        }
        text.push('\n');
        text
    }
}

/// A device and its status, in a line.
fn described(outcome: &Outcome) -> String {
    let Outcome { id, name, status, log } = outcome;
    let name = name.as_deref().map(|name| format!("  {name}")).unwrap_or_default();
    let log = if *log { "  (log)" } else { "" };
    cell(&format!("{id}{name}  {status}{log}")).into_owned()
}
