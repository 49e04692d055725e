//! Ends the benchmark when a program hangs or somebody presses Ctrl-C, and takes the large file with it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One run of a program may take so long. 8 GiB at 30 MiB a second need less.
const LIMIT: Duration = Duration::from_secs(300);

pub struct Watchdog(Arc<Mutex<Instant>>);

impl Watchdog {
    /// Watches from a thread of its own.
    pub fn start(folder: &Path) -> std::io::Result<Watchdog> {
        let began = Arc::new(Mutex::new(Instant::now()));
        let (seen, folder) = (began.clone(), folder.to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || runtime.block_on(watch(&seen, folder)));
        Ok(Watchdog(began))
    }

    /// A new run begins.
    pub fn rewind(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

async fn watch(began: &Mutex<Instant>, folder: PathBuf) {
    let late = async {
        while began.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < LIMIT {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let (said, code) = tokio::select! {
        () = late => ("a program took too long", 1),
        Ok(()) = tokio::signal::ctrl_c() => ("interrupted", 130),
    };
    // The server ends with this process, and what still runs ends for want of it.
    let _ = std::fs::remove_dir_all(&folder);
    eprintln!("\nprograms: {said}");
    std::process::exit(code);
}
