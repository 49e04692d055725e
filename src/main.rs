//! `mender-cli`: the command-line client for the Mender server.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let env = cli::env::Env::read();
    let arguments = std::env::args_os().skip(1).collect();
    let line = match cli::parse(arguments, &env) {
        Ok(line) => line,
        Err(report) => return report.show(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system lets a program wait for events");
    let code = runtime.block_on(cli::run(line, env));
    // A read from a terminal or a slow disk may still be under way; nobody waits for it any more.
    runtime.shutdown_background();
    code
}
