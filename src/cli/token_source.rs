//! From the choice of a token to the token: a flag, a variable, a file, a program.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use mender::Token;
use secrecy::ExposeSecret as _;

use super::credentials::{Stored, TokenFile};
use super::error::{CliError, Result};
use super::files;
use super::settings::TokenChoice;

/// A token that is about to be used.
pub struct TokenInUse {
    pub token: Token,
    /// The place in words, for messages.
    pub place: String,
    /// The stored token's file, if it is that one.
    pub stored: Option<TokenFile>,
}

/// Reads the token that was chosen.
///
/// # Errors
///
/// If there is none, or it cannot be read.
pub fn obtain(choice: &TokenChoice, profile: &str, stored: Option<&Stored>) -> Result<TokenInUse> {
    let (text, place) = match choice {
        TokenChoice::Contradiction => {
            return Err(CliError::failed("cannot specify both --token-value and --token"));
        }
        TokenChoice::Given(given) => (given.value.expose_secret().to_owned(), format!("{}", given.origin)),
        TokenChoice::File(path) => (read_named(path)?, format!("the file {} (--token)", path.display())),
        TokenChoice::Command(words) => (run(words)?, format!("the token-command of profile {profile}")),
        TokenChoice::Stored => {
            let stored = stored.context("there is no home directory for the token; set HOME")?;
            let Stored { file, content } = stored;
            (token_in(file, content.as_ref())?, format!("the file {}", file.path().display()))
        }
    };
    let token = Token::new(&text)
        .map_err(|cause| CliError::from(cause).hint(format!("the token comes from {place}")))?;
    let stored = stored.filter(|_| matches!(choice, TokenChoice::Stored)).map(|stored| stored.file.clone());
    Ok(TokenInUse { token, place, stored })
}

/// `--token` names a file; some hand it the token itself, which must not come back in an error.
fn read_named(path: &Path) -> Result<String> {
    let file = TokenFile::at(path);
    if !path.exists() && looks_like_a_token(path) {
        return Err(CliError::failed("--token takes the name of a file, but was given a token")
            .hint("use --token-value, or the variable MENDER_ACCESS_TOKEN"));
    }
    token_in(&file, file.read().as_ref())
}

fn token_in(file: &TokenFile, content: std::result::Result<&Option<String>, &io::Error>) -> Result<String> {
    let path = file.path().display();
    match content {
        Ok(Some(text)) if text.trim().is_empty() => {
            Err(CliError::failed(format!("Please Login first: the token file {path} is empty")))
        }
        Ok(Some(text)) => Ok(text.clone()),
        Ok(None) => {
            let text = format!("Please Login first: open {path}: no such file or directory");
            Err(CliError::failed(text)
                .hint("mender-cli login, or a token with --token-value or MENDER_ACCESS_TOKEN"))
        }
        Err(cause) => Err(CliError::failed(format!("cannot read the token file {path}: {cause}"))),
    }
}

/// Three parts between dots, the first of them a JSON object in base64.
pub fn looks_like_a_token(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.starts_with("eyJ") || (text.len() > 100 && text.matches('.').count() == 2)
}

/// What a program prints, without a shell in between.
fn run(words: &[String]) -> Result<String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(CliError::failed("the token-command of the profile is empty"));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("the token-command {program:?} cannot be run"))?;
    let stdout = child.stdout.take().expect("it is piped");
    let printed = files::read_all(stdout);
    if printed.is_err() {
        // One that prints for ever would not end by itself.
        let _ = child.kill();
    }
    let status =
        child.wait().with_context(|| format!("the token-command {program:?} cannot be waited for"))?;
    let printed =
        printed.with_context(|| format!("what the token-command {program:?} prints is no token"))?;
    if !status.success() {
        return Err(CliError::failed(format!("the token-command {program:?} failed: {status}")));
    }
    Ok(String::from_utf8_lossy(&printed).into_owned())
}
