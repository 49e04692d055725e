//! `man`: the manual pages.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Command};
use clap_mangen::Man;

use super::Tree;
use crate::cli::context::Context;
use crate::cli::error::Result;

/// Print the manual page, or write all of them.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write a page for each command into this directory
    #[arg(short = 'O', long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
}

pub fn run(args: ManArgs, ctx: &Context, tree: Tree) -> Result<()> {
    let tree = tree().version(env!("CARGO_PKG_VERSION"));
    match args.output_dir {
        None => ctx.out().bytes(&page(&tree)?),
        Some(directory) => {
            std::fs::create_dir_all(&directory)
                .with_context(|| format!("cannot make the directory {}", directory.display()))?;
            clap_mangen::generate_to(without_help(tree), &directory)
                .with_context(|| format!("cannot write the pages into {}", directory.display()))?;
            Ok(())
        }
    }
}

/// `help COMMAND` of every command would be a page of its own.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).context("cannot write the page")?;
    Ok(page)
}
