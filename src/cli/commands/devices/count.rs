//! `devices count`.

use std::collections::HashMap;

use clap::Args;
use mender::inventory::AttributeName;
use mender::inventory::Scope;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::args::JobsArgs;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::{Attribute, CONDITIONS_HELP, Fleet, Missing, Query, SelectionArgs, text};
use crate::cli::output::{Cell, Column};

/// Count devices.
#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
pub struct CountArgs {
    /// By the values of this attribute, such as device_type
    #[arg(long, value_name = "[SCOPE/]ATTRIBUTE")]
    by: Option<Attribute>,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    jobs: JobsArgs,
}

/// How many devices have a value.
#[derive(Debug, Serialize)]
struct Group {
    /// `null` for those that lack the attribute.
    value: Value,
    count: u64,
    #[serde(skip)]
    shown: String,
}

const COLUMNS: &[Column<Group>] = &[
    Column { title: "Value", cell: |group| Cell::text(&group.shown) },
    Column { title: "Devices", cell: |group| Cell::Text(group.count.to_string().into()) },
];

pub async fn run(args: CountArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    if args.by.is_none() && (args.selection.is_empty() || args.selection.only_status().is_some()) {
        return show(ctx, client.devices().count(args.selection.only_status()).await?);
    }
    let fleet = Fleet::new(&client, ctx.out());
    let mut query = args.selection.query(&fleet, Missing::Fails).await?;
    if let Some(attribute) = &args.by {
        let name = fleet.locate(attribute).await?;
        let groups = by_value(&fleet, &mut query, &name, args.jobs).await?;
        return ctx.out().list(&groups, COLUMNS, |group| &group.shown);
    }
    if query.is_all_there() {
        return show(ctx, query.count_there(&client).await?);
    }
    query.fetch_ids();
    let mut found = query.run(&fleet, args.jobs.at_once());
    let mut count = 0;
    while let Some(some) = found.next().await? {
        count += some.len() as u64;
    }
    show(ctx, count)
}

fn show(ctx: &Context, count: u64) -> Result<()> {
    if ctx.out().is_json() {
        return ctx.out().json(&json!({ "count": count }));
    }
    ctx.out().text(&format!("{count}\n"))
}

/// Devices by the value of an attribute, the most frequent first.
async fn by_value(
    fleet: &Fleet<'_>,
    query: &mut Query,
    name: &AttributeName,
    jobs: JobsArgs,
) -> Result<Vec<Group>> {
    query.fetch_only(vec![name.clone(), AttributeName::new(Scope::Identity, "status")]);
    let mut found = query.run(fleet, jobs.at_once());
    // By its JSON: numbers and texts that look alike are not the same.
    let mut counts: HashMap<String, Group> = HashMap::new();
    while let Some(some) = found.next().await? {
        for device in some {
            let value = if *name == AttributeName::new(Scope::Identity, "id") {
                device.id.as_str().into()
            } else {
                device.get(name.scope, &name.attribute).cloned().unwrap_or_default()
            };
            let group = || {
                let shown = if value.is_null() { "(none)".into() } else { text(&value).into_owned() };
                Group { value: value.clone(), count: 0, shown }
            };
            counts.entry(value.to_string()).or_insert_with(group).count += 1;
        }
    }
    let mut groups: Vec<(String, Group)> = counts.into_iter().collect();
    groups.sort_by(|(a, one), (b, other)| other.count.cmp(&one.count).then_with(|| a.cmp(b)));
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}
