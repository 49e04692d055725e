//! What a server sent, as it is; on a terminal so that a person can read it.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::layout::{Layout, compact, indented};
use super::{Form, Output, escape};
use crate::cli::error::{CliError, Result};

impl Output {
    /// A body that is a result: filtered if the user wants that, its items a line each with `-o jsonl`, otherwise as
    /// [`Output::body`] writes it.
    ///
    /// # Errors
    ///
    /// As [`Output::body`], and if a filter fails on it.
    pub fn answer(&self, body: &[u8]) -> Result<()> {
        if self.asked_form() == Some(Form::Jsonl) {
            if let Ok(items) = serde_json::from_slice::<Vec<&RawValue>>(body) {
                return self.json_text(lines_of(&items));
            }
            if let Ok(value) = serde_json::from_slice::<&RawValue>(body) {
                return self.json_text(lines_of(&[value]));
            }
        }
        match &self.filter {
            // What was made may be in there, and told only this once.
            Some(_) if !may_be_json(body) => {
                self.body(body)?;
                Err(CliError::failed("what the server sent is not JSON; it stands on stdout as it came"))
            }
            Some(filter) => self.found(filter, body.to_vec()),
            None => self.body(body),
        }
    }

    /// A body as it came; on a terminal JSON is indented, and nothing in it drives the terminal.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`], and on a terminal if it is no text.
    pub fn body(&self, body: &[u8]) -> Result<()> {
        if !self.stdout_is_terminal || body.is_empty() {
            return self.bytes(body);
        }
        let text = match str::from_utf8(body) {
            Ok(text) if !text.contains('\0') => text,
            _ => {
                let text = format!("the answer is no text; its {} bytes are not shown here", body.len());
                return Err(CliError::failed(text).hint("> FILE behind the line writes them into a file"));
            }
        };
        if serde_json::from_str::<IgnoredAny>(text).is_ok() {
            return self.text(&(escape::json(&indented(text)).into_owned() + "\n"));
        }
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.text(&format!("{}{end}", escape::lines(text)))
    }

    /// A list that comes in pieces.
    pub fn items(&self) -> Items {
        Items { out: self.clone(), layout: Layout::indented(), has_begun: false, has_items: false }
    }
}

/// Whether it begins like JSON; a token does not.
fn may_be_json(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_none_or(|byte| b"{[\"-0123456789tfn".contains(byte))
}

fn lines_of(items: &[&RawValue]) -> String {
    items.iter().map(|item| compact(item.get()) + "\n").collect()
}

/// A list under way: one JSON array that grows, or with `-o jsonl` or a filter each page by itself.
pub struct Items {
    out: Output,
    layout: Layout,
    has_begun: bool,
    has_items: bool,
}

impl Items {
    /// Writes a page: its items, and the list that they came in.
    ///
    /// # Errors
    ///
    /// As [`Output::answer`].
    pub fn add(&mut self, list: &[u8], items: &[&RawValue]) -> Result<()> {
        self.has_begun = true;
        if !self.is_one_array() {
            // No list is an empty one.
            return self.out.answer(if items.is_empty() { b"[]" } else { list });
        }
        let mut text = String::new();
        for item in items {
            let before = if std::mem::replace(&mut self.has_items, true) { ",\n" } else { "[" };
            text.push_str(&self.laid_out(before));
            text.push_str(&self.laid_out(item.get()));
        }
        self.out.text(&text)
    }

    /// Writes what is still missing.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn end(mut self) -> Result<()> {
        if !self.is_one_array() {
            return Ok(());
        }
        let end = if self.has_items { "]" } else { "[]" };
        let text = self.laid_out(end);
        self.out.text(&(text + "\n"))
    }

    /// Ends the line but not the array, so that nobody takes it for the whole list.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn break_off(self) -> Result<()> {
        if self.is_one_array() && self.has_items { self.out.text("\n") } else { Ok(()) }
    }

    /// Whether there was a page.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn is_one_array(&self) -> bool {
        self.out.filter.is_none() && self.out.asked_form() != Some(Form::Jsonl)
    }

    /// A piece as it came, or for a person.
    fn laid_out(&mut self, json: &str) -> String {
        if self.out.stdout_is_terminal {
            return escape::json(&self.layout.next(json)).into_owned();
        }
        json.to_owned()
    }
}
