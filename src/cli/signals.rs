//! Ctrl-C and the order to end.

use super::error::{CliError, Kind, Result};

/// Runs `work` until it is done or the user stops it; then `work` is dropped, which ends its requests and
/// removes its temporary files, and the error says what `meaning` makes of it.
pub async fn interruptible<T>(
    work: impl Future<Output = Result<T>>,
    meaning: impl FnOnce() -> String,
) -> Result<T> {
    tokio::select! {
        // The innermost meaning is the best one: work that notices the signal itself goes first. And until it waits
        // for something here, while it reads files or a token say, a signal just ends the program.
        biased;
        outcome = work => outcome,
        () = async { Stop::listen().ordered().await } => Err(CliError::new(Kind::Interrupted, anyhow::Error::msg(meaning()))),
    }
}

#[cfg(unix)]
struct Stop(Option<[tokio::signal::unix::Signal; 2]>);

#[cfg(unix)]
impl Stop {
    /// Without handlers, should the system refuse them, its own way to end a program stays in force.
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let both = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        Stop(if let (Ok(interrupt), Ok(terminate)) = both { Some([interrupt, terminate]) } else { None })
    }

    async fn ordered(&mut self) {
        let Some([interrupt, terminate]) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn listen() -> Self {
        Stop
    }

    async fn ordered(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
