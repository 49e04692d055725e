//! `whoami`: user, server, token, and where each of it comes from.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Cell, Column, duration};
use crate::cli::settings::Sourced;
use crate::cli::token_kind::TokenKind;

/// Show who is logged in, where, and until when.
#[derive(Debug, Args)]
pub struct WhoamiArgs {
    /// Fail if the server refuses the token
    #[arg(long)]
    check: bool,

    /// Print the token in use and nothing else
    #[arg(long, conflicts_with = "check")]
    show_token: bool,
}

/// All that can be said.
#[derive(Serialize)]
struct Identity {
    user: Option<String>,
    user_id: Option<String>,
    server: String,
    server_from: String,
    profile: String,
    profile_from: String,
    token_kind: Option<String>,
    token_from: String,
    expires: Option<String>,
    /// Whether no time above means that it never ends.
    #[serde(skip)]
    tells_its_end: bool,
    seconds_left: Option<i64>,
    tenant: Option<String>,
    plan: Option<String>,
    login_username: Option<String>,
    ca_cert: Option<String>,
    client_cert: Option<String>,
    client_key: Option<String>,
    skip_verify: Option<String>,
    /// What the server says if it does not take the token.
    refused: Option<String>,
}

const COLUMNS: &[Column<Identity>] = &[
    Column { title: "User", cell: |id| Cell::maybe(id.user.as_deref()) },
    Column { title: "User id", cell: |id| Cell::maybe(id.user_id.as_deref()) },
    Column { title: "Refused", cell: |id| Cell::maybe(id.refused.as_deref()) },
    Column { title: "Server", cell: |id| from(&id.server, &id.server_from) },
    Column { title: "Profile", cell: |id| from(&id.profile, &id.profile_from) },
    Column { title: "Token", cell: |id| Cell::maybe(id.token_kind.as_deref()) },
    Column { title: "Token from", cell: |id| Cell::text(&id.token_from) },
    Column {
        title: "Expires",
        cell: |id| if id.tells_its_end { Cell::End(id.expires.as_deref()) } else { Cell::maybe(None) },
    },
    Column { title: "Time left", cell: |id| Cell::Text(time_left(id).into()) },
    Column { title: "Tenant", cell: |id| Cell::maybe(id.tenant.as_deref()) },
    Column { title: "Plan", cell: |id| Cell::maybe(id.plan.as_deref()) },
    Column { title: "Logs in as", cell: |id| Cell::maybe(id.login_username.as_deref()) },
    Column { title: "CA file", cell: |id| Cell::maybe(id.ca_cert.as_deref()) },
    Column { title: "Client certificate", cell: |id| Cell::maybe(id.client_cert.as_deref()) },
    Column { title: "Client key", cell: |id| Cell::maybe(id.client_key.as_deref()) },
    Column { title: "Skip verify", cell: |id| Cell::maybe(id.skip_verify.as_deref()) },
];

fn from<'a>(value: &str, origin: &str) -> Cell<'a> {
    Cell::Text(format!("{value} (from {origin})").into())
}

fn file(path: &Sourced<PathBuf>) -> String {
    format!("{} (from {})", path.value.display(), path.origin)
}

fn time_left(id: &Identity) -> String {
    id.seconds_left.filter(|left| *left > 0).map(duration).unwrap_or_default()
}

pub async fn run(args: WhoamiArgs, ctx: &Context) -> Result<()> {
    let in_use = ctx.token()?;
    if args.show_token {
        return ctx.out().text(&format!("{}\n", in_use.token.expose()));
    }
    let client = ctx.client()?;
    let (user, refused) = match client.users().me().await {
        Ok(user) => (Some(user), None),
        Err(error) if error.status() == Some(401) && !args.check => (None, Some(error)),
        Err(error) => return Err(CliError::from(error)),
    };
    let kind = match &user {
        Some(_) => Some(TokenKind::of(&client, &in_use.token).await?.text()),
        None => None,
    };
    let settings = ctx.settings()?;
    let claims = in_use.token.claims();
    let tells_its_end = claims.is_some();
    let claims = claims.unwrap_or_default();
    let end = claims.exp.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let identity = Identity {
        user: user.as_ref().map(|user| user.email.clone()),
        user_id: user.map(|user| user.id).or(claims.sub),
        server: settings.server.value.to_string(),
        server_from: settings.server.origin.to_string(),
        profile: settings.profile.value.clone(),
        profile_from: settings.profile.origin.to_string(),
        token_kind: kind,
        token_from: in_use.place.clone(),
        expires: end.map(|end| end.to_string()),
        tells_its_end,
        seconds_left: end.map(|end| end.as_second() - Timestamp::now().as_second()),
        tenant: claims.tenant,
        plan: claims.plan,
        login_username: settings
            .username
            .as_ref()
            .map(|name| format!("{} (from {})", name.value, name.origin)),
        ca_cert: settings.ca_cert.as_ref().map(file),
        client_cert: settings.client_cert.as_ref().map(file),
        client_key: settings.client_key.as_ref().map(file),
        skip_verify: settings.skip_verify.as_ref().map(|origin| format!("yes (from {origin})")),
        refused: refused.map(|error| error.to_string()),
    };
    ctx.out().show(&identity, COLUMNS, |identity| identity.user.as_deref().unwrap_or_default())
}
