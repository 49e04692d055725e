//! `users delete`.

use clap::Args;
use mender::users::User;

use super::find;
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::tally::Tally;

/// Remove users.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Ids or emails
    #[arg(value_name = "ID|EMAIL", required = true)]
    users: Vec<String>,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub async fn run(args: DeleteArgs, ctx: &Context) -> Result<()> {
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
    if args.consent.yes && users.iter().any(|user| user.id == me.id) {
        ctx.out().warn("this deletes yourself: nothing works with your tokens any more");
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
