//! The client's main job, end to end, as a person would do it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use sandbox::artifact::write_large;
use sandbox::{Device, Sandbox, Simulation};
use serde_json::{Value, json};

use crate::{Failure, seed};

const ARTIFACT: &str = "tour-1.0";
const DEVICE_TYPE: &str = "qemux86-64";
/// So many times as fast as real devices the tour's live: a roll-out takes some seconds.
const SPEED: f64 = 30.0;

/// Whether the client is not to inherit a variable: the tour is the same for everybody, and stays on this machine.
fn is_foreign(name: &str) -> bool {
    name.starts_with("MENDER_") || name.starts_with("XDG_") || name.to_ascii_uppercase().ends_with("_PROXY")
}

pub(crate) fn run(client: Option<PathBuf>, mebibytes: u64) -> Result<(), Failure> {
    let client = match client {
        Some(client) => fs::canonicalize(client)?,
        None => build()?,
    };
    let server = Sandbox::start();
    let home = tempfile::Builder::new().prefix("mender-tour-").tempdir()?;
    let sent = home.path().join("tour.mender");
    let back = home.path().join("back.mender");
    write_large(&sent, ARTIFACT, DEVICE_TYPE, mebibytes << 20)?;

    let tour = Tour::new(&server, client, home.path());
    tour.introduce();
    tour.step(&["login"])?;
    tour.step(&["whoami"])?;
    let token = tour.captured(&["token", "create", "ci", "--expires-in", "30d"])?;
    tour.step(&["token", "list"])?;
    let with_token = tour.with("MENDER_ACCESS_TOKEN", &token);
    with_token.step(&["artifacts", "upload", "tour.mender"])?;
    with_token.step(&["artifacts", "list"])?;
    tour.step(&["artifacts", "download", ARTIFACT, "-O", "back.mender"])?;
    same(&sent, &back)?;
    server.add_fleet(seed::DEVICES, seed::SEED);
    for mac in ["02:00:00:00:00:01", "02:00:00:00:00:02"] {
        let identity_data = json!({ "mac": mac });
        server.add_device(Device { status: "pending".into(), identity_data, ..Device::default() });
    }
    fleet(&tour)?;
    roll_out(&tour, &server)?;
    tour.answered(&["token", "revoke", "ci"], Some("y"))?;
    with_token.fails(&["artifacts", "list"], None, "the token is revoked")?;
    println!("\nEverything went as it should.");
    Ok(())
}

/// From the devices that wait for a decision to the fleet on one screen.
fn fleet(tour: &Tour) -> Result<(), Failure> {
    tour.step(&["devices", "list"])?;
    tour.answered(&["devices", "accept", "--filter", "mac ~ ^02:00:00"], Some("y"))?;
    tour.step(&["devices", "list", "--filter", "artifact_name ver< 3.0"])?;
    tour.step(&["groups", "add", "old", "--filter", "artifact_name ver< 3.0", "--yes"])?;
    tour.step(&["status"])
}

/// From a release to devices that run it: one fails, its log says why, and once it is mended a retry helps.
fn roll_out(tour: &Tour, server: &Sandbox) -> Result<(), Failure> {
    let kiosks: Vec<String> = (1..=6).map(|number| add_kiosk(server, number)).collect();
    server.simulate(Simulation::default().speed(SPEED));
    server.device_fails(&kiosks[4]);
    let deployment = format!("{ARTIFACT} to group kiosks");
    let create = [
        "deployments",
        "create",
        "--artifact",
        ARTIFACT,
        "--group",
        "kiosks",
        "--wait",
        "--interval",
        "500ms",
    ];
    tour.fails(&create, Some("y"), "a device failed")?;
    tour.step(&["deployments", "log", &deployment, "--failed"])?;
    server.device_recovers(&kiosks[4]);
    tour.step(&["deployments", "retry", &deployment, "--yes", "--wait", "--interval", "500ms"])?;
    tour.step(&["status", "--artifact", ARTIFACT])
}

/// A device that fits the tour's Artifact, in a group of its own.
fn add_kiosk(server: &Sandbox, number: usize) -> String {
    let identity_data = json!({ "mac": format!("02:00:00:00:01:{number:02x}") });
    let id = server.add_device(Device { identity_data, ..Device::default() });
    server.report_inventory(&id, json!({ "device_type": DEVICE_TYPE, "artifact_name": "tour-0.9" }));
    server.set_tags(&id, &[("name", json!(format!("kiosk-{number}")))]);
    server.set_group(&id, "kiosks");
    id
}

/// Builds the client as a release, and says where it is.
fn build() -> Result<PathBuf, Failure> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("Building the client…");
    let built = Command::new(cargo)
        .args(["build", "--release", "--bin", "mender-cli", "-p", "mender-cli", "--message-format", "json"])
        .current_dir(workspace)
        .stderr(Stdio::inherit())
        .output()?;
    if !built.status.success() {
        return Err("the client cannot be built".into());
    }
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let executable = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let wanted = message["reason"] == "compiler-artifact" && message["target"]["name"] == "mender-cli";
        wanted.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executable.ok_or_else(|| "cargo does not say where the client is".into())
}

#[derive(Debug, Clone)]
struct Tour {
    client: PathBuf,
    home: PathBuf,
    variables: BTreeMap<String, String>,
    /// What stands before the command, as typed.
    typed: String,
}

impl Tour {
    fn new(server: &Sandbox, client: PathBuf, home: &Path) -> Tour {
        let inherited = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| !is_foreign(name));
        let mut variables: BTreeMap<String, String> = inherited.collect();
        for (name, value) in [
            ("HOME", home.display().to_string()),
            ("USERPROFILE", home.display().to_string()),
            ("MENDER_SERVER_URL", server.https_url().into()),
            ("MENDER_CA_CERT", server.ca_file().display().to_string()),
            ("MENDER_USERNAME", server.username().into()),
            ("MENDER_PASSWORD", server.password().into()),
        ] {
            variables.insert(name.into(), value);
        }
        Tour { client, home: home.into(), variables, typed: String::new() }
    }

    fn introduce(&self) {
        println!("$ cd {}", self.home.display());
        for name in ["MENDER_SERVER_URL", "MENDER_CA_CERT", "MENDER_USERNAME", "MENDER_PASSWORD"] {
            let value = &self.variables[name];
            println!(
                "$ export {name}={}",
                if name == "MENDER_PASSWORD" { masked(value) } else { value.clone() }
            );
        }
    }

    /// The same with a further variable, typed before the command.
    fn with(&self, name: &str, secret: &str) -> Tour {
        let mut tour = self.clone();
        tour.typed = format!("{name}={} ", masked(secret));
        tour.variables.insert(name.into(), secret.into());
        tour
    }

    fn type_in(&self, arguments: &[&str]) -> String {
        let quoted = |word: &&str| if word.contains(' ') { format!("'{word}'") } else { (*word).to_owned() };
        let words: Vec<String> = arguments.iter().map(quoted).collect();
        let line = format!("{}mender-cli {}", self.typed, words.join(" "));
        println!("\n$ {line}");
        let _ = io::stdout().flush();
        line
    }

    /// Has to succeed.
    fn step(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.answered(arguments, None)
    }

    /// The same, where the client asks back.
    fn answered(&self, arguments: &[&str], answer: Option<&str>) -> Result<(), Failure> {
        let line = self.type_in(arguments);
        match self.at_terminal(arguments, answer)? {
            0 => Ok(()),
            code => Err(format!("'{line}' failed with exit code {code}").into()),
        }
    }

    /// Has to fail, and to say so by its exit code.
    fn fails(&self, arguments: &[&str], answer: Option<&str>, why: &str) -> Result<(), Failure> {
        let line = self.type_in(arguments);
        match self.at_terminal(arguments, answer)? {
            0 => Err(format!("'{line}' should have failed").into()),
            code => {
                println!("(exit code {code}, as it should be: {why})");
                Ok(())
            }
        }
    }

    /// What the command prints is a secret.
    fn captured(&self, arguments: &[&str]) -> Result<String, Failure> {
        let line = self.type_in(arguments);
        let mut command = Command::new(&self.client);
        command.args(arguments).env_clear().envs(&self.variables).current_dir(&self.home);
        let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("'{line}' failed: {}", output.status).into());
        }
        let secret = String::from_utf8(output.stdout)?.trim().to_string();
        if secret.split('.').count() != 3 {
            return Err(format!("'{line}' printed no token").into());
        }
        println!("{}", masked(&secret));
        Ok(secret)
    }

    /// Runs it at a terminal of its own, so that it looks the same wherever the tour is run; returns the exit code.
    fn at_terminal(&self, arguments: &[&str], answer: Option<&str>) -> Result<u32, Failure> {
        let size = PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
        let terminal = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(&self.client);
        command.args(arguments);
        command.cwd(&self.home);
        command.env_clear();
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        let mut child = terminal.slave.spawn_command(command)?;
        drop(terminal.slave);
        let mut shown = terminal.master.try_clone_reader()?;
        let mut keyboard = terminal.master.take_writer()?;
        let mut answer = answer;
        let mut buffer = [0; 4096];
        // The end of a pseudo-terminal is an error on some systems.
        while let Ok(read @ 1..) = shown.read(&mut buffer) {
            io::stdout().write_all(&buffer[..read])?;
            io::stdout().flush()?;
            if buffer[..read].contains(&b'?')
                && let Some(answer) = answer.take()
            {
                writeln!(keyboard, "{answer}")?;
            }
        }
        Ok(child.wait()?.exit_code())
    }
}

/// The beginning of a secret, for the eye alone.
fn masked(secret: &str) -> String {
    let shown: String = secret.chars().take(secret.len().min(12) / 3).collect();
    format!("{shown}…")
}

fn same(sent: &Path, back: &Path) -> Result<(), Failure> {
    println!("\n$ cmp tour.mender back.mender && echo same");
    let (mut sent, mut back) = (fs::File::open(sent)?, fs::File::open(back)?);
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read = sent.read(&mut left)?;
        if read == 0 {
            break;
        }
        if back.read_exact(&mut right[..read]).is_err() || left[..read] != right[..read] {
            return Err("the download differs from the upload".into());
        }
    }
    if back.read(&mut right)? > 0 {
        return Err("the download is longer than the upload".into());
    }
    println!("same");
    Ok(())
}
