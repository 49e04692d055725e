//! The only writer to stdout and stderr. stdout is the result and nothing else.
#![allow(clippy::disallowed_methods, reason = "the one home of stdout and stderr")]

mod board;
mod body;
mod count;
mod escape;
mod found;
mod layout;
mod logger;
mod made;
mod progress;
mod prompt;
mod rows;
mod table;

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::args::{Format, GlobalArgs};
use super::env::Env;
use super::error::{CliError, Kind, Result};
use super::jq::Filter;

pub use self::board::Board;
pub use self::count::Count;
pub use self::escape::{cell, line, lines};
pub use self::made::Made;
pub use self::progress::Transfer;
pub use self::prompt::Prompt;
pub use self::rows::{Column, Fixed, Rows, View};
pub use self::table::{Cell, duration};

/// How a result is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For a person.
    Table,
    /// For `cut` and `awk`: tabs, no header, times in RFC 3339.
    Tabs,
    /// The official client's blocks.
    Text,
    Json,
    Jsonl,
    /// Ids alone.
    Ids,
}

/// Where results, notices and errors go. Copies are cheap and alike.
#[derive(Clone, Debug)]
pub struct Output {
    format: Option<Format>,
    filter: Option<Filter>,
    quiet: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
    /// Whether what stands on stderr can be changed.
    draws: bool,
    no_color: bool,
    /// Whether a job of GitHub reads along.
    in_github: bool,
}

impl Output {
    pub fn new(flags: &GlobalArgs, env: &Env) -> Self {
        Output {
            format: flags.output,
            filter: flags.jq.clone(),
            quiet: flags.quiet,
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
            draws: io::stderr().is_terminal() && !env.is_dumb,
            no_color: flags.no_color || env.no_color,
            in_github: env.github,
        }
    }

    /// For errors that come before the flags are known.
    pub fn before_flags(format: Option<Format>, no_color: bool, env: &Env) -> Self {
        Self::new(&GlobalArgs { output: format, no_color, ..GlobalArgs::default() }, env)
    }

    /// Shows what the library logs: each request.
    pub fn log_requests(&self, verbose: bool) {
        logger::install(self.clone(), verbose);
    }

    /// Whether notices are unwanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub fn is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// Whether the user asked for a form that is made for programs.
    pub fn is_json(&self) -> bool {
        self.filter.is_some() || self.has_json_errors()
    }

    /// A filter is for results; errors stay for people unless the form itself was asked for.
    fn has_json_errors(&self) -> bool {
        matches!(self.format, Some(Format::Json | Format::Jsonl))
    }

    /// The form that the user asked for, if any.
    pub fn asked_form(&self) -> Option<Form> {
        match (self.format, self.quiet) {
            (Some(Format::Table), _) => Some(Form::Table),
            (Some(Format::Text), _) => Some(Form::Text),
            (Some(Format::Json), _) => Some(Form::Json),
            (Some(Format::Jsonl), _) => Some(Form::Jsonl),
            (None, _) if self.filter.is_some() => Some(Form::Json),
            (None, true) => Some(Form::Ids),
            (None, false) => None,
        }
    }

    /// The form of lists other than the official client's.
    ///
    /// # Errors
    ///
    /// If the user asked for blocks.
    pub fn form(&self) -> Result<Form> {
        match self.asked_form() {
            Some(Form::Text) => Err(CliError::usage("-o text is only for artifacts list and devices list")),
            Some(form) => Ok(form),
            None if self.stdout_is_terminal => Ok(Form::Table),
            None => Ok(Form::Tabs),
        }
    }

    // ----- results: stdout

    /// Writes bytes as they are.
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`] if the reader has gone; a failure for a full disk and the like.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(closed)
    }

    /// Writes a server's JSON as it came; on a terminal without control characters in it.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`], and if a filter fails on it.
    pub fn raw_json(&self, body: &[u8]) -> Result<()> {
        if let Some(filter) = &self.filter {
            return self.found(filter, body.to_vec());
        }
        if self.stdout_is_terminal {
            return self.text(&escape::json(&String::from_utf8_lossy(body)));
        }
        self.bytes(body)
    }

    /// stdout for what comes in pieces; writing to it holds up nothing else.
    pub fn stream(&self) -> tokio::io::Stdout {
        tokio::io::stdout()
    }

    /// Writes a help text, with colours where they are wanted.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn help(&self, text: &clap::builder::StyledStr) -> Result<()> {
        let is_colored = self.stdout_is_terminal && !self.no_color;
        self.text(&if is_colored { text.ansi().to_string() } else { text.to_string() })
    }

    /// Writes text that is ours, as it is.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn text(&self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes text that holds what others wrote: on a terminal without control characters.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn foreign(&self, text: &str) -> Result<()> {
        if self.stdout_is_terminal { self.text(&lines(text)) } else { self.text(text) }
    }

    /// The id of what was made: on stdout only where somebody asked for it.
    ///
    /// # Errors
    ///
    /// As [`Output::list`].
    pub fn made<T: Serialize>(&self, item: &T, id: &str) -> Result<()> {
        match self.asked_form() {
            Some(Form::Json) => self.json(item),
            Some(Form::Jsonl) => self.json_line(item),
            Some(Form::Ids) => self.text(&format!("{}\n", line(id))),
            _ => Ok(()),
        }
    }

    /// One JSON value, indented for people.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn json<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        let mut text = serde_json::to_string_pretty(value).expect("our own types are JSON");
        text.push('\n');
        self.json_text(text)
    }

    /// One JSON value on a line of its own.
    ///
    /// # Errors
    ///
    /// As [`Output::bytes`].
    pub fn json_line<T: Serialize + ?Sized>(&self, value: &T) -> Result<()> {
        self.json_text(one_line(value))
    }

    fn json_text(&self, text: String) -> Result<()> {
        match &self.filter {
            Some(filter) => self.found(filter, text.into_bytes()),
            None if self.stdout_is_terminal => self.text(&escape::json(&text)),
            None => self.text(&text),
        }
    }

    fn width(&self) -> Option<u16> {
        if self.stdout_is_terminal { table::terminal_width() } else { None }
    }

    // ----- everything else: stderr

    /// What happened, for a person; not with `--quiet`.
    pub fn notice(&self, text: impl Display) {
        if !self.quiet {
            self.say(&format!("{}\n", line(&text.to_string())));
        }
    }

    /// What the user should know.
    pub fn warn(&self, text: impl Display) {
        let label = self.colored("warning:", "33");
        self.say(&format!("{label} {}\n", line(&text.to_string())));
    }

    /// Several lines for a person who is about to decide.
    pub fn plan(&self, text: impl Display) {
        self.say(&format!("{}\n", lines(&text.to_string())));
    }

    /// A failure, once, in the form that the user reads.
    pub fn failure(&self, error: &CliError) {
        if error.kind == Kind::Closed {
            return;
        }
        if self.has_json_errors() {
            self.say(&format!("{}\n", escape::json(&failure_object(error).to_string())));
            return;
        }
        let mut text = String::new();
        let message = error.message();
        let mut parts = message.lines();
        let first = parts.next().unwrap_or_default();
        text.push_str(&format!("{} {}\n", self.colored("FAILURE:", "1;31"), line(first)));
        for rest in parts {
            text.push_str(&format!("{}\n", line(rest)));
        }
        for hint in &error.hints {
            text.push_str(&format!("{} {}\n", self.colored("hint:", "36"), line(hint)));
        }
        self.say(&text);
    }

    /// A line of a forge's own language.
    pub fn annotation(&self, text: &str) {
        write_stderr(text);
    }

    /// How far a transfer is: a bar on a terminal, a line now and then elsewhere, nothing if nobody wants it.
    pub fn progress(&self, name: &str, wanted: bool) -> Arc<Transfer> {
        let name = line(name).into_owned();
        Arc::new(match (wanted && !self.quiet, self.draws) {
            (false, _) => Transfer::unseen(),
            (true, true) => Transfer::bar(name, self.colors_stderr()),
            (true, false) => Transfer::lines(name, self.clone()),
        })
    }

    /// Somebody to ask, or an error where nobody can answer.
    pub fn prompt(&self) -> Prompt {
        Prompt::new(self.clone())
    }

    fn colors_stderr(&self) -> bool {
        self.stderr_is_terminal && !self.no_color
    }

    fn colored(&self, text: &str, code: &str) -> String {
        if self.colors_stderr() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn say(&self, text: &str) {
        if self.in_github { write_stderr(&escape::no_command(text)) } else { write_stderr(text) }
    }
}

/// Nobody can be told that stderr is gone.
fn write_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn one_line<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types are JSON") + "\n"
}

/// What a program needs to know of a failure.
fn failure_object(error: &CliError) -> serde_json::Value {
    let refusal = error.refusal.as_deref();
    json!({
        "kind": error.kind.name(),
        "message": error.message(),
        "status": refusal.map(|refusal| refusal.status),
        "server": refusal.and_then(|refusal| refusal.message.as_deref()),
        "request_id": refusal.and_then(|refusal| refusal.request_id.as_deref()),
        "hint": (!error.hints.is_empty()).then(|| error.hints.join("; ")),
        "exit_code": error.kind.exit_code(),
    })
}

fn closed(error: io::Error) -> CliError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        CliError::new(Kind::Closed, error)
    } else {
        CliError::from(anyhow::Error::new(error).context("cannot write to stdout"))
    }
}
