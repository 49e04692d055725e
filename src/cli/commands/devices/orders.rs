//! `devices check-update`, `send-inventory` and `revoke-token`: short orders to devices.

use clap::Args;
use mender::Client;
use mender::connection::Order;
use mender::devices::Status;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Work};
use crate::cli::fleet::{HELP, Names, Target, TargetArgs};

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
    let names = Names::new(&client, ctx.out());
    let targets = args.targets.find(ctx, &names, &client).await?;
    let jobs = targets.list.into_iter().map(|target| Job { target, load: () }).collect();
    let (verb, done) = match deed {
        Deed::RevokeToken => ("revoke the token of", "deprived of their tokens"),
        Deed::CheckUpdate => ("check for an update on", "told to check for an update"),
        Deed::SendInventory => ("ask for the inventory of", "told to send their inventory"),
    };
    let work = Work { verb, done, how: &targets.how, is_grave: false, takes_back: true };
    let act = async |job: &Job<()>| match deed {
        Deed::RevokeToken => revoke(&client, &job.target).await,
        Deed::CheckUpdate => order(&client, &job.target, Order::CheckUpdate).await,
        Deed::SendInventory => order(&client, &job.target, Order::SendInventory).await,
    };
    bulk::run(ctx, client.server(), &args.bulk, &work, jobs, act).await
}

async fn order(client: &Client, target: &Target, order: Order) -> Result<Done> {
    match client.connections().order(&target.id, order).await {
        Ok(()) => Ok(Done::Changed),
        // The server's own word is "not found" for a device that is just not there at the moment; without the service
        // some other part of it answers, without a word of its own.
        Err(error) if matches!(error.status(), Some(404 | 405)) => {
            let error = CliError::from(error);
            let lacks = error.refusal.as_ref().is_some_and(|refusal| refusal.message.is_none());
            Err(if lacks {
                error.reworded("the server has no service for connected devices")
            } else {
                error.reworded("it is not connected")
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// The token's id is that of the accepted authentication set.
async fn revoke(client: &Client, target: &Target) -> Result<Done> {
    let device = client.devices().get(&target.id).await?;
    let accepted = device.auth_sets.iter().find(|set| set.status == Status::Accepted.name());
    let Some(set) = accepted else {
        return Err(CliError::failed(format!("it is {} and has no token", device.status)));
    };
    match client.devices().revoke_token(&set.id).await {
        Ok(()) => Ok(Done::Changed),
        // It has not authenticated since the last one ended.
        Err(error) if error.status() == Some(404) => Ok(Done::Already),
        Err(error) => Err(error.into()),
    }
}
