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

/// Whether that is how the server writes an id: a UUID in lower case.
pub fn is_id(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_id("0123abcd-0000-4000-8000-00000000000f"));
        for name in
            ["", "release-1", "0123ABCD-0000-4000-8000-00000000000F", "0123abcd-0000-4000-8000-00000000000"]
        {
            assert!(!is_id(name), "{name}");
        }
    }
}
