//! Ctrl-C and the order to end.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::Context as _;
use tokio::sync::oneshot;

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

/// What a thread that works tells whoever waits for it.
enum Step<T> {
    Item(T),
    End(Result<()>),
}

/// Runs `work`, which never waits for anything and may go on for ever, and takes each item that it makes. A signal
/// ends the wait for it.
pub fn interruptible_thread<T: Send + 'static>(
    stack: usize,
    work: impl FnOnce(&mut dyn FnMut(T) -> Result<()>) -> Result<()> + Send + 'static,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let (sender, steps) = sync_channel(1);
    let (working, done) = oneshot::channel::<()>();
    let watcher = sender.clone();
    let run = move || {
        // It goes with this thread, however that ends.
        let _working = working;
        let gone = |_| CliError::new(Kind::Closed, anyhow::Error::msg("nobody waits any more"));
        let outcome = work(&mut |item| sender.send(Step::Item(item)).map_err(gone));
        let _ = sender.send(Step::End(outcome));
    };
    thread::Builder::new().stack_size(stack).spawn(run).context("no thread can be started")?;
    thread::Builder::new().spawn(|| watch(watcher, done)).context("no thread can be started")?;
    loop {
        match steps.recv().context("the work ended early")? {
            Step::Item(item) => take(item)?,
            Step::End(outcome) => return outcome,
        }
    }
}

/// Tells of a signal, unless the work is done before. The program's own listener is asleep meanwhile.
fn watch<T>(steps: SyncSender<Step<T>>, done: oneshot::Receiver<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let stopped = runtime.block_on(async {
        tokio::select! {
            _ = done => false,
            () = async { Stop::listen().ordered().await } => true,
        }
    });
    if stopped {
        let error = CliError::new(Kind::Interrupted, anyhow::Error::msg("interrupted"));
        let _ = steps.send(Step::End(Err(error)));
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
