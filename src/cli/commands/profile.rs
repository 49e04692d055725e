//! `profile`: servers by name.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Tree, help_of};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::credentials::TokenFile;
use crate::cli::error::Result;
use crate::cli::output::{Cell, Column};
use crate::cli::profiles::{Profile, ProfileName, Profiles};

/// Servers by name. login --profile NAME makes one.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the profiles
    List,
    /// Show a profile, or the one in use
    Show {
        /// Name of the profile
        name: Option<ProfileName>,
    },
    /// Use a profile from now on
    Use {
        /// Name of the profile
        name: ProfileName,
    },
    /// Remove a profile and its token; the token is not ended on the server
    Remove {
        /// Name of the profile
        name: ProfileName,
        #[command(flatten)]
        consent: ConsentArgs,
    },
}

/// A profile as it is shown.
#[derive(Serialize)]
struct Shown {
    name: String,
    current: bool,
    server: Option<String>,
    username: Option<String>,
    has_token: bool,
    ca_cert: Option<String>,
    client_cert: Option<String>,
    client_key: Option<String>,
    skip_verify: bool,
    token_command: Option<String>,
}

const PROPERTIES: &[Column<Shown>] = &[
    Column { title: "Name", cell: |shown| Cell::text(&shown.name) },
    Column { title: "Current", cell: |shown| Cell::Flag(shown.current) },
    Column { title: "Server", cell: |shown| Cell::maybe(shown.server.as_deref()) },
    Column { title: "Username", cell: |shown| Cell::maybe(shown.username.as_deref()) },
    Column { title: "Token", cell: |shown| Cell::Flag(shown.has_token) },
    Column { title: "CA certificate", cell: |shown| Cell::maybe(shown.ca_cert.as_deref()) },
    Column { title: "Client certificate", cell: |shown| Cell::maybe(shown.client_cert.as_deref()) },
    Column { title: "Client key", cell: |shown| Cell::maybe(shown.client_key.as_deref()) },
    Column { title: "Skip verify", cell: |shown| Cell::Flag(shown.skip_verify) },
    Column { title: "Token command", cell: |shown| Cell::maybe(shown.token_command.as_deref()) },
];

/// What a list shows of them.
const COLUMNS: &[Column<Shown>] = PROPERTIES.split_at(5).0;

pub async fn run(args: ProfileArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["profile"])),
        Some(Verb::List) => {
            let profiles = Profiles::load(ctx.env())?;
            let all: Result<Vec<Shown>> =
                profiles.names().iter().map(|name| shown(ctx, &profiles, name)).collect();
            ctx.out().list(&all?, COLUMNS, |shown| &shown.name)
        }
        Some(Verb::Show { name }) => {
            let profiles = Profiles::load(ctx.env())?;
            let in_use = ctx.profile_name(Some(&profiles)).value;
            let name = name.as_ref().map_or(in_use.as_str(), ProfileName::as_str);
            ctx.out().show(&shown(ctx, &profiles, name)?, PROPERTIES, |shown| &shown.name)
        }
        Some(Verb::Use { name }) => {
            Profiles::edit(ctx.env(), |profiles| {
                known(profiles, name.as_str())?;
                profiles.set_current(name.as_str());
                Ok(())
            })?;
            ctx.out().notice(format_args!("profile {name} is in use from now on"));
            Ok(())
        }
        Some(Verb::Remove { name, consent }) => {
            known(&Profiles::load(ctx.env())?, name.as_str())?;
            if !ctx.consent(&consent, &format!("remove profile {name} and its token")).await? {
                return Ok(());
            }
            TokenFile::of_profile(ctx.env(), name.as_str())?.remove()?;
            Profiles::edit(ctx.env(), |profiles| Ok(profiles.remove(name.as_str())))?;
            ctx.out().notice(format_args!("removed profile {name}"));
            Ok(())
        }
    }
}

fn known(profiles: &Profiles, name: &str) -> anyhow::Result<Profile> {
    profiles.get(name)?.ok_or_else(|| {
        anyhow::anyhow!("there is no profile {name:?}; there are: {}", profiles.names().join(", "))
    })
}

fn shown(ctx: &Context, profiles: &Profiles, name: &str) -> Result<Shown> {
    let profile = known(profiles, name)?;
    let path = |path: Option<std::path::PathBuf>| path.map(|path| path.display().to_string());
    let has_token = TokenFile::of_profile(ctx.env(), name)?.path().exists();
    Ok(Shown {
        name: name.to_owned(),
        current: ctx.profile_name(Some(profiles)).value == name,
        // The server of `default` is wherever its token is from.
        server: profile.server.or(profile.token_server),
        username: profile.username,
        has_token,
        ca_cert: path(profile.ca_cert),
        client_cert: path(profile.client_cert),
        client_key: path(profile.client_key),
        skip_verify: profile.skip_verify.unwrap_or_default(),
        token_command: profile.token_command.map(|words| words.join(" ")),
    })
}
