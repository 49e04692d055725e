//! What a command fails with: a kind that decides the exit code, a cause, and what to do about it.

use std::process::ExitCode;

use mender::{ConnectionFault, Error, Refusal};

/// The kinds of failure, each with its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It did not work.
    Failed,
    /// The command line is wrong.
    Usage,
    /// Some of it worked.
    Partial,
    /// Time ran out while waiting.
    Timeout,
    /// The user stopped it.
    Interrupted,
    /// Whoever read our output has gone; there is nobody to complain to.
    Closed,
}

impl Kind {
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Closed => 0,
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Partial => 3,
            Kind::Timeout => 4,
            Kind::Interrupted => 130,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Kind::Closed => "closed",
            Kind::Failed => "failed",
            Kind::Usage => "usage",
            Kind::Partial => "partial",
            Kind::Timeout => "timeout",
            Kind::Interrupted => "interrupted",
        }
    }
}

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> Self {
        ExitCode::from(kind.exit_code())
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct CliError {
    pub kind: Kind,
    pub cause: anyhow::Error,
    pub hints: Vec<String>,
    /// What the server said, where it was the server.
    pub refusal: Option<Box<Refusal>>,
}

/// The result of a command.
pub type Result<T, E = CliError> = std::result::Result<T, E>;

impl CliError {
    pub fn new(kind: Kind, cause: impl Into<anyhow::Error>) -> Self {
        CliError { kind, cause: cause.into(), hints: Vec::new(), refusal: None }
    }

    /// It did not work, for a reason in words.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::new(Kind::Failed, anyhow::Error::msg(text.into()))
    }

    /// The line asks for something that cannot be.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Kind::Usage, anyhow::Error::msg(text.into()))
    }

    /// What the user can do about it.
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(text.into());
        self
    }

    /// Says before it what was being worked on.
    pub fn context(self, text: impl Into<String>) -> Self {
        CliError { cause: self.cause.context(text.into()), ..self }
    }

    /// Says it in other words, those that scripts look for. What the server said stays behind them.
    pub fn reworded(mut self, text: impl Into<String>) -> Self {
        let details = self.refusal.as_ref().map(|refusal| refusal.details()).unwrap_or_default();
        self.cause = anyhow::Error::msg(format!("{}{details}", text.into()));
        self
    }

    /// Says so if it is a service that the server lacks: then some other part of it answers, without a word of its own.
    pub fn or_lacking(self, service: &str) -> Self {
        let is_other = self.refusal.as_ref().is_some_and(|refusal| refusal.is_from_elsewhere());
        if is_other { self.reworded(format!("the server has no service {service}")) } else { self }
    }

    /// Whether the same request may go better later: the line broke, or the server is in trouble or was asked too often.
    pub fn may_pass(&self) -> bool {
        let is_broken = matches!(self.cause.downcast_ref(), Some(Error::Connection { .. }));
        is_broken || matches!(self.status(), Some(429 | 500 | 502..=599))
    }

    /// The HTTP status that the server refused with.
    pub fn status(&self) -> Option<u16> {
        self.refusal.as_ref().map(|refusal| refusal.status)
    }

    /// The whole of it in one line.
    pub fn message(&self) -> String {
        format!("{:#}", self.cause)
    }
}

impl From<anyhow::Error> for CliError {
    fn from(cause: anyhow::Error) -> Self {
        Self::new(Kind::Failed, cause)
    }
}

impl From<mender::ServerUrlError> for CliError {
    fn from(cause: mender::ServerUrlError) -> Self {
        Self::new(Kind::Failed, cause)
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let kind = if matches!(error, Error::NotProcessed { .. }) { Kind::Timeout } else { Kind::Failed };
        let hint = advice(&error);
        let refusal = error.refusal().map(|refusal| Box::new(refusal.clone()));
        let error = CliError { refusal, ..Self::new(kind, error) };
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// What helps against an error of the library, wherever it came up.
fn advice(error: &Error) -> Option<String> {
    let text = match error {
        Error::Connection { request, fault, .. } => match fault {
            ConnectionFault::Certificate => {
                "if the server has a certificate authority of its own, name its file with --ca-cert"
            }
            ConnectionFault::Tls => "is this the port that speaks https?",
            ConnectionFault::Broken | ConnectionFault::Timeout | ConnectionFault::Other
                if !request.only_asks() =>
            {
                "it may have been done all the same; look before you try again"
            }
            _ => return None,
        },
        Error::Redirect { location, .. } => {
            let server = location.split("/api/management/").next().unwrap_or(location);
            return Some(format!(
                "nothing was sent there; if that is the right server, use --server {server}"
            ));
        }
        // What a storage refuses has nothing to do with roles.
        Error::Refused(refusal) if refusal.request.is_storage() => return None,
        Error::Refused(refusal) => match refusal.status {
            403 => "the user's role, or the plan, does not allow it",
            413 => "it is larger than the server accepts",
            429 => "the server limits how often it may be asked; try again later",
            _ => return None,
        },
        Error::NotProcessed { .. } => {
            "the server tells nobody why; it may still be at work, or it refused the file: its log knows"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
