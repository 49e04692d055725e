//! What the programs talk to.

use std::path::{Path, PathBuf};

use sandbox::Sandbox;

use crate::Failure;
use crate::sink::Sink;

/// One of the two servers.
pub enum Host {
    Sink(Sink),
    /// None before the first run.
    Sandbox(Option<Sandbox>),
}

impl Host {
    pub fn sink(folder: &Path) -> Result<Host, Failure> {
        Ok(Host::Sink(Sink::start(folder)?))
    }

    pub fn sandbox() -> Host {
        Host::Sandbox(None)
    }

    /// Before each run: the sandbox would refuse the same Artifact a second time.
    pub fn renew(&mut self) -> Result<(), Failure> {
        match self {
            Host::Sink(sink) => sink.forget(),
            Host::Sandbox(old) => {
                *old = None;
                *old = Some(Sandbox::builder().try_start()?);
            }
        }
        Ok(())
    }

    pub fn url(&self, tls: bool) -> String {
        match self {
            Host::Sink(sink) => sink.url(tls),
            Host::Sandbox(_) if tls => self.running().https_url().to_owned(),
            Host::Sandbox(_) => self.running().url().to_owned(),
        }
    }

    pub fn ca_file(&self) -> PathBuf {
        match self {
            Host::Sink(sink) => sink.ca_file().to_owned(),
            Host::Sandbox(_) => self.running().ca_file().to_owned(),
        }
    }

    pub fn token(&self) -> String {
        match self {
            // It looks like one, and nobody checks it.
            Host::Sink(_) => "eyJhbGciOiJub25lIn0.eyJzdWIiOiJiZW5jaCJ9.c2lnbmF0dXJl".into(),
            Host::Sandbox(_) => self.running().login(),
        }
    }

    /// Whether the upload came in whole: a program that fails fast must not win.
    pub fn has_arrived(&self, size: u64) -> Result<(), String> {
        match self {
            Host::Sink(sink) if sink.received() < size => {
                Err(format!("{} of {size} bytes arrived", sink.received()))
            }
            Host::Sandbox(_) if self.running().artifact_count() != 1 => Err("no Artifact was stored".into()),
            _ => Ok(()),
        }
    }

    fn running(&self) -> &Sandbox {
        match self {
            Host::Sandbox(Some(sandbox)) => sandbox,
            _ => unreachable!("a sandbox is started before each run"),
        }
    }
}
