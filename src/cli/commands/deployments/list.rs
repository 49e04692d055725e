//! `deployments list`.

use std::cmp::Reverse;
use std::num::NonZeroUsize;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use mender::Client;
use mender::deployments::{Deployment, Filter, PER_PAGE, State};

use super::{COLUMNS, device_id, under_way};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::Fleet;
use crate::cli::moment::past;
use crate::cli::output::Fixed;

/// Without `--limit` and `--all`.
const USUAL: usize = 20;

/// List deployments.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only of this state
    #[arg(long, value_name = "STATE", value_parser = states())]
    status: Option<State>,

    /// Only of this name; several are alternatives
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Vec<String>,

    /// Only of this release
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    artifact: Option<String>,

    /// Only those for this device
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,

    /// Only those created since then: 7d ago, 2026-11-25, or 2026-11-25T13:30
    #[arg(long, value_name = "TIME", value_parser = past)]
    since: Option<Timestamp>,

    /// Only those created before: as --since
    #[arg(long, value_name = "TIME", value_parser = past)]
    before: Option<Timestamp>,

    /// By creation: the newest first, or the oldest
    #[arg(long, value_name = "ORDER", default_value = "desc")]
    sort: Sort,

    /// At most so many [default: 20]
    #[arg(long, value_name = "N", conflicts_with = "all")]
    limit: Option<NonZeroUsize>,

    /// All pages
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// The oldest first
    Asc,
    /// The newest first
    Desc,
}

fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::name)).try_map(|name| name.parse::<State>())
}

pub async fn run(args: ListArgs, ctx: &Context) -> Result<()> {
    if args.since.zip(args.before).is_some_and(|(since, before)| since >= before) {
        return Err(CliError::usage("no deployment is created since --since and before --before"));
    }
    let client = ctx.client()?;
    let most = if args.all { usize::MAX } else { args.limit.map_or(USUAL, NonZeroUsize::get) };
    let view = Fixed { columns: COLUMNS, id: |it| &it.id };
    let mut rows = ctx.out().rows(&view)?;
    let is_cut = match &args.device {
        Some(device) => {
            let fleet = Fleet::new(&client, ctx.out());
            let id = device_id(&fleet, device).await?;
            let mut found = of_device(&args, &client, &id).await?;
            let is_cut = found.len() > most;
            found.truncate(most);
            rows.add(found)?;
            is_cut
        }
        None => {
            let mut pages = client.deployments().list(&args.filter());
            if args.artifact.is_none() {
                pages = pages.from(1, u32::try_from(most).unwrap_or(u32::MAX).clamp(1, PER_PAGE));
            }
            let mut left = most;
            let mut is_cut = false;
            while left > 0
                && let Some(page) = pages.next_page().await?
            {
                let mut some = page.items;
                some.retain(|it| args.is_of_release(it) && args.is_of_time(it));
                is_cut = some.len() > left || page.more;
                some.truncate(left);
                left -= some.len();
                rows.add(some)?;
            }
            is_cut && left == 0
        }
    };
    rows.end()?;
    if is_cut && ctx.out().is_terminal() {
        ctx.out().notice("there are more deployments: --limit N, or --all");
    }
    Ok(())
}

impl ListArgs {
    /// What the server compares.
    fn filter(&self) -> Filter {
        Filter {
            state: self.status,
            names: self.name.clone(),
            created_after: self.since.map(Timestamp::as_second),
            // It counts in whole seconds, and its bound belongs to the range: what is too much goes afterwards.
            created_before: self
                .before
                .map(|before| before.as_second() + i64::from(before.subsec_nanosecond() > 0)),
            oldest_first: self.sort == Sort::Asc,
            ..Filter::default()
        }
    }

    fn is_of_release(&self, deployment: &Deployment) -> bool {
        self.artifact.as_ref().is_none_or(|name| *name == deployment.artifact_name)
    }

    fn is_of_time(&self, deployment: &Deployment) -> bool {
        let created = deployment.created.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
        self.since.is_none_or(|since| created.is_some_and(|created| created >= since))
            && self.before.is_none_or(|before| created.is_some_and(|created| created < before))
    }

    /// The same decisions as the server's.
    fn fits(&self, deployment: &Deployment) -> bool {
        self.is_of_release(deployment)
            && self.is_of_time(deployment)
            && self.status.is_none_or(|state| deployment.status == state.name())
            && (self.name.is_empty() || self.name.contains(&deployment.name))
    }
}

/// What a device took part in, and what waits for it: the one is in its history, the other only in the deployments.
async fn of_device(args: &ListArgs, client: &Client, device: &str) -> Result<Vec<Deployment>> {
    let history = client.deployments().of_device(device)?.collect(None).await?;
    let mut found: Vec<Deployment> = history.into_iter().filter_map(|it| it.deployment).collect();
    for deployment in under_way::for_device(client, device).await? {
        if found.iter().all(|known| known.id != deployment.id) {
            found.push(deployment);
        }
    }
    found.retain(|deployment| args.fits(deployment));
    found.sort_by_key(|it| Reverse(it.created.as_deref().and_then(|time| time.parse::<Timestamp>().ok())));
    if args.sort == Sort::Asc {
        found.reverse();
    }
    Ok(found)
}
