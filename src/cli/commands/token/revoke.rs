//! `token revoke`.

use clap::Args;
use jiff::Timestamp;
use mender::tokens::PersonalToken;

use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::tally::Tally;

/// End tokens.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Names or ids
    #[arg(value_name = "NAME|ID", required_unless_present = "expired")]
    tokens: Vec<String>,

    /// All that have expired
    #[arg(long)]
    expired: bool,

    #[command(flatten)]
    consent: ConsentArgs,
}

pub async fn run(args: RevokeArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let mut chosen = choose(&args, client.tokens().list().await?)?;
    if chosen.is_empty() {
        ctx.out().notice("no token has expired");
        return Ok(());
    }
    let own = ctx.token()?.token.claims().and_then(|claims| claims.jti);
    let is_own = |token: &PersonalToken| own.as_deref() == Some(token.id.as_str());
    // The own one last: after it no other call goes through.
    chosen.sort_by_key(is_own);
    let names: Vec<_> = chosen.iter().map(|token| format!("{:?}", token.name)).collect();
    let mut plan = format!("revoke {} on {}", names.join(", "), client.server());
    if chosen.iter().any(is_own) {
        plan.push_str(" (the token that makes this call among them)");
    }
    if !ctx.consent(&args.consent, &plan).await? {
        return Ok(());
    }
    let mut tally = Tally::of(chosen.len());
    for token in chosen {
        let outcome = client.tokens().revoke(&token.id).await.map_err(CliError::from);
        if outcome.is_ok() {
            ctx.out().notice(format_args!("revoked {:?}", token.name));
        }
        tally.count(outcome, &token.name, ctx.out())?;
    }
    tally.verdict("revoked")
}

/// The tokens that the line names, each once. The server says yes to any id, so that they are looked for here.
fn choose(args: &RevokeArgs, listed: Vec<PersonalToken>) -> Result<Vec<PersonalToken>> {
    for wanted in &args.tokens {
        if !listed.iter().any(|token| token.id == *wanted || token.name == *wanted) {
            return Err(CliError::failed(format!("you have no personal access token {wanted:?}"))
                .hint("token list shows those that there are"));
        }
    }
    let named =
        |token: &PersonalToken| args.tokens.iter().any(|wanted| token.id == *wanted || token.name == *wanted);
    Ok(listed.into_iter().filter(|token| named(token) || (args.expired && has_expired(token))).collect())
}

fn has_expired(token: &PersonalToken) -> bool {
    let end = token.expiration_date.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
    end.is_some_and(|end| end <= Timestamp::now())
}
