//! The program through its command line: stdout, stderr, exit code, files written, requests received.

mod journey;
#[cfg(unix)]
mod prompts;
