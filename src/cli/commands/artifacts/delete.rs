//! `artifacts delete`.

use clap::Args;
use mender::Client;
use mender::artifacts::Artifact;

use super::find;
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::ids::is_id;
use crate::cli::official::unauthorized;
use crate::cli::output::Made;
use crate::cli::tally::Tally;

/// Delete Artifacts.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Ids or names; a single id is deleted without a question
    #[arg(value_name = "ID|NAME", required = true)]
    artifacts: Vec<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub async fn run(args: DeleteArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    // The official client's own form: one id, no question.
    if let [only] = args.artifacts.as_slice()
        && is_id(only)
        && !args.consent.dry_run
    {
        return delete(&client, only, ctx, &mut ctx.out().made_of(1)).await;
    }
    let mut chosen = Vec::new();
    for named in &args.artifacts {
        let artifact = find(&client, named).await.map_err(unauthorized)?;
        if chosen.iter().all(|other: &Artifact| other.id != artifact.id) {
            chosen.push(artifact);
        }
    }
    let described: Vec<_> = chosen
        .iter()
        .map(|a| format!("{} ({}, for {})", a.name, a.id, a.device_types_compatible.join(", ")))
        .collect();
    let plan = format!("delete {} on {}", described.join("; "), client.server());
    if !ctx.consent(&args.consent, &plan).await? {
        return Ok(());
    }
    let mut made = ctx.out().made_of(chosen.len());
    let outcome = delete_all(&client, &chosen, ctx, &mut made).await;
    made.end()?;
    outcome
}

async fn delete_all(client: &Client, chosen: &[Artifact], ctx: &Context, made: &mut Made) -> Result<()> {
    let mut tally = Tally::of(chosen.len());
    for artifact in chosen {
        tally.count(delete(client, &artifact.id, ctx, made).await, &artifact.id, ctx.out())?;
    }
    tally.verdict("deleted")
}

async fn delete(client: &Client, id: &str, ctx: &Context, made: &mut Made) -> Result<()> {
    client.artifacts().delete(id).await.map_err(|error| {
        let error = CliError::from(error);
        let hint = match error.status() {
            Some(409) => "a deployment that has not finished uses it; abort that one or let it end",
            Some(404) => "artifacts list shows those that there are",
            _ => return unauthorized(error),
        };
        let status = error.status().unwrap_or_default();
        error.reworded(format!("artifact delete failed with status {status} ({id})")).hint(hint)
    })?;
    made.add(&serde_json::json!({ "id": id, "deleted": true }), id)?;
    ctx.out().notice("delete successful");
    Ok(())
}
