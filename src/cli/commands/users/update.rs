//! `users update`.

use clap::Args;
use mender::users::Change;
use secrecy::{ExposeSecret as _, SecretString};

use super::{check_password, find, new_password};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};

/// Change a user.
#[derive(Debug, Args)]
pub struct UpdateArgs {
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

pub async fn run(args: UpdateArgs, ctx: &Context) -> Result<()> {
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
