//! The shapes of a command line that the official client takes and clap alone would not. Pure.
//!
//! The official client finds its command words anywhere among the flags, gives every boolean flag a value on
//! request (`--raw=false`), and prints its version wherever `--version` stands. Scripts use all of it, so the line
//! is put into clap's order first: command words, then everything else as it was.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command, ValueEnum as _};

use super::args::Format;

/// What a line asks for before any command.
#[derive(Debug, PartialEq, Eq)]
pub enum Special {
    /// `--version`, anywhere before `--`.
    Version,
    /// `--generate-autocomplete`; it wins over the version.
    GenerateAutocomplete,
}

/// Looks at the whole line with the eyes of the program's own flags, past everything else.
pub fn special(args: &[OsString], root: &Command) -> Option<Special> {
    let (mut version, mut generate) = (false, false);
    let mut words = args.iter().filter_map(|arg| arg.to_str());
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let Some(long) = word.strip_prefix("--") else {
            if takes_next(word, root, root) {
                words.next();
            }
            continue;
        };
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let on = value.is_none_or(|value| boolean(value).unwrap_or(false));
        match name {
            "version" => version = on,
            "generate-autocomplete" => generate = on,
            // Here a word after an unknown flag may well be another flag, so only known ones take it.
            _ if value.is_none() && is_known_with_value(name, root) => drop(words.next()),
            _ => {}
        }
    }
    match (generate, version) {
        (true, _) => Some(Special::GenerateAutocomplete),
        (false, true) => Some(Special::Version),
        (false, false) => None,
    }
}

/// The form of the output, for the errors of a line that cannot be parsed.
pub fn format(args: &[OsString]) -> Option<Format> {
    let mut words = args.iter().filter_map(|arg| arg.to_str()).take_while(|word| *word != "--");
    let mut found = None;
    while let Some(word) = words.next() {
        let value = match word {
            "-o" | "--output" => words.next(),
            _ => word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")),
        };
        found = value.and_then(|value| Format::from_str(value, false).ok()).or(found);
    }
    found
}

/// Puts the command words first and boolean flags into the form without a value.
pub fn arrange(args: Vec<OsString>, root: &Command) -> Vec<OsString> {
    let mut rest = args;
    let mut words = Vec::new();
    let mut command = root;
    while let Some(index) = first_word(&rest, root, command)
        && let Some(sub) = rest[index].to_str().and_then(|word| command.find_subcommand(word))
    {
        words.push(rest.remove(index));
        command = sub;
    }
    words.extend(without_boolean_values(rest, root, command));
    words
}

/// The first word that is neither a flag nor, as far as one can tell at this place, the value of one.
fn first_word(args: &[OsString], root: &Command, command: &Command) -> Option<usize> {
    let mut index = 0;
    while index < args.len() {
        match args[index].to_str() {
            Some("--") => return None,
            Some(word) if word.starts_with('-') && word != "-" => {
                index += if takes_next(word, root, command) { 2 } else { 1 };
            }
            Some("") => index += 1,
            _ => return Some(index),
        }
    }
    None
}

/// Whether a flag takes the next word along: a known one with a value, or an unknown one.
fn takes_next(word: &str, root: &Command, command: &Command) -> bool {
    if !word.starts_with('-') || word.contains('=') {
        return false;
    }
    match (word.strip_prefix("--"), word.chars().count()) {
        (Some(long), _) => !flags(root, command).any(|arg| arg.get_long() == Some(long) && is_boolean(arg)),
        (None, 2) => {
            let short = word.chars().nth(1);
            !flags(root, command).any(|arg| arg.get_short() == short && is_boolean(arg))
        }
        // In a cluster the value, if there is one, is part of the word.
        _ => false,
    }
}

fn is_known_with_value(long: &str, root: &Command) -> bool {
    root.get_arguments().any(|arg| arg.get_long() == Some(long) && !is_boolean(arg))
}

fn flags<'c>(root: &'c Command, command: &'c Command) -> impl Iterator<Item = &'c Arg> {
    root.get_arguments().chain(command.get_arguments())
}

fn is_boolean(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Help | ArgAction::Version)
        // The help flag exists only in the finished command.
        || arg.get_long() == Some("help")
}

/// `--raw=true` becomes `--raw`; `--raw=false` goes, and with it any `--raw` before: the last one counts.
fn without_boolean_values(args: Vec<OsString>, root: &Command, command: &Command) -> Vec<OsString> {
    let mut done: Vec<OsString> = Vec::with_capacity(args.len());
    let mut plain = false;
    let mut is_value = false;
    for arg in args {
        plain |= !is_value && arg == OsStr::new("--");
        let flag = if plain || is_value { None } else { arg.to_str().and_then(|w| valued(w, root, command)) };
        is_value = !plain && !is_value && arg.to_str().is_some_and(|w| has_value_next(w, root, command));
        match flag {
            Some(BooleanFlag { short, long, on: true }) => done.push(spelled(short, long)),
            Some(BooleanFlag { short, long, on: false }) => {
                let long = long.map(|long| format!("--{long}"));
                let short = short.map(|short| format!("-{short}"));
                done.retain(|earlier| {
                    Some(earlier.as_os_str()) != long.as_deref().map(OsStr::new)
                        && Some(earlier.as_os_str()) != short.as_deref().map(OsStr::new)
                });
            }
            None => done.push(arg),
        }
    }
    done
}

struct BooleanFlag<'c> {
    short: Option<char>,
    long: Option<&'c str>,
    on: bool,
}

fn spelled(short: Option<char>, long: Option<&str>) -> OsString {
    match (long, short) {
        (Some(long), _) => format!("--{long}").into(),
        (None, Some(short)) => format!("-{short}").into(),
        (None, None) => unreachable!("every flag has a name"),
    }
}

/// A boolean flag with a value that can be understood: `--raw=1`, `-r=false`.
fn valued<'c>(word: &str, root: &'c Command, command: &'c Command) -> Option<BooleanFlag<'c>> {
    let (name, value) = word.split_once('=')?;
    let on = boolean(value)?;
    let named = |arg: &&Arg| match name.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => {
            let mut letters = name.chars();
            letters.next() == Some('-') && arg.get_short() == letters.next() && letters.next().is_none()
        }
    };
    let arg = flags(root, command).filter(|arg| is_boolean(arg)).find(named)?;
    Some(BooleanFlag { short: arg.get_short(), long: arg.get_long(), on })
}

/// Whether the next word is this flag's value, so that it must be left alone.
fn has_value_next(word: &str, root: &Command, command: &Command) -> bool {
    if word.contains('=') || !word.starts_with('-') {
        return false;
    }
    let with_value = |arg: &&Arg| !is_boolean(arg) && !arg.is_positional();
    match word.strip_prefix("--") {
        Some(long) => flags(root, command).filter(with_value).any(|arg| arg.get_long() == Some(long)),
        None => {
            // The last letter of a cluster, if all before it are boolean.
            let mut letters = word.chars().skip(1).peekable();
            while let Some(letter) = letters.next() {
                let found = flags(root, command).find(|arg| arg.get_short() == Some(letter));
                if found.as_ref().is_some_and(with_value) {
                    return letters.peek().is_none();
                }
            }
            false
        }
    }
}

/// The spellings of Go's `strconv.ParseBool`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn root() -> Command {
        crate::cli::tree::Cli::command()
    }

    fn line(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn arranged(text: &str) -> String {
        let words = arrange(line(text), &root());
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn command_words_are_found_among_flags() {
        for (given, expected) in [
            ("artifacts list -d 2", "artifacts list -d 2"),
            ("-d 2 artifacts list", "artifacts list -d 2"),
            ("-d2 artifacts list", "artifacts list -d2"),
            ("--detail=2 artifacts list", "artifacts list --detail=2"),
            ("artifacts -r=true list", "artifacts list --raw"),
            ("artifacts --server URL upload FILE", "artifacts upload --server URL FILE"),
            ("--server artifacts artifacts list", "artifacts list --server artifacts"),
            ("-k artifacts -v list", "artifacts list -k -v"),
            // An unknown flag eats the next word, as in the official client.
            ("-r artifacts list", "-r artifacts list"),
            ("artifacts -r list", "artifacts -r list"),
            ("-- artifacts list", "-- artifacts list"),
            ("artifacts delete -- list", "artifacts delete -- list"),
        ] {
            assert_eq!(arranged(given), expected, "{given}");
        }
    }

    #[test]
    fn boolean_flags_take_a_value_after_an_equals_sign() {
        for (given, expected) in [
            ("artifacts list --raw=1", "artifacts list --raw"),
            ("artifacts list --raw --raw=false", "artifacts list"),
            ("artifacts list --raw=false --raw", "artifacts list --raw"),
            ("artifacts list -r --raw=F", "artifacts list"),
            ("artifacts list -k=TRUE", "artifacts list --skip-verify"),
            ("artifacts list --raw=maybe", "artifacts list --raw=maybe"),
            ("artifacts upload --description --raw=1 f", "artifacts upload --description --raw=1 f"),
            ("artifacts upload -- --no-progress=false", "artifacts upload -- --no-progress=false"),
        ] {
            assert_eq!(arranged(given), expected, "{given}");
        }
    }

    #[test]
    fn the_version_is_found_anywhere_before_two_dashes() {
        let found = |text: &str| special(&line(text), &root());
        for text in ["--version", "artifacts list --version", "login --username --version", "foo --version=1"]
        {
            assert_eq!(found(text), Some(Special::Version), "{text}");
        }
        for text in
            ["", "artifacts list", "-- --version", "--server --version", "--version=false", "-o --version"]
        {
            assert_eq!(found(text), None, "{text}");
        }
        assert_eq!(found("--version --generate-autocomplete"), Some(Special::GenerateAutocomplete));
    }
}
