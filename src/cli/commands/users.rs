//! `users`: who may log in.

use clap::{Args, Subcommand};
use mender::users::{Change, User};
use mender::{Client, Error};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::help_of;
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Cell, Column};
use crate::cli::tally::Tally;

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
    Create(CreateArgs),
    /// Change a user's email, or one's own password
    Update(UpdateArgs),
    /// Remove a user and its tokens
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// Email to log in with
    email: String,

    /// Read the password from stdin
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
struct UpdateArgs {
    /// Id or email, or "me"
    #[arg(value_name = "ID|EMAIL|me")]
    user: String,

    /// New email
    #[arg(long)]
    email: Option<String>,

    /// Change the password, which can only be one's own
    #[arg(long)]
    change_password: bool,

    /// Read from stdin, a line each: the password so far, then the new one if it is to change
    #[arg(long)]
    password_stdin: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

#[derive(Debug, Args)]
struct DeleteArgs {
    /// Ids or emails
    #[arg(value_name = "ID|EMAIL", required = true)]
    users: Vec<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

const COLUMNS: &[Column<User>] = &[
    Column { title: "ID", cell: |user| Cell::text(&user.id) },
    Column { title: "Email", cell: |user| Cell::text(&user.email) },
    Column { title: "Created", cell: |user| Cell::Time(user.created_ts.as_deref()) },
    Column { title: "Updated", cell: |user| Cell::Time(user.updated_ts.as_deref()) },
    Column { title: "Last login", cell: |user| Cell::Time(user.login_ts.as_deref()) },
];

pub async fn run(args: UsersArgs, ctx: &Context, tree: clap::Command) -> Result<()> {
    let id: fn(&User) -> &str = |user| &user.id;
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["users"])),
        Some(Verb::Me) => ctx.out().show(&ctx.client()?.users().me().await?, COLUMNS, id),
        Some(Verb::List) => ctx.out().list(&ctx.client()?.users().list().await?, COLUMNS, id),
        Some(Verb::Show { user }) => ctx.out().show(&find(&ctx.client()?, &user).await?, COLUMNS, id),
        Some(Verb::Create(args)) => create(args, ctx).await,
        Some(Verb::Update(args)) => update(args, ctx).await,
        Some(Verb::Delete(args)) => delete(args, ctx).await,
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

#[derive(Serialize)]
struct Created<'a> {
    id: &'a str,
    email: &'a str,
}

async fn create(args: CreateArgs, ctx: &Context) -> Result<()> {
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

async fn update(args: UpdateArgs, ctx: &Context) -> Result<()> {
    if args.email.is_none() && !args.change_password {
        return Err(CliError::usage("say what to change: --email, --change-password or both"));
    }
    let client = ctx.client()?;
    let user = find(&client, &args.user).await?;
    let is_own = user.id == client.users().me().await?.id;
    if args.change_password && !is_own {
        return Err(CliError::failed(format!(
            "the password of {} can only be changed by that user",
            user.email
        )));
    }
    let ends = if is_own {
        "this ends all your other tokens and logins"
    } else {
        "this ends all tokens and logins of that user"
    };
    let plan = format!(
        "change {} of {} on {}; {ends}",
        match (&args.email, args.change_password) {
            (Some(_), true) => "email and password",
            (Some(_), false) => "the email",
            (None, _) => "the password",
        },
        user.email,
        client.server(),
    );
    if !ctx.consent(&args.consent, &plan).await? {
        return Ok(());
    }
    if args.consent.yes {
        ctx.out().notice(ends);
    }
    let current = if is_own { Some(current_password(&args, ctx).await?) } else { None };
    let new = match (args.change_password, args.password_stdin) {
        (false, _) => None,
        (true, true) => Some(ctx.out().prompt().read_secret_line().await?),
        (true, false) => Some(new_password(ctx).await?),
    };
    new.as_ref().map_or(Ok(()), check_password)?;
    let change = Change {
        email: args.email.as_deref(),
        password: new.as_ref().map(|password| password.expose_secret()),
        current_password: current.as_ref().map(|password| password.expose_secret()),
    };
    client.users().update(&user.id, &change).await.map_err(|error| {
        let error = CliError::from(error);
        match error.status() {
            Some(409) => error.hint("somebody else changed the user at the same time; try again"),
            _ => error,
        }
    })?;
    ctx.out().notice(format_args!("changed user {}", user.email));
    Ok(())
}

async fn current_password(args: &UpdateArgs, ctx: &Context) -> Result<SecretString> {
    if args.password_stdin {
        return ctx.out().prompt().read_secret_line().await;
    }
    if let Some(password) = &ctx.settings()?.password {
        return Ok(password.value.clone());
    }
    if !ctx.out().prompt().somebody_is_there() {
        return Err(CliError::failed("the password so far is needed and cannot be asked for here")
            .hint("--password-stdin reads it from stdin, MENDER_PASSWORD holds it too"));
    }
    ctx.out().prompt().ask_secret("Password so far: ").await
}

async fn delete(args: DeleteArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let me = client.users().me().await?;
    let mut users: Vec<User> = Vec::new();
    for named in &args.users {
        // The server says yes to any id, so that each is looked for before.
        let user = find(&client, named).await?;
        if users.iter().all(|other| other.id != user.id) {
            users.push(user);
        }
    }
    // Oneself last: no call goes through after that.
    users.sort_by_key(|user| user.id == me.id);
    let emails: Vec<_> = users.iter().map(|user| user.email.as_str()).collect();
    let mut plan = format!("delete {} on {}", emails.join(", "), client.server());
    if users.iter().any(|user| user.id == me.id) {
        plan.push_str(" (yourself among them)");
    }
    if !ctx.consent(&args.consent, &plan).await? {
        return Ok(());
    }
    let mut tally = Tally::of(users.len());
    for user in users {
        let outcome = client.users().delete(&user.id).await.map_err(CliError::from);
        if outcome.is_ok() {
            ctx.out().notice(format_args!("deleted user {}", user.email));
        }
        tally.count(outcome, &user.email, ctx.out())?;
    }
    tally.verdict("deleted")
}
