//! How far a transfer is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use mender::Progress;

use super::Output;
use super::table::terminal_width;

/// Below so many columns the bar itself has no room.
const NARROW: u16 = 60;
/// Between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The view of one transfer, and what is known of it. By default nobody sees it.
#[derive(Default)]
pub struct Transfer {
    view: View,
    all_out: AtomicBool,
}

#[derive(Default)]
enum View {
    #[default]
    None,
    Bar(Bar),
    Lines(Lines),
}

impl Transfer {
    pub(super) fn unseen() -> Self {
        Self::default()
    }

    pub(super) fn bar(name: String, color: bool) -> Self {
        Transfer { view: View::Bar(Bar::new(name, color)), ..Self::unseen() }
    }

    pub(super) fn lines(name: String, out: Output) -> Self {
        Transfer { view: View::Lines(Lines::new(name, out)), ..Self::unseen() }
    }

    /// Whether the last byte went out, so that the other side may have all of it.
    pub fn is_all_out(&self) -> bool {
        self.all_out.load(Relaxed)
    }

    /// Makes room for what is said next.
    pub fn clear(&self) {
        if let View::Bar(bar) = &self.view {
            bar.bar.finish_and_clear();
        }
    }
}

impl Progress for Transfer {
    fn begin(&self, total: Option<u64>) {
        match &self.view {
            View::None => {}
            View::Bar(bar) => bar.begin(total),
            View::Lines(lines) => lines.begin(total),
        }
    }

    fn advance(&self, bytes: u64) {
        match &self.view {
            View::None => {}
            View::Bar(bar) => bar.bar.inc(bytes),
            View::Lines(lines) => lines.advance(bytes),
        }
    }

    fn finishing(&self) {
        self.all_out.store(true, Relaxed);
        if let View::Bar(bar) = &self.view {
            bar.finishing();
        }
    }
}

/// A bar on the terminal's last line.
struct Bar {
    name: String,
    color: bool,
    bar: ProgressBar,
}

impl Bar {
    fn new(name: String, color: bool) -> Self {
        // Drawn only once it has begun.
        Bar { name, color, bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()) }
    }

    fn begin(&self, total: Option<u64>) {
        let width = terminal_width_of_stderr();
        let bar = match (total, width < NARROW, self.color) {
            (None, ..) => "{msg} {binary_bytes} {binary_bytes_per_sec}",
            (_, true, _) => "{msg} {percent:>3}% {binary_bytes_per_sec} {eta}",
            (_, false, true) => {
                "{msg} {wide_bar:.cyan/dim} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}"
            }
            (_, false, false) => {
                "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}"
            }
        };
        let style = ProgressStyle::with_template(bar).expect("the templates are sound").progress_chars("=> ");
        self.bar.set_style(style);
        // A line that is too long for the terminal would be drawn again and again.
        self.bar.set_message(shortened(&self.name, usize::from(width) / 3));
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_draw_target(target());
    }

    fn finishing(&self) {
        let template = "{msg} {binary_bytes} sent, the server is storing it";
        let narrow = "{msg} sent, being stored";
        let template = if terminal_width_of_stderr() < NARROW { narrow } else { template };
        self.bar.set_style(ProgressStyle::with_template(template).expect("the template is sound"));
        self.bar.tick();
    }
}

#[cfg(not(unix))]
pub(super) fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr()
}

#[cfg(unix)]
pub(super) fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(margin::Stderr), 20)
}

/// The terminal with some columns less. A bar up to the edge would send the `^C` that a terminal shows on to the next
/// line, and when the bar is cleared only that line would be.
#[cfg(unix)]
mod margin {
    use std::io::{self, Write as _};

    use indicatif::TermLike;

    const MARGIN: u16 = 3;

    #[derive(Debug)]
    pub(super) struct Stderr;

    impl Stderr {
        fn move_cursor(count: usize, direction: char) -> io::Result<()> {
            if count == 0 { Ok(()) } else { write!(io::stderr(), "\x1b[{count}{direction}") }
        }
    }

    impl TermLike for Stderr {
        fn width(&self) -> u16 {
            super::terminal_width_of_stderr().saturating_sub(MARGIN).max(1)
        }

        fn move_cursor_up(&self, count: usize) -> io::Result<()> {
            Self::move_cursor(count, 'A')
        }

        fn move_cursor_down(&self, count: usize) -> io::Result<()> {
            Self::move_cursor(count, 'B')
        }

        fn move_cursor_right(&self, count: usize) -> io::Result<()> {
            Self::move_cursor(count, 'C')
        }

        fn move_cursor_left(&self, count: usize) -> io::Result<()> {
            Self::move_cursor(count, 'D')
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            io::stderr().write_all(format!("{text}\n").as_bytes())
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            io::stderr().write_all(text.as_bytes())
        }

        fn clear_line(&self) -> io::Result<()> {
            self.write_str("\r\x1b[2K")
        }

        fn flush(&self) -> io::Result<()> {
            io::stderr().flush()
        }
    }
}

/// The columns that a line which changes may take.
pub(super) fn room() -> usize {
    usize::from(terminal_width_of_stderr()).saturating_sub(4)
}

fn terminal_width_of_stderr() -> u16 {
    terminal_width().unwrap_or(80)
}

fn shortened(name: &str, most: usize) -> String {
    let count = name.chars().count();
    if count <= most || most < 4 {
        return name.chars().take(most.max(1)).collect();
    }
    let tail: String = name.chars().skip(count - (most - 3)).collect();
    format!("...{tail}")
}

/// A line now and then, for a log.
struct Lines {
    name: String,
    out: Output,
    total: AtomicU64,
    done: AtomicU64,
    next: Mutex<Instant>,
}

impl Lines {
    fn new(name: String, out: Output) -> Self {
        let next = Mutex::new(Instant::now() + EVERY);
        Lines { name, out, total: AtomicU64::new(0), done: AtomicU64::new(0), next }
    }

    fn begin(&self, total: Option<u64>) {
        self.total.store(total.unwrap_or(0), Relaxed);
    }

    fn advance(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Relaxed) + bytes;
        let mut next = self.next.lock().expect("no panic while held");
        if Instant::now() < *next {
            return;
        }
        *next = Instant::now() + EVERY;
        self.out.notice(state(&self.name, done, self.total.load(Relaxed)));
    }
}

/// `name: 1.00 GiB of 2.00 GiB (50%)`, as far as the whole is known.
fn state(name: &str, done: u64, total: u64) -> String {
    let shown = BinaryBytes(done);
    if total == 0 {
        return format!("{name}: {shown}");
    }
    let percent = u128::from(done) * 100 / u128::from(total);
    format!("{name}: {shown} of {} ({percent}%)", BinaryBytes(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_end() {
        assert_eq!(shortened("release-2026.11.mender", 12), "...11.mender");
        assert_eq!(shortened("short", 12), "short");
        assert_eq!(shortened("long", 2), "lo");
    }
    #[test]
    fn a_log_gets_lines() {
        assert_eq!(state("a", 1 << 30, 2 << 30), "a: 1.00 GiB of 2.00 GiB (50%)");
        assert_eq!(state("a", 1 << 20, 0), "a: 1.00 MiB");
        assert_eq!(state("a", u64::MAX, u64::MAX), "a: 16.00 EiB of 16.00 EiB (100%)");
    }
}
