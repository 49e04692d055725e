//! The program through its command line: stdout, stderr, exit code, files written, requests received.

mod command_line;
mod journey;
#[cfg(unix)]
mod prompts;
mod reference;
