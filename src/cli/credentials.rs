//! Stored tokens: plain text, one a file, for this user alone.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mender::{ServerUrl, Token};

use super::args::GlobalArgs;
use super::env::Env;
use super::files;
use super::profiles::{self, DEFAULT, ProfileName, Profiles};

/// The file with the token of one profile.
#[derive(Clone, Debug)]
pub struct TokenFile(PathBuf);

impl TokenFile {
    /// The file of a profile. That of `default` is the official client's, which other programs read too.
    ///
    /// # Errors
    ///
    /// If the user has no home.
    pub fn of_profile(env: &Env, profile: &str) -> anyhow::Result<Self> {
        if profile != DEFAULT {
            return Ok(TokenFile(profiles::directory(env)?.join("tokens").join(profile)));
        }
        let cache = env.cache.as_ref().context("there is no home directory for the token; set HOME")?;
        let path = cache.join("mender").join("authtoken");
        if let Some(home) = &env.home {
            migrate(&home.join(".mender"), &path);
        }
        Ok(TokenFile(path))
    }

    /// A file that the user named.
    pub fn at(path: &Path) -> Self {
        TokenFile(path.to_owned())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What the file holds, if there is one.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be read.
    pub fn read(&self) -> io::Result<Option<String>> {
        match files::read(&self.0) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written; the token that was there before still is.
    pub fn write(&self, token: &Token) -> anyhow::Result<()> {
        let directory = self.0.parent().unwrap_or(&self.0);
        if !directory.exists() {
            log::debug!("creating directory: {}", directory.display());
        }
        files::write(&self.0, token.expose().as_bytes())?;
        log::debug!("saved token to: {}", self.0.display());
        Ok(())
    }

    /// Forgets the token.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be removed.
    pub fn remove(&self) -> anyhow::Result<()> {
        files::remove(&self.0)
    }
}

/// The stored token as it was when it was looked at; it is not looked at a second time, since it may be another then.
pub struct Stored {
    pub file: TokenFile,
    pub content: io::Result<Option<String>>,
}

impl Stored {
    pub fn read(file: TokenFile) -> Self {
        let content = file.read();
        Stored { file, content }
    }

    /// Tells the token from others, if there is one.
    pub fn digest(&self) -> Option<String> {
        let text = self.content.as_ref().ok()?.as_ref()?;
        Token::new(text).ok().map(|token| token.digest())
    }
}

/// Moves the token from where releases of long ago kept it. Whatever fails, there is just no token then.
fn migrate(old_directory: &Path, new: &Path) {
    let old = old_directory.join("authtoken");
    if new.exists() || !old.is_file() {
        return;
    }
    let Some(directory) = new.parent() else { return };
    if files::make_directory(directory).is_ok() && std::fs::rename(&old, new).is_ok() {
        // Only an empty directory goes.
        let _ = std::fs::remove_dir(old_directory);
    }
}

/// Stores the token of a profile, and remembers whose it is so that no other server gets it. A named profile also
/// keeps what the flags say of its server.
///
/// # Errors
///
/// If a file cannot be written; then the token that was stored before still is.
pub fn store(
    env: &Env,
    flags: &GlobalArgs,
    profile: &str,
    server: &ServerUrl,
    token: &Token,
) -> anyhow::Result<()> {
    let name: ProfileName = profile.parse()?;
    let file = TokenFile::of_profile(env, profile)?;
    let before = file.read().ok().flatten();
    // Under one lock, so that no other run comes in between the token and whose it is.
    let stored = Profiles::edit(env, |profiles| {
        file.write(token)?;
        profiles.set(&name, "token-digest", Some(&token.digest()));
        profiles.set(&name, "token-server", Some(&server.to_string()));
        // That of `default` may change with the configuration file.
        if profile == DEFAULT {
            return Ok(());
        }
        let has_server = profiles.get(profile)?.is_some_and(|profile| profile.server.is_some());
        if flags.server.is_some() || !has_server {
            profiles.set(&name, "server", Some(&server.to_string()));
        }
        for (key, path) in [
            ("ca-cert", &flags.ca_cert),
            ("client-cert", &flags.client_cert),
            ("client-key", &flags.client_key),
        ] {
            if let Some(path) = path {
                // So that it means the same from every directory.
                let path = std::path::absolute(path)?;
                let text = path.to_str().with_context(|| format!("{} is no text", path.display()))?;
                profiles.set(&name, key, Some(text));
            }
        }
        Ok(())
    });
    // A token of which nobody remembers the server could go to another one.
    if stored.is_err() && file.read().ok().flatten().as_deref() == Some(token.expose()) {
        match before {
            Some(before) => files::write(&file.0, before.as_bytes())?,
            None => file.remove()?,
        }
    }
    stored
}

/// Forgets the token of a profile, and whose it was.
///
/// # Errors
///
/// If a file cannot be written.
pub fn forget(env: &Env, profile: &str) -> anyhow::Result<()> {
    let name: ProfileName = profile.parse()?;
    let file = TokenFile::of_profile(env, profile)?;
    // Nothing is written for a profile that no login ever touched.
    let is_remembered = |profile: profiles::Profile| profile.token_digest.is_some();
    if !Profiles::load(env)?.get(profile)?.is_some_and(is_remembered) {
        return file.remove();
    }
    Profiles::edit(env, |profiles| {
        file.remove()?;
        profiles.set(&name, "token-digest", None);
        profiles.set(&name, "token-server", None);
        Ok(())
    })
}
