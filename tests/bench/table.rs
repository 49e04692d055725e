//! The one table.

use std::fmt;

use crate::contestants::Contestant;
use crate::measure::{Sample, Series};

/// What we want to reach.
#[derive(Clone, Copy)]
pub enum Goal {
    None,
    /// Of our figure to curl's.
    Ratio(f64),
    /// Our figure itself.
    AtMost(f64),
    /// So many times as fast as the loop of curl.
    TimesCurl(f64),
    /// So many times as fast as another run of ours, if that was measured.
    TimesOurs {
        factor: f64,
        rival: &'static str,
        rival_seconds: Option<f64>,
    },
}

/// One quantity of one measurement.
pub struct Row {
    what: String,
    quantity: &'static str,
    medians: Vec<Option<f64>>,
    goal: Goal,
}

impl Row {
    pub fn of(
        what: &str,
        quantity: &'static str,
        series: &[Series],
        value: impl Fn(&Sample) -> Option<f64>,
        goal: Goal,
    ) -> Row {
        let medians = series.iter().map(|series| series.median(&value)).collect();
        Row { what: what.to_owned(), quantity, medians, goal }
    }
}

pub struct Table {
    notes: Vec<String>,
    names: Vec<&'static str>,
    curl: Option<usize>,
    rows: Vec<Row>,
}

impl Table {
    pub fn new(contestants: &[Contestant], has_gauge: bool) -> Table {
        let mut notes: Vec<_> =
            contestants.iter().map(|one| format!("{}: {}", one.name, one.version)).collect();
        let curl = contestants.iter().position(Contestant::is_curl);
        if curl.is_none() {
            notes.push("SKIPPED: curl is not installed; our figures stand alone".into());
        }
        if !has_gauge {
            notes.push("SKIPPED: peak memory: no GNU time at /usr/bin/time".into());
        }
        Table { notes, names: contestants.iter().map(|one| one.name).collect(), curl, rows: Vec::new() }
    }

    /// A line above the table.
    pub fn note(&mut self, line: String) {
        self.notes.push(line);
    }

    /// A line above all.
    pub fn head(&mut self, line: String) {
        self.notes.insert(0, line);
    }

    pub fn row(&mut self, mut row: Row) {
        // Not all of them take part in everything.
        row.medians.resize(self.names.len(), None);
        self.rows.push(row);
    }

    fn titles(&self) -> Vec<String> {
        let mut titles = vec!["measurement".to_owned(), "median".to_owned()];
        titles.extend(self.names.iter().map(|name| (*name).to_owned()));
        titles.extend(self.names.iter().skip(1).map(|name| format!("ours/{name}")));
        titles.push("goal".into());
        titles
    }

    fn cells(&self, row: &Row) -> Vec<String> {
        let mut cells = vec![row.what.clone(), row.quantity.to_owned()];
        cells.extend(row.medians.iter().map(|value| number(*value)));
        let ours = row.medians.first().copied().flatten();
        let ratio = |other: Option<f64>| ours.zip(other).map(|(ours, other)| ours / other);
        cells.extend(row.medians.iter().skip(1).map(|other| number(ratio(*other))));
        let to_curl = self.curl.and_then(|index| ratio(row.medians[index]));
        let fast = |factor: f64, rival: &str, ratio: Option<f64>| {
            verdict(ratio, 1.0 / factor, &format!("at least {factor} times as fast as {rival}"))
        };
        cells.push(match row.goal {
            Goal::Ratio(limit) => verdict(to_curl, limit, &format!("at most {limit:.2} of curl")),
            Goal::AtMost(limit) => verdict(ours, limit, &format!("at most {limit}")),
            Goal::TimesCurl(factor) => fast(factor, "curl", to_curl),
            Goal::TimesOurs { factor, rival, rival_seconds } => fast(factor, rival, ratio(rival_seconds)),
            Goal::None => String::new(),
        });
        cells
    }
}

fn verdict(value: Option<f64>, limit: f64, shown: &str) -> String {
    match value {
        Some(value) if value <= limit => format!("{shown}: met"),
        Some(_) => format!("{shown}: MISSED"),
        None => format!("{shown}: not measured"),
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
        None => "-".into(),
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        writeln!(f)?;
        let mut lines = vec![self.titles()];
        lines.extend(self.rows.iter().map(|row| self.cells(row)));
        let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or_default();
        let widths: Vec<_> = (0..lines[0].len()).map(width).collect();
        for line in &lines {
            let mut text = String::new();
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                // Words to the left, numbers to the right.
                match column {
                    0 | 1 => text.push_str(&format!("{cell:width$}  ")),
                    last if last + 1 == widths.len() => text.push_str(cell),
                    _ => text.push_str(&format!("{cell:>width$}  ")),
                }
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}
