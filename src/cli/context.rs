//! What a command has at hand: settings, output, and a client once it asks for one.

use std::cell::OnceCell;

use anyhow::Context as _;
use mender::{Anonymous, Client, Token, Trust};

use super::args::{ConsentArgs, GlobalArgs};
use super::clirc;
use super::credentials::{Stored, TokenFile};
use super::env::Env;
use super::error::{CliError, Result};
use super::files;
use super::output::Output;
use super::profiles::{self, DEFAULT, Profiles};
use super::settings::{Inputs, Origin, Settings, Sourced, resolve};
use super::token_source::{self, TokenInUse};

/// A stored token that ends sooner is warned of, in seconds.
const SOON: i64 = 24 * 3600;

/// Made once in the beginning and only read after that. Nothing is looked at before a command asks for it, so
/// that a broken configuration breaks only what needs one.
pub struct Context {
    flags: GlobalArgs,
    env: Env,
    out: Output,
    configured: OnceCell<Configured>,
    token: OnceCell<TokenInUse>,
}

struct Configured {
    settings: Settings,
    /// Whether the profile is there.
    is_known: bool,
    stored: Option<Stored>,
    /// The server that the stored token is from.
    token_home: Option<String>,
    /// Whether the stored token is not the one that was stored by us, where it should be.
    is_foreign: bool,
}

impl Context {
    pub fn new(flags: GlobalArgs, env: Env, out: Output) -> Self {
        Context { flags, env, out, configured: OnceCell::new(), token: OnceCell::new() }
    }

    pub fn out(&self) -> &Output {
        &self.out
    }

    pub fn env(&self) -> &Env {
        &self.env
    }

    pub fn flags(&self) -> &GlobalArgs {
        &self.flags
    }

    /// The settings, from everything that has a say.
    ///
    /// # Errors
    ///
    /// If a configuration file is faulty, the flags contradict each other or the server's address is none.
    pub fn settings(&self) -> Result<&Settings> {
        Ok(&self.configured()?.settings)
    }

    fn configured(&self) -> Result<&Configured> {
        match self.configured.get() {
            Some(configured) => Ok(configured),
            None => {
                let configured = self.configure()?;
                Ok(self.configured.get_or_init(|| configured))
            }
        }
    }

    fn configure(&self) -> Result<Configured> {
        let clirc = clirc::read(&self.env)?;
        if let Some(file) = &clirc {
            self.out.notice(format_args!("Using configuration file: {}", file.path.display()));
        }
        // A login that is under way must not come in between the token and whose it is.
        let _lock = profiles::file(&self.env).ok().map(|path| files::lock_for_reading(&path)).transpose()?;
        // Without a home there is no profile either; the official client works there, given a token.
        let profiles = if self.env.config.is_some() { Some(Profiles::load(&self.env)?) } else { None };
        let name = self.profile_name(profiles.as_ref());
        let profile = match &profiles {
            Some(profiles) => profiles.get(&name.value)?,
            None => None,
        };
        for key in profiles.iter().flat_map(|profiles| profiles.unknown_keys(&name.value)) {
            self.out.warn(format_args!("profile {} has a key that means nothing here: {key}", name.value));
        }
        let is_known = profile.is_some() || name.origin == Origin::Default;
        // A flag may name one that `login` is about to make.
        if !is_known && !matches!(name.origin, Origin::Flag(_)) {
            return Err(unknown_profile(&name));
        }
        let profile = profile.unwrap_or_default();
        let stored = TokenFile::of_profile(&self.env, &name.value).ok().map(Stored::read);
        let remembered = profile.token_digest.clone().zip(profile.token_server.clone());
        let digest = stored.as_ref().and_then(Stored::digest);
        let is_ours = |(ours, _): &(String, String)| digest.as_ref().is_none_or(|digest| digest == ours);
        // No other program writes there, so that it was cut off in between, or somebody meddled.
        let is_foreign = name.value != DEFAULT && remembered.as_ref().is_some_and(|it| !is_ours(it));
        // The official client may have stored another one; then we know nothing of its server.
        let remembered = remembered.filter(is_ours).filter(|_| digest.is_some());
        let settings = resolve(Inputs {
            flags: &self.flags,
            env: &self.env,
            profile_name: name,
            profile,
            clirc: clirc.as_ref(),
            token_server: remembered.as_ref().map(|(_, server)| server.clone()),
        })?;
        if let Some(file) = clirc.filter(|file| file.is_local)
            && settings.server.origin == Origin::File(file.path)
        {
            self.out.warn(format_args!(
                "the configuration file of this directory decides the server: {}",
                settings.server.value
            ));
        }
        Ok(Configured {
            settings,
            is_known,
            stored,
            token_home: remembered.map(|(_, server)| server),
            is_foreign,
        })
    }

    /// Which profile is in use, and who says so.
    pub fn profile_name(&self, profiles: Option<&Profiles>) -> Sourced<String> {
        if let Some(name) = &self.flags.profile {
            return Sourced::new(name.to_string(), Origin::Flag("--profile"));
        }
        if let Some(name) = &self.env.profile {
            return Sourced::new(name.clone(), Origin::Variable("MENDER_PROFILE"));
        }
        match profiles.map(|profiles| (profiles.current(), profiles.path())) {
            Some((name, path)) if name != DEFAULT => {
                Sourced::new(name.to_owned(), Origin::File(path.to_owned()))
            }
            _ => Sourced::new(DEFAULT.to_owned(), Origin::Default),
        }
    }

    /// A client that can only log in.
    ///
    /// # Errors
    ///
    /// If the settings, a certificate or a key are faulty.
    pub fn anonymous(&self) -> Result<Anonymous> {
        let settings = self.settings()?;
        let server = &settings.server.value;
        if settings.skip_verify.is_some() {
            self.out.warn("the server's certificate is not checked: anybody may answer in its place");
        }
        if !server.is_encrypted() && !server.is_loopback() {
            self.out.warn(format_args!("the connection to {server} is not encrypted"));
        }
        let builder = Client::at(server.clone())
            .user_agent(concat!("mender-cli/", env!("CARGO_PKG_VERSION")))
            .trust(self.trust(settings)?)
            .system_proxies(true);
        builder.build().map_err(|error| {
            let mut error = CliError::from(error);
            // Which file it is only the settings know.
            let files = [&settings.ca_cert, &settings.client_cert, &settings.client_key];
            for path in files.into_iter().flatten() {
                error = error.hint(format!("{} names {}", path.origin, path.value.display()));
            }
            error
        })
    }

    fn trust(&self, settings: &Settings) -> Result<Trust> {
        let identity = match (&settings.client_cert, &settings.client_key) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some([read_pem(certificate)?, b"\n".to_vec(), read_pem(key)?].concat())
            }
            // Some keep both in one file.
            (Some(certificate), None) => Some(read_pem(certificate)?),
            (None, Some(key)) => {
                return Err(CliError::failed(format!(
                    "a client key without a client certificate ({} names the key)",
                    key.origin
                )));
            }
        };
        Ok(Trust {
            extra: settings.ca_cert.as_ref().map(read_pem).transpose()?,
            bundle: self.env.ssl_cert_file.clone(),
            directory: self.env.ssl_cert_dir.clone(),
            identity,
            anybody: settings.skip_verify.is_some(),
        })
    }

    /// A client that is logged in.
    ///
    /// # Errors
    ///
    /// As [`Context::token`] and [`Context::anonymous`].
    pub fn client(&self) -> Result<Client> {
        let in_use = self.token()?;
        if in_use.stored.is_some() {
            self.warn_of_the_end(&in_use.token);
        }
        Ok(self.anonymous()?.with_token(in_use.token.clone()))
    }

    /// The token to use. It is read once, however often somebody asks: a pipe or a password manager gives it
    /// only once.
    ///
    /// # Errors
    ///
    /// If there is none, it cannot be read, or it belongs to another server.
    pub fn token(&self) -> Result<&TokenInUse> {
        if let Some(in_use) = self.token.get() {
            return Ok(in_use);
        }
        let configured = self.configured()?;
        if !configured.is_known {
            return Err(unknown_profile(&configured.settings.profile));
        }
        let settings = &configured.settings;
        let in_use =
            token_source::obtain(&settings.token, &settings.profile.value, configured.stored.as_ref())?;
        if in_use.stored.is_some() {
            check_server(configured)?;
        }
        Ok(self.token.get_or_init(|| in_use))
    }

    fn warn_of_the_end(&self, token: &Token) {
        let Some(end) = token.claims().and_then(|claims| claims.exp) else { return };
        let left = end.saturating_sub(jiff::Timestamp::now().as_second());
        if left <= 0 {
            self.out.warn("the stored token has expired; log in again");
        } else if left <= SOON {
            self.out.warn(format_args!("the stored token ends in {}", super::output::duration(left)));
        }
    }

    /// Whether to go on with something that cannot be undone; `--dry-run` says no, after the plan was shown.
    ///
    /// # Errors
    ///
    /// If the user does not want it, or nobody is there to say so.
    pub async fn consent(&self, args: &ConsentArgs, plan: &str) -> Result<bool> {
        if args.dry_run {
            self.out.plan(format_args!("would {plan}"));
            return Ok(false);
        }
        if !args.yes {
            let mut letters = plan.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            let question: String = first.chain(letters).chain(['?']).collect();
            self.out.prompt().consent(&question).await?;
        }
        Ok(true)
    }

    /// Adds what only the settings know: which token and which server it was that did not work.
    pub fn advise(&self, mut error: CliError) -> CliError {
        let Some(configured) = self.configured.get() else { return error };
        let from_server = error.refusal.as_ref().filter(|refusal| !refusal.request.is_storage());
        if from_server.is_some_and(|refusal| refusal.status == 401)
            && let Some(TokenInUse { place, .. }) = self.token.get()
        {
            error = error
                .hint(format!("the server refuses the token from {place}; mender-cli login gets a new one"));
        }
        let unreachable = match error.cause.downcast_ref() {
            Some(mender::Error::Connection { request, .. } | mender::Error::Answer { request, .. }) => {
                !request.is_storage()
            }
            _ => false,
        };
        // A Mender server says what it has not found.
        let is_other = error.refusal.as_ref().is_some_and(|r| r.status == 404 && r.message.is_none());
        if unreachable || is_other {
            let server = &configured.settings.server;
            error = error.hint(format!("the server is {} (from {})", server.value, server.origin));
        }
        error
    }
}

/// A stored token goes to the server that it was got from, or nowhere.
fn check_server(configured: &Configured) -> Result<()> {
    if configured.is_foreign {
        let profile = &configured.settings.profile.value;
        let text = format!(
            "the token of profile {profile} was changed by something else, and its server is not known"
        );
        return Err(
            CliError::failed(text).hint(format!("log in again: mender-cli login --profile {profile}"))
        );
    }
    let Some(home) = &configured.token_home else { return Ok(()) };
    let server = &configured.settings.server;
    if home.parse().is_ok_and(|home| server.value.same_server(&home)) {
        return Ok(());
    }
    Err(CliError::failed(format!(
        "Please Login first: the stored token belongs to {home} and is not sent to {} (from {})",
        server.value, server.origin
    ))
    .hint(match &server.origin {
        Origin::Variable(name) => format!("without the variable {name} the token's own server is used"),
        _ => "log in there, keep both with login --profile NAME, or give a token with --token-value".into(),
    }))
}

fn unknown_profile(name: &Sourced<String>) -> CliError {
    CliError::failed(format!("there is no profile {:?} ({} names it)", name.value, name.origin))
        .hint("mender-cli profile list shows those that there are, login --profile NAME makes one")
}

fn read_pem(path: &Sourced<std::path::PathBuf>) -> Result<Vec<u8>> {
    files::read(&path.value)
        .with_context(|| format!("cannot read {} (from {})", path.value.display(), path.origin))
        .map_err(CliError::from)
}
