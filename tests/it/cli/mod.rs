//! The program through its command line: stdout, stderr, exit code, files written, requests received.

mod artifacts_download;
mod artifacts_list;
mod artifacts_one;
mod artifacts_upload;
mod command_line;
mod devices_list;
mod journey;
mod profiles;
#[cfg(unix)]
mod prompts;
mod reference;
mod secrets;
mod settings;
mod transport;
