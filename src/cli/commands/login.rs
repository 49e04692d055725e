//! `login`: a token for a password, or a token that somebody has already, checked and stored.

use clap::Args;
use mender::{Login, RequestLine, Token};
use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::args::SecretArg;
use crate::cli::context::Context;
use crate::cli::credentials::{self, TokenFile};
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::token_source::looks_like_a_token;

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
    let named = named_file(ctx)?;
    let settings = ctx.settings()?;
    let profile = &settings.profile.value;
    let token = if args.with_token { given_token(ctx).await? } else { password_token(&args, ctx).await? };
    let stored = match named {
        // The user looks after that file; nothing is remembered of it.
        Some(file) => file.write(&token),
        None => credentials::store(ctx.env(), ctx.flags(), profile, &settings.server.value, &token),
    };
    if let Err(error) = stored {
        // A login that nobody has must not stay open; a token from elsewhere is not ours to end.
        if !args.with_token {
            let _ = ctx.anonymous()?.with_token(token).logout().await;
        }
        return Err(error.into());
    }
    if let Some((name, _)) = &ctx.env().access_token {
        ctx.out().warn(format_args!("the variable {name} goes before the token that was stored now"));
    }
    ctx.out().notice("login successful");
    Ok(())
}

/// The file to write that `--token` names here, as in the official client.
fn named_file(ctx: &Context) -> Result<Option<TokenFile>> {
    match ctx.flags().token_file() {
        Some(path) if looks_like_a_token(path) => {
            Err(CliError::failed("--token takes the name of a file to write, but was given a token")
                .hint("login --with-token stores a token; it reads it from stdin or asks for it"))
        }
        named => Ok(named.map(TokenFile::at)),
    }
}

/// A token from somewhere else, tried before it is stored.
async fn given_token(ctx: &Context) -> Result<Token> {
    let anonymous = ctx.anonymous()?;
    let prompt = ctx.out().prompt();
    let text = if prompt.somebody_is_there() {
        prompt.ask_secret("Token: ").await?
    } else {
        prompt.read_secret_line().await?
    };
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
    let prompt = ctx.out().prompt().on_stdout();
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
