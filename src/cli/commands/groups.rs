//! `groups`: static groups of devices.

use clap::{Args, Subcommand};
use mender::inventory::{AttributeName, Change, Scope};
use mender::{Client, LARGEST_PAGE};
use serde_json::{Value, json};

use super::{Tree, help_of};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::bulk::{self, Plan, Work, counted};
use crate::cli::fleet::{CONDITIONS_HELP, Columns, Fleet, Query, Row, Target, TargetArgs};
use crate::cli::output::{Cell, Column};

/// Groups of devices: a group is there while a device is in it, and a device is in one at most.
#[derive(Debug, Args)]
pub struct GroupsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the groups
    List,
    /// Show the devices of a group
    Show {
        /// Name of the group
        #[arg(value_name = "GROUP")]
        group: String,
    },
    /// Put devices into a group, out of the one that they are in
    Add(MemberArgs),
    /// Take devices out of a group
    Remove(MemberArgs),
    /// Take all devices out of a group, which ends it
    Delete {
        /// Name of the group
        #[arg(value_name = "GROUP")]
        group: String,
        #[command(flatten)]
        consent: ConsentArgs,
    },
}

#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
struct MemberArgs {
    /// Name of the group
    #[arg(value_name = "GROUP")]
    name: String,

    #[command(flatten)]
    targets: TargetArgs,

    #[command(flatten)]
    consent: ConsentArgs,
}

/// Requests under way at once.
const AT_ONCE: usize = 4;

const COLUMNS: &[Column<String>] = &[Column { title: "Name", cell: |name| Cell::text(name) }];

pub async fn run(args: GroupsArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["groups"])),
        Some(Verb::List) => {
            let groups = ctx.client()?.inventory().groups().list().await?;
            ctx.out().list(&groups, COLUMNS, |name| name)
        }
        Some(Verb::Show { group }) => show(&group, ctx).await,
        Some(Verb::Add(args)) => add(args, ctx).await,
        Some(Verb::Remove(args)) => remove(args, ctx).await,
        Some(Verb::Delete { group, consent }) => delete(&group, &consent, ctx).await,
    }
}

async fn show(group: &str, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    // A search for a group that is not there would just find nothing.
    members(&client, group).await?;
    let fleet = Fleet::new(&client, ctx.out());
    let mut query = Query::default();
    query.require_equal(AttributeName::new(Scope::System, "group"), group);
    let naming = fleet.attribute().await;
    let columns = Columns::usual(naming);
    columns.limit(&mut query, ctx.out().form()?, &fleet).await?;
    let mut rows = ctx.out().rows(&columns)?;
    let mut found = query.run(&fleet, AT_ONCE);
    while let Some(some) = found.next().await? {
        rows.add(some.into_iter().map(|device| Row::of(device, naming)).collect())?;
    }
    rows.end()
}

/// How many devices a group has.
async fn members(client: &Client, group: &str) -> Result<u64> {
    let mut pages = client.inventory().groups().devices(group)?.from(1, 1);
    match pages.next_page().await {
        Ok(page) => Ok(pages.total().unwrap_or_else(|| page.map_or(0, |page| page.items.len() as u64))),
        Err(error) if error.status() == Some(404) => Err(no_group(group)),
        Err(error) => Err(error.into()),
    }
}

fn no_group(group: &str) -> CliError {
    CliError::failed(format!("there is no group {group:?}"))
        .hint("groups list shows those that there are; groups add makes one with its first device")
}

async fn add(args: MemberArgs, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    let client = ctx.client()?;
    // What can be no group's name is found before devices are looked for.
    client.inventory().groups().devices(&args.name)?;
    let Some(chosen) = choose(&args, "put", "into", ctx, &client).await? else { return Ok(()) };
    let ids: Vec<&str> = chosen.iter().map(|target| target.id.as_str()).collect();
    let groups = client.inventory().groups();
    let change = by_pages(&ids, async |some| groups.add(&args.name, some).await).await?;
    ctx.out().notice(format_args!(
        "devices in the group {}: {} of {}, new ones: {}",
        args.name,
        change.matched,
        ids.len(),
        change.updated
    ));
    done(ctx, &args.name, &change)?;
    // Unknown ids are passed over without a word.
    let lacking = (ids.len() as u64).saturating_sub(change.matched);
    verdict(lacking, &chosen, "the inventory does not know them yet; try again in a moment")
}

async fn remove(args: MemberArgs, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    let client = ctx.client()?;
    members(&client, &args.name).await?;
    let Some(chosen) = choose(&args, "take", "out of", ctx, &client).await? else { return Ok(()) };
    let ids: Vec<&str> = chosen.iter().map(|target| target.id.as_str()).collect();
    let groups = client.inventory().groups();
    let change = by_pages(&ids, async |some| groups.remove(&args.name, some).await).await?;
    ctx.out().notice(format_args!("devices taken out of the group {}: {}", args.name, change.updated));
    done(ctx, &args.name, &change)?;
    let lacking = (ids.len() as u64).saturating_sub(change.updated);
    verdict(lacking, &chosen, "they were not in that group")
}

/// Works on as many devices a call as one takes. What was done before a failure stays, and is told.
async fn by_pages(
    ids: &[&str],
    call: impl AsyncFn(&[&str]) -> Result<Change, mender::Error>,
) -> Result<Change> {
    let mut all = Change::default();
    for (index, some) in ids.chunks(LARGEST_PAGE as usize).enumerate() {
        match call(some).await {
            Ok(change) => all += change,
            Err(error) if index == 0 => return Err(error.into()),
            Err(error) => {
                let (begun, changed) = (index * LARGEST_PAGE as usize, all.updated);
                let total = ids.len();
                let text =
                    format!("stopped after {begun} of {total} devices, of which {changed} were changed");
                let error = CliError { kind: Kind::Partial, ..CliError::from(error).context(text) };
                return Err(error.hint(bulk::REPEAT));
            }
        }
    }
    Ok(all)
}

fn verdict(lacking: u64, chosen: &[Target], why: &str) -> Result<()> {
    if lacking == 0 {
        return Ok(());
    }
    let total = chosen.len();
    let kind = if lacking < total as u64 { Kind::Partial } else { Kind::Failed };
    let which = if let [only] = chosen { only.label() } else { format!("{lacking} of {total} devices") };
    Err(CliError::new(kind, anyhow::anyhow!("{which}: nothing was done: {why}")))
}

/// The devices, if the user wants what that means. Those that were named one by one are meant.
async fn choose(
    args: &MemberArgs,
    verb: &str,
    preposition: &str,
    ctx: &Context,
    client: &Client,
) -> Result<Option<Vec<Target>>> {
    let fleet = Fleet::new(client, ctx.out());
    let targets = args.targets.find(&fleet, AT_ONCE).await?;
    if targets.list.is_empty() {
        ctx.out().notice("nothing to do: no device fits");
        return Ok(None);
    }
    let place = format!(" {preposition} the group {}", args.name);
    let (server, chosen) = (client.server(), &targets.chosen);
    let work = Work { verb, done: "moved", place: &place, server, chosen, is_grave: false };
    let list: Vec<&Target> = targets.list.iter().collect();
    let is_agreed =
        bulk::agree(ctx, &args.consent, &work, &Plan { targets: &list, settled: 0, unfit: &[] }).await?;
    Ok(is_agreed.then_some(targets.list))
}

async fn delete(group: &str, consent: &ConsentArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let count = counted(usize::try_from(members(&client, group).await?).unwrap_or(usize::MAX));
    let plan = format!("take {count} out of the group {group}, which ends it, on {}", client.server());
    if !ctx.consent(consent, &plan).await? {
        return Ok(());
    }
    let change = client.inventory().groups().delete(group).await?;
    if change.updated == 0 {
        return Err(no_group(group));
    }
    ctx.out()
        .notice(format_args!("the group {group} is no more; devices taken out of it: {}", change.updated));
    done(ctx, group, &change)
}

fn done(ctx: &Context, group: &str, change: &Change) -> Result<()> {
    let object: Value = json!({ "group": group, "matched": change.matched, "updated": change.updated });
    ctx.out().made(&object, group)
}
