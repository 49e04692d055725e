//! Jobs of GitHub and GitLab: where a summary belongs, and how an error is marked there.

use std::path::{Path, PathBuf};

use super::env::Env;
use super::output::{cell, line, lines};

/// Whose job this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forge {
    GitHub {
        /// The file that it shows with the job.
        summary: Option<PathBuf>,
    },
    GitLab {
        /// Where the job's files are.
        directory: PathBuf,
    },
}

/// GitLab has no place of its own for a summary: a job that wants it names this file among its artifacts.
const GITLAB_SUMMARY: &str = "mender-summary.md";

impl Forge {
    /// Both set a variable of their own in every job.
    pub fn of(env: &Env) -> Option<Self> {
        if env.github {
            return Some(Forge::GitHub { summary: env.github_summary.clone() });
        }
        env.gitlab.clone().map(|directory| Forge::GitLab { directory })
    }

    /// The file that takes the summary.
    pub fn summary(&self) -> Option<PathBuf> {
        match self {
            Forge::GitHub { summary } => summary.clone(),
            Forge::GitLab { directory } => Some(directory.join(GITLAB_SUMMARY)),
        }
    }

    /// The line that marks an error, for stderr.
    pub fn annotation(&self, title: &str, message: &str) -> String {
        match self {
            Forge::GitHub { .. } => {
                format!("::error title={}::{}\n", property(title), data(message))
            }
            // It knows no marks in a log, but shows colours.
            Forge::GitLab { .. } => format!("\x1b[0;31m{}: {}\x1b[0m\n", one_line(title), one_line(message)),
        }
    }
}

/// Text in a workflow command of GitHub, of which nothing can end it and begin another.
fn data(text: &str) -> String {
    lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn one_line(text: &str) -> String {
    line(&text.replace('\n', "; ")).into_owned()
}

/// Foreign text in Markdown, which it cannot shape.
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in cell(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // A mention would send somebody a message.
            '@' => safe.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// Adds to a summary, which other steps may have begun.
///
/// # Errors
///
/// If the file cannot be written.
pub fn append(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_slip_a_command_into_an_annotation() {
        let forge = Forge::GitHub { summary: None };
        assert_eq!(
            forge.annotation("a:b,c", "100%\n::add-mask::x\r\x1b"),
            "::error title=a%3Ab%2Cc::100%25%0A::add-mask::x\\r\\u{1b}\n"
        );
        let forge = Forge::GitLab { directory: PathBuf::new() };
        assert_eq!(forge.annotation("t", "a\n\x1b[2Jb"), "\x1b[0;31mt: a; \\u{1b}[2Jb\x1b[0m\n");
    }

    #[test]
    fn foreign_text_shapes_no_markdown() {
        assert_eq!(markdown("a|b<img>`x`"), "a\\|b&lt;img&gt;\\`x\\`");
        assert_eq!(markdown("a\nb"), "a\\\\nb");
    }
}
