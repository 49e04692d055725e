//! `releases`: the noun, and what its verbs share.

mod allowed;
mod delete;
mod list;
mod plan;
mod show;
mod update;

use clap::{Args, Subcommand};
use mender::releases::{Filter, Release};
use mender::{Client, Error};

use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::near::there_are;
use crate::cli::output::{Cell, Column, Form, View};

/// Releases: all Artifacts of one name, with tags and notes.
#[derive(Debug, Args)]
pub struct ReleasesArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List releases
    List(list::ListArgs),
    /// Show a release and its Artifacts
    Show(show::ShowArgs),
    /// Change tags and notes of a release
    Update(update::UpdateArgs),
    /// Delete releases with all their Artifacts
    Delete(delete::DeleteArgs),
    /// List all tags of releases
    Tags,
    /// List the types of all payloads that were ever uploaded
    Types,
}

/// So many that hold an unknown name are asked for.
const MOST_SIMILAR: usize = 5;
/// So many releases are looked at for names that are like an unknown one.
const MOST_LOOKED_AT: usize = 500;

const NAMES: &[Column<String>] = &[Column { title: "Name", cell: |name| Cell::text(name) }];

pub async fn run(args: ReleasesArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["releases"])),
        Some(Verb::List(args)) => list::run(args, ctx).await,
        Some(Verb::Show(args)) => show::run(args, ctx).await,
        Some(Verb::Update(args)) => update::run(args, ctx).await,
        Some(Verb::Delete(args)) => delete::run(args, ctx).await,
        Some(Verb::Tags) => {
            let tags = ctx.client()?.releases().tags().await.map_err(or_lacking)?;
            ctx.out().list(&tags, NAMES, |tag| tag)
        }
        Some(Verb::Types) => {
            let types = ctx.client()?.releases().types().await.map_err(or_lacking)?;
            ctx.out().list(&types, NAMES, |kind| kind)
        }
    }
}

/// A release as lists show it.
struct Row {
    release: Release,
    device_types: Vec<String>,
    artifacts: u64,
}

impl Row {
    /// Forms that do not show the Artifacts need not keep them: a table waits until all releases are there.
    fn of(mut release: Release, form: Form) -> Self {
        let (device_types, artifacts) = (release.device_types(), release.count());
        if !matches!(form, Form::Json | Form::Jsonl) {
            release.artifacts = Vec::new();
        }
        Row { release, device_types, artifacts }
    }
}

/// The columns of a list, and the properties of one.
struct Releases;

impl View<Row> for Releases {
    fn titles(&self) -> Vec<&str> {
        vec!["Name", "Device types", "Artifacts", "Tags", "Modified", "Notes"]
    }

    fn cells<'t>(&self, Row { release, device_types, artifacts }: &'t Row) -> Vec<Cell<'t>> {
        vec![
            Cell::text(&release.name),
            Cell::List(device_types),
            Cell::Text(artifacts.to_string().into()),
            Cell::List(&release.tags),
            Cell::Time(release.modified.as_deref()),
            Cell::maybe(release.notes.as_deref()),
        ]
    }

    fn id<'t>(&self, row: &'t Row) -> &'t str {
        &row.release.name
    }

    fn json(&self, row: &Row) -> String {
        serde_json::to_string(&row.release).expect("our own types are JSON")
    }
}

/// What a call of all releases failed with. It is there wherever releases are.
fn or_lacking(error: Error) -> CliError {
    let is_lacking = matches!(error.status(), Some(404 | 405));
    let error = CliError::from(error);
    if !is_lacking {
        return error;
    }
    error.reworded(
        "the server does not offer releases: it is too old for them, or its operator has switched them off",
    )
}

/// That somebody names a release at all.
fn check_name(name: &str) -> Result<()> {
    if name.is_empty() { Err(CliError::usage("the name of the release is empty")) } else { Ok(()) }
}

/// The release of that name.
///
/// # Errors
///
/// If there is none; then similar names are told.
async fn named(client: &Client, name: &str) -> Result<Release> {
    match client.releases().find(name).await {
        Ok(Some(release)) => Ok(release),
        Ok(None) => Err(unknown(client, name).await),
        Err(error) => Err(or_lacking(error)),
    }
}

/// The error for a name that no release has.
async fn unknown(client: &Client, name: &str) -> CliError {
    let error = CliError::from(Error::NotFound { kind: "release", name: name.to_owned() });
    match similar(client, name).await {
        // Then nobody knows whether there is such a one.
        Err(error) if matches!(error.status(), Some(404 | 405)) => or_lacking(error),
        names => {
            let known = names.unwrap_or_default();
            error.hint(there_are(name, known.iter().map(String::as_str), "releases list"))
        }
    }
}

/// Names of releases that hold a word, and of the first so many that may be like it.
async fn similar(client: &Client, word: &str) -> mender::Result<Vec<String>> {
    let releases = client.releases();
    let most = u32::try_from(MOST_SIMILAR).expect("a few");
    let holding = Filter { name: Some(word.to_owned()), ..Filter::default() };
    let mut found = releases.list(&holding).from(1, most).collect(Some(MOST_SIMILAR)).await?;
    found.extend(releases.list(&Filter::default()).collect(Some(MOST_LOOKED_AT)).await?);
    Ok(found.into_iter().map(|release| release.name).collect())
}
