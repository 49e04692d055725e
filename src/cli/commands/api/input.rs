//! What is read for a request: files, and stdin once.

use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::error::{CliError, Result};
use crate::cli::files;

/// The services take a megabyte; Artifacts have a command of their own.
const LARGEST: u64 = 16 << 20;

/// Reads, and keeps in mind whether stdin is used up.
#[derive(Default)]
pub struct Inputs {
    stdin_is_read: bool,
}

impl Inputs {
    /// All that is in a file; `-` is stdin.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is too large, or stdin was read before.
    pub async fn body(&mut self, path: &Path) -> Result<Vec<u8>> {
        let is_stdin = path.as_os_str() == "-";
        if is_stdin && std::mem::replace(&mut self.stdin_is_read, true) {
            return Err(CliError::usage("stdin can be read only once"));
        }
        let path = path.to_owned();
        let shown = if is_stdin { "stdin".to_owned() } else { path.display().to_string() };
        // A pipe may have nothing to say for long; Ctrl-C gets through meanwhile.
        let reading = tokio::task::spawn_blocking(move || match is_stdin {
            true => files::read_within(LARGEST, io::stdin().lock()),
            false => File::open(path).and_then(|file| files::read_within(LARGEST, file)),
        });
        let read = reading.await.context("the reading failed")?;
        Ok(read.with_context(|| format!("cannot read {shown}"))?)
    }

    /// The same, if it is text.
    ///
    /// # Errors
    ///
    /// As [`Inputs::body`], and if it is not UTF-8.
    pub async fn text(&mut self, path: &str) -> Result<String> {
        let content = self.body(Path::new(path)).await?;
        String::from_utf8(content)
            .map_err(|_| CliError::failed(format!("{path} is no text: it is not UTF-8")))
    }
}
