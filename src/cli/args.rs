//! The command line: the program's own flags, and what several commands share. Parsing reads nothing.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::argv::integer;
use super::commands::{artifacts, completion, devices, login, logout, man, profile, token, users, whoami};
use super::env::VARIABLES;
use super::profiles::ProfileName;

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

/// Flags of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Address of the server [default: https://hosted.mender.io]
    #[arg(long, global = true, value_name = "URL", allow_hyphen_values = true)]
    pub server: Option<String>,

    /// Do not check the server's certificate
    #[arg(short = 'k', long, global = true)]
    pub skip_verify: bool,

    /// File with the token
    // Empty is as good as none, as in the official client; a path in clap's own sense is not.
    #[arg(long, global = true, value_name = "FILE", allow_hyphen_values = true, value_parser = any_path())]
    pub token: Option<PathBuf>,

    /// The token itself; the variable MENDER_ACCESS_TOKEN does not show in the list of processes
    #[arg(long, global = true, value_name = "TOKEN", allow_hyphen_values = true)]
    pub token_value: Option<SecretArg>,

    /// Use this profile
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<ProfileName>,

    /// File with further certificate authorities, PEM
    #[arg(long, global = true, value_name = "FILE", alias = "cacert")]
    pub ca_cert: Option<PathBuf>,

    /// File with the client certificate, PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,

    /// File with the key of the client certificate, PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub client_key: Option<PathBuf>,

    /// Form of the output
    #[arg(short = 'o', long, global = true, value_name = "FORM")]
    pub output: Option<Format>,

    /// Ids alone on stdout, no notices on stderr
    #[arg(short = 'q', long, global = true)]
    pub quiet: bool,

    /// No colours
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Show each request on stderr, without its secrets
    #[arg(short = 'v', long, global = true)]
    pub verbose: bool,
}

/// Any path, also the empty one.
fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// A secret on the command line: it must not come back in a debug dump.
#[derive(Clone)]
pub struct SecretArg(secrecy::SecretString);

impl SecretArg {
    pub fn secret(&self) -> &secrecy::SecretString {
        &self.0
    }
}

impl From<String> for SecretArg {
    fn from(text: String) -> Self {
        SecretArg(text.into())
    }
}

impl std::fmt::Debug for SecretArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretArg(...)")
    }
}

/// Forms of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns
    Table,
    /// The blocks of the official client (lists of Artifacts and devices)
    Text,
    /// One JSON value
    Json,
    /// One JSON value a line
    Jsonl,
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
    /// Devices
    Devices(devices::DevicesArgs),
    /// Servers by name
    Profile(profile::ProfileArgs),
    /// Print a completion script
    Completion(completion::CompletionArgs),
    /// Print the manual page, or write all of them
    Man(man::ManArgs),
}

/// Which page of a list, in the official client's way.
#[derive(Clone, Debug, Args)]
pub struct PageArgs {
    /// Details: 0 to 3
    #[arg(short, long, value_name = "N", value_parser = integer, allow_negative_numbers = true)]
    pub detail: Option<i64>,

    /// Items a page, up to 500 [default: 20]
    #[arg(short = 'N', long, value_name = "N", value_parser = integer, allow_negative_numbers = true)]
    pub per_page: Option<i64>,

    /// Page to show [default: 1]
    #[arg(short = 'P', long, value_name = "N", value_parser = integer, allow_negative_numbers = true)]
    pub page: Option<i64>,

    /// The server's answer as it came
    #[arg(short, long)]
    pub raw: bool,

    /// All pages
    #[arg(long, conflicts_with_all = ["page", "per_page", "raw"])]
    pub all: bool,

    /// Words that the official client ignores
    #[arg(hide = true)]
    pub ignored: Vec<String>,
}

/// Consent to something that cannot be undone.
#[derive(Clone, Copy, Debug, Args)]
pub struct ConsentArgs {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}
