//! `deployments`: the noun, and what its verbs share.

mod abort;
mod candidates;
mod create;
mod devices;
mod enterprise;
mod existing;
mod history;
mod list;
mod log;
mod name;
mod order;
mod retry;
mod show;
mod step;
mod under_way;
mod watch;

use clap::{Args, Subcommand};
use mender::deployments::{Deployment, Filter};
use mender::{Client, Error};

use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::Fleet;
use crate::cli::ids::is_id;
use crate::cli::near::there_are;
use crate::cli::output::{Cell, Column, cell};

/// Deployments: which devices are to get which release, and how far they are.
#[derive(Debug, Args)]
pub struct DeploymentsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Create a deployment, and with --wait follow it to its end
    ///
    /// The id goes to stdout. A line that is run twice makes one deployment: what is under way with the same name,
    /// release and devices is found and, with --wait, followed; under a --name of its own also what has succeeded. What a
    /// selection finds and cannot get the release, for its status or its device type, is left out and said.
    Create(Box<create::CreateArgs>),
    /// List deployments, the newest first
    List(list::ListArgs),
    /// Show a deployment
    Show(show::ShowArgs),
    /// Follow deployments to their end; exit code 3 unless all devices get the release
    ///
    /// Exit code 0 if all devices have it (success or already-installed), or no more than --max-failures lack it; 3 if
    /// one failed, was aborted or removed, had no Artifact, or was never heard of; 4 if time is up; 1 if nobody can know.
    /// Ctrl-C ends the watch, not the deployment. -o json prints the verdict, -o jsonl events as they come, -q the ids of
    /// devices without the release. In a job of GitHub or GitLab a summary goes to $GITHUB_STEP_SUMMARY, or to
    /// mender-summary.md in $CI_PROJECT_DIR.
    Watch(watch::WatchArgs),
    /// List the devices of a deployment and how far they are
    Devices(devices::DevicesArgs),
    /// Show the logs that devices sent
    Log(log::LogArgs),
    /// End deployments, or all that a device is to get
    ///
    /// Devices that are at it stop when they next ask; those that have it keep it.
    Abort(abort::AbortArgs),
    /// Deploy again to the devices that do not have it
    ///
    /// To those that failed, were aborted, found no Artifact or were never heard of; while the old deployment goes on,
    /// those that may still get it there are left to it.
    Retry(retry::RetryArgs),
    /// List what a device took part in, the newest first
    History(history::HistoryArgs),
}

pub async fn run(args: DeploymentsArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["deployments"])),
        Some(Verb::Create(args)) => create::run(*args, ctx).await,
        Some(Verb::List(args)) => list::run(args, ctx).await,
        Some(Verb::Show(args)) => show::run(args, ctx).await,
        Some(Verb::Watch(args)) => watch::run(args, ctx).await,
        Some(Verb::Devices(args)) => devices::run(args, ctx).await,
        Some(Verb::Log(args)) => log::run(args, ctx).await,
        Some(Verb::Abort(args)) => abort::run(args, ctx).await,
        Some(Verb::Retry(args)) => retry::run(args, ctx).await,
        Some(Verb::History(args)) => history::run(args, ctx).await,
    }
}

/// The columns of a list.
const COLUMNS: &[Column<Deployment>] = &[
    Column { title: "ID", cell: |it| Cell::text(&it.id) },
    Column { title: "Name", cell: |it| Cell::text(&it.name) },
    Column { title: "Release", cell: |it| Cell::text(&it.artifact_name) },
    Column { title: "State", cell: |it| Cell::text(&it.status) },
    Column { title: "Devices", cell: |it| number(it.max_devices) },
    Column { title: "Succeeded", cell: |it| number(Some(it.counts().good())) },
    Column { title: "Failed", cell: |it| number(Some(it.counts().bad())) },
    Column { title: "Created", cell: |it| Cell::Time(it.created.as_deref()) },
    Column { title: "Finished", cell: |it| Cell::Time(it.finished.as_deref()) },
];

fn number(count: Option<u64>) -> Cell<'static> {
    Cell::Text(count.map(|count| count.to_string()).unwrap_or_default().into())
}

/// So many candidates are shown, and so many names are looked through for one that may have been meant.
const MOST_CANDIDATES: usize = 20;
const MOST_LOOKED_THROUGH: usize = 500;

/// The one deployment that an id or a name means.
///
/// # Errors
///
/// If there is none, or there are several of that name.
async fn find(client: &Client, named: &str) -> Result<Deployment> {
    if named.is_empty() {
        return Err(CliError::usage("the name or id of the deployment is empty"));
    }
    if is_id(named) {
        return match client.deployments().get(named).await {
            Err(error) if error.status() == Some(404) => Err(unknown(client, named).await),
            other => Ok(other?),
        };
    }
    let filter = Filter { names: vec![named.to_owned()], ..Filter::default() };
    let mut found = client.deployments().list(&filter).collect(Some(MOST_CANDIDATES + 1)).await?;
    // Whatever a server makes of the filter.
    found.retain(|it| it.name == named);
    match found.len() {
        0 => Err(unknown(client, named).await),
        1 => Ok(found.remove(0)),
        count => {
            let more = if count > MOST_CANDIDATES { "\n  and more" } else { "" };
            let line = |it: &Deployment| {
                let created = cell(it.created.as_deref().unwrap_or_default());
                format!("\n  {}  {}  {created}  {}", cell(&it.id), cell(&it.status), cell(&it.artifact_name))
            };
            let all: String = found.iter().take(MOST_CANDIDATES).map(line).collect();
            Err(CliError::failed(format!("several deployments are named {named:?}:{all}{more}"))
                .hint("name the one you mean by its id"))
        }
    }
}

async fn unknown(client: &Client, named: &str) -> CliError {
    let error = CliError::from(Error::NotFound { kind: "deployment", name: named.to_owned() });
    // Page by page: they may be large.
    let mut names = Vec::new();
    let mut pages = client.deployments().list(&Filter::default());
    while names.len() < MOST_LOOKED_THROUGH
        && let Ok(Some(page)) = pages.next_page().await
    {
        names.extend(page.items.into_iter().map(|it| it.name));
    }
    error.hint(there_are(named, names.iter().map(String::as_str), "deployments list"))
}

/// The id of a device. One that was removed has its history still, under its whole id.
///
/// # Errors
///
/// If the word means none, or several.
async fn device_id(fleet: &Fleet<'_>, word: &str) -> Result<String> {
    let id = word.to_ascii_lowercase();
    let unknown = match fleet.one(word).await {
        Ok(device) => return Ok(device.id),
        Err(error) if !is_id(&id) => return Err(error),
        Err(error) => error,
    };
    let mut pages = fleet.client().deployments().of_device(&id)?.from(1, 1);
    let has_history = pages.next_page().await?.is_some_and(|page| !page.items.is_empty());
    if has_history { Ok(id) } else { Err(unknown) }
}
