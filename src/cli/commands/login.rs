//! `login`: a token for a password, or a token that somebody has already, checked and stored.

use std::path::PathBuf;

use clap::Args;
use mender::{Login, RequestLine, ServerUrl, Token};
use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::args::SecretArg;
use crate::cli::context::{Context, looks_like_a_token};
use crate::cli::credentials::TokenFile;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::profiles::{DEFAULT, ProfileName, Profiles};

/// Log in and store the token.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// User to log in as; asked for if it is nowhere to be found
    #[arg(long, value_name = "EMAIL", allow_hyphen_values = true)]
    username: Option<String>,

    /// Password; it shows in the list of processes, unlike MENDER_PASSWORD and --password-stdin
    #[arg(long, allow_hyphen_values = true)]
    password: Option<SecretArg>,

    /// Read the password from stdin
    #[arg(long, conflicts_with = "password")]
    password_stdin: bool,

    /// Code of the second factor; asked for if the server wants one
    #[arg(long = "2fa-code", value_name = "CODE", allow_hyphen_values = true)]
    code: Option<SecretArg>,

    /// Store a token got elsewhere: a personal access token, or a session token from the web page;
    /// it is asked for, or read from stdin
    #[arg(long, conflicts_with_all = ["username", "password", "password_stdin", "code"])]
    with_token: bool,

    /// Words that the official client ignores
    #[arg(hide = true)]
    ignored: Vec<String>,
}

pub async fn run(args: LoginArgs, ctx: &Context) -> Result<()> {
    if !args.ignored.is_empty() {
        ctx.out().warn("login takes no words; they are ignored");
    }
    if ctx.flags().token_value.is_some() {
        ctx.out().warn("login does not use --token-value; login --with-token stores a token");
    }
    let file = token_file(ctx)?;
    let server = ctx.settings()?.server.value.clone();
    let token = if args.with_token { given_token(ctx).await? } else { password_token(&args, ctx).await? };
    store(ctx, &file, &server, &token)?;
    if let Some((name, _)) = &ctx.env().access_token {
        ctx.out().warn(format_args!("the variable {name} goes before the token that was stored now"));
    }
    ctx.out().notice("login successful");
    Ok(())
}

/// Where the token will be written. `--token` names a file here too, as in the official client.
fn token_file(ctx: &Context) -> Result<TokenFile> {
    match &ctx.flags().token {
        Some(path) if looks_like_a_token(path) => {
            Err(CliError::failed("--token takes the name of a file to write, but was given a token")
                .hint("login --with-token stores a token; it reads it from stdin or asks for it"))
        }
        Some(path) if !path.as_os_str().is_empty() => Ok(TokenFile::at(path)),
        _ => Ok(TokenFile::of_profile(ctx.env(), &ctx.settings()?.profile.value)?),
    }
}

/// A token from somewhere else, tried before it is stored.
async fn given_token(ctx: &Context) -> Result<Token> {
    let anonymous = ctx.anonymous()?;
    let text = ctx.out().prompt().ask_secret("Token: ").await?;
    let token = Token::new(text.expose_secret()).map_err(CliError::from)?;
    let user = anonymous.with_token(token.clone()).users().me().await.map_err(|error| {
        let error = CliError::from(error);
        if error.status() == Some(401) { error.hint("the server does not take this token") } else { error }
    })?;
    ctx.out().notice(format_args!("the token belongs to {}", user.email));
    Ok(token)
}

async fn password_token(args: &LoginArgs, ctx: &Context) -> Result<Token> {
    let settings = ctx.settings()?;
    let anonymous = ctx.anonymous()?;
    let prompt = ctx.out().prompt();
    let given = args.username.clone().filter(|name| !name.is_empty());
    let username = match given.or_else(|| settings.username.clone().map(|name| name.value)) {
        Some(name) => name,
        None => prompt.ask("Username: ").await.map_err(unanswered)?,
    };
    if username.trim().is_empty() {
        return Err(CliError::failed("no username"));
    }
    let flag = args.password.as_ref().map(|password| password.secret().clone());
    let set = settings.password.as_ref().map(|password| password.value.clone());
    let password = match flag.filter(|password| !password.expose_secret().is_empty()) {
        _ if args.password_stdin => prompt.read_secret_line().await.map_err(unanswered)?,
        Some(password) => password,
        None => match set {
            Some(password) => password,
            None => prompt.ask_secret("Password: ").await.map_err(unanswered)?,
        },
    };
    let code =
        args.code.as_ref().map(|code| code.secret().clone()).filter(|code| !code.expose_secret().is_empty());
    let attempt = |code: Option<SecretString>| {
        let (anonymous, username, password) = (&anonymous, &username, &password);
        async move {
            let code = code.as_ref().map(|code| code.expose_secret());
            anonymous.login(username, password.expose_secret(), code).await.map_err(refused)
        }
    };
    let mut outcome = attempt(code).await?;
    if matches!(outcome, Login::SecondFactor) {
        if !prompt.somebody_is_there() {
            return Err(CliError::failed(
                "login failed with status 401: the account wants the code of its second factor",
            )
            .hint("give it with --2fa-code, or use a personal access token: they need none"));
        }
        let code = prompt.ask_secret("2FA code: ").await?;
        outcome = attempt(Some(code.expose_secret().trim().to_owned().into())).await?;
    }
    match outcome {
        Login::Token(token) => Ok(token),
        Login::SingleSignOn { kind } => Err(CliError::failed(format!(
            "login failed: this account logs in by single sign-on ({kind}), in a web browser"
        ))
        .hint(
            "copy the session token from the web page (My profile), or make a personal access token there, \
                       and store it with: mender-cli login --with-token",
        )),
        _ => Err(CliError::failed("login failed: the server still asks for the code of the second factor")),
    }
}

/// In a pipeline nobody answers; there are other ways.
fn unanswered(error: CliError) -> CliError {
    match error.kind {
        Kind::Failed => error
            .hint("give them with --username and --password-stdin, or MENDER_USERNAME and MENDER_PASSWORD"),
        _ => error,
    }
}

/// The texts that scripts look for.
fn refused(error: mender::Error) -> CliError {
    // Here the official client names no more of the path.
    let error = match error {
        mender::Error::Connection { request, fault, text } => {
            let request = RequestLine { target: "/auth/login".into(), ..request };
            mender::Error::Connection { request, fault, text }
        }
        other => other,
    };
    let error = CliError::from(error);
    match error.status() {
        Some(status) => {
            let error = error.reworded(format!("login failed with status {status}"));
            if status == 401 {
                error.hint("user, password or code is wrong; the server does not tell which")
            } else {
                error
            }
        }
        None => error,
    }
}

/// Writes the token, and remembers whose it is so that no other server gets it.
pub fn store(ctx: &Context, file: &TokenFile, server: &ServerUrl, token: &Token) -> Result<()> {
    let directory = file.path().parent().unwrap_or(file.path());
    if !directory.exists() {
        log::debug!("creating directory: {}", directory.display());
    }
    file.write(token)?;
    log::debug!("saved token to: {}", file.path().display());
    // Nothing is remembered of a file that the user looks after; an empty name is none.
    if ctx.flags().token.as_ref().is_some_and(|path| !path.as_os_str().is_empty()) {
        return Ok(());
    }
    let profile = &ctx.settings()?.profile.value;
    let name: ProfileName = profile.parse()?;
    Profiles::edit(ctx.env(), |profiles| {
        profiles.set(&name, "token-digest", Some(&token.digest()));
        profiles.set(&name, "token-server", Some(&server.to_string()));
        // A named profile is a server; that of `default` may change with the configuration file.
        if profile == DEFAULT {
            return Ok(());
        }
        let known = profiles.get(profile)?.unwrap_or_default();
        let flags = ctx.flags();
        for (key, known, now) in [
            ("server", known.server, Some(server.to_string())),
            ("ca-cert", text(known.ca_cert), absolute(&flags.ca_cert)?),
            ("client-cert", text(known.client_cert), absolute(&flags.client_cert)?),
            ("client-key", text(known.client_key), absolute(&flags.client_key)?),
        ] {
            if let (None, Some(now)) = (known, now) {
                profiles.set(&name, key, Some(&now));
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn text(path: Option<PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

/// A path that means the same from every directory. One that is no text cannot stand in the file.
fn absolute(path: &Option<PathBuf>) -> anyhow::Result<Option<String>> {
    let absolute = path.as_ref().map(std::path::absolute).transpose()?;
    Ok(absolute.and_then(|path| path.to_str().map(str::to_owned)))
}
