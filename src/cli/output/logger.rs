//! The log lines of library and program on stderr. No others: other crates log whole exchanges, tokens included.

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::Output;

struct Logger {
    out: Output,
}

/// Shows warnings, and with `verbose` everything.
pub fn install(out: Output, verbose: bool) {
    // A second call happens only in one process that runs two lines; the first stays.
    if log::set_boxed_logger(Box::new(Logger { out })).is_ok() {
        log::set_max_level(if verbose { LevelFilter::Debug } else { LevelFilter::Warn });
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        matches!(metadata.target().split("::").next(), Some("mender" | "mender_cli"))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        if record.level() <= Level::Warn {
            self.out.warn(record.args());
        } else {
            self.out.say(&format!("debug: {}\n", super::line(&record.args().to_string())));
        }
    }

    fn flush(&self) {}
}
