//! `users create`.

use clap::Args;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{check_password, new_password};
use crate::cli::context::Context;
use crate::cli::error::Result;

/// Make a user.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Email to log in with
    email: String,

    /// Read the password from stdin
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Serialize)]
struct Created<'a> {
    id: &'a str,
    email: &'a str,
}

pub async fn run(args: CreateArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let prompt = ctx.out().prompt();
    let password =
        if args.password_stdin { prompt.read_secret_line().await? } else { new_password(ctx).await? };
    check_password(&password)?;
    let id = client.users().create(&args.email, password.expose_secret()).await?;
    ctx.out().made(&Created { id: &id, email: &args.email }, &id)?;
    ctx.out().notice(format_args!("created user {}", args.email));
    Ok(())
}
