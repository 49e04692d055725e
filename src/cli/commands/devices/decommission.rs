//! `devices decommission`.

use clap::Args;
use mender::Client;

use super::patience::Patience;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Work};
use crate::cli::fleet::{CONDITIONS_HELP, Fleet, TargetArgs};

/// Remove devices.
#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
pub struct DecommissionArgs {
    #[command(flatten)]
    targets: TargetArgs,

    /// Wait until the server is done with them
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    patience: Patience,

    #[command(flatten)]
    bulk: BulkArgs,
}

pub async fn run(args: DecommissionArgs, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let targets = args.targets.find_what_is_left(&fleet, args.bulk.at_once()).await?;
    let jobs = targets.list.into_iter().map(|target| Job { target, load: () }).collect();
    let work = Work {
        verb: "decommission",
        done: "decommissioned",
        place: "",
        server: client.server(),
        chosen: &targets.chosen,
        is_grave: true,
    };
    let wait = args.wait.then_some(args.patience);
    let act = async |job: &Job<()>| act(&client, &job.target.id, wait).await;
    bulk::run(ctx, &args.bulk, &work, jobs, act).await
}

async fn act(client: &Client, id: &str, wait: Option<Patience>) -> Result<Done> {
    let done = match client.devices().decommission(id).await {
        Ok(()) => Done::Changed,
        // Somebody else was quicker, or an earlier run.
        Err(error) if error.status() == Some(404) => return Ok(Done::Already),
        Err(error) => return Err(error.into()),
    };
    if let Some(patience) = wait {
        patience.until_gone(client, id).await?;
    }
    Ok(done)
}
