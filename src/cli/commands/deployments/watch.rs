//! `deployments watch`.

use clap::Args;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::rollout::{FollowArgs, follow};

/// Follow deployments to their end, and judge them.
///
/// Exit code 0 if all devices have the release (success or already-installed), or no more than --max-failures lack it;
/// 3 if one failed, was aborted or removed, had no Artifact, or was never heard of; 4 if time is up. Ctrl-C ends the
/// watch, not the deployment. -o json prints the verdict, -o jsonl events as they come, -q the ids of devices without
/// the release. In a job of GitHub or GitLab a summary goes to the job's summary file ($GITHUB_STEP_SUMMARY, or
/// mender-summary.md in $CI_PROJECT_DIR).
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
    let client = ctx.client()?;
    let mut deployments = Vec::new();
    for named in &args.deployments {
        let deployment = find(&client, named).await?;
        if deployments.iter().all(|known: &mender::deployments::Deployment| known.id != deployment.id) {
            deployments.push(deployment);
        }
    }
    follow(&args.follow, ctx, &client, &deployments, true).await
}
