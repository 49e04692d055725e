//! `deployments abort`.

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};
use mender::Client;
use mender::deployments::{Deployment, Status};
use serde_json::json;
use wildmatch::WildMatch;

use super::{find, under_way};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::bulk::{self, counted};
use crate::cli::fleet::{Fleet, Target};
use crate::cli::output::{Form, Made, cell};
use crate::cli::rollout::label;
use crate::cli::tally::Tally;

/// So many are shown before it is done.
const MOST_SHOWN: usize = 10;

/// End deployments: devices that are at it stop, those that have it keep it.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["deployments", "device", "name"]))]
pub struct AbortArgs {
    /// Ids or names
    #[arg(value_name = "ID|NAME")]
    deployments: Vec<String>,

    /// All that this device is at and that waits for it, for this device alone
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,

    /// All under way of such a name, with * for any characters and ? for one
    #[arg(long, value_name = "GLOB", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub async fn run(args: AbortArgs, ctx: &Context) -> Result<()> {
    ctx.out().form()?;
    let client = ctx.client()?;
    if let Some(device) = &args.device {
        return for_device(device, &args, &client, ctx).await;
    }
    let (chosen, finished) = match &args.name {
        Some(glob) => {
            let pattern = WildMatch::new(glob);
            (under_way::under_way(&client, |it| pattern.matches(&it.name)).await?, Vec::new())
        }
        None => named(&args.deployments, &client, ctx).await?,
    };
    let mut made = ctx.out().made_of(chosen.len() + finished.len());
    if chosen.is_empty() {
        ctx.out().notice("nothing to do: no such deployment is under way");
        tell_finished(&finished, ctx, &mut made)?;
        return made.end();
    }
    let shown: Vec<String> = chosen.iter().take(MOST_SHOWN).map(described).collect();
    let more = chosen.len().saturating_sub(MOST_SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let plan = format!("abort {}{more} on {}", shown.join("; "), client.server());
    if !ctx.consent(&args.consent, &plan).await? {
        return Ok(());
    }
    tell_finished(&finished, ctx, &mut made)?;
    let outcome = abort_all(&chosen, &client, ctx, &mut made).await;
    made.end()?;
    outcome
}

fn described(deployment: &Deployment) -> String {
    let counts = deployment.counts();
    let open = deployment.max_devices.unwrap_or(counts.total()).saturating_sub(counts.finished());
    format!(
        "{} ({}, {}, {} not done)",
        label(deployment),
        deployment.id,
        cell(&deployment.artifact_name),
        counted(usize::try_from(open).unwrap_or(usize::MAX))
    )
}

/// Those of these names: first what is under way, then what has finished. Each once.
async fn named(
    words: &[String],
    client: &Client,
    ctx: &Context,
) -> Result<(Vec<Deployment>, Vec<Deployment>)> {
    let (mut chosen, mut finished): (Vec<Deployment>, Vec<Deployment>) = (Vec::new(), Vec::new());
    for word in words {
        let deployment = find(client, word).await?;
        if chosen.iter().chain(&finished).any(|known| known.id == deployment.id) {
            continue;
        }
        if deployment.is_finished() {
            ctx.out().notice(format_args!("{} has finished already", label(&deployment)));
            finished.push(deployment);
        } else {
            chosen.push(deployment);
        }
    }
    Ok((chosen, finished))
}

/// For programs: what was named has its place in the answer.
fn tell_finished(finished: &[Deployment], ctx: &Context, made: &mut Made) -> Result<()> {
    // Ids alone are of what was aborted.
    let wanted = finished.iter().filter(|_| ctx.out().asked_form() != Some(Form::Ids));
    for Deployment { id, .. } in wanted {
        made.add(&json!({ "id": id, "aborted": false }), id)?;
    }
    Ok(())
}

async fn abort_all(chosen: &[Deployment], client: &Client, ctx: &Context, made: &mut Made) -> Result<()> {
    let mut tally = Tally::of(chosen.len());
    for deployment in chosen {
        tally.count(abort(deployment, client, ctx, made).await, &deployment.id, ctx.out())?;
    }
    tally.verdict("aborted")
}

async fn abort(deployment: &Deployment, client: &Client, ctx: &Context, made: &mut Made) -> Result<()> {
    let id = &deployment.id;
    // It may have been quicker.
    let is_aborted = client.deployments().abort(id).await?;
    made.add(&json!({ "id": id, "aborted": is_aborted }), id)?;
    let what = if is_aborted { "aborted" } else { "has finished already" };
    ctx.out().notice(format_args!("{}: {what}", label(deployment)));
    Ok(())
}

/// Ends all that a device is to get. The server does not take the name of a deployment there.
async fn for_device(word: &str, args: &AbortArgs, client: &Client, ctx: &Context) -> Result<()> {
    let device = Fleet::new(client, ctx.out()).one(word).await?;
    let (at, waiting) = open_for(&device, client).await?;
    if at.is_empty() && waiting.is_empty() {
        ctx.out().notice(format_args!("nothing to do: nothing is under way for {}", device.label()));
        return Ok(());
    }
    let shown: Vec<String> = at.iter().chain(&waiting).take(MOST_SHOWN).map(described).collect();
    let plan = format!("abort for {} alone: {} on {}", device.label(), shown.join("; "), client.server());
    for deployment in &waiting {
        ctx.out().warn(format_args!(
            "{}: the device has not asked for it, and so it will never finish by itself: deployments abort {} ends it for all",
            label(deployment), deployment.id
        ));
    }
    if !ctx.consent(&args.consent, &plan).await? {
        return Ok(());
    }
    // A call ends what the device is at, and one more that waits for it.
    let calls = waiting.len().max(at.len());
    for call in 0..calls {
        client.deployments().abort_for_device(&device.id).await.map_err(|error| {
            let error = CliError::from(error);
            if call == 0 {
                return error;
            }
            let error = CliError { kind: Kind::Partial, ..error };
            error.context(format!("stopped after {call} of {calls} calls")).hint(bulk::REPEAT)
        })?;
    }
    let ids: Vec<&str> = at.iter().chain(&waiting).map(|it| it.id.as_str()).collect();
    ctx.out().made(&json!({ "device": device.id, "deployments": ids }), &device.id)?;
    ctx.out().notice(format_args!("{}: aborted for this device: {}", device.label(), ids.join(", ")));
    Ok(())
}

/// What a device is at, and what it has not asked for yet.
async fn open_for(device: &Target, client: &Client) -> Result<(Vec<Deployment>, Vec<Deployment>)> {
    let history = client.deployments().of_device(&device.id)?.collect(None).await?;
    let (mut at, mut waiting) = (Vec::new(), Vec::new());
    for deployment in under_way::for_device(client, &device.id).await? {
        let own = history.iter().find(|it| it.deployment.as_ref().is_some_and(|it| it.id == deployment.id));
        match own.map(|it| it.device.status.parse::<Status>()) {
            None => waiting.push(deployment),
            Some(Ok(status)) if status.is_final() => {}
            Some(_) => at.push(deployment),
        }
    }
    Ok((at, waiting))
}
