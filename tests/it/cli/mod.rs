//! The program through its command line: stdout, stderr, exit code, files written, requests received.

mod artifacts_list;
mod devices_list;
mod journey;
#[cfg(unix)]
mod prompts;
