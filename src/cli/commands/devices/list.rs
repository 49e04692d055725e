//! `devices list`: the official client's pages to the byte, and everything that it cannot do.

use std::num::NonZeroUsize;

use clap::Args;
use mender::devices;
use mender::inventory::{Name, Order, Scope, Sort};
use mender::{Client, LARGEST_PAGE};
use serde_json::{Map, Value};

use crate::cli::args::PageArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::{
    Attribute, Columns, Names, Query, Row, SelectionArgs, Wanted, by_device_id, pairs, text,
};
use crate::cli::listing::{Listing, Style};
use crate::cli::official::RULE;
use crate::cli::output::{Cell, Column, Form};

/// List devices.
#[derive(Debug, Args)]
#[command(after_help = crate::cli::fleet::HELP)]
pub struct ListArgs {
    #[command(flatten)]
    page: PageArgs,

    /// At most so many
    #[arg(long, value_name = "N", conflicts_with_all = ["all", "page", "per_page"])]
    limit: Option<NonZeroUsize>,

    /// Sort by a column or [scope/]attribute, with ':desc' from the largest; several count in their order
    #[arg(long, value_name = "BY", value_delimiter = ',')]
    sort: Vec<SortArg>,

    /// Show these: id, name, status, type, software, group, seen, created, updated, identity, tags, or any
    /// [scope/]attribute
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    columns: Vec<Wanted>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Fetch so many pages at once
    #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
}

/// What to sort by, and which way.
#[derive(Clone, Debug)]
struct SortArg {
    by: Wanted,
    order: Order,
}

impl std::str::FromStr for SortArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (by, order) = match text.rsplit_once(':') {
            Some((by, "asc")) => (by, Order::Asc),
            Some((by, "desc")) => (by, Order::Desc),
            _ => (text, Order::Asc),
        };
        Ok(SortArg { by: by.parse()?, order })
    }
}

pub async fn run(args: ListArgs, ctx: &Context) -> Result<()> {
    let listing = Listing::of(&args.page, ctx, "devices list")?;
    let asks_more = !args.selection.is_empty()
        || args.limit.is_some()
        || !args.sort.is_empty()
        || !args.columns.is_empty();
    if args.page.raw && asks_more {
        return Err(CliError::usage("--raw is one page as the server sends it; it takes no selection"));
    }
    let wants_blocks = match ctx.out().asked_form() {
        Some(form) => form == Form::Text,
        None => args.page.detail.is_some(),
    };
    let client = ctx.client()?;
    if args.page.raw || (listing.shows_blocks() && !asks_more) {
        let style = Style { columns: OFFICIAL, id: |device| &device.id, block, what: "devices" };
        return listing.run(client.devices().list(None), &style, ctx).await;
    }
    let names = Names::new(&client, ctx.out());
    let mut query = args.selection.query(&names).await?;
    query.sort_by(sort(&args, &names).await?)?;
    if wants_blocks {
        return blocks(&args, ctx, &client, &mut query).await;
    }
    rows(&args, asks_more, ctx, &names, &client, query).await
}

async fn sort(args: &ListArgs, names: &Names<'_>) -> Result<Vec<Sort>> {
    let mut sort = Vec::new();
    for SortArg { by, order } in &args.sort {
        let attribute = match by {
            Wanted::Ours("identity" | "tags") => {
                return Err(CliError::usage("a list is sorted by one attribute, such as identity/mac"));
            }
            Wanted::Ours("name") => {
                let tag = Name::new(Scope::Tags, "name");
                names.attribute().await.cloned().unwrap_or(tag)
            }
            Wanted::Ours(column) => names.locate(&column_attribute(column)).await?,
            Wanted::Attribute(attribute) => names.locate(attribute).await?,
        };
        sort.push(Sort { name: attribute, order: *order });
    }
    if !sort.is_empty() {
        // Alike ones must not change places between two pages.
        sort.push(by_device_id());
    }
    Ok(sort)
}

fn column_attribute(column: &str) -> Attribute {
    let (scope, name) = match column {
        "type" => (Scope::Inventory, "device_type"),
        "software" => (Scope::Inventory, "artifact_name"),
        "group" => (Scope::System, "group"),
        "seen" => (Scope::System, "check_in_time"),
        "created" => (Scope::System, "created_ts"),
        "updated" => (Scope::System, "updated_ts"),
        other => (Scope::Identity, other),
    };
    Attribute { scope: Some(scope), name: name.into() }
}

/// The list in our forms.
async fn rows(
    args: &ListArgs,
    asks_more: bool,
    ctx: &Context,
    names: &Names<'_>,
    client: &Client,
    mut query: Query,
) -> Result<()> {
    let form = ctx.out().form()?;
    // Ids need no names.
    let naming = if form == Form::Ids { None } else { names.attribute().await };
    let columns = columns(args, naming, names).await?;
    let mut rows = ctx.out().rows(&columns)?;
    query.fetch_for(form, &columns, names).await?;
    let cut = Cut::of(args, asks_more);
    let mut found = query.run(client, usize::from(args.jobs).min(cut.pages())).no_more_than(cut.end());
    let (mut skip, mut left) = (cut.skip, cut.take);
    let mut has_more = false;
    // Whether there is more is only told of a page.
    while !has_more
        && (left > 0 || cut.is_page)
        && let Some(mut devices) = found.next().await?
    {
        let skipped = skip.min(devices.len());
        devices.drain(..skipped);
        skip -= skipped;
        has_more = devices.len() > left;
        devices.truncate(left);
        left -= devices.len();
        rows.add(devices.into_iter().map(|device| Row::of(device, naming)).collect())?;
    }
    rows.end()?;
    found.advise(ctx.out());
    if has_more && cut.is_page {
        let next = args.page.page.unwrap_or(1) + 1;
        ctx.out().notice(format_args!("there are more devices: --page {next}, or --all"));
    }
    Ok(())
}

async fn columns(args: &ListArgs, naming: Option<&Name>, names: &Names<'_>) -> Result<Columns> {
    if args.columns.is_empty() {
        return Ok(Columns::usual(naming));
    }
    let mut attributes = Vec::new();
    for wanted in &args.columns {
        if let Wanted::Attribute(attribute) = wanted {
            attributes.push(names.locate(attribute).await?);
        }
    }
    Ok(Columns::chosen(&args.columns, attributes))
}

/// Which part of what is found.
struct Cut {
    skip: usize,
    take: usize,
    /// Whether it is one page of a list that nobody asked to have whole.
    is_page: bool,
}

impl Cut {
    fn of(args: &ListArgs, asks_more: bool) -> Self {
        let paged = args.page.page.is_some() || args.page.per_page.is_some();
        if let Some(limit) = args.limit {
            return Cut { skip: 0, take: limit.get(), is_page: false };
        }
        if args.page.all || (asks_more && !paged) {
            return Cut { skip: 0, take: usize::MAX, is_page: false };
        }
        // The listing has checked them.
        let number =
            |given: Option<i64>, usual: usize| given.and_then(|it| it.try_into().ok()).unwrap_or(usual);
        let (page, size) = (number(args.page.page, 1), number(args.page.per_page, 20));
        Cut { skip: (page - 1).saturating_mul(size), take: size, is_page: true }
    }

    /// How many devices have to be seen; of a page one more, which tells whether there is another.
    fn end(&self) -> usize {
        self.skip.saturating_add(self.take).saturating_add(usize::from(self.is_page))
    }

    /// How many of the server's pages that may take.
    fn pages(&self) -> usize {
        self.end().div_ceil(LARGEST_PAGE as usize).max(1)
    }
}

/// The official client's blocks of selected devices.
async fn blocks(args: &ListArgs, ctx: &Context, client: &Client, query: &mut Query) -> Result<()> {
    let detail = Listing::detail(args.page.detail.unwrap_or(0), "devices")?;
    query.fetch_only(vec![Name::new(Scope::Identity, "status")]);
    let mut found = query.run(client, usize::from(args.jobs));
    let cut = Cut::of(args, true);
    let (mut skip, mut left) = (cut.skip, cut.take);
    while left > 0
        && let Some(some) = found.next().await?
    {
        let ids: Vec<&str> = some.iter().map(|device| device.id.as_str()).collect();
        let known = client.devices().get_many(&ids).await?;
        let by_id: std::collections::HashMap<_, _> =
            known.iter().map(|device| (device.id.as_str(), device)).collect();
        let devices = ids.iter().filter_map(|id| by_id.get(id)).skip(skip).take(left);
        let texts: Vec<String> = devices.map(|device| block(device, detail)).collect();
        skip = skip.saturating_sub(ids.len());
        left -= texts.len();
        ctx.out().foreign(&texts.concat())?;
    }
    Ok(())
}

const OFFICIAL: &[Column<devices::Device>] = &[
    Column { title: "ID", cell: |device| Cell::text(&device.id) },
    Column { title: "Status", cell: |device| Cell::text(&device.status) },
    Column { title: "Identity", cell: |device| Cell::Text(pairs(&device.identity_data).into()) },
    Column { title: "Created", cell: |device| Cell::Time(Some(&device.created_ts)) },
    Column { title: "Updated", cell: |device| Cell::Time(Some(&device.updated_ts)) },
];

/// A device as the official client writes it.
fn block(device: &devices::Device, detail: u8) -> String {
    let mut text = format!("ID: {}\nStatus: {}\n", device.id, device.status);
    if detail >= 1 {
        text.push_str(&format!(
            "IdentityData:\n{}CreatedTs: {}\nUpdatedTs: {}\nDecommissioning: {}\n",
            known_identity(&device.identity_data, "  "),
            device.created_ts,
            device.updated_ts,
            device.decommissioning,
        ));
    }
    if detail >= 2 {
        for (index, set) in device.auth_sets.iter().enumerate() {
            text.push_str(&format!(
                "AuthSet[{index}]:\n  ID: {}\n  PubKey:\n{}  IdentityData:\n{}  Status: {}\n  Ts: {}\n",
                set.id,
                set.pubkey,
                known_identity(&set.identity_data, "    "),
                set.status,
                set.ts,
            ));
        }
    }
    text.push_str(RULE);
    text.push('\n');
    text
}

/// The three attributes that the official client knows, where they are not empty.
fn known_identity(data: &Map<String, Value>, indent: &str) -> String {
    let known = [("MAC address", "mac"), ("Stock keeping unit", "sku"), ("Serial number", "sn")];
    let row = |(label, key): (&str, &str)| {
        let value = data
            .get(key)
            .map(|value| text(value).into_owned())
            .filter(|value| !value.is_empty() && value != "null")?;
        Some(format!("{indent}{label}: {value}\n"))
    };
    known.into_iter().filter_map(row).collect()
}
