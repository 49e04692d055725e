//! One file a command, named as on the command line; a noun with much to do is a folder.

pub mod api;
pub mod artifacts;
pub mod completion;
pub mod deployments;
pub mod devices;
pub mod groups;
pub mod login;
pub mod logout;
pub mod man;
pub mod profile;
pub mod releases;
pub mod status;
pub mod token;
pub mod users;
pub mod whoami;

use clap::Command;
use clap::builder::StyledStr;

/// All commands, for those that describe them. Most do not, and need no tree built a second time.
pub type Tree = fn() -> Command;

/// The help of a command, for a noun that is called without a verb.
pub fn help_of(tree: Tree, path: &[&str]) -> StyledStr {
    let mut root = tree();
    root.build();
    let mut command = &mut root;
    for word in path {
        command = command.find_subcommand_mut(word).expect("the words of a command that was just parsed");
    }
    command.render_help()
}
