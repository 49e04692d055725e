//! `logout`: ends a login on the server and forgets it here; a personal access token is only forgotten.

use clap::Args;
use mender::Client;

use crate::cli::context::Context;
use crate::cli::credentials;
use crate::cli::error::{CliError, Result};
use crate::cli::token_kind::TokenKind;
use crate::cli::token_source::TokenInUse;

/// End the login and forget the token.
#[derive(Debug, Args)]
pub struct LogoutArgs {
    /// End a personal access token too, for all who use it
    #[arg(long, conflicts_with = "local")]
    revoke: bool,

    /// Only forget the token here, without asking the server
    #[arg(long)]
    local: bool,
}

pub async fn run(args: LogoutArgs, ctx: &Context) -> Result<()> {
    let in_use = ctx.token()?;
    if !args.local {
        end_on_server(&args, ctx, in_use).await?;
    }
    forget(ctx, in_use)
}

async fn end_on_server(args: &LogoutArgs, ctx: &Context, in_use: &TokenInUse) -> Result<()> {
    let client = ctx.anonymous()?.with_token(in_use.token.clone());
    match end(args, ctx, &client, in_use).await {
        // A token that the server no longer takes needs no ending.
        Err(error) if error.status() == Some(401) => {
            ctx.out().notice("the server no longer takes this token");
            Ok(())
        }
        Err(error) if in_use.stored.is_some() => Err(CliError::from(error)
            .hint("the token is still stored; logout --local forgets it without asking the server")),
        outcome => Ok(outcome?),
    }
}

async fn end(
    args: &LogoutArgs,
    ctx: &Context,
    client: &Client,
    in_use: &TokenInUse,
) -> Result<(), mender::Error> {
    match TokenKind::of(client, &in_use.token).await? {
        TokenKind::PersonalAccess { name } if !args.revoke => {
            ctx.out().notice(format_args!(
                "the personal access token {name:?} stays valid; logout --revoke or token revoke ends it"
            ));
        }
        TokenKind::Unknown if !args.revoke => {
            ctx.out().notice(
                "what kind of token it is cannot be told, so it stays valid; logout --revoke ends it",
            );
        }
        _ => {
            client.logout().await?;
            ctx.out().notice("the token was ended on the server");
        }
    }
    Ok(())
}

fn forget(ctx: &Context, in_use: &TokenInUse) -> Result<()> {
    if in_use.stored.is_none() {
        ctx.out().notice(format_args!("nothing to forget here: the token comes from {}", in_use.place));
        return Ok(());
    }
    credentials::forget(ctx.env(), &ctx.settings()?.profile.value)?;
    ctx.out().notice("logged out");
    Ok(())
}
