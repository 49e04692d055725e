//! The command tree: every command, and the program's own flags around it.

use clap::{Parser, Subcommand};

use super::args::GlobalArgs;
use super::commands::{
    api, artifacts, completion, deployments, devices, groups, login, logout, man, profile, releases, status,
    token, users, whoami,
};
use super::env::VARIABLES;

/// Command-line client for the Mender server
#[derive(Debug, Parser)]
#[command(
    name = "mender-cli",
    disable_version_flag = true,
    args_override_self = true,
    infer_long_args = false,
    after_long_help = environment_help(),
    after_help = "More: mender-cli COMMAND --help; with the environment: mender-cli --help",
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,

    /// Print the version
    #[arg(long)]
    pub version: bool,

    /// Write completion scripts to ./autocomplete
    #[arg(long, hide = true)]
    pub generate_autocomplete: bool,

    #[command(subcommand)]
    pub command: Option<Command>,
}

fn environment_help() -> String {
    let width = VARIABLES.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let line = |(name, meaning): &(&str, &str)| format!("  {name:width$}  {meaning}\n");
    format!("Environment:\n{}", VARIABLES.iter().map(line).collect::<String>().trim_end())
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in and store the token
    Login(login::LoginArgs),
    /// End the login and forget the token
    Logout(logout::LogoutArgs),
    /// Show who is logged in, where, and until when
    Whoami(whoami::WhoamiArgs),
    /// Personal access tokens
    Token(token::TokenArgs),
    /// Users
    Users(users::UsersArgs),
    /// Artifacts on the server
    Artifacts(artifacts::ArtifactsArgs),
    /// Releases: the Artifacts of one name
    Releases(releases::ReleasesArgs),
    /// Deployments: create, follow, judge
    Deployments(deployments::DeploymentsArgs),
    /// Devices
    Devices(devices::DevicesArgs),
    /// Groups of devices
    Groups(groups::GroupsArgs),
    /// Show the fleet on one screen
    Status(status::StatusArgs),
    /// Make any call of the API
    Api(api::ApiArgs),
    /// Servers by name
    Profile(profile::ProfileArgs),
    /// Print a completion script
    Completion(completion::CompletionArgs),
    /// Print the manual page, or write all of them
    Man(man::ManArgs),
}
