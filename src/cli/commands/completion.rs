//! `completion`: scripts for shells, and the two files of the official client's hidden flag.

use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};

/// Print a completion script.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    shell: Option<Shell>,

    /// Accepted for the sake of the official client
    #[arg(long, hide = true)]
    no_descriptions: bool,
}

pub fn run(args: CompletionArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.shell {
        None => ctx.out().help(&help_of(tree, &["completion"])),
        Some(shell) => ctx.out().bytes(&script(shell, tree())),
    }
}

/// Writes `autocomplete.sh` and `autocomplete.zsh` into `./autocomplete`, which must be there.
///
/// # Errors
///
/// If a file cannot be written; the official client says so too, but exits with 0.
pub fn generate_autocomplete(root: Command) -> Result<()> {
    for (name, shell) in [("autocomplete.sh", Shell::Bash), ("autocomplete.zsh", Shell::Zsh)] {
        let path = Path::new("autocomplete").join(name);
        std::fs::write(&path, script(shell, root.clone()))
            .with_context(|| format!("cannot write {}", path.display()))
            .map_err(|error| CliError::from(error).hint("the directory must be there; it is not made"))?;
    }
    Ok(())
}

fn script(shell: Shell, mut root: Command) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut root, "mender-cli", &mut script);
    script
}
