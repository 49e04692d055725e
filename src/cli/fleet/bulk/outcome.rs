//! What is printed of bulk work.

use serde_json::json;

use super::plan::first_line;
use super::progress::Progress;
use super::{Done, Unfit};
use crate::cli::error::{Kind, Result};
use crate::cli::fleet::Target;
use crate::cli::output::{Cell, Count, Rows, View};

/// What is seen of the work while it goes on.
pub struct Run<'v> {
    pub rows: Rows<'v, Outcome>,
    pub count: Count,
    /// Forms for programs tell of each device, the others of those that failed.
    pub shows_all: bool,
    pub progress: Progress,
}

impl Run<'_> {
    /// Takes what came of one device.
    pub fn note(&mut self, target: &Target, outcome: Result<Done>, most: usize) -> Result<()> {
        self.count.advance();
        let error = match outcome {
            Ok(done) => {
                self.progress.succeeded(&done);
                return match done {
                    _ if !self.shows_all => Ok(()),
                    Done::Made { id } | Done::Found { id } => {
                        self.show(Outcome { id, name: target.name.clone(), error: None })
                    }
                    Done::Changed | Done::Already => self.show(Outcome::of(target, None)),
                };
            }
            Err(error) if matches!(error.kind, Kind::Closed | Kind::Interrupted) => return Err(error),
            Err(error) => error,
        };
        if self.progress.total > 1 || self.shows_all {
            self.show(Outcome::of(target, Some(error.message())))?;
        }
        self.progress.failed(target, error, most);
        Ok(())
    }

    /// Takes one that could not be worked on.
    pub fn leave_out(&mut self, unfit: &Unfit) -> Result<()> {
        self.progress.left_out(unfit);
        self.show(Outcome::of(&unfit.target, Some(unfit.why.clone())))
    }

    /// Who does not read any more stops the work, but does not cut off what is under way.
    fn show(&mut self, outcome: Outcome) -> Result<()> {
        if self.progress.unread {
            return Ok(());
        }
        match self.rows.add(vec![outcome]) {
            Err(error) if error.kind == Kind::Closed => {
                self.progress.unread = true;
                Ok(())
            }
            shown => shown,
        }
    }
}

/// What came of one device, as it is printed.
pub struct Outcome {
    id: String,
    name: Option<String>,
    error: Option<String>,
}

impl Outcome {
    fn of(target: &Target, error: Option<String>) -> Self {
        Outcome { id: target.id.clone(), name: target.name.clone(), error }
    }
}

/// How outcomes are shown. `--file` reads all forms back.
pub struct Outcomes;

impl View<Outcome> for Outcomes {
    fn titles(&self) -> Vec<&str> {
        vec!["ID", "Name", "Failure"]
    }

    fn cells<'t>(&self, outcome: &'t Outcome) -> Vec<Cell<'t>> {
        let name = Cell::maybe(outcome.name.as_deref());
        vec![Cell::text(&outcome.id), name, Cell::maybe(outcome.error.as_deref().map(first_line))]
    }

    fn id<'t>(&self, outcome: &'t Outcome) -> &'t str {
        if outcome.id.is_empty() { outcome.name.as_deref().unwrap_or_default() } else { &outcome.id }
    }

    fn json(&self, outcome: &Outcome) -> String {
        let Outcome { id, name, error } = outcome;
        let id = (!id.is_empty()).then_some(id);
        json!({ "id": id, "name": name, "done": error.is_none(), "error": error }).to_string()
    }
}
