//! What is printed of bulk work.

use serde_json::json;

use super::plan::first_line;
use super::progress::Progress;
use super::{Done, Unfit};
use crate::cli::error::Result;
use crate::cli::fleet::Target;
use crate::cli::output::{Cell, Count, Rows, View};

/// What is seen of the work while it goes on.
pub struct Run<'v> {
    pub rows: Rows<'v, Outcome>,
    pub count: Count,
    /// Forms for programs tell of each device, the others of those that failed.
    pub shows_all: bool,
    pub progress: Progress,
    /// Of which devices it is known what came of them.
    pub noted: Vec<bool>,
}

impl Run<'_> {
    /// Takes what came of one device.
    pub fn note(&mut self, index: usize, target: &Target, outcome: Result<Done>, most: usize) {
        self.count.advance();
        self.noted[index] = true;
        match outcome {
            Ok(Done::NotNow(why)) => self.leave_out(&Unfit { target: target.clone(), why }),
            Ok(Done::Changed) => self.changed(Outcome::of(target, None)),
            Ok(Done::Already) => self.settled(Outcome::of(target, None)),
            Ok(Done::Made { id }) => self.changed(Outcome { id, ..Outcome::of(target, None) }),
            Ok(Done::Found { id }) => self.settled(Outcome { id, ..Outcome::of(target, None) }),
            Err(error) => {
                self.show_failed(Outcome::of(target, Some(error.message())));
                self.progress.failed(target, error, most);
            }
        }
    }

    fn changed(&mut self, outcome: Outcome) {
        self.progress.changed += 1;
        self.show_done(outcome);
    }

    /// Takes one that was so before.
    pub fn settled(&mut self, outcome: Outcome) {
        self.progress.already += 1;
        self.show_done(outcome);
    }

    /// Takes all of which nothing is known in the end, so that a list of what is still to be done is whole.
    pub fn leave_rest(&mut self, targets: &[&Target]) {
        if self.progress.total == 1 {
            return;
        }
        for (index, target) in targets.iter().enumerate() {
            if !self.noted[index] {
                self.show(Outcome::of(target, Some("not come to".into())));
            }
        }
    }

    /// Takes one that could not be worked on.
    pub fn leave_out(&mut self, unfit: &Unfit) {
        self.progress.left_out(unfit);
        self.show_failed(Outcome::of(&unfit.target, Some(unfit.why.clone())));
    }

    fn show_done(&mut self, outcome: Outcome) {
        if self.shows_all {
            self.show(outcome);
        }
    }

    /// What the only one failed with is the error of the whole.
    fn show_failed(&mut self, outcome: Outcome) {
        if self.progress.total > 1 || self.shows_all {
            self.show(outcome);
        }
    }

    /// If nobody can be told any more the work stops, but what is under way is not cut off.
    fn show(&mut self, outcome: Outcome) {
        if self.progress.is_read()
            && let Err(error) = self.rows.add(vec![outcome])
        {
            self.progress.unread(error);
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
    pub fn of(target: &Target, error: Option<String>) -> Self {
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
