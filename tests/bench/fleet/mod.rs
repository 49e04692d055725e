//! Work on whole fleets: our program against loops of curl and jq, as people write them.
//!
//! The server is the sandbox, over http: over https a loop of curl would pay for a handshake with each request.

mod accept;
mod latency;
mod list;
mod watch;

pub use self::accept::measure as accept;
pub use self::latency::measure as latency;
pub use self::list::measure as list;
pub use self::watch::measure as watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use mender::LARGEST_PAGE;
use sandbox::Sandbox;

use crate::Failure;
use crate::contestants::{self, Contestant, Kind, Run};
use crate::measure::{Gauge, Sample, Series};
use crate::rounds;
use crate::table::Table;
use crate::watchdog::Watchdog;

/// The same devices in each run.
const SEED: u64 = 1;
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/fleet");

/// Takes one of the measurements into the table.
pub type Measure = fn(&Fleet, &mut Table) -> Result<(), Failure>;

/// What the measurements of fleets share.
pub struct Fleet<'a> {
    pub contestants: &'a [Contestant],
    pub watchdog: &'a Watchdog,
    pub gauge: Option<&'a Gauge>,
    pub folder: &'a Path,
    /// How many devices the large fleet has.
    pub devices: usize,
    pub rounds: usize,
    /// Whether the loops can be run.
    pub has_jq: bool,
}

impl Fleet<'_> {
    /// Our program and the loop in turn; the official client has nothing of the kind.
    fn against_curl(
        &self,
        what: &str,
        mut ours: impl FnMut(&Contestant) -> Result<Sample, Failure>,
        mut curl: impl FnMut(&Contestant) -> Result<Sample, Failure>,
    ) -> Result<Vec<Series>, Failure> {
        let names = contestants::names(self.contestants);
        rounds::interleaved(what, &names, self.rounds, self.watchdog, |index| {
            let contestant = &self.contestants[index];
            match contestant.kind {
                Kind::Ours => ours(contestant).map(Some),
                Kind::Curl if self.has_jq => curl(contestant).map(Some),
                Kind::Curl | Kind::Official => Ok(None),
            }
        })
    }

    /// Where a program writes its result: what nobody reads could be left out.
    fn output(&self) -> PathBuf {
        self.folder.join("output")
    }
}

/// What jq calls itself, if the shell has it.
pub fn jq_version() -> Option<String> {
    let output = Command::new("sh").args(["-c", "jq --version"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What the table says of the loops.
pub fn note(jq_version: Option<&str>) -> String {
    match jq_version {
        Some(version) => format!("curl over fleets: loops of sh, curl and {version}, over http"),
        None => "SKIPPED: loops of curl over fleets: no sh with jq; our figures stand alone".into(),
    }
}

/// Our program with these words.
fn ours(contestant: &Contestant, server: &Sandbox, words: &[&str], output: PathBuf) -> Run {
    let mut environment = contestant.environment();
    environment.push(("MENDER_SERVER_URL", server.url().into()));
    environment.push(("MENDER_ACCESS_TOKEN", server.login().into()));
    let arguments = words.iter().map(OsString::from).collect();
    Run { program: contestant.program.clone(), arguments, environment, output: Some(output) }
}

/// A script of this folder with these arguments and variables.
fn script(
    contestant: &Contestant,
    server: &Sandbox,
    name: &str,
    arguments: &[&str],
    variables: &[(&'static str, String)],
    output: PathBuf,
) -> Run {
    let mut environment = contestant.environment();
    environment.extend([("URL", server.url().into()), ("TOKEN", server.login().into())]);
    environment.push(("PER_PAGE", LARGEST_PAGE.to_string().into()));
    environment.extend(variables.iter().map(|(name, value)| (*name, value.into())));
    let file = format!("{SCRIPTS}/{name}");
    let arguments = ["-eu", &file].iter().chain(arguments).map(OsString::from).collect();
    Run { program: "sh".into(), arguments, environment, output: Some(output) }
}

/// Whether the output has a line for each device: a program that fails fast must not win.
fn has_lines(output: &Path, devices: usize) -> Result<(), Failure> {
    let lines = std::fs::read(output)?.iter().filter(|byte| **byte == b'\n').count();
    if lines == devices { Ok(()) } else { Err(format!("{lines} of {devices} devices were listed").into()) }
}

/// How many pages so many devices are.
fn pages(devices: usize) -> usize {
    devices.div_ceil(LARGEST_PAGE as usize)
}
