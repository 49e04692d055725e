//! `token`: personal access tokens.

mod create;
mod place;
mod revoke;

use clap::{Args, Subcommand};
use mender::tokens::PersonalToken;

use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Cell, Column};

/// Personal access tokens: for scripts and pipelines, with the rights of their user.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token and print it, once and never again
    Create(create::CreateArgs),
    /// List the tokens
    List,
    /// End tokens
    Revoke(revoke::RevokeArgs),
}

const COLUMNS: &[Column<PersonalToken>] = &[
    Column { title: "ID", cell: |token| Cell::text(&token.id) },
    Column { title: "Name", cell: |token| Cell::text(&token.name) },
    Column { title: "Created", cell: |token| Cell::Time(token.created_ts.as_deref()) },
    Column { title: "Last used", cell: |token| Cell::Time(token.last_used.as_deref()) },
    Column { title: "Expires", cell: |token| Cell::End(token.expiration_date.as_deref()) },
];

pub async fn run(args: TokenArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["token"])),
        Some(Verb::Create(args)) => create::run(args, ctx).await,
        Some(Verb::List) => {
            let tokens = ctx.client()?.tokens().list().await?;
            ctx.out().list(&tokens, COLUMNS, |token| &token.id)
        }
        Some(Verb::Revoke(args)) => revoke::run(args, ctx).await,
    }
}
