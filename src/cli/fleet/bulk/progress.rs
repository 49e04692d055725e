//! How far bulk work is, and how it ended.

use super::plan::{counted, first_line};
use super::{Unfit, Work};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::Target;

/// What to do after work that ended early.
pub const REPEAT: &str = "what was done stays; the same command goes on with the rest";
const REPEAT_OR_FILE: &str = "what was done stays; the same command goes on with the rest, and so does --file with what was printed on stdout";

/// How far it is.
#[derive(Default)]
pub struct Progress {
    pub total: usize,
    pub changed: usize,
    pub already: usize,
    failed: usize,
    /// Those that were tried.
    errors: usize,
    first_failure: Option<String>,
    /// Why no other device is begun.
    stop: Option<CliError>,
    /// Whether some of those that failed have no id that `--file` could take back.
    have_no_ids: bool,
    /// Why nobody can be told any more.
    unread: Option<CliError>,
}

impl Progress {
    pub fn to(total: usize) -> Self {
        Progress { total, ..Self::default() }
    }

    pub fn goes_on(&self) -> bool {
        self.stop.is_none() && self.unread.is_none()
    }

    pub fn is_read(&self) -> bool {
        self.unread.is_none()
    }

    /// Nobody can be told any more.
    pub fn unread(&mut self, error: CliError) {
        self.unread = Some(error);
    }

    fn finished(&self) -> usize {
        self.changed + self.already + self.failed
    }

    pub fn failed(&mut self, target: &Target, error: CliError, most: usize) {
        self.failed += 1;
        self.have_no_ids |= target.id.is_empty();
        let message = error.message();
        // What the next ones would meet too.
        let is_hopeless = matches!(error.status(), Some(401 | 422));
        if self.total == 1 {
            self.stop = Some(error.context(target.label()));
            return;
        }
        self.errors += 1;
        self.first_failure.get_or_insert_with(|| format!("{}: {}", target.label(), first_line(&message)));
        if self.stop.is_none() && (is_hopeless || self.errors >= most) {
            self.stop = Some(error);
        }
    }

    /// Notes one that could not be worked on.
    pub fn left_out(&mut self, unfit: &Unfit) {
        self.failed += 1;
        if self.total == 1 {
            self.stop = Some(CliError::failed(unfit.why.clone()).context(unfit.target.label()));
        }
        self.first_failure
            .get_or_insert_with(|| format!("{}: {}", unfit.target.label(), first_line(&unfit.why)));
    }

    /// What a signal means in the middle.
    pub fn interrupted(&self, work: &Work<'_>) -> String {
        let (done, total) = (self.changed + self.already, self.total);
        format!(
            "interrupted: {done} of {total} devices are {}, {} failed, and those under way may be; the same command goes on with the rest",
            work.done, self.failed
        )
    }

    pub fn verdict(self, ctx: &Context, work: &Work<'_>, what: &str) -> Result<()> {
        let kind = if self.changed + self.already > 0 { Kind::Partial } else { Kind::Failed };
        let stopped = format!("stopped after {} of {} devices", self.finished(), self.total);
        if let Some(stop) = self.stop {
            if self.total == 1 {
                return Err(stop);
            }
            // What has no id yet is not printed in a form that can be read back.
            let hint = if self.have_no_ids { REPEAT } else { REPEAT_OR_FILE };
            return Err(CliError { kind, ..stop.context(stopped) }.hint(hint));
        }
        let is_done = self.finished() == self.total;
        // A reader who has enough may go once all is done; what could not be written is missed.
        if let Some(error) = self.unread.as_ref().filter(|error| !is_done || error.kind != Kind::Closed) {
            let why = match error.kind {
                Kind::Closed => "nobody reads what is printed any more".to_owned(),
                _ => error.message(),
            };
            let how_far = if is_done {
                format!("{} of {} devices are {}", self.changed + self.already, self.total, work.done)
            } else {
                stopped
            };
            return Err(CliError::new(kind, anyhow::Error::msg(format!("{why}: {how_far}"))).hint(REPEAT));
        }
        if let Some(first) = self.first_failure {
            let text = format!(
                "{} of {} devices were not {}; the first: {first}",
                self.failed, self.total, work.done
            );
            let hint = if self.have_no_ids { REPEAT } else { "--file takes what was printed on stdout back" };
            return Err(CliError::new(kind, anyhow::Error::msg(text)).hint(hint));
        }
        ctx.out().notice(match (self.changed, self.already) {
            (0, _) => format!("{what}: nothing to do"),
            (_, 0) => format!("{what}: {}", work.done),
            (changed, already) => format!("{}: {}; nothing to do for {already}", counted(changed), work.done),
        });
        Ok(())
    }
}
