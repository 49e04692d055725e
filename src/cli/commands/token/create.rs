//! `token create`.

use std::path::PathBuf;

use clap::Args;
use mender::tokens::LONGEST_LIFE;
use mender::{Client, Token};
use serde::Serialize;

use super::place::Place;
use crate::cli::context::Context;
use crate::cli::credentials;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::signals::interruptible;
use crate::cli::span::span;

/// The server's own limit, in bytes.
const LONGEST_NAME: usize = 4096;

/// Make a token.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Name of the token, unique among yours
    name: String,

    /// How long it lives: 30d, 12h, 1y, seconds; up to a year, 0 for ever
    #[arg(long, value_name = "TIME", default_value = "1y", value_parser = seconds, allow_hyphen_values = true)]
    expires_in: u64,

    /// Store it as the token of the profile
    #[arg(long)]
    save: bool,

    /// Write it to a file that nobody else can read, not to stdout; - is stdout
    #[arg(short = 'O', long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Created<'a> {
    id: Option<String>,
    name: &'a str,
    token: &'a str,
}

pub async fn run(args: CreateArgs, ctx: &Context) -> Result<()> {
    let CreateArgs { name, expires_in, save, output_file } = args;
    if name.trim().is_empty() {
        return Err(CliError::usage("a token needs a name"));
    }
    if name.len() > LONGEST_NAME {
        return Err(CliError::usage(format!("a token's name has at most {LONGEST_NAME} bytes")));
    }
    let place = Place::open(output_file.as_deref()).await?;
    let client = ctx.client()?;
    let tokens = client.tokens();
    let creating = async { tokens.create(&name, expires_in).await.map_err(CliError::from) };
    let interrupted = || "interrupted; token list shows whether the token was made all the same".to_owned();
    let token =
        interruptible(creating, interrupted).await.map_err(|error| match error.status() {
            Some(409) => error
                .hint(format!("token list shows those that there are; token revoke {name:?} ends that one")),
            Some(422) => error
                .hint("token list shows them, token revoke ends one, token revoke --expired the old ones"),
            _ => error,
        })?;
    // From here on a token exists that nobody could ever see again: each way out has to show it or end it.
    let mut somebody_has_it = false;
    let handing_out = hand_out(ctx, &name, &token, save, place, &mut somebody_has_it);
    match interruptible(handing_out, || "interrupted".to_owned()).await {
        Err(error) if !somebody_has_it => {
            end_again(ctx, &client, &name, &token).await;
            // Otherwise a reader that goes early is no failure; here the token is lost by it.
            let lost = || CliError::failed("nobody has read the token");
            Err(if error.kind == Kind::Closed { lost() } else { error })
        }
        outcome => outcome,
    }
}

/// Puts the token where the line wants it, and tells as soon as it is in one such place.
async fn hand_out(
    ctx: &Context,
    name: &str,
    token: &Token,
    save: bool,
    mut place: Place,
    somebody_has_it: &mut bool,
) -> Result<()> {
    if let Some(path) = place.write(token).await? {
        *somebody_has_it = true;
        ctx.out().notice(format_args!("the token is in {}", path.display()));
    }
    if save {
        let settings = ctx.settings()?;
        let (profile, server) = (&settings.profile.value, &settings.server.value);
        credentials::store(ctx.env(), ctx.flags(), profile, server, token)?;
        *somebody_has_it = true;
        ctx.out().notice("the token is stored as that of the profile");
    }
    if matches!(place, Place::Stdout) {
        show(ctx, name, token)?;
    }
    Ok(())
}

fn show(ctx: &Context, name: &str, token: &Token) -> Result<()> {
    if ctx.out().is_json() {
        let id = token.claims().and_then(|claims| claims.jti);
        return ctx.out().json_line(&Created { id, name, token: token.expose() });
    }
    ctx.out().text(&format!("{}\n", token.expose()))
}

async fn end_again(ctx: &Context, client: &Client, name: &str, token: &Token) {
    let ended = match token.claims().and_then(|claims| claims.jti) {
        Some(id) => client.tokens().revoke(&id).await.is_ok(),
        None => false,
    };
    if ended {
        ctx.out().warn(format_args!("the token {name:?} was ended again"));
    } else {
        ctx.out().warn(format_args!("the token {name:?} exists and nobody has it: token revoke {name:?}"));
    }
}

/// A life in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let total = span(text)?.as_secs();
    if total == 0 && text != "0" {
        return Err(format!("{text:?} would end at once; 0 alone means for ever"));
    }
    if total > LONGEST_LIFE {
        return Err(format!("a token lives at most a year ({LONGEST_LIFE} s), or for ever with 0"));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_between_a_second_and_a_year_or_has_no_end() {
        for (text, expected) in [("0", 0), ("30d", 2_592_000), ("1y", 31_536_000)] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["0d", "0h 0s", "10ms", "2y", "31536001", "x"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
