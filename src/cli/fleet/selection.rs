//! What a device has to be like: the flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use mender::devices::Status;
use mender::inventory::{AttributeName, Scope};

use super::Fleet;
use super::file::Missing;
use super::filter::Condition;
use super::query::Query;
use crate::cli::error::{CliError, Result};
use crate::cli::span::age;

/// What a device has to be like.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Only devices of which this holds, such as 'device_type=rpi4'; see below
    #[arg(long, value_name = "CONDITION")]
    pub filter: Vec<Condition>,

    /// Only devices of this group; several are alternatives
    #[arg(long, value_name = "GROUP", value_parser = NonEmptyStringValueParser::new())]
    pub group: Vec<String>,

    /// Only devices of this status; several are alternatives
    #[arg(long, value_name = "STATUS", value_parser = statuses())]
    pub status: Vec<Status>,

    /// Only devices that were seen once and not for so long, such as 7d
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub inactive: Option<Duration>,

    /// Only devices that were seen within so long, such as 1h
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub seen_within: Option<Duration>,

    /// Only devices in which the server finds these words
    #[arg(long, value_name = "WORDS", value_parser = NonEmptyStringValueParser::new())]
    pub text: Option<String>,

    /// Only devices in this file, '-' for stdin: ids or names, one a line, or JSON Lines as -o jsonl writes them
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

impl SelectionArgs {
    /// Whether all devices are meant.
    pub fn is_empty(&self) -> bool {
        let SelectionArgs { filter, group, status, inactive, seen_within, text, file } = self;
        let is_none = group.is_empty() && status.is_empty() && text.is_none() && file.is_none();
        is_none && filter.is_empty() && inactive.is_none() && seen_within.is_none()
    }

    /// The status, if nothing else is asked.
    pub fn only_status(&self) -> Option<Status> {
        let others = SelectionArgs { status: Vec::new(), ..self.clone() };
        match self.status.as_slice() {
            [only] if others.is_empty() => Some(*only),
            _ => None,
        }
    }

    /// The group, if nothing else is asked.
    pub fn only_group(&self) -> Option<&str> {
        let others = SelectionArgs { group: Vec::new(), ..self.clone() };
        match self.group.as_slice() {
            [only] if others.is_empty() => Some(only),
            _ => None,
        }
    }

    /// The file, if nothing else is asked.
    pub(super) fn only_file(&self) -> Option<&Path> {
        let others = SelectionArgs { file: None, ..self.clone() };
        self.file.as_deref().filter(|_| others.is_empty())
    }

    /// The search that finds them.
    ///
    /// # Errors
    ///
    /// If a condition makes no sense, or a name in the file means several devices, or none and that matters.
    pub async fn query(&self, fleet: &Fleet<'_>, missing: Missing) -> Result<Query> {
        let mut query = Query::default();
        for condition in &self.filter {
            query.require(condition, fleet).await?;
        }
        let groups: Vec<&str> = self.group.iter().map(String::as_str).collect();
        query.require_one_of(AttributeName::new(Scope::System, "group"), &groups);
        let statuses: Vec<&str> = self.status.iter().map(|status| status.name()).collect();
        query.require_one_of(AttributeName::new(Scope::Identity, "status"), &statuses);
        if let Some(text) = &self.text {
            query.find_text(text);
        }
        if let Some(span) = self.inactive {
            query.unseen_since(ago(span)?);
        }
        if let Some(span) = self.seen_within {
            query.seen_since(ago(span)?);
        }
        if let Some(file) = &self.file {
            let targets = fleet.in_file(file, missing).await?;
            query.among(targets.into_iter().map(|target| target.id).collect(), file);
        }
        Ok(query)
    }
}

fn ago(span: Duration) -> Result<Timestamp> {
    Timestamp::now().checked_sub(span).map_err(|_| CliError::usage("there was no time so long ago"))
}

fn statuses() -> impl TypedValueParser<Value = Status> {
    PossibleValuesParser::new(Status::ALL.map(Status::name)).try_map(|name| name.parse::<Status>())
}
