//! Questions. Nothing is ever asked where nobody can answer.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use secrecy::SecretString;

use super::super::error::{CliError, Kind, Result};
use super::Output;

/// Asks on the terminal, or reads the answers from stdin where the official client does so.
///
/// Questions stand on stderr, so that a result can be captured; those of `login` on stdout, as in the official client.
#[derive(Clone)]
pub struct Prompt {
    out: Output,
    on_stdout: bool,
}

impl Prompt {
    pub(super) fn new(out: Output) -> Self {
        Prompt { out, on_stdout: false }
    }

    /// The same with its questions on stdout.
    pub fn on_stdout(self) -> Self {
        Prompt { on_stdout: true, ..self }
    }

    fn write(&self, text: &str) -> Result<()> {
        if self.on_stdout {
            return self.out.text(text);
        }
        self.out.say(text);
        Ok(())
    }

    /// Whether a person can answer.
    pub fn somebody_is_there(&self) -> bool {
        io::stdin().is_terminal() && self.out.stderr_is_terminal
    }

    /// Asks for a line, also without a terminal.
    ///
    /// # Errors
    ///
    /// If stdin ends first, or the user presses Ctrl-C.
    pub async fn ask(&self, question: &'static str) -> Result<String> {
        signals_first().await;
        self.write(question)?;
        let open = OpenLine(&self.out);
        let answer = on_its_own_thread(read_line).await?;
        // On a terminal Enter has ended it.
        open.close();
        if !io::stdin().is_terminal() {
            self.write("\n")?;
        }
        Ok(answer)
    }

    /// Asks for a secret, with a star for each character; from a pipe, a line of stdin.
    ///
    /// # Errors
    ///
    /// As [`Prompt::ask`].
    pub async fn ask_secret(&self, question: &'static str) -> Result<SecretString> {
        if !io::stdin().is_terminal() {
            self.write(question)?;
            let answer = on_its_own_thread(read_line).await;
            self.write("\n")?;
            return answer.map(SecretString::from);
        }
        signals_first().await;
        // Before the question stands there: a quick typist must not see the secret either.
        let (hidden, reading) = Hidden::enter(self.clone())?;
        self.write(question)?;
        let on_stdout = self.on_stdout;
        let answer = on_its_own_thread(move || {
            let _reading = reading;
            let config = rpassword::ConfigBuilder::new().password_feedback_mask('*');
            let config = if on_stdout {
                config.output_writer(io::stdout()).build()
            } else {
                config.output_writer(io::stderr()).build()
            };
            rpassword::read_password_with_config(config).map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => {
                    CliError::new(Kind::Interrupted, anyhow::Error::msg("interrupted"))
                }
                _ => CliError::from(anyhow::Error::new(error).context("cannot read from the terminal")),
            })
        })
        .await;
        drop(hidden);
        answer.map(SecretString::from)
    }

    /// A line of stdin, for which nobody is asked.
    ///
    /// # Errors
    ///
    /// If stdin ends first.
    pub async fn read_secret_line(&self) -> Result<SecretString> {
        on_its_own_thread(read_line).await.map(SecretString::from)
    }

    /// Asks for consent; no is the answer to everything but a clear yes.
    ///
    /// # Errors
    ///
    /// If nobody can answer: then `--yes` must have been given before.
    pub async fn consent(&self, question: &str) -> Result<()> {
        if !self.somebody_is_there() {
            return Err(CliError::failed(format!("nobody can be asked here: {question}"))
                .hint("--yes says so beforehand, --dry-run shows what would be done"));
        }
        signals_first().await;
        self.out.say(&format!("{} [y/N] ", super::line(question)));
        let open = OpenLine(&self.out);
        let answer = on_its_own_thread(read_line).await?;
        open.close();
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(CliError::failed("nothing was done")),
        }
    }
}

/// The line of a question, which nothing else may follow, whether it is answered, ended or interrupted.
struct OpenLine<'o>(&'o Output);

impl OpenLine<'_> {
    fn close(self) {
        std::mem::forget(self);
    }
}

impl Drop for OpenLine<'_> {
    fn drop(&mut self) {
        self.0.say("\n");
    }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden {
    /// Tells, by ending, that nobody reads any more.
    reading: Receiver<()>,
    prompt: Prompt,
}

impl Hidden {
    fn enter(prompt: Prompt) -> Result<(Self, Sender<()>)> {
        crossterm::terminal::enable_raw_mode().context("cannot hide what is typed")?;
        let (sender, reading) = channel();
        Ok((Hidden { reading, prompt }, sender))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // After Ctrl-C the reader puts the terminal back to what it found, which is hidden: it must go first.
        // After an order to end from outside it is stuck in its reading, and does not matter.
        let _ = self.reading.recv_timeout(Duration::from_millis(300));
        let _ = crossterm::terminal::disable_raw_mode();
        // The line was ended while the terminal did not add the way back to its start.
        let _ = self.prompt.write("\r");
    }
}

/// Signals are listened to from the first wait on; nobody should be asked before.
async fn signals_first() {
    tokio::task::yield_now().await;
}

/// One line of stdin without its end. Not buffered beyond it: what follows belongs to the next question.
fn read_line() -> Result<String> {
    let mut line = String::new();
    let count = io::stdin().lock().read_line(&mut line).context("cannot read from stdin")?;
    if count == 0 {
        return Err(CliError::failed("stdin ended before the answer"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reading waits as long as the user does; Ctrl-C must get through meanwhile.
async fn on_its_own_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(read).await.context("the reading of an answer failed")?
}
