//! Lists and properties, in every form. A list is written while it comes in.

use std::borrow::Borrow;

use serde::Serialize;

use super::layout::indented;
use super::table::{self, Cell};
use super::{Form, Output, escape, line, one_line};
use crate::cli::error::Result;

/// How things of a kind are shown.
pub trait View<T> {
    /// The headings of a table, for people.
    fn titles(&self) -> Vec<&str>;
    /// The names of properties, for programs.
    fn keys(&self) -> Vec<String> {
        self.titles().into_iter().map(str::to_lowercase).collect()
    }
    /// A cell for each heading.
    fn cells<'t>(&self, item: &'t T) -> Vec<Cell<'t>>;
    /// Whether all columns are wanted, whether there is room or not.
    fn keeps_all(&self) -> bool {
        false
    }

    /// The item's id.
    fn id<'t>(&self, item: &'t T) -> &'t str;
    /// The item as JSON on one line.
    fn json(&self, item: &T) -> String;
}

/// A column of a list, or a property of one thing.
pub struct Column<T> {
    /// Its heading; lists show it in capitals.
    pub title: &'static str,
    /// Its value.
    pub cell: fn(&T) -> Cell<'_>,
}

/// Columns that are the same for all things of a kind.
pub struct Fixed<'c, T> {
    pub columns: &'c [Column<T>],
    pub id: fn(&T) -> &str,
}

impl<T: Serialize + 'static, B: Borrow<T>> View<B> for Fixed<'_, T> {
    fn titles(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.title).collect()
    }

    fn cells<'t>(&self, item: &'t B) -> Vec<Cell<'t>> {
        self.columns.iter().map(|column| (column.cell)(item.borrow())).collect()
    }

    fn id<'t>(&self, item: &'t B) -> &'t str {
        (self.id)(item.borrow())
    }

    fn json(&self, item: &B) -> String {
        one_line(item.borrow()).trim_end().to_owned()
    }
}

/// Takes items as they come. Only a table has to wait for the last one.
pub struct Rows<'v, T> {
    out: Output,
    form: Form,
    view: &'v dyn View<T>,
    held: Vec<T>,
    /// What a filter waits for.
    whole: Vec<String>,
    is_first: bool,
}

impl Output {
    /// Begins a list.
    ///
    /// # Errors
    ///
    /// If its form is not for lists of this kind.
    pub fn rows<'v, T>(&self, view: &'v dyn View<T>) -> Result<Rows<'v, T>> {
        Ok(Rows {
            out: self.clone(),
            form: self.form()?,
            view,
            held: Vec::new(),
            whole: Vec::new(),
            is_first: true,
        })
    }

    /// A list that is there.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`], and if the form is not for lists of this kind.
    pub fn list<T: Serialize + 'static>(
        &self,
        items: &[T],
        columns: &[Column<T>],
        id: fn(&T) -> &str,
    ) -> Result<()> {
        let view = Fixed { columns, id };
        let mut rows = self.rows(&view)?;
        rows.add(items.iter().collect())?;
        rows.end()
    }

    /// One thing in full, a line a property.
    ///
    /// # Errors
    ///
    /// As [`Output::list`].
    pub fn show<T: Serialize + 'static>(
        &self,
        item: &T,
        columns: &[Column<T>],
        id: fn(&T) -> &str,
    ) -> Result<()> {
        self.sheet(&item, &Fixed { columns, id })
    }

    /// The same for things whose properties are not alike.
    ///
    /// # Errors
    ///
    /// As [`Output::list`].
    pub fn sheet<T>(&self, item: &T, view: &dyn View<T>) -> Result<()> {
        match self.form()? {
            Form::Json => self.json_text(indented(&view.json(item)) + "\n"),
            Form::Jsonl => self.json_text(view.json(item) + "\n"),
            Form::Ids => self.text(&format!("{}\n", line(view.id(item)))),
            Form::Tabs | Form::Text => {
                let lines = view.keys().into_iter().zip(view.cells(item));
                let text = lines.map(|(key, cell)| table::tab_line(&[Cell::Text(key.into()), cell]));
                self.text(&text.collect::<String>())
            }
            Form::Table => self.text(&table::properties(&view.titles(), &view.cells(item))),
        }
    }
}

impl<T> Rows<'_, T> {
    /// Takes some more items.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn add(&mut self, items: Vec<T>) -> Result<()> {
        let view = self.view;
        if self.out.filter.is_some() {
            return self.filtered(&items);
        }
        match self.form {
            Form::Table => {
                self.held.extend(items);
                Ok(())
            }
            Form::Ids => self.write(&items, |item| format!("{}\n", line(view.id(item)))),
            Form::Jsonl => self.write(&items, |item| self.json(item) + "\n"),
            Form::Tabs | Form::Text => self.write(&items, |item| table::tab_line(&view.cells(item))),
            Form::Json => {
                let mut is_first = self.is_first;
                let written = self.write(&items, |item| {
                    let before = if std::mem::take(&mut is_first) { "[\n  " } else { ",\n  " };
                    format!("{before}{}", self.json(item))
                });
                self.is_first = is_first;
                written
            }
        }
    }

    /// A filter sees each item by itself, or the one value that the whole list is.
    fn filtered(&mut self, items: &[T]) -> Result<()> {
        let texts: Vec<String> = items.iter().map(|item| self.view.json(item)).collect();
        if self.form == Form::Jsonl {
            return self.out.json_text(texts.iter().map(|text| format!("{text}\n")).collect());
        }
        self.whole.extend(texts);
        Ok(())
    }

    fn json(&self, item: &T) -> String {
        let text = self.view.json(item);
        if self.out.stdout_is_terminal { escape::json(&text).into_owned() } else { text }
    }

    fn write(&self, items: &[T], text: impl FnMut(&T) -> String) -> Result<()> {
        self.out.text(&items.iter().map(text).collect::<String>())
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn end(self) -> Result<()> {
        match self.form {
            Form::Jsonl => Ok(()),
            _ if self.out.filter.is_some() => self.out.json_text(format!("[{}]\n", self.whole.join(","))),
            Form::Table if !self.held.is_empty() => {
                let rows: Vec<_> = self.held.iter().map(|item| self.view.cells(item)).collect();
                let keeps_all = self.view.keeps_all();
                self.out.text(&table::grid(&self.view.titles(), &rows, self.out.width(), keeps_all))
            }
            Form::Json => self.out.text(if self.is_first { "[]\n" } else { "\n]\n" }),
            _ => Ok(()),
        }
    }
}
