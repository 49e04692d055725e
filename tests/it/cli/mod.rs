//! The program through its command line: stdout, stderr, exit code, files written, requests received.

mod api;
mod artifacts_download;
mod artifacts_list;
mod artifacts_one;
mod artifacts_upload;
mod command_line;
mod deployments;
mod devices;
mod groups;
mod journey;
mod jq;
mod login;
#[cfg(unix)]
mod login_terminal;
mod logout;
mod profiles;
mod reference;
mod releases;
mod secrets;
mod settings;
mod status;
mod token_file;
mod tokens;
mod transport;
mod usage;
mod users;
#[cfg(unix)]
mod users_terminal;
mod whoami;
