//! `artifacts`: the noun, and what its verbs share.

mod delete;
mod download;
mod list;
mod show;
mod update;
mod upload;

use clap::{Args, Subcommand};
use mender::artifacts::Artifact;
use mender::{Client, Error};

use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::ids::is_id;
use crate::cli::output::{Cell, Column};

/// Artifacts on the server.
#[derive(Debug, Args)]
pub struct ArtifactsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Upload Artifacts
    Upload(upload::UploadArgs),
    /// List Artifacts
    List(list::ListArgs),
    /// Show an Artifact
    Show(show::ShowArgs),
    /// Download an Artifact
    Download(download::DownloadArgs),
    /// Delete Artifacts
    Delete(delete::DeleteArgs),
    /// Change the description of an Artifact
    Update(update::UpdateArgs),
}

/// The columns of a list, and the properties of one.
const COLUMNS: &[Column<Artifact>] = &[
    Column { title: "ID", cell: |artifact| Cell::text(&artifact.id) },
    Column { title: "Name", cell: |artifact| Cell::text(&artifact.name) },
    Column { title: "Device types", cell: |artifact| Cell::List(&artifact.device_types_compatible) },
    Column { title: "Size", cell: |artifact| Cell::Size(artifact.size) },
    Column { title: "Modified", cell: |artifact| Cell::Time(artifact.modified.as_deref()) },
    Column { title: "Description", cell: |artifact| Cell::maybe(artifact.description.as_deref()) },
];

pub async fn run(args: ArtifactsArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["artifacts"])),
        Some(Verb::Upload(args)) => upload::run(args, ctx).await,
        Some(Verb::List(args)) => list::run(args, ctx).await,
        Some(Verb::Show(args)) => show::run(args, ctx).await,
        Some(Verb::Download(args)) => download::run(args, ctx).await,
        Some(Verb::Delete(args)) => delete::run(args, ctx).await,
        Some(Verb::Update(args)) => update::run(args, ctx).await,
    }
}

/// The one Artifact that an id or a name means.
///
/// # Errors
///
/// If there is none, or there are several of that name: then all of them are named.
async fn find(client: &Client, named: &str) -> Result<Artifact> {
    let not_found = || {
        CliError::from(Error::NotFound { kind: "Artifact", name: named.to_owned() })
            .hint("artifacts list --name 'PREFIX*' looks for one")
    };
    if is_id(named) {
        return match client.artifacts().get(named).await {
            Err(error) if error.status() == Some(404) => Err(not_found()),
            other => Ok(other?),
        };
    }
    if named.is_empty() {
        return Err(CliError::usage("the name or id of the Artifact is empty"));
    }
    let mut found = client.artifacts().find(named).await?;
    match found.len() {
        0 => Err(not_found()),
        1 => Ok(found.remove(0)),
        count => {
            let line = |artifact: &Artifact| {
                format!("\n  {}  for {}", artifact.id, artifact.device_types_compatible.join(", "))
            };
            let all: String = found.iter().map(line).collect();
            Err(CliError::failed(format!("{count} Artifacts are named {named:?}; name one by its id:{all}")))
        }
    }
}
