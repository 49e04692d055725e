//! `deployments retry`.

use clap::Args;
use mender::Client;
use mender::deployments::{Deployment, Enterprise, Filter, Status};

use super::candidates::{Candidates, Release, Whom, attributes};
use super::order::Order;
use super::{find, name};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::counted;
use crate::cli::fleet::{Chosen, Fleet};
use crate::cli::output::Form;
use crate::cli::rollout::judge::{NEVER_ASKED, Standing};
use crate::cli::rollout::{FollowArgs, standing};

/// So many requests under way at once.
const AT_ONCE: usize = 4;
/// So many that went wrong are passed over for a name.
const MOST_RETRIES: usize = 50;

/// Deploy again: a new deployment of the same release to the devices that failed or were never heard of.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// Id or name
    #[arg(value_name = "ID|NAME")]
    deployment: String,

    /// What to call the new one; without it, as the old one with (retry)
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Install it also where it is installed already
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    consent: ConsentArgs,

    /// Follow it to its end, and fail unless all devices get the release
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    follow: FollowArgs,
}

pub async fn run(args: RetryArgs, ctx: &Context) -> Result<()> {
    let outcome = retry(&args, ctx).await;
    args.follow.mark(ctx, outcome)
}

async fn retry(args: &RetryArgs, ctx: &Context) -> Result<()> {
    args.follow.check(args.wait, &[])?;
    ctx.out().form()?;
    let client = ctx.client()?;
    let old = find(&client, &args.deployment).await?;
    if old.kind.as_deref() == Some("configuration") {
        return Err(CliError::failed(format!("{} brings a configuration, not a release", old.id))
            .hint("devices configuration deploy DEVICE does that again"));
    }
    let release = Release::on_server(&client, &old.artifact_name).await?;
    let ids = without_it(&old, standing(&client, &old, false).await?, ctx)?;
    if ids.is_empty() {
        ctx.out().notice("nothing to do: no device is left without it");
        return match ctx.out().asked_form() {
            // There is no id.
            Some(Form::Ids) => Ok(()),
            _ => ctx.out().made(&serde_json::json!({ "id": null, "created": false }), ""),
        };
    }
    let fleet = Fleet::new(&client, ctx.out());
    let found = fleet.of_ids(&ids).await?;
    if !found.missing.is_empty() {
        ctx.out().notice(format_args!("not there any more: {}", counted(found.missing.len())));
    }
    if found.targets.is_empty() {
        return Err(CliError::failed("none of the devices is there any more"));
    }
    let known = fleet.known_of(found.targets, &attributes(), AT_ONCE).await?;
    let chosen = Chosen::Selected(format!("the outcome of {}", old.id));
    let candidates = Candidates::of(known, &release);
    candidates.check(&chosen)?;
    let called = match &args.name {
        Some(name) => name.clone(),
        None => next_name(&client, &old.name).await?,
    };
    let order = Order {
        release: release.name,
        name: Some(called),
        whom: Whom::Listed,
        targets: candidates.fit.into_iter().map(|it| it.target).collect(),
        settled: 0,
        unfit: candidates.unfit,
        chosen,
        // What was to be installed again is still to be.
        force: args.force || old.force_installation,
        enterprise: Enterprise::default(),
        reached: None,
    };
    let following = args.wait.then_some(&args.follow);
    order.carry_out(ctx, &client, &args.consent, following, async || Ok(())).await
}

/// The ids of the devices that are to get it again. While the old one goes on, those that may still get it there are
/// left to it.
fn without_it(old: &Deployment, standing: Standing, ctx: &Context) -> Result<Vec<String>> {
    let is_over = |status: &str| status.parse().is_ok_and(Status::is_final);
    let is_gone = |status: &str| status == Status::Decommissioned.name();
    if standing.nameless > 0 {
        let count = counted(usize::try_from(standing.nameless).unwrap_or(usize::MAX));
        ctx.out().warn(format_args!("never heard of, and the server does not tell which: {count}"));
    }
    let mut left_to_it = 0;
    let mut ids = Vec::new();
    for outcome in standing.others {
        if is_gone(&outcome.status) {
            continue;
        }
        let may_come = outcome.status == NEVER_ASKED || !is_over(&outcome.status);
        if may_come && !old.is_finished() {
            left_to_it += 1;
            continue;
        }
        ids.push(outcome.id);
    }
    if left_to_it > 0 {
        ctx.out().notice(format_args!(
            "still under way in {}, and left to it: {}; deployments abort ends it",
            old.id,
            counted(left_to_it)
        ));
    }
    Ok(ids)
}

/// A name for the next one. One that went wrong keeps its own: two of a name could only be told apart by their ids.
async fn next_name(client: &Client, old: &str) -> Result<String> {
    let mut name = name::retried(old);
    for _ in 0..MOST_RETRIES {
        let filter = Filter { names: vec![name.clone()], ..Filter::default() };
        let found = client.deployments().list(&filter).collect(Some(1)).await?;
        match found.first() {
            Some(last) if last.name == name && last.is_finished() && !last.has_succeeded() => {
                name = name::retried(&name)
            }
            _ => break,
        }
    }
    Ok(name)
}
