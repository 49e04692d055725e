//! `releases update`.

use clap::Args;
use mender::releases::Release;
use mender::{Client, Error};
use serde_json::json;

use super::allowed::{self, MOST_TAGS};
use super::{check_name, unknown};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::output::cell;

/// Change tags and notes of a release; what is not named stays.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Name of the release
    #[arg(value_name = "NAME")]
    name: String,

    /// Add this tag: A-Z, a-z, 0-9, '-', '_', '.'; the server keeps it in lower case
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    tag: Vec<String>,

    /// Remove this tag
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    untag: Vec<String>,

    /// The new notes, one line; empty to remove them
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    notes: Option<String>,
}

/// What is to change.
struct Change {
    add: Vec<String>,
    remove: Vec<String>,
    notes: Option<String>,
}

impl UpdateArgs {
    fn change(&self) -> Result<Change> {
        check_name(&self.name)?;
        let (add, remove) = (allowed::tags(&self.tag)?, allowed::tags(&self.untag)?);
        if add.is_empty() && remove.is_empty() && self.notes.is_none() {
            return Err(CliError::usage("there is nothing to change: --tag, --untag or --notes say what"));
        }
        if let Some(both) = add.iter().find(|tag| remove.contains(tag)) {
            return Err(CliError::usage(format!("the tag {both:?} is to be added and removed")));
        }
        if add.len() > MOST_TAGS {
            return Err(CliError::usage(format!("a release has at most {MOST_TAGS} tags")));
        }
        if let Some(notes) = &self.notes {
            allowed::check_notes(notes)?;
        }
        Ok(Change { add, remove, notes: self.notes.clone() })
    }
}

impl Change {
    /// All tags of a release after it, if they are others then.
    fn tags(&self, release: &Release) -> Result<Option<Vec<String>>> {
        let mut tags = release.tags.clone();
        tags.retain(|tag| !self.remove.contains(tag));
        let new = self.add.iter().filter(|tag| !release.tags.contains(tag));
        tags.extend(new.cloned());
        if tags == release.tags {
            return Ok(None);
        }
        if tags.len() > MOST_TAGS {
            let text = format!("it would have {} tags, and can have {MOST_TAGS}", tags.len());
            let has = format!("it has {}", release.tags.join(", "));
            return Err(CliError::failed(text).context(cell(&release.name)).hint(has));
        }
        Ok(Some(tags))
    }

    /// Its notes after it, if they are others then.
    fn notes(&self, release: &Release) -> Option<&str> {
        self.notes.as_deref().filter(|notes| *notes != release.notes.as_deref().unwrap_or_default())
    }
}

pub async fn run(args: UpdateArgs, ctx: &Context) -> Result<()> {
    let change = args.change()?;
    let client = ctx.client()?;
    let mut release = match client.releases().get(&args.name).await {
        Err(error) if error.refusal().is_some_and(|refusal| refusal.is_unknown()) => {
            return Err(unknown(&client, &args.name).await);
        }
        outcome => outcome.map_err(super::or_lacking)?,
    };
    let (tags, notes) = (change.tags(&release)?, change.notes(&release));
    let name = cell(&args.name);
    if tags.is_none() && notes.is_none() {
        ctx.out().notice(format_args!("nothing to do: {name} is so already"));
    }
    if let Some(tags) = &tags {
        set_tags(&client, &args.name, tags).await?;
        ctx.out().notice(match tags.as_slice() {
            [] => format!("{name} has no tags any more"),
            tags => format!("{name} has the tags: {}", tags.join(", ")),
        });
        release.tags.clone_from(tags);
    }
    if let Some(notes) = notes {
        client.releases().set_notes(&args.name, notes).await.map_err(|error| {
            let error = CliError::from(error);
            if tags.is_none() {
                return error;
            }
            CliError { kind: Kind::Partial, ..error.context("the tags are set, the notes are not") }
        })?;
        ctx.out().notice(match notes {
            "" => format!("{name} has no notes any more"),
            notes => format!("{name} has the notes: {notes}"),
        });
        release.notes = Some(notes.to_owned());
    }
    let object = json!({ "name": release.name, "tags": release.tags, "notes": release.notes });
    ctx.out().made(&object, &args.name)
}

async fn set_tags(client: &Client, name: &str, tags: &[String]) -> Result<()> {
    client.releases().set_tags(name, tags).await.map_err(|error: Error| {
        let error = CliError::from(error);
        match error.status() {
            Some(409) => error.hint(
                "all releases together have at most 100 different tags; releases tags shows them, --untag removes one",
            ),
            _ => error,
        }
    })
}
