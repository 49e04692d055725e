//! `users`: the noun, and what its verbs share.

mod create;
mod delete;
mod update;

use clap::{Args, Subcommand};
use mender::users::User;
use mender::{Client, Error};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Cell, Column};

/// Users: who may log in.
#[derive(Debug, Args)]
pub struct UsersArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the user that is logged in
    Me,
    /// List the users
    List,
    /// Show a user
    Show {
        /// Id or email
        #[arg(value_name = "ID|EMAIL")]
        user: String,
    },
    /// Make a user; the password is asked for, or read from stdin
    Create(create::CreateArgs),
    /// Change a user's email, or one's own password
    Update(update::UpdateArgs),
    /// Remove a user and its tokens
    Delete(delete::DeleteArgs),
}

const COLUMNS: &[Column<User>] = &[
    Column { title: "ID", cell: |user| Cell::text(&user.id) },
    Column { title: "Email", cell: |user| Cell::text(&user.email) },
    Column { title: "Created", cell: |user| Cell::Time(user.created_ts.as_deref()) },
    Column { title: "Updated", cell: |user| Cell::Time(user.updated_ts.as_deref()) },
    Column { title: "Last login", cell: |user| Cell::Time(user.login_ts.as_deref()) },
];

pub async fn run(args: UsersArgs, ctx: &Context, tree: Tree) -> Result<()> {
    let id: fn(&User) -> &str = |user| &user.id;
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["users"])),
        Some(Verb::Me) => ctx.out().show(&ctx.client()?.users().me().await?, COLUMNS, id),
        Some(Verb::List) => ctx.out().list(&ctx.client()?.users().list().await?, COLUMNS, id),
        Some(Verb::Show { user }) => ctx.out().show(&find(&ctx.client()?, &user).await?, COLUMNS, id),
        Some(Verb::Create(args)) => create::run(args, ctx).await,
        Some(Verb::Update(args)) => update::run(args, ctx).await,
        Some(Verb::Delete(args)) => delete::run(args, ctx).await,
    }
}

/// The user that an id, an email or "me" means.
async fn find(client: &Client, named: &str) -> Result<User> {
    let not_found = || CliError::from(Error::NotFound { kind: "user", name: named.to_owned() });
    if named.is_empty() {
        return Err(CliError::usage("the id or email of the user is empty"));
    }
    if named == "me" {
        return Ok(client.users().me().await?);
    }
    if named.contains('@') {
        return client.users().find(named).await?.ok_or_else(not_found);
    }
    match client.users().get(named).await {
        Err(error) if error.status() == Some(404) => Err(not_found()),
        other => Ok(other?),
    }
}

/// A password that somebody typed twice alike.
async fn new_password(ctx: &Context) -> Result<SecretString> {
    let prompt = ctx.out().prompt();
    if !prompt.somebody_is_there() {
        return Err(CliError::failed("the password cannot be asked for here")
            .hint("--password-stdin reads it from stdin"));
    }
    let password = prompt.ask_secret("New password: ").await?;
    let again = prompt.ask_secret("Once more: ").await?;
    if password.expose_secret() != again.expose_secret() {
        return Err(CliError::failed("the two passwords differ; nothing was done"));
    }
    Ok(password)
}

/// What the server would answer with a bare 500, or in the words for a field that is missing.
fn check_password(password: &SecretString) -> Result<()> {
    if password.expose_secret().is_empty() {
        return Err(CliError::failed("the password is empty"));
    }
    if password.expose_secret().len() > 72 {
        return Err(CliError::failed("the server takes passwords of at most 72 bytes"));
    }
    Ok(())
}
