//! `releases list`.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::str::FromStr;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use mender::inventory::Order;
use mender::releases::{Filter, PER_PAGE, Release, Sort, SortBy};

use super::{Releases, Row, or_lacking};
use crate::cli::context::Context;
use crate::cli::error::Result;

/// List releases.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those with this in their name, in any letter case; '*' is just a star
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Only those with this tag; several are alternatives
    #[arg(long, value_name = "TAG", value_parser = NonEmptyStringValueParser::new())]
    tag: Vec<String>,

    /// Only those with a payload of exactly this type; 'releases types' shows them
    #[arg(long = "type", value_name = "UPDATE_TYPE", value_parser = NonEmptyStringValueParser::new())]
    update_type: Option<String>,

    /// Sort by name, modified, artifacts (their number) or tags, with ':desc' from the largest [default: name]
    #[arg(long, value_name = "BY")]
    sort: Option<SortArg>,

    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
}

/// What to sort by, and which way.
#[derive(Clone, Copy, Debug)]
struct SortArg(Sort);

impl FromStr for SortArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The server passes over what it does not know.
        let (by, order) = match text.split_once(':') {
            None => (text, Order::Asc),
            Some((by, "asc")) => (by, Order::Asc),
            Some((by, "desc")) => (by, Order::Desc),
            Some((_, order)) => return Err(format!("the order is asc or desc, not {order:?}")),
        };
        let by = match by {
            "name" => SortBy::Name,
            "modified" => SortBy::Modified,
            "artifacts" => SortBy::Artifacts,
            "tags" => SortBy::Tags,
            _ => return Err("releases are sorted by name, modified, artifacts or tags".into()),
        };
        Ok(SortArg(Sort { by, order }))
    }
}

pub async fn run(args: ListArgs, ctx: &Context) -> Result<()> {
    let form = ctx.out().form()?;
    let sort = args.sort.map(|SortArg(sort)| sort);
    let filter = Filter { name: args.name, tags: args.tag, update_type: args.update_type, sort };
    let client = ctx.client()?;
    let mut left = args.limit.map_or(usize::MAX, NonZeroUsize::get);
    let mut pages = client.releases().list(&filter);
    if let Some(few) = u32::try_from(left).ok().filter(|few| *few < PER_PAGE) {
        pages = pages.from(1, few);
    }
    let mut rows = ctx.out().rows(&Releases)?;
    let mut seen = Seen::of(sort);
    while left > 0
        && let Some(page) = pages.next_page().await.map_err(or_lacking)?
    {
        let mut releases = page.items;
        seen.keep_new(&mut releases);
        releases.truncate(left);
        left -= releases.len();
        rows.add(releases.into_iter().map(|release| Row::of(release, form)).collect())?;
    }
    rows.end()?;
    if left > 0
        && let Some((came, total)) = seen.short_of(pages.total())
    {
        ctx.out().warn(format_args!(
            "only {came} of {total} releases came: those that are alike in what they are sorted by change places \
             between two pages; without --sort all of them come"
        ));
    }
    Ok(())
}

/// What came of a list in which releases that are alike have no fixed order, so that they may come twice or never.
struct Seen(Option<HashSet<String>>);

impl Seen {
    fn of(sort: Option<Sort>) -> Self {
        // No two have the same name.
        let is_fixed = sort.is_none_or(|sort| sort.by == SortBy::Name);
        Seen((!is_fixed).then(HashSet::new))
    }

    fn keep_new(&mut self, releases: &mut Vec<Release>) {
        if let Some(names) = &mut self.0 {
            releases.retain(|release| names.insert(release.name.clone()));
        }
    }

    /// How many came, and how many there are, if that is more.
    fn short_of(&self, total: Option<u64>) -> Option<(u64, u64)> {
        let came = self.0.as_ref()?.len() as u64;
        total.filter(|total| came < *total).map(|total| (came, total))
    }
}
