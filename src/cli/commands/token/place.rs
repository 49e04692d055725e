//! Where a new token goes, which nobody could ever see again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mender::Token;
use tokio::io::AsyncWriteExt as _;

use crate::cli::error::{CliError, Result};
use crate::cli::files::{self, Target};

/// Where the token goes, found and opened before there is one.
pub enum Place {
    Stdout,
    Open(PathBuf, tokio::fs::File),
    File(PathBuf),
}

impl Place {
    /// What the line names; nothing names stdout.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or would replace something.
    pub async fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Place::Stdout) };
        let shown = path.display();
        if path.is_dir() {
            return Err(CliError::usage(format!("{shown} is a directory, not a file")));
        }
        let real = match Target::of(path)? {
            Target::Stdout => return Ok(Place::Stdout),
            // A pipe may wait for its reader for ever; Ctrl-C gets through meanwhile.
            Target::Open(path) => {
                let file = tokio::fs::File::options().write(true).open(&path).await;
                let file = file.with_context(|| format!("cannot write {shown}"))?;
                return Ok(Place::Open(path, file));
            }
            Target::File(real) => real,
        };
        // Another token, which may still be in use, would be lost.
        if std::fs::metadata(&real).is_ok_and(|file| file.len() > 0) {
            return Err(CliError::failed(format!("{shown} is there already and is not overwritten"))
                .hint("remove it first, or name another file; - is stdout"));
        }
        match real.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) {
            Some(directory) => {
                Err(CliError::failed(format!("there is no directory {}", directory.display())))
            }
            None => Ok(Place::File(real)),
        }
    }

    /// Writes the token, unless it is to be shown, and tells where.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn write(&mut self, token: &Token) -> anyhow::Result<Option<&Path>> {
        let content = format!("{}\n", token.expose());
        match self {
            Place::Stdout => Ok(None),
            Place::Open(path, file) => {
                let written = async {
                    file.write_all(content.as_bytes()).await?;
                    file.flush().await
                };
                written.await.with_context(|| format!("cannot write {}", path.display()))?;
                Ok(Some(path))
            }
            Place::File(path) => {
                files::write(path, content.as_bytes())?;
                Ok(Some(path))
            }
        }
    }
}
