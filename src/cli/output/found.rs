//! What a filter finds in a result, a line each.

use super::{Output, escape};
use crate::cli::error::Result;
use crate::cli::jq::{Filter, Found, STACK};
use crate::cli::signals::interruptible_thread;

/// So much is written at once.
const CHUNK: usize = 8 << 10;

impl Output {
    /// Runs the filter on JSON and writes what it finds; on a terminal without control characters.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`], and if the filter fails, after what it found until then.
    pub(super) fn found(&self, filter: &Filter, json: Vec<u8>) -> Result<()> {
        let filter = filter.clone();
        let is_terminal = self.stdout_is_terminal;
        let work = move |write: &mut dyn FnMut(String) -> Result<()>| {
            let mut chunk = String::new();
            let outcome = filter.run(&json, |found| {
                chunk.push_str(&match &found {
                    Found::Text(text) if is_terminal => escape::lines(text),
                    Found::Json(json) if is_terminal => escape::json(json),
                    Found::Text(text) | Found::Json(text) => text.into(),
                });
                chunk.push('\n');
                if chunk.len() < CHUNK { Ok(()) } else { write(std::mem::take(&mut chunk)) }
            });
            write(chunk)?;
            outcome
        };
        interruptible_thread(STACK, work, |chunk| self.text(&chunk))
    }
}
