//! `devices check-update`, `send-inventory` and `revoke-token`: short orders to devices.

use clap::Args;
use mender::Client;
use mender::connection::Order;
use mender::devices::Status;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Work};
use crate::cli::fleet::{Fleet, HELP, Target, TargetArgs};

/// Order devices to do something.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
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
        Deed::CheckUpdate => order(&client, &job.target, Order::CheckUpdate).await,
        Deed::SendInventory => order(&client, &job.target, Order::SendInventory).await,
    };
    bulk::run(ctx, &args.bulk, &work, jobs, act).await
}

async fn order(client: &Client, target: &Target, order: Order) -> Result<Done> {
    match client.connections().order(&target.id, order).await {
        Ok(()) => Ok(Done::Changed),
        // The server's own word is "not found" for a device that is just not there at the moment.
        Err(error) if matches!(error.status(), Some(404 | 405)) => {
            Err(CliError::from(error).reworded("it is not connected").or_lacking("for connected devices"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The token's id is that of the accepted authentication set.
async fn revoke(client: &Client, target: &Target) -> Result<Done> {
    let device = client.devices().get(&target.id).await?;
    let Some(set) = device.sets(Status::Accepted).next() else {
        return Err(CliError::failed(format!("it is {} and has no token", device.status)));
    };
    match client.devices().revoke_token(&set.id).await {
        Ok(()) => Ok(Done::Changed),
        // It has not authenticated since the last one ended.
        Err(error) if error.status() == Some(404) => Ok(Done::Already),
        Err(error) => Err(error.into()),
    }
}
