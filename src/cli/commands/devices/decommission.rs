//! `devices decommission`.

use std::time::Duration;

use clap::Args;
use mender::Client;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Work};
use crate::cli::fleet::{HELP, Names, TargetArgs};
use crate::cli::span::some_time;

/// Remove devices.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
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

/// How long to wait for the server.
#[derive(Clone, Copy, Debug, Args)]
pub struct Patience {
    /// Wait no longer than this for a device
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = some_time)]
    timeout: Duration,

    /// Look so often
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    interval: Duration,
}

pub async fn run(args: DecommissionArgs, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    let client = ctx.client()?;
    let names = Names::new(&client, ctx.out());
    let targets = args.targets.find_what_is_left(ctx, &names, &client).await?;
    let jobs = targets.list.into_iter().map(|target| Job { target, load: () }).collect();
    let work = Work {
        verb: "decommission",
        done: "decommissioned",
        how: &targets.how,
        is_grave: true,
        takes_back: true,
    };
    let wait = args.wait.then_some(args.patience);
    bulk::run(ctx, client.server(), &args.bulk, &work, jobs, async |job| {
        act(&client, &job.target.id, wait).await
    })
    .await
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

impl Patience {
    /// Waits until a device that is being removed is gone.
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`] if it takes too long.
    pub async fn until_gone(self, client: &Client, id: &str) -> Result<()> {
        let waiting = async {
            loop {
                match client.devices().get(id).await {
                    Err(error) if error.status() == Some(404) => return Ok(()),
                    Err(error) => return Err(CliError::from(error)),
                    Ok(_) => tokio::time::sleep(self.interval).await,
                }
            }
        };
        tokio::time::timeout(self.timeout, waiting).await.unwrap_or_else(|_| {
            let text = format!("{id} is not removed after {:?}", self.timeout);
            Err(CliError::new(Kind::Timeout, anyhow::Error::msg(text))
                .hint("the server goes on with it all the same"))
        })
    }
}
