//! The sandbox as a program: a server to play with, and a tour of the client.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test program prints, reads the environment and chooses its exit code itself"
)]

mod seed;
mod tour;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use sandbox::artifact::write_large;
use sandbox::{Sandbox, Simulation};

/// A Mender server in memory, on loopback.
///
/// It prints the shell lines that point mender-cli to it, and serves until Ctrl-C:
///
///   cargo run --release -p sandbox > sandbox.env
///
/// and in another shell
///
///   . ./sandbox.env
#[derive(Debug, Parser)]
#[command(name = "sandbox", version, verbatim_doc_comment)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the client through its main job against a sandbox of its own, and shows every step
    Tour {
        /// Client to run; it is built if not given
        #[arg(long, value_name = "FILE")]
        client: Option<PathBuf>,
        /// Size of the Artifact's content, in MiB
        #[arg(long, value_name = "N", default_value_t = 64)]
        size: u64,
    },
    /// Writes an Artifact of any size, of content that cannot be compressed
    Artifact {
        /// Where to
        file: PathBuf,
        /// Its name
        #[arg(long, default_value = "noise-1.0")]
        name: String,
        /// The device type that it fits
        #[arg(long, value_name = "TYPE", default_value = "qemux86-64")]
        device_type: String,
        /// Size of its content, in MiB
        #[arg(long, value_name = "N", default_value_t = 64)]
        size: u64,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// First of four ports: https, http, direct upload, storage. Any free ones if not given
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Ignores superfluous parameters, fields and parts, as the real server does
    #[arg(long)]
    lenient: bool,
    /// Knows direct upload at the main address too
    #[arg(long)]
    direct_upload: bool,
    /// Knows saved filters, phases and retries, as Mender Enterprise does; nothing comes of phases and retries
    #[arg(long)]
    enterprise: bool,
    /// Starts without devices and Artifacts
    #[arg(long)]
    empty: bool,
    /// Starts with so many devices; a dozen if not given
    #[arg(long, value_name = "N", conflicts_with = "empty")]
    devices: Option<usize>,
    /// Number that the devices are made of: the same one gives the same devices, and failures
    #[arg(long, value_name = "N", default_value_t = seed::SEED)]
    seed: u64,
    /// How many times as fast as real ones the devices live: at 1 they poll once a minute
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed, allow_negative_numbers = true)]
    speed: f64,
    /// How many installations in a hundred fail
    #[arg(long, value_name = "P%", default_value = "0%", value_parser = percentage, allow_negative_numbers = true)]
    fail: u8,
    /// Leaves the devices as they are: they never poll
    #[arg(long, conflicts_with_all = ["speed", "fail"])]
    still: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed: &f64| speed.is_finite() && *speed > 0.0);
    speed.ok_or_else(|| "a positive number is needed, such as 20 or 0.5".into())
}

fn percentage(text: &str) -> Result<u8, String> {
    let percent = text.strip_suffix('%').unwrap_or(text).parse().ok().filter(|percent| *percent <= 100);
    percent.ok_or_else(|| "a whole number from 0 to 100 is needed, such as 10 or 10%".into())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Tour { client, size }) => tour::run(client, size),
        Some(Command::Artifact { file, name, device_type, size }) => {
            write_large(&file, &name, &device_type, size << 20)
                .map_err(|error| format!("{}: {error}", file.display()).into())
        }
        None => serve(&cli.serve),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn serve(options: &Serve) -> Result<(), Failure> {
    // Nobody asks this one what it was asked.
    let mut builder = Sandbox::builder().record(false);
    builder = builder.strict(!options.lenient).direct_upload(options.direct_upload);
    builder = builder.enterprise(options.enterprise);
    if let Some(port) = options.port {
        builder = builder.port(port);
    }
    let server = builder.try_start()?;
    if !options.empty {
        seed::fill(&server, options.devices.unwrap_or(seed::DEVICES), options.seed);
    }
    if !options.still {
        let simulation = Simulation::default().speed(options.speed).failing(options.fail);
        server.simulate(simulation.seed(options.seed).introducing(true));
    }
    print_variables(&server)?;
    eprintln!("A sandbox serves {} until Ctrl-C; its data goes with it.", server.https_url());
    eprintln!("Log in as {} with the password {}.", server.username(), server.password());
    eprintln!("The lines above, in another shell, point mender-cli to it.");
    wait_for_signal()?;
    eprintln!("The sandbox ends.");
    Ok(())
}

fn print_variables(server: &Sandbox) -> io::Result<()> {
    let ca_file = server.ca_file().display().to_string();
    let mut out = io::stdout().lock();
    for (name, value) in [
        ("MENDER_SERVER_URL", server.https_url()),
        ("MENDER_CA_CERT", &ca_file),
        ("MENDER_USERNAME", server.username()),
        ("MENDER_PASSWORD", server.password()),
        ("SANDBOX_HTTP_URL", server.url()),
        ("SANDBOX_DIRECT_URL", server.direct_url()),
    ] {
        writeln!(out, "export {name}='{}'", value.replace('\'', r"'\''"))?;
    }
    out.flush()
}

fn wait_for_signal() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        #[cfg(unix)]
        {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                interrupted = tokio::signal::ctrl_c() => interrupted,
                _ = terminate.recv() => Ok(()),
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    })
}
