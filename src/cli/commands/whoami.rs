//! `whoami`: user, server, token, and where each of it comes from.

use clap::Args;
use jiff::Timestamp;
use mender::{Client, Token};
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Cell, Column, duration};

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

/// The kinds of token, as far as they can be told apart: no claim says it, only the server's list of tokens.
pub enum TokenKind {
    PersonalAccess {
        name: String,
    },
    /// Of a login, by password or in the web page.
    Login,
    /// The server does not show the list.
    Unknown,
}

impl TokenKind {
    /// Looks for the token in the list of personal access tokens.
    pub async fn of(client: &Client, token: &Token) -> Result<Self, mender::Error> {
        let listed = match client.tokens().list().await {
            Err(error) if matches!(error.status(), Some(403..=405)) => return Ok(TokenKind::Unknown),
            listed => listed?,
        };
        let Some(id) = token.claims().and_then(|claims| claims.jti) else { return Ok(TokenKind::Unknown) };
        Ok(match listed.into_iter().find(|personal| personal.id == id) {
            Some(personal) => TokenKind::PersonalAccess { name: personal.name },
            None => TokenKind::Login,
        })
    }

    fn text(&self) -> String {
        match self {
            TokenKind::PersonalAccess { name } => format!("personal access token {name:?}"),
            TokenKind::Login => "login (by password, or copied from the web page)".into(),
            TokenKind::Unknown => "unknown".into(),
        }
    }
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
    ca_cert: Option<String>,
    skip_verify: Option<String>,
    /// What the server says if it does not take the token.
    refused: Option<String>,
}

const COLUMNS: &[Column<Identity>] = &[
    Column { title: "USER", cell: |id| Cell::maybe(id.user.as_deref()) },
    Column { title: "USER ID", cell: |id| Cell::maybe(id.user_id.as_deref()) },
    Column { title: "REFUSED", cell: |id| Cell::maybe(id.refused.as_deref()) },
    Column { title: "SERVER", cell: |id| from(&id.server, &id.server_from) },
    Column { title: "PROFILE", cell: |id| from(&id.profile, &id.profile_from) },
    Column { title: "TOKEN", cell: |id| Cell::maybe(id.token_kind.as_deref()) },
    Column { title: "TOKEN FROM", cell: |id| Cell::text(&id.token_from) },
    Column {
        title: "EXPIRES",
        cell: |id| if id.tells_its_end { Cell::End(id.expires.as_deref()) } else { Cell::maybe(None) },
    },
    Column { title: "TIME LEFT", cell: |id| Cell::Text(time_left(id).into()) },
    Column { title: "TENANT", cell: |id| Cell::maybe(id.tenant.as_deref()) },
    Column { title: "PLAN", cell: |id| Cell::maybe(id.plan.as_deref()) },
    Column { title: "CA FILE", cell: |id| Cell::maybe(id.ca_cert.as_deref()) },
    Column { title: "SKIP VERIFY", cell: |id| Cell::maybe(id.skip_verify.as_deref()) },
];

fn from<'a>(value: &str, origin: &str) -> Cell<'a> {
    Cell::Text(format!("{value} (from {origin})").into())
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
        token_from: in_use.place,
        expires: end.map(|end| end.to_string()),
        tells_its_end,
        seconds_left: end.map(|end| end.as_second() - Timestamp::now().as_second()),
        tenant: claims.tenant,
        plan: claims.plan,
        ca_cert: settings.ca_cert.as_ref().map(|ca| format!("{} (from {})", ca.value.display(), ca.origin)),
        skip_verify: settings.skip_verify.as_ref().map(|origin| format!("yes (from {origin})")),
        refused: refused.map(|error| error.to_string()),
    };
    ctx.out().show(&identity, COLUMNS, |identity| identity.user.as_deref().unwrap_or_default())
}
