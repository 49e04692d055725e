//! Whole programs against each other: our release binary, curl, and the official client where it is installed.
//!
//! `cargo bench --bench programs -- --help` tells what can be chosen. Everything happens on loopback; the server is part
//! of this process, the rounds are interleaved so that a noisy moment meets all programs alike, and medians are shown.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a benchmark prints, reads the environment and ends itself when it takes too long"
)]

mod contestants;
mod fleet;
mod measure;
mod rounds;
mod server;
mod sink;
mod table;
mod watchdog;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use contestants::{Contestant, Job};
use fleet::Fleet;
use measure::{Gauge, Sample, Series};
use rounds::status;
use server::Host;
use table::{Goal, Row, Table};
use watchdog::Watchdog;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Rounds of what takes milliseconds.
const SHORT_ROUNDS: usize = 20;
const UPLOAD_ROUNDS: usize = 5;
const FLEET_ROUNDS: usize = 3;

/// Compares mender-cli with curl and, where it is installed, with the official client.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench programs --", bin_name = "cargo bench --bench programs --")]
struct Options {
    /// Size of the Artifact's content, up to 8G
    #[arg(long, value_name = "N[K|M|G]", default_value = "256M", value_parser = size)]
    size: u64,

    /// Devices that are listed; a fifth of them is listed from a slow server, and a tenth accepted
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=500_000))]
    devices: u32,

    /// Rounds of what takes seconds: 5 of uploads and 3 of fleets if not given. Start and get always have 20
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=50))]
    rounds: Option<u8>,

    /// What answers all but fleets, which the sandbox has
    #[arg(long, value_enum, default_value_t = ServerKind::Sink)]
    server: ServerKind,

    /// Only this measurement
    #[arg(long, value_enum)]
    only: Option<Measurement>,

    /// Given by `cargo bench`, and not by `cargo test`
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ServerKind {
    /// Reads uploads and throws them away, so that the client's cost is what shows
    Sink,
    /// The sandbox, which reads and stores Artifacts like a real server; a fresh one a run
    Sandbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// One Artifact over http and over https
    Upload,
    /// `--version`
    Start,
    /// One GET over TLS
    Get,
    /// All devices of a fleet
    List,
    /// The same from a server that takes 50 ms an answer
    Latency,
    /// All pending devices
    Accept,
    /// A deployment from its beginning to its end
    Watch,
}

impl Options {
    fn wants(&self, measurement: Measurement) -> bool {
        self.only.is_none_or(|only| only == measurement)
    }
}

fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().next_back() {
        Some((end, 'K' | 'k')) => (&text[..end], 10),
        Some((end, 'M' | 'm')) => (&text[..end], 20),
        Some((end, 'G' | 'g')) => (&text[..end], 30),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is no size"))?;
    match number.checked_mul(1 << shift) {
        Some(bytes) if bytes <= 8 << 30 => Ok(bytes),
        _ => Err("at most 8G".into()),
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        // `cargo test --benches` runs this too, with a binary that is not optimised.
        eprintln!("programs: nothing is measured without `cargo bench`");
        return ExitCode::SUCCESS;
    }
    match run(&options) {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("programs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Table, Failure> {
    // In the target folder: /tmp may be memory.
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let watchdog = Watchdog::start(folder.path())?;
    let contestants = contestants::all(folder.path());
    let gauge = Gauge::find(folder.path());
    let mut host = match options.server {
        ServerKind::Sink => Host::sink(folder.path())?,
        ServerKind::Sandbox => Host::sandbox(),
    };
    let mut table = Table::new(&contestants, gauge.is_some());
    table.head(format!(
        "server: {}, for fleets the sandbox, in this process, on loopback; medians of interleaved rounds",
        match options.server {
            ServerKind::Sink => "sink (reads and throws away)",
            ServerKind::Sandbox => "sandbox (reads and stores)",
        }
    ));

    let mut bench = Bench { contestants: &contestants, host: &mut host, watchdog: &watchdog };
    if options.wants(Measurement::Upload) {
        uploads(options, folder.path(), &mut bench, gauge.as_ref(), &mut table)?;
    }
    if options.wants(Measurement::Start) {
        let series = bench.rounds(&Job::Start, SHORT_ROUNDS, None)?;
        table.row(Row::of("--version", "wall, ms", &series, Sample::milliseconds, Goal::Ratio(1.0 / 3.0)));
    }
    if options.wants(Measurement::Get) {
        let series = bench.rounds(&Job::Get, SHORT_ROUNDS, None)?;
        table.row(Row::of(
            "one GET, https",
            "wall, ms",
            &series,
            Sample::milliseconds,
            Goal::Ratio(2.0 / 3.0),
        ));
        table.row(Row::of("", "CPU, ms", &series, Sample::cpu_milliseconds, Goal::None));
    }
    fleets(options, folder.path(), &bench, gauge.as_ref(), &mut table)?;
    Ok(table)
}

fn uploads(
    options: &Options,
    folder: &Path,
    bench: &mut Bench,
    gauge: Option<&Gauge>,
    table: &mut Table,
) -> Result<(), Failure> {
    let file = folder.join("large.mender");
    status(&format!("writing an Artifact of {} MiB…", options.size >> 20));
    sandbox::artifact::write_large(&file, "bench-1.0", "qemux86-64", options.size)?;
    let size = std::fs::metadata(&file)?.len();
    for tls in [false, true] {
        let job = Job::Upload { file: file.clone(), size, tls };
        let series = bench.rounds(&job, options.rounds.map_or(UPLOAD_ROUNDS, usize::from), gauge)?;
        let what = format!("upload {} MiB, {}", size >> 20, if tls { "https" } else { "http" });
        table.row(Row::of(&what, "wall, s", &series, Sample::seconds, Goal::Ratio(1.0)));
        table.row(Row::of("", "CPU, s", &series, Sample::cpu_seconds, Goal::None));
        table.row(Row::of("", "peak memory, MiB", &series, Sample::peak_mebibytes, Goal::AtMost(16.0)));
    }
    std::fs::remove_file(&file)?;
    Ok(())
}

fn fleets(
    options: &Options,
    folder: &Path,
    bench: &Bench,
    gauge: Option<&Gauge>,
    table: &mut Table,
) -> Result<(), Failure> {
    let measures: [(Measurement, fleet::Measure); 4] = [
        (Measurement::List, fleet::list),
        (Measurement::Latency, fleet::latency),
        (Measurement::Accept, fleet::accept),
        (Measurement::Watch, fleet::watch),
    ];
    let wanted: Vec<_> =
        measures.into_iter().filter(|(measurement, _)| options.wants(*measurement)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let jq_version = fleet::jq_version();
    table.note(fleet::note(jq_version.as_deref()));
    let fleet = Fleet {
        contestants: bench.contestants,
        watchdog: bench.watchdog,
        gauge,
        folder,
        devices: usize::try_from(options.devices)?,
        rounds: options.rounds.map_or(FLEET_ROUNDS, usize::from),
        has_jq: jq_version.is_some(),
    };
    for (_, measure) in wanted {
        measure(&fleet, table)?;
    }
    Ok(())
}

/// What all but fleets share.
struct Bench<'a> {
    contestants: &'a [Contestant],
    host: &'a mut Host,
    watchdog: &'a Watchdog,
}

impl Bench<'_> {
    fn rounds(&mut self, job: &Job, rounds: usize, gauge: Option<&Gauge>) -> Result<Vec<Series>, Failure> {
        let names = contestants::names(self.contestants);
        rounds::interleaved(&job.to_string(), &names, rounds, self.watchdog, |index| {
            self.host.renew()?;
            let command = self.contestants[index].command(job, self.host);
            let sample = measure::run(&command, gauge)?;
            if let Job::Upload { size, .. } = job {
                self.host.has_arrived(*size)?;
            }
            Ok(Some(sample))
        })
    }
}
