//! Stored tokens: plain text, one a file, for this user alone.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mender::Token;

use super::env::Env;
use super::{private_file, profiles};

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
        if profile != profiles::DEFAULT {
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
        match std::fs::read(&self.0) {
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
        private_file::write(&self.0, token.expose().as_bytes())
    }

    /// Forgets the token.
    ///
    /// # Errors
    ///
    /// If the file is there and cannot be removed.
    pub fn remove(&self) -> anyhow::Result<()> {
        private_file::remove(&self.0)
    }
}

/// Moves the token from where releases of long ago kept it. Whatever fails, there is just no token then.
fn migrate(old_directory: &Path, new: &Path) {
    let old = old_directory.join("authtoken");
    if new.exists() || !old.is_file() {
        return;
    }
    let Some(directory) = new.parent() else { return };
    if private_file::make_directory(directory).is_ok() && std::fs::rename(&old, new).is_ok() {
        // Only an empty directory goes.
        let _ = std::fs::remove_dir(old_directory);
    }
}
