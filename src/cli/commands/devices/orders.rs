//! `devices check-update`, `send-inventory` and `revoke-token`: short orders to devices.

use clap::Args;
use mender::connection::Trigger;
use mender::devices::Status;
use mender::{Client, Refusal};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Work};
use crate::cli::fleet::{CONDITIONS_HELP, Fleet, Target, TargetArgs};

/// Order devices to do something.
#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
pub struct OrderArgs {
    #[command(flatten)]
    targets: TargetArgs,

    #[command(flatten)]
    bulk: BulkArgs,
}

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    RevokeToken,
    CheckUpdate,
    SendInventory,
}

pub async fn run(args: OrderArgs, deed: Deed, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let targets = args.targets.find(&fleet, args.bulk.at_once()).await?;
    let jobs = targets.list.into_iter().map(|target| Job { target, load: () }).collect();
    let (verb, done) = match deed {
        Deed::RevokeToken => ("revoke the token of", "deprived of their tokens"),
        Deed::CheckUpdate => ("check for an update on", "told to check for an update"),
        Deed::SendInventory => ("ask for the inventory of", "told to send their inventory"),
    };
    let (server, chosen) = (client.server(), &targets.chosen);
    let work = Work { verb, done, place: "", server, chosen, is_grave: false };
    let act = async |job: &Job<()>| match deed {
        Deed::RevokeToken => revoke(&client, &job.target).await,
        Deed::CheckUpdate => trigger(&client, &job.target, Trigger::CheckUpdate).await,
        Deed::SendInventory => trigger(&client, &job.target, Trigger::SendInventory).await,
    };
    bulk::run(ctx, &args.bulk, &work, jobs, act).await
}

async fn trigger(client: &Client, target: &Target, trigger: Trigger) -> Result<Done> {
    match client.connections().trigger(&target.id, trigger).await {
        Ok(()) => Ok(Done::Changed),
        // The server's own word is "not found" for a device that is just not there at the moment.
        Err(error) if error.refusal().is_some_and(Refusal::is_unknown) => {
            Ok(Done::NotNow("it is not connected".into()))
        }
        Err(error) => Err(CliError::from(error).or_lacking("for connected devices")),
    }
}

/// The token's id is that of the accepted authentication set.
async fn revoke(client: &Client, target: &Target) -> Result<Done> {
    let device = client.devices().get(&target.id).await?;
    let Some(set) = device.sets(Status::Accepted).next() else {
        return Ok(Done::NotNow(format!("it is {} and has no token", device.status)));
    };
    match client.devices().revoke_token(&set.id).await {
        Ok(()) => Ok(Done::Changed),
        // It has not authenticated since the last one ended.
        Err(error) if error.status() == Some(404) => Ok(Done::Already),
        Err(error) => Err(error.into()),
    }
}
