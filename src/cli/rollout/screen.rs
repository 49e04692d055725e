//! What is seen of deployments while they are watched: a line that changes, lines for a log, events for programs.

use std::cell::Cell;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mender::deployments::{Counts, Deployment, Part, Status};
use serde_json::{Value, json};

use super::look::Watcher;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::output::{Board, Form, Output, cell};

/// Characters of the bar.
const WIDTH: u64 = 24;
/// A longer name of a deployment is cut beside its bar.
const LONGEST_NAME: usize = 32;
/// After so long without news a log gets a line, and a lasting trouble is told again.
const SILENCE: Duration = Duration::from_secs(300);

/// Everything that is shown of some deployments.
pub struct Screen {
    board: Board,
    out: Output,
    lines: Vec<Line>,
    wanted: bool,
    events: bool,
}

struct Line {
    id: String,
    name: String,
    said: Cell<Option<Instant>>,
    /// When the trouble was last told of, while there is some.
    trouble: Cell<Option<Instant>>,
}

impl Screen {
    pub fn new(out: &Output, wanted: bool, deployments: &[Deployment]) -> Self {
        let events = out.asked_form() == Some(Form::Jsonl);
        // Events on the same terminal are to be seen in peace.
        let is_free = !(events && out.is_terminal());
        let line = |deployment: &Deployment| Line {
            id: deployment.id.clone(),
            name: label(deployment),
            said: Cell::new(None),
            trouble: Cell::new(None),
        };
        Screen {
            board: out.board(deployments.len(), wanted && is_free),
            out: out.clone(),
            lines: deployments.iter().map(line).collect(),
            wanted,
            events,
        }
    }

    /// Whether somebody wants to know which devices fail while it goes on.
    pub fn names_failures(&self) -> bool {
        self.events || (self.wanted && !self.out.is_quiet())
    }

    /// How far a deployment is.
    ///
    /// # Errors
    ///
    /// If nobody reads the events any more.
    pub fn progress(&self, index: usize, watcher: &Watcher<'_>, moved: bool) -> Result<()> {
        let line = &self.lines[index];
        let Watcher { counts, targets, left, .. } = watcher;
        if line.trouble.take().is_some() {
            self.say(index, "the server answers again");
        }
        if self.board.is_live() {
            let text = progress_text(counts, *targets, *left);
            let (name, has_bar) = fitting(&line.name, &text, self.board.width());
            let bar = if has_bar { self.bar(counts, *targets) + " " } else { String::new() };
            self.board.set(index, format!("{name} {bar}{text}"));
        } else if moved || line.said.get().is_none_or(|said| said.elapsed() >= SILENCE) {
            self.say(index, &progress_text(counts, *targets, *left));
        }
        if !moved {
            return Ok(());
        }
        self.event(
            index,
            "progress",
            json!({ "devices": targets, "finished": counts.finished(), "statistics": counts }),
        )
    }

    /// Devices that failed just now.
    ///
    /// # Errors
    ///
    /// As [`Screen::progress`].
    pub fn failures(&self, index: usize, failed: &[Part]) -> Result<()> {
        for part in failed {
            let log = if part.log { ", with a log" } else { "" };
            self.say(index, &format!("{} failed{log}", part.id));
            let device = json!({ "device": part.id, "status": part.status, "log": part.log });
            self.event(index, "failure", device)?;
        }
        Ok(())
    }

    /// Devices left before they asked, so that it cannot finish by itself.
    pub fn left(&self, index: usize, count: u64) {
        let line = &self.lines[index];
        let who = if count == 1 { "1 device has".into() } else { format!("{count} devices have") };
        self.board.warn(format_args!(
            "{}: {who} left before asking for it, and so it will never finish by itself; mender-cli deployments abort {} ends it once the others are done",
            line.name, line.id
        ));
    }

    /// The server cannot be asked just now.
    ///
    /// # Errors
    ///
    /// As [`Screen::progress`].
    pub fn trouble(&self, index: usize, error: &CliError) -> Result<()> {
        let line = &self.lines[index];
        let is_news = line.trouble.get().is_none();
        if is_news || line.trouble.get().is_some_and(|told| told.elapsed() >= SILENCE) {
            line.trouble.set(Some(Instant::now()));
            self.board.warn(format_args!("{}: {}; going on", line.name, error.message()));
        }
        if is_news { self.event(index, "trouble", json!({ "message": error.message() })) } else { Ok(()) }
    }

    /// Something that the user should know of a deployment.
    pub fn warn(&self, index: usize, text: &str) {
        self.board.warn(format_args!("{}: {text}", self.lines[index].name));
    }

    /// Makes room for what is said next.
    pub fn clear(&self) {
        self.board.clear();
    }

    /// One line of JSON on stdout.
    ///
    /// # Errors
    ///
    /// As [`Screen::progress`].
    pub fn event(&self, index: usize, what: &str, more: Value) -> Result<()> {
        if !self.events {
            return Ok(());
        }
        let time = format!("{:.0}", Timestamp::now());
        let mut event = json!({ "event": what, "time": time, "id": self.lines[index].id });
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        self.out.json_line(&event).map_err(|error| match error.kind {
            // Whoever waits for the exit code must not take that for a success.
            Kind::Closed => CliError::failed("nobody reads the events any more"),
            _ => error,
        })
    }

    fn say(&self, index: usize, text: &str) {
        if !self.wanted {
            return;
        }
        let line = &self.lines[index];
        line.said.set(Some(Instant::now()));
        if self.board.is_live() {
            self.board.say(format_args!("{}: {text}", line.name));
        } else {
            self.board.say(format_args!("{:.0} {}: {text}", Timestamp::now(), line.name));
        }
    }

    /// `[####xx>>>......]`: those that have it, those that will not, those at it, those to come.
    fn bar(&self, counts: &Counts, targets: u64) -> String {
        let total = targets.max(counts.total());
        let cells = bar_cells(counts, total);
        let part = |index: usize, sign: &str, code: &str| {
            let count = usize::try_from(cells[index]).unwrap_or_default();
            if count == 0 { String::new() } else { self.board.colored(&sign.repeat(count), code) }
        };
        let parts = [part(0, "#", "32"), part(1, "x", "31"), part(2, ">", "33"), part(3, ".", "2")];
        format!("[{}]", parts.concat())
    }
}

/// How many of the bar's characters are good, bad, at it, and to come. Whoever is there is seen.
fn bar_cells(counts: &Counts, total: u64) -> [u64; 4] {
    let at_it = counts.total().saturating_sub(counts.finished()).saturating_sub(counts.of(Status::Pending));
    let share = |count: u64| match count {
        0 => 0,
        some => u64::try_from(u128::from(some) * u128::from(WIDTH) / u128::from(total.max(1)))
            .unwrap_or(WIDTH)
            .clamp(1, WIDTH),
    };
    let mut left = WIDTH;
    let mut take = |count: u64| {
        let taken = share(count).min(left);
        left -= taken;
        taken
    };
    let bad = take(counts.bad());
    let at_it = take(at_it);
    let good = take(counts.good());
    [good, bad, at_it, left]
}

/// `120 of 200 done: 110 success, 3 failure, 7 installing, 80 pending`
pub fn progress_text(counts: &Counts, targets: u64, left: u64) -> String {
    let of = if targets > 0 { format!(" of {targets}") } else { String::new() };
    let mut parts: Vec<String> = counts.some().map(|(status, count)| format!("{count} {status}")).collect();
    // The counters know them as pending.
    parts.extend((left > 0).then(|| format!("{left} of those pending left before asking")));
    let all = if parts.is_empty() { "nothing heard yet".into() } else { parts.join(", ") };
    format!("{}{of} done: {all}", counts.finished())
}

/// The name, or the id of one that has none, harmless on a terminal.
pub fn label(deployment: &Deployment) -> String {
    let name = if deployment.name.is_empty() { &deployment.id } else { &deployment.name };
    cell(name).into_owned()
}

/// As much of a name as has room beside a bar and the numbers, and whether the bar has any: the numbers come first.
fn fitting(name: &str, text: &str, width: usize) -> (String, bool) {
    let sizes = [(LONGEST_NAME, true), (LONGEST_NAME / 2, true), (LONGEST_NAME / 2, false)];
    let bar = WIDTH as usize + 3;
    let fits = |(most, has_bar): &(usize, bool)| {
        let taken = name.chars().count().min(*most) + 1 + text.chars().count();
        taken + if *has_bar { bar } else { 0 } <= width
    };
    let (most, has_bar) = sizes.into_iter().find(fits).unwrap_or((LONGEST_NAME / 4, false));
    (shortened(name, most), has_bar)
}

fn shortened(label: &str, most: usize) -> String {
    if label.chars().count() <= most {
        return label.to_owned();
    }
    label.chars().take(most - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, u64)]) -> Counts {
        of.iter().copied().collect()
    }

    #[test]
    fn whoever_is_there_is_seen_in_the_bar() {
        assert_eq!(bar_cells(&Counts::default(), 10), [0, 0, 0, 24]);
        assert_eq!(bar_cells(&counts(&[("success", 10)]), 10), [24, 0, 0, 0]);
        let one_of_many = counts(&[("success", 9998), ("failure", 1), ("rebooting", 1)]);
        assert_eq!(bar_cells(&one_of_many, 10_000), [22, 1, 1, 0]);
        assert_eq!(bar_cells(&counts(&[("success", 5), ("pending", 5)]), 10), [12, 0, 0, 12]);
    }

    #[test]
    fn the_numbers_have_room_before_the_bar_and_the_name() {
        let (name, text) = ("system-4.0 to group production", "10 of 13 done: 2 failure, 8 success");
        assert_eq!(fitting(name, text, 100), (name.to_owned(), true));
        assert_eq!(fitting(name, text, 80), ("system-4.0 to...".to_owned(), true));
        assert_eq!(fitting(name, text, 60), ("system-4.0 to...".to_owned(), false));
        assert_eq!(fitting(name, text, 20), ("syste...".to_owned(), false));
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let some = counts(&[("failure", 1), ("pending", 2), ("success", 3), ("aborted", 0)]);
        assert_eq!(progress_text(&some, 6, 0), "4 of 6 done: 1 failure, 2 pending, 3 success");
        assert_eq!(progress_text(&Counts::default(), 0, 0), "0 done: nothing heard yet");
        assert!(progress_text(&some, 6, 2).ends_with("2 of those pending left before asking"));
    }
}
