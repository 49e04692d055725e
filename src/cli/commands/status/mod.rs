//! `status`: the fleet on one screen.

mod release;
mod screen;

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use mender::deployments::{Deployment, Filter, State, Usage};
use mender::devices::Status;
use mender::inventory::{AttributeName, Device, Scope};
use mender::{Client, Preferences};
use serde::Serialize;

use crate::cli::args::JobsArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::{Fleet, Query, last_seen, text};
use crate::cli::output::Form;

/// The fleet on one screen.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// How far this release has got, by group
    #[arg(long, value_name = "NAME")]
    artifact: Option<String>,

    #[command(flatten)]
    jobs: JobsArgs,
}

/// What the web interface takes where nobody has chosen another.
const USUAL_OFFLINE: u64 = 24 * 3600;
/// So many rows of a part are shown; JSON has all of them.
const MOST_ROWS: usize = 10;
/// So many running deployments are fetched.
const MOST_DEPLOYMENTS: usize = 100;

/// Everything at a glance; `null` is what the user may not see. Its JSON is part of the program's interface.
#[derive(Debug, Serialize)]
struct Overview {
    server: String,
    devices: Option<Counts>,
    /// Accepted devices by the name of their release.
    software: Option<Vec<Count>>,
    /// Accepted devices that were silent for longer than `offline_after` seconds.
    offline: Option<u64>,
    /// Accepted devices that never came.
    never_seen: Option<u64>,
    offline_after: u64,
    pending: Option<Vec<Pending>>,
    deployments: Option<Vec<Running>>,
    limits: Limits,
}

/// Devices by status.
type Counts = BTreeMap<&'static str, u64>;

#[derive(Debug, Serialize)]
struct Count {
    name: Option<String>,
    devices: u64,
}

#[derive(Debug, Serialize)]
struct Pending {
    id: String,
    name: Option<String>,
    identity_data: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Serialize)]
struct Running {
    id: String,
    name: String,
    artifact: String,
    status: String,
    devices: Option<u64>,
    statistics: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Limits {
    /// Accepted devices; `null` for any number.
    devices: Option<u64>,
    /// Bytes of Artifacts.
    storage: Option<Usage>,
}

pub async fn run(args: StatusArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    if let Some(artifact) = &args.artifact {
        return release::run(artifact, args.jobs, ctx, &client).await;
    }
    let overview = overview(args.jobs, ctx, &client).await?;
    match ctx.out().form()? {
        Form::Json => ctx.out().json(&overview),
        Form::Jsonl => ctx.out().json_line(&overview),
        Form::Ids => Err(CliError::usage("the fleet's state has no ids; -q is for lists")),
        Form::Table | Form::Tabs | Form::Text => ctx.out().foreign(&screen::text(&overview)),
    }
}

async fn overview(jobs: JobsArgs, ctx: &Context, client: &Client) -> Result<Overview> {
    let fleet = Fleet::new(client, ctx.out());
    let preferences = fleet.preferences().await;
    let offline_after = preferences.offline_after.unwrap_or(USUAL_OFFLINE);
    let since = Timestamp::now() - std::time::Duration::from_secs(offline_after);
    let (devices, accepted, pending, deployments, limits) = tokio::try_join!(
        async { seen(counts(client).await, ctx) },
        async { seen(accepted(&fleet, jobs, since).await, ctx) },
        async { seen(pending(client, preferences).await, ctx) },
        async { seen(running(client).await, ctx) },
        limits(client, ctx),
    )?;
    if devices.is_none() && accepted.is_none() && deployments.is_none() {
        return Err(CliError::failed("the server shows nothing of the fleet"));
    }
    Ok(Overview {
        server: client.server().to_string(),
        devices,
        offline: accepted.as_ref().map(|accepted| accepted.silent),
        never_seen: accepted.as_ref().map(|accepted| accepted.never_seen),
        software: accepted.map(|accepted| software(accepted.by_release)),
        offline_after,
        pending,
        deployments,
        limits,
    })
}

async fn counts(client: &Client) -> Result<Counts> {
    let mut counts = Counts::new();
    for status in Status::ALL {
        counts.insert(status.name(), client.devices().count(Some(status)).await?);
    }
    Ok(counts)
}

const RELEASE: &str = "artifact_name";

/// What the screen says of accepted devices.
#[derive(Default)]
struct Accepted {
    by_release: BTreeMap<Option<String>, u64>,
    silent: u64,
    never_seen: u64,
}

/// Hands out what the screen needs of each accepted device.
async fn each_accepted(
    fleet: &Fleet<'_>,
    jobs: JobsArgs,
    mut take: impl FnMut(&Device, Option<String>),
) -> Result<()> {
    let mut query = Query::default();
    query.require_equal(AttributeName::new(Scope::Identity, "status"), Status::Accepted.name());
    let system = ["check_in_time", "group"].map(|name| AttributeName::new(Scope::System, name));
    query.fetch_only([&system[..], &[AttributeName::new(Scope::Inventory, RELEASE)]].concat());
    let mut found = query.run(fleet, jobs.at_once());
    while let Some(some) = found.next().await? {
        for device in some {
            let release = device.get(Scope::Inventory, RELEASE).map(|value| text(value).into_owned());
            take(&device, release);
        }
    }
    Ok(())
}

async fn accepted(fleet: &Fleet<'_>, jobs: JobsArgs, since: Timestamp) -> Result<Accepted> {
    let mut accepted = Accepted::default();
    each_accepted(fleet, jobs, |device, release| {
        *accepted.by_release.entry(release).or_default() += 1;
        match last_seen(device) {
            Some(seen) => accepted.silent += u64::from(seen < since),
            None => accepted.never_seen += 1,
        }
    })
    .await?;
    Ok(accepted)
}

/// The most frequent first.
fn software(by_release: BTreeMap<Option<String>, u64>) -> Vec<Count> {
    let mut counts: Vec<Count> =
        by_release.into_iter().map(|(name, devices)| Count { name, devices }).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.devices));
    counts
}

async fn pending(client: &Client, preferences: &Preferences) -> Result<Vec<Pending>> {
    let devices = client.devices().list(Some(Status::Pending)).from(1, MOST_ROWS as u32).next_page().await?;
    let naming = preferences.name_attribute.as_ref();
    let described = |device: mender::devices::Device| {
        let target = crate::cli::fleet::Target::of(&device, naming);
        Pending { id: target.id, name: target.name, identity_data: target.identity }
    };
    Ok(devices.map(|page| page.items.into_iter().map(described).collect()).unwrap_or_default())
}

async fn running(client: &Client) -> Result<Vec<Running>> {
    let mut all = Vec::new();
    for state in [State::InProgress, State::Pending] {
        let some = client.deployments().list(&Filter::of(state));
        all.extend(some.collect(Some(MOST_DEPLOYMENTS)).await?.into_iter().map(Running::from));
    }
    Ok(all)
}

/// What the user's role may not see, or the server does not have, is left out with a word.
fn seen<T>(outcome: Result<T>, ctx: &Context) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.status().is_none_or(|status| status == 401) => Err(error),
        Err(error) => {
            ctx.out().warn(error.message());
            Ok(None)
        }
    }
}

impl From<Deployment> for Running {
    fn from(deployment: Deployment) -> Self {
        let counts = deployment.counts();
        Running {
            id: deployment.id,
            name: deployment.name,
            artifact: deployment.artifact_name,
            status: deployment.status,
            devices: deployment.max_devices,
            statistics: counts.some().map(|(status, count)| (status.to_owned(), count)).collect(),
        }
    }
}

async fn limits(client: &Client, ctx: &Context) -> Result<Limits> {
    let devices = seen(client.devices().limit().await.map_err(CliError::from), ctx)?.flatten();
    let storage = seen(client.deployments().storage().await.map_err(CliError::from), ctx)?;
    Ok(Limits { devices, storage })
}
