//! What was made of several things.

use serde::Serialize;

use super::{Form, Output};
use crate::cli::error::Result;

/// Each as it comes, or one JSON value in the end.
pub struct Made {
    out: Output,
    all: Option<Vec<serde_json::Value>>,
}

impl Made {
    /// Takes one of them.
    ///
    /// # Errors
    ///
    /// As [`Output::made`].
    pub fn add<T: Serialize>(&mut self, item: &T, id: &str) -> Result<()> {
        match &mut self.all {
            Some(all) => {
                all.push(serde_json::to_value(item).expect("our own types are JSON"));
                Ok(())
            }
            None => self.out.made(item, id),
        }
    }

    /// Writes what was kept. Also after a failure: what was made until then is made.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn end(self) -> Result<()> {
        self.all.map_or(Ok(()), |all| self.out.json(&all))
    }
}

impl Output {
    /// What becomes of so many things, of which [`Made::add`] is told one by one.
    pub fn made_of(&self, count: usize) -> Made {
        let is_one_value = self.asked_form() == Some(Form::Json) && count > 1;
        Made { out: self.clone(), all: is_one_value.then(Vec::new) }
    }
}
