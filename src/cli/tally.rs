//! Work on several things: one that fails does not stop the others, and the exit code tells.

use super::error::{CliError, Kind, Result};
use super::output::Output;

/// Counts what went well and what did not.
pub struct Tally {
    total: usize,
    failed: Vec<String>,
}

impl Tally {
    pub fn of(total: usize) -> Self {
        Tally { total, failed: Vec::new() }
    }

    /// Takes the outcome of one of them. If there are several, a failure is shown and the work goes on.
    ///
    /// # Errors
    ///
    /// The failure of the only one, and whatever nothing can go on after: an interruption, a closed stdout.
    pub fn count(&mut self, outcome: Result<()>, name: &str, out: &Output) -> Result<()> {
        match outcome {
            Err(error) if self.total > 1 && matches!(error.kind, Kind::Failed | Kind::Timeout) => {
                out.failure(&error.context(name));
                self.failed.push(name.to_owned());
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// The outcome of all.
    ///
    /// # Errors
    ///
    /// [`Kind::Partial`] if some failed, [`Kind::Failed`] if all did.
    pub fn verdict(self, done: &str) -> Result<()> {
        match self.failed.len() {
            0 => Ok(()),
            count if count == self.total => Err(CliError::failed(format!("none of {count} was {done}"))),
            count => {
                let text = format!("{count} of {} were not {done}: {}", self.total, self.failed.join(", "));
                Err(CliError::new(Kind::Partial, anyhow::Error::msg(text)))
            }
        }
    }
}
