//! The program: from the command line to an exit code, one way through.

mod args;
mod argv;
mod clirc;
mod commands;
mod context;
mod credentials;
pub mod env;
mod error;
mod files;
mod fleet;
mod forge;
mod ids;
#[cfg_attr(not(feature = "jq"), path = "jq_lacking.rs")]
mod jq;
mod listing;
mod moment;
mod near;
mod official;
mod output;
mod portion;
mod profiles;
mod rollout;
mod settings;
mod signals;
mod span;
mod tally;
mod token_kind;
mod token_source;
mod tree;
mod upload;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};

use self::argv::Special;
use self::commands::Tree;
use self::context::Context;
use self::env::Env;
use self::error::{CliError, Kind, Result};
use self::output::Output;
use self::tree::{Cli, Command};

/// The end of a run that comes to no command: help, version, or a wrong line.
pub struct Report {
    out: Output,
    outcome: Result<()>,
}

impl Report {
    /// Shows an error, if it is one, and tells the exit code.
    pub fn show(self) -> ExitCode {
        finish(&self.out, self.outcome)
    }
}

/// Reads the command line.
///
/// # Errors
///
/// The end of the run, if there is nothing more to do.
pub fn parse(arguments: Vec<OsString>, env: &Env) -> Result<Cli, Report> {
    let root = Cli::command();
    let no_color = arguments.iter().any(|word| word == "--no-color");
    let out = Output::before_flags(argv::format(&arguments), no_color, env);
    match argv::special(&arguments, &root) {
        Some(Special::GenerateAutocomplete) => {
            return Err(Report { out, outcome: commands::completion::generate_autocomplete(root) });
        }
        Some(Special::Version) => {
            let text = concat!("mender-cli version ", env!("CARGO_PKG_VERSION"), "\n");
            return Err(Report { outcome: out.text(text), out });
        }
        None => {}
    }
    let words = argv::arrange(arguments, &root);
    let named = std::iter::once(OsString::from("mender-cli")).chain(words);
    let parsed = root.try_get_matches_from(named).and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(line) => match line.global.contradiction() {
            Some(text) => Err(Report { out, outcome: Err(CliError::usage(text)) }),
            None => Ok(line),
        },
        Err(error) => Err(Report { outcome: unparsed(&out, &error), out }),
    }
}

/// Runs a command.
pub async fn run(cli: Cli, env: Env) -> ExitCode {
    let out = Output::new(&cli.global, &env);
    out.log_requests(cli.global.verbose);
    let context = Context::new(cli.global, env, out.clone());
    let work = dispatch(cli.command, &context, Cli::command);
    let outcome = signals::interruptible(work, || "interrupted".into()).await;
    finish(&out, outcome.map_err(|error| context.advise(error)))
}

async fn dispatch(command: Option<Command>, ctx: &Context, tree: Tree) -> Result<()> {
    match command {
        None => ctx.out().help(&commands::help_of(tree, &[])),
        Some(Command::Login(args)) => commands::login::run(args, ctx).await,
        Some(Command::Logout(args)) => commands::logout::run(args, ctx).await,
        Some(Command::Whoami(args)) => commands::whoami::run(args, ctx).await,
        Some(Command::Token(args)) => commands::token::run(args, ctx, tree).await,
        Some(Command::Users(args)) => commands::users::run(args, ctx, tree).await,
        Some(Command::Artifacts(args)) => commands::artifacts::run(args, ctx, tree).await,
        Some(Command::Releases(args)) => commands::releases::run(args, ctx, tree).await,
        Some(Command::Deployments(args)) => commands::deployments::run(args, ctx, tree).await,
        Some(Command::Devices(args)) => commands::devices::run(args, ctx, tree).await,
        Some(Command::Groups(args)) => commands::groups::run(args, ctx, tree).await,
        Some(Command::Status(args)) => commands::status::run(args, ctx).await,
        Some(Command::Api(args)) => commands::api::run(args, ctx).await,
        Some(Command::Profile(args)) => commands::profile::run(args, ctx, tree).await,
        Some(Command::Completion(args)) => commands::completion::run(args, ctx, tree),
        Some(Command::Man(args)) => commands::man::run(args, ctx, tree),
    }
}

fn finish(out: &Output, outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out.failure(&error);
            error.kind.into()
        }
    }
}

/// What clap has to say: help is a result, everything else a failure in the official client's words.
fn unparsed(out: &Output, error: &clap::Error) -> Result<()> {
    let rendered = error.render();
    if matches!(error.kind(), ErrorKind::DisplayHelp) {
        return out.help(&rendered);
    }
    let text = rendered.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(value)) => Some(value.clone()),
        _ => None,
    };
    let known = match error.kind() {
        ErrorKind::UnknownArgument => context(ContextKind::InvalidArg).map(|flag| {
            let flag = flag.split('=').next().unwrap_or_default();
            if flag.starts_with('-') {
                format!("unknown flag: {flag}")
            } else {
                format!("unknown argument {flag:?}")
            }
        }),
        ErrorKind::InvalidSubcommand => context(ContextKind::InvalidSubcommand)
            .map(|word| format!("unknown command {word:?} for {:?}", command_of(text))),
        _ => None,
    };
    // The first line is replaced where scripts know another; the advice and the usage behind it stay.
    let text = match (known, text.split_once('\n')) {
        (Some(known), Some((_, rest))) => format!("{known}\n{}", rest.trim_start_matches('\n')),
        (Some(known), None) => known,
        (None, _) => text.to_owned(),
    };
    // Most commands only ignore further words, so that advice to make one of a wrong flag leads nowhere.
    let helpful = |line: &&str| !line.trim_start().starts_with("tip: to pass '");
    let text = text.lines().filter(helpful).collect::<Vec<_>>().join("\n");
    Err(CliError::new(Kind::Usage, anyhow::Error::msg(text)))
}

/// The command words in `Usage: mender-cli artifacts [OPTIONS] ...`.
fn command_of(text: &str) -> &str {
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or("mender-cli");
    usage.split_once(" [").map_or(usage, |(words, _)| words)
}
