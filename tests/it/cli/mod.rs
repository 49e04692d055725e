//! The program through its command line: stdout, stderr, exit code, files written, requests received.

mod command_line;
mod journey;
mod profiles;
#[cfg(unix)]
mod prompts;
mod reference;
mod settings;
