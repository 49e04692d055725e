//! `deployments watch`.

use clap::Args;
use mender::deployments::Deployment;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::rollout::{FollowArgs, follow};

/// Follow deployments to their end, and judge them.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Ids or names
    #[arg(value_name = "ID|NAME", required = true)]
    deployments: Vec<String>,

    #[command(flatten)]
    follow: FollowArgs,
}

pub async fn run(args: WatchArgs, ctx: &Context) -> Result<()> {
    let outcome = watch(&args, ctx).await;
    args.follow.mark(ctx, outcome)
}

async fn watch(args: &WatchArgs, ctx: &Context) -> Result<()> {
    ctx.out().form()?;
    let client = ctx.client()?;
    let deadline = args.follow.deadline();
    let mut deployments: Vec<Deployment> = Vec::new();
    for named in &args.deployments {
        let deployment = args.follow.in_time(deadline, find(&client, named)).await?;
        if deployments.iter().all(|known| known.id != deployment.id) {
            deployments.push(deployment);
        }
    }
    follow(&args.follow, ctx, &client, &deployments, true, deadline).await
}
