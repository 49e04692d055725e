//! `releases delete`.

use std::cell::Cell as Counter;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use mender::releases::{Filter, Release};
use mender::{Client, Error};
use serde_json::json;

use super::plan::{Plan, counted};
use super::{Row, check_name, or_lacking, unknown};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::bulk::REPEAT;
use crate::cli::output::{Cell, Form, Rows, View, cell, duration};
use crate::cli::signals;
use crate::cli::span::age;

/// Requests under way at once while releases are looked for.
const AT_ONCE: usize = 4;
/// So many of the deployments that are in the way are named.
const MOST_DEPLOYMENTS: usize = 10;

/// Delete releases with all their Artifacts.
#[derive(Debug, Args)]
#[command(
    after_help = "All go together: while a deployment that has not finished uses one of them, none is deleted.
Only if there are so many that their names need several requests may some be deleted and others not.

The server's storage may keep the files of releases. 'artifacts delete' removes an Artifact
together with its file."
)]
pub struct DeleteArgs {
    /// Names of the releases
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// All releases with this tag; several are alternatives
    #[arg(long, value_name = "TAG", value_parser = NonEmptyStringValueParser::new(), help_heading = "Selection")]
    tag: Vec<String>,

    /// All releases whose Artifacts have not changed for so long, such as 90d; together with --tag both have to hold
    #[arg(long, value_name = "TIME", value_parser = age, help_heading = "Selection")]
    older_than: Option<Duration>,

    #[command(flatten)]
    consent: ConsentArgs,
}

impl DeleteArgs {
    fn check(&self) -> Result<()> {
        let is_selection = !self.tag.is_empty() || self.older_than.is_some();
        match (self.names.is_empty(), is_selection) {
            (false, true) => Err(CliError::usage("either name releases or select them, not both")),
            (true, false) => Err(CliError::usage("no release is named or selected")
                .hint("name releases, or select them with --tag and --older-than")),
            _ => self.names.iter().try_for_each(|name| check_name(name)),
        }
    }

    /// How the selection reads.
    fn described(&self) -> Option<String> {
        let tags = (!self.tag.is_empty()).then(|| format!("tag {}", self.tag.join(" or ")));
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        let age = self.older_than.map(|span| format!("unchanged for {}", duration(seconds(span))));
        let all: Vec<String> = tags.into_iter().chain(age).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

pub async fn run(args: DeleteArgs, ctx: &Context) -> Result<()> {
    args.check()?;
    // What a dry run lists may be JSON.
    let form = if args.consent.dry_run { ctx.out().form()? } else { Form::Ids };
    let client = ctx.client()?;
    let selected = args.described();
    let (rows, ageless) = if selected.is_some() {
        select(&client, &args, form).await?
    } else {
        (find(&client, &args.names, form).await?, 0)
    };
    let plan = Plan { server: client.server(), rows, selected, ageless };
    if plan.rows.is_empty() {
        ctx.out().notice("nothing to do: no release fits");
        return plan.list(ctx);
    }
    if !plan.agree(ctx, &args.consent).await? {
        return plan.list(ctx);
    }
    let names: Vec<&str> = plan.rows.iter().map(|row| row.release.name.as_str()).collect();
    delete(ctx, &client, &names, plan.selected.is_some()).await
}

/// The releases of these names, each once.
async fn find(client: &Client, names: &[String], form: Form) -> Result<Vec<Row>> {
    let mut wanted: Vec<&String> = Vec::new();
    for name in names {
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    // The server says yes to any name, so that each is looked for before.
    let look = |name: &'_ String| {
        let name = name.clone();
        async move { client.releases().find(&name).await }
    };
    let found: Vec<_> = stream::iter(wanted.iter().copied().map(look)).buffered(AT_ONCE).collect().await;
    let (mut rows, mut lacking) = (Vec::new(), Vec::new());
    for (name, found) in wanted.into_iter().zip(found) {
        match found.map_err(or_lacking)? {
            Some(release) => rows.push(Row::of(release, form)),
            None => lacking.push(name),
        }
    }
    let Some(first) = lacking.first() else { return Ok(rows) };
    let error = unknown(client, first).await;
    // The server may have refused to tell.
    if lacking.len() == 1 || error.refusal.is_some() {
        return Err(error.context("nothing was deleted"));
    }
    let names: Vec<String> = lacking.iter().map(|name| format!("{name:?}")).collect();
    let text = format!("nothing was deleted: no releases are named {}", names.join(", "));
    Err(CliError::failed(text).hint("releases list shows those that there are"))
}

/// The releases that are selected, and how many have no time that would tell.
async fn select(client: &Client, args: &DeleteArgs, form: Form) -> Result<(Vec<Row>, usize)> {
    let too_long = |_| CliError::usage("there was no time so long ago");
    let before =
        args.older_than.map(|span| Timestamp::now().checked_sub(span).map_err(too_long)).transpose()?;
    let tags: Vec<String> = args.tag.iter().map(|tag| tag.to_lowercase()).collect();
    // Whatever a server makes of the filter, what has none of the tags stays.
    let is_tagged = |release: &Release| {
        tags.is_empty() || release.tags.iter().any(|own| tags.contains(&own.to_lowercase()))
    };
    let mut pages = client.releases().list(&Filter { tags: args.tag.clone(), ..Filter::default() });
    let (mut rows, mut ageless) = (Vec::new(), 0);
    while let Some(page) = pages.next_page().await.map_err(or_lacking)? {
        for release in page.items.into_iter().filter(is_tagged) {
            let modified = release.modified.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
            match (before, modified) {
                (None, _) => rows.push(Row::of(release, form)),
                (Some(before), Some(modified)) if modified < before => rows.push(Row::of(release, form)),
                (Some(_), Some(_)) => {}
                (Some(_), None) => ageless += 1,
            }
        }
    }
    Ok((rows, ageless))
}

async fn delete(ctx: &Context, client: &Client, names: &[&str], is_selection: bool) -> Result<()> {
    let total = names.len();
    let done = Counter::new(0);
    let shows = matches!(ctx.out().asked_form(), Some(Form::Json | Form::Jsonl | Form::Ids));
    let mut rows = if shows { Some(ctx.out().rows(&Gone)?) } else { None };
    let mut written = Ok(());
    let work = async {
        let mut deletion = client.releases().delete(names);
        loop {
            match deletion.next_batch().await {
                Ok(None) => return Ok(()),
                Ok(Some(batch)) => {
                    done.set(done.get() + batch.len());
                    // What was agreed to is done, whether somebody reads of it or not.
                    if written.is_ok() {
                        written = show(rows.as_mut(), batch);
                    }
                }
                Err(error) => return Err(failed(error, done.get(), total, is_selection)),
            }
        }
    };
    let outcome = signals::interruptible(work, || {
        format!("interrupted: {} of {total} releases are deleted, and those under way may be", done.get())
    });
    let outcome = outcome.await;
    let ended = rows.map_or(Ok(()), Rows::end);
    outcome?;
    ctx.out().notice(format_args!("deleted {}", counted(total)));
    written.and(ended)
}

fn show(rows: Option<&mut Rows<'_, String>>, batch: &[&str]) -> Result<()> {
    rows.map_or(Ok(()), |rows| rows.add(batch.iter().map(|&name| name.to_owned()).collect()))
}

/// What the removal failed with, and how far it came.
fn failed(error: Error, done: usize, total: usize, is_selection: bool) -> CliError {
    let error = match error.refusal() {
        Some(refusal) if refusal.status == 409 => {
            let users = users(&refusal.active_deployments);
            CliError::from(error)
                .reworded(format!("in use by {users} not finished"))
                .hint("abort these deployments, or let them end")
        }
        _ => or_lacking(error),
    };
    if done == 0 {
        let is_certain = error.status().is_some_and(|status| status < 500);
        return if is_certain { error.context("nothing was deleted") } else { error };
    }
    let error = error.context(format!("stopped after {done} of {} were deleted", counted(total)));
    let hint = if is_selection { REPEAT } else { "releases list shows those that are left" };
    CliError { kind: Kind::Partial, ..error }.hint(hint)
}

/// `the deployment X, which has`, `the deployments X, Y and 3 more, which have`
fn users(ids: &[String]) -> String {
    let shown = ids.iter().take(MOST_DEPLOYMENTS).map(|id| cell(id)).collect::<Vec<_>>().join(", ");
    match ids.len() {
        0 => "a deployment that has".into(),
        1 => format!("the deployment {shown}, which has"),
        count if count > MOST_DEPLOYMENTS => {
            format!("the deployments {shown} and {} more, which have", count - MOST_DEPLOYMENTS)
        }
        _ => format!("the deployments {shown}, which have"),
    }
}

/// Releases that are gone, by their names.
struct Gone;

impl View<String> for Gone {
    fn titles(&self) -> Vec<&str> {
        vec!["Name"]
    }

    fn cells<'t>(&self, name: &'t String) -> Vec<Cell<'t>> {
        vec![Cell::text(name)]
    }

    fn id<'t>(&self, name: &'t String) -> &'t str {
        name
    }

    fn json(&self, name: &String) -> String {
        json!({ "name": name, "deleted": true }).to_string()
    }
}
