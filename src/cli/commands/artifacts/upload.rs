//! `artifacts upload`.

use std::path::PathBuf;

use clap::Args;
use mender::Client;
use serde::Serialize;

use super::update::check_description;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::Made;
use crate::cli::tally::Tally;
use crate::cli::upload::{Candidate, Options, is_stdin, store};

/// Upload Artifacts.
#[derive(Debug, Args)]
pub struct UploadArgs {
    /// Artifact files; - is stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Description of the Artifact
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    description: String,

    /// Send it straight to the server's storage, where the server allows that
    #[arg(long)]
    direct: bool,

    /// Do not show how far it is
    #[arg(long)]
    no_progress: bool,

    /// Be content if the same Artifact is there already; state scripts, of which the server tells nothing, are not compared
    #[arg(long)]
    skip_existing: bool,
}

/// What became of it, for programs.
#[derive(Serialize)]
struct Outcome<'a> {
    id: &'a str,
    name: &'a str,
    file: &'a str,
    uploaded: bool,
}

pub async fn run(args: UploadArgs, ctx: &Context) -> Result<()> {
    check_description(&args.description)?;
    let client = ctx.client()?;
    if args.files.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(CliError::usage("stdin can be read only once"));
    }
    if args.direct && args.files.iter().any(|path| is_stdin(path)) {
        return Err(CliError::usage("a direct upload needs a file, whose length is known"));
    }
    // All of them before the first request: a typing mistake in the last must not cost an hour.
    let mut candidates = Vec::new();
    for path in &args.files {
        candidates.push(Candidate::of(path).await?);
    }
    let mut made = ctx.out().made_of(candidates.len());
    let UploadArgs { description, direct, no_progress, skip_existing, .. } = args;
    let options = Options { description, direct, no_progress, skip_existing };
    let outcome = send_all(&candidates, &options, &client, ctx, &mut made).await;
    made.end()?;
    outcome
}

async fn send_all(
    candidates: &[Candidate],
    options: &Options,
    client: &Client,
    ctx: &Context,
    made: &mut Made,
) -> Result<()> {
    let mut tally = Tally::of(candidates.len());
    for candidate in candidates {
        tally.count(send(candidate, options, client, ctx, made).await, &candidate.shown, ctx.out())?;
    }
    tally.verdict("uploaded")
}

async fn send(
    candidate: &Candidate,
    options: &Options,
    client: &Client,
    ctx: &Context,
    made: &mut Made,
) -> Result<()> {
    let (id, uploaded) = store(candidate, options, client, ctx).await?;
    let Candidate { shown, head, .. } = candidate;
    made.add(&Outcome { id: &id, name: &head.name, file: shown, uploaded }, &id)
}
