//! The programs that are compared, and the command line with which each does the same work.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::server::Host;

const OFFICIAL: &str = "/usr/bin/mender-cli";
const ARTIFACTS: &str = "/api/management/v1/deployments/artifacts";
/// What `artifacts list` asks for when it is told nothing.
const LIST: &str = "/api/management/v2/deployments/artifacts?page=1&per_page=20";

/// What is to be done.
pub enum Job {
    Upload { file: PathBuf, size: u64, tls: bool },
    Start,
    Get,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Job::Upload { tls: false, .. } => "upload, http",
            Job::Upload { tls: true, .. } => "upload, https",
            Job::Start => "start",
            Job::Get => "one GET, https",
        })
    }
}

/// Which program it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ours,
    Curl,
    Official,
}

/// One of the programs.
pub struct Contestant {
    pub name: &'static str,
    /// What it says of itself.
    pub version: String,
    pub kind: Kind,
    pub program: PathBuf,
    /// An empty one: nobody's settings are to be read.
    home: PathBuf,
}

/// A program to start, with all of its environment.
pub struct Run {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, OsString)>,
    /// Where its stdout goes; without one it is thrown away.
    pub output: Option<PathBuf>,
}

/// Ours first, then those that are installed.
pub fn all(folder: &Path) -> Vec<Contestant> {
    let home = folder.join("home");
    // Without it the programs have no home, which they can live with.
    let _ = std::fs::create_dir(&home);
    let candidates = [
        (Kind::Ours, "ours", PathBuf::from(env!("CARGO_BIN_EXE_mender-cli"))),
        (Kind::Curl, "curl", PathBuf::from("curl")),
        (Kind::Official, "official", PathBuf::from(OFFICIAL)),
    ];
    let known = candidates.into_iter().map(|(kind, name, program)| {
        let version = version_of(&program)?;
        Some(Contestant { name, version, kind, program, home: home.clone() })
    });
    known.flatten().collect()
}

/// Their names, in order.
pub fn names(contestants: &[Contestant]) -> Vec<&'static str> {
    contestants.iter().map(|one| one.name).collect()
}

/// The first line of `--version` that looks like one; none if the program does not run.
fn version_of(program: &Path) -> Option<String> {
    let output = std::process::Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("mender-cli version") || line.starts_with("curl "));
    // curl goes on to name all of its libraries.
    let line = line.unwrap_or_default().split(" (").next().unwrap_or_default().trim();
    // Debian's official client has no number.
    output.status.success().then(|| format!("{line} ({})", program.display()))
}

impl Contestant {
    pub fn is_curl(&self) -> bool {
        self.kind == Kind::Curl
    }

    /// What each program is started with, whatever it is to do.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = vec![("HOME", self.home.clone().into_os_string())];
        for name in ["PATH", "SystemRoot"] {
            environment.extend(std::env::var_os(name).map(|value| (name, value)));
        }
        environment
    }

    /// How this program does the job.
    pub fn command(&self, job: &Job, host: &Host) -> Run {
        let mut environment = self.environment();
        let arguments = match (self.kind, job) {
            (_, Job::Start) => words(["--version"]),
            (Kind::Curl, Job::Upload { file, size, tls }) => {
                let mut all = curl(host);
                all.extend(words(["-F", &format!("size={size}"), "-F", "description=", "-F"]));
                let mut artifact = OsString::from("artifact=@");
                artifact.push(file);
                all.push(artifact);
                all.push(format!("{}{ARTIFACTS}", host.url(*tls)).into());
                all
            }
            (Kind::Curl, Job::Get) => {
                let mut all = curl(host);
                all.push(format!("{}{LIST}", host.url(true)).into());
                all
            }
            (Kind::Ours, _) => {
                environment.push(("MENDER_SERVER_URL", host.url(is_tls(job)).into()));
                environment.push(("MENDER_CA_CERT", host.ca_file().into()));
                environment.push(("MENDER_ACCESS_TOKEN", host.token().into()));
                ours(job)
            }
            (Kind::Official, _) => {
                environment.push(("SSL_CERT_FILE", host.ca_file().into()));
                let mut all = ours(job);
                all.extend(words(["--server", &host.url(is_tls(job)), "--token-value", &host.token()]));
                all
            }
        };
        Run { program: self.program.clone(), arguments, environment, output: None }
    }
}

fn is_tls(job: &Job) -> bool {
    !matches!(job, Job::Upload { tls: false, .. })
}

/// The official client takes the same words.
fn ours(job: &Job) -> Vec<OsString> {
    match job {
        Job::Upload { file, .. } => {
            let mut all = words(["artifacts", "upload", "--no-progress"]);
            all.push(file.into());
            all
        }
        Job::Get => words(["artifacts", "list"]),
        Job::Start => words(["--version"]),
    }
}

/// As people write it in scripts: quiet, but not about errors. Nothing that would make it faster or slower.
fn curl(host: &Host) -> Vec<OsString> {
    let mut all =
        words(["-sS", "--fail", "-H", &format!("Authorization: Bearer {}", host.token()), "--cacert"]);
    all.push(host.ca_file().into());
    all
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
