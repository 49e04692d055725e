//! How far work on many things is.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Output;
use super::progress::target;

/// Between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// Counts things that are done: a bar on a terminal, a line now and then elsewhere, nothing if nobody wants it.
pub struct Count {
    out: Output,
    done: u64,
    total: u64,
    name: &'static str,
    view: View,
}

enum View {
    None,
    Bar(ProgressBar),
    Lines(Instant),
}

impl Output {
    /// Begins to count to `total`. `name` says what is done, such as `accepted`.
    pub fn count(&self, name: &'static str, total: usize, wanted: bool) -> Count {
        let total = total as u64;
        let view = match (wanted && !self.quiet && total > 1, self.draws) {
            (false, _) => View::None,
            (true, true) => {
                let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
                let template = "{msg} {wide_bar} {pos}/{len} {per_sec} {eta}";
                let style = ProgressStyle::with_template(template).expect("the template is sound");
                bar.set_style(style.progress_chars("=> "));
                bar.set_message(name);
                bar.set_draw_target(target());
                View::Bar(bar)
            }
            (true, false) => View::Lines(Instant::now() + EVERY),
        };
        Count { out: self.clone(), done: 0, total, name, view }
    }
}

impl Count {
    /// One more.
    pub fn advance(&mut self) {
        self.done += 1;
        match &mut self.view {
            View::None => {}
            View::Bar(bar) => bar.inc(1),
            View::Lines(next) if Instant::now() >= *next => {
                *next = Instant::now() + EVERY;
                self.out.notice(format_args!("{} of {} {}", self.done, self.total, self.name));
            }
            View::Lines(_) => {}
        }
    }

    /// Makes room for what is said next.
    pub fn clear(&self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.clear();
    }
}
