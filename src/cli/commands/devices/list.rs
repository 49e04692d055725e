//! `devices list`: the official client's pages to the byte, and everything that it cannot do.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use clap::Args;
use mender::LARGEST_PAGE;
use mender::inventory::{Order, Sort};

use super::official::{self, block};
use crate::cli::args::{JobsArgs, PageArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::{Columns, Fleet, Missing, Query, Row, SelectionArgs, Wanted, by_device_id};
use crate::cli::listing::{Listing, Style};
use crate::cli::output::{Form, Output};

/// List devices.
#[derive(Debug, Args)]
#[command(after_help = crate::cli::fleet::CONDITIONS_HELP)]
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

    #[command(flatten)]
    jobs: JobsArgs,
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
    let client = ctx.client()?;
    if args.page.raw || (listing.shows_blocks() && !asks_more) {
        let style = Style { columns: official::COLUMNS, id: |device| &device.id, block, what: "devices" };
        return listing.run(client.devices().list(None), &style, ctx).await;
    }
    let fleet = Fleet::new(&client, ctx.out());
    let mut query = args.selection.query(&fleet, Missing::Fails).await?;
    query.sort_by(sort(&args, &fleet).await?)?;
    let cut = Cut::of(&args, &listing, asks_more);
    if listing.asks_for_blocks() {
        return blocks(listing.detail("devices")?, &args, cut, &fleet, &mut query).await;
    }
    if rows(&args, cut, ctx.out(), &fleet, query).await? {
        listing.say_more("devices", ctx.out());
    }
    Ok(())
}

async fn sort(args: &ListArgs, fleet: &Fleet<'_>) -> Result<Vec<Sort>> {
    let mut sort = Vec::new();
    for SortArg { by, order } in &args.sort {
        sort.push(Sort { name: by.sort_key(fleet).await?, order: *order });
    }
    if !sort.is_empty() {
        // Alike ones must not change places between two pages.
        sort.push(by_device_id());
    }
    Ok(sort)
}

/// The list in our forms. Tells whether there is another page behind it.
async fn rows(args: &ListArgs, cut: Cut, out: &Output, fleet: &Fleet<'_>, mut query: Query) -> Result<bool> {
    let form = out.form()?;
    // Ids need no names.
    let naming = if form == Form::Ids { None } else { fleet.attribute().await };
    let columns = Columns::chosen(&args.columns, naming, fleet).await?;
    columns.limit(&mut query, form, fleet).await?;
    let mut rows = out.rows(&columns)?;
    let mut found = query.run(fleet, args.jobs.at_once().min(cut.pages())).no_more_than(cut.end());
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
    Ok(has_more && cut.is_page)
}

/// Which part of what is found.
struct Cut {
    skip: usize,
    take: usize,
    /// Whether it is one page of a list that nobody asked to have whole.
    is_page: bool,
}

impl Cut {
    fn of(args: &ListArgs, listing: &Listing, asks_more: bool) -> Self {
        let paged = args.page.page.is_some() || args.page.per_page.is_some();
        if let Some(limit) = args.limit {
            return Cut { skip: 0, take: limit.get(), is_page: false };
        }
        if args.page.all || (asks_more && !paged) {
            return Cut { skip: 0, take: usize::MAX, is_page: false };
        }
        let (page, size) = listing.page();
        let (page, size) = (page as usize, size as usize);
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
async fn blocks(detail: u8, args: &ListArgs, cut: Cut, fleet: &Fleet<'_>, query: &mut Query) -> Result<()> {
    query.fetch_ids();
    let mut found = query.run(fleet, args.jobs.at_once());
    let (mut skip, mut left) = (cut.skip, cut.take);
    while left > 0
        && let Some(some) = found.next().await?
    {
        let ids: Vec<&str> = some.iter().map(|device| device.id.as_str()).collect();
        let known = fleet.client().devices().get_many(&ids).await?;
        let by_id: HashMap<_, _> = known.iter().map(|device| (device.id.as_str(), device)).collect();
        let devices = ids.iter().filter_map(|id| by_id.get(id)).skip(skip).take(left);
        let texts: Vec<String> = devices.map(|device| block(device, detail)).collect();
        skip = skip.saturating_sub(ids.len());
        left -= texts.len();
        fleet.out().foreign(&texts.concat())?;
    }
    Ok(())
}
