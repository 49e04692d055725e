//! `artifacts update`.

use clap::Args;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};

/// The server's own limit, in bytes.
pub const LONGEST_DESCRIPTION: usize = 4096;

/// Change the description of an Artifact.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Id or name
    #[arg(value_name = "ID|NAME")]
    artifact: String,

    /// The new description; empty to remove it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    description: String,
}

pub async fn run(args: UpdateArgs, ctx: &Context) -> Result<()> {
    check_description(&args.description)?;
    let client = ctx.client()?;
    let artifact = find(&client, &args.artifact).await?;
    client.artifacts().describe(&artifact.id, &args.description).await.map_err(|error| {
        let error = CliError::from(error);
        match error.status() {
            Some(422) => error.hint("once any deployment has used an Artifact, its description stays"),
            _ => error,
        }
    })?;
    ctx.out().made(&serde_json::json!({ "id": artifact.id }), &artifact.id)?;
    ctx.out().notice("update successful");
    Ok(())
}

/// What the server refuses only after the whole file, with a bare 500.
pub fn check_description(text: &str) -> Result<()> {
    if text.len() > LONGEST_DESCRIPTION {
        return Err(CliError::usage(format!("a description has at most {LONGEST_DESCRIPTION} bytes")));
    }
    Ok(())
}
