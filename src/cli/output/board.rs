//! Lines on a terminal that change in their places.

use std::fmt::Display;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::progress::target;
use super::{Output, line};

/// Lines that change, and above them others that stay. Where there is no terminal only those that stay are written.
pub struct Board {
    out: Output,
    live: Option<(MultiProgress, Vec<ProgressBar>)>,
}

impl Output {
    /// So many lines that change, if they are wanted.
    pub fn board(&self, count: usize, wanted: bool) -> Board {
        let is_live = wanted && !self.quiet && self.draws;
        let live = is_live.then(|| {
            let all = MultiProgress::with_draw_target(target());
            let style = ProgressStyle::with_template("{wide_msg}").expect("the template is sound");
            let add = |_| {
                let bar = all.add(ProgressBar::no_length());
                bar.set_style(style.clone());
                bar
            };
            let lines = (0..count).map(add).collect();
            (all, lines)
        });
        Board { out: self.clone(), live }
    }
}

impl Board {
    /// Whether there are lines that change.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// How many characters a line has room for.
    pub fn width(&self) -> usize {
        super::progress::room()
    }

    /// Changes a line. What is foreign in it has to be escaped before: it may have colours.
    pub fn set(&self, index: usize, text: String) {
        if let Some(bar) = self.live.as_ref().and_then(|(_, lines)| lines.get(index)) {
            bar.set_message(text);
            bar.tick();
        }
    }

    /// Writes a line that stays, as a notice.
    pub fn say(&self, text: impl Display) {
        self.beside(|out| out.notice(text));
    }

    /// Writes a warning.
    pub fn warn(&self, text: impl Display) {
        self.beside(|out| out.warn(text));
    }

    fn beside(&self, write: impl FnOnce(&Output)) {
        match &self.live {
            Some((all, _)) => all.suspend(|| write(&self.out)),
            None => write(&self.out),
        }
    }

    /// Removes what changes.
    pub fn clear(&self) {
        if let Some((all, lines)) = &self.live {
            lines.iter().for_each(ProgressBar::finish_and_clear);
            let _ = all.clear();
        }
    }

    /// A text in the colour of that code, where colours are wanted; foreign characters in it become harmless.
    pub fn colored(&self, text: &str, code: &str) -> String {
        self.out.colored(&line(text), code)
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.clear();
    }
}
