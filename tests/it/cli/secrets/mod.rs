//! No secret leaves (D3): every command, with `-v`, against servers that behave and servers that do not; then stdout,
//! stderr and all files are searched for every secret there is.

mod lines;

use std::sync::LazyLock;

use sandbox::artifact::Artifact;
use sandbox::{Device, Fault, Recorded, Sandbox, Server, TWO_FACTOR};
use serde_json::json;

use crate::support::home::Invocation;
use crate::support::{Home, several_at_once};

const NEW_PASSWORD: &str = "new-secret-password";
/// Where the user wrote a password.
const CONFIGURATION: &str = ".mender-clirc";
/// Where the private key of a device lies.
const DEVICE_KEY: &str = "device.key";

/// A line of a command: what follows its words, what it reads, and where a token belongs.
struct Line {
    args: Vec<String>,
    stdin: String,
    direct: bool,
    /// A token on stdout is what this line is for.
    shows_token: bool,
    /// A file that was asked for a token.
    token_file: Option<&'static str>,
}

impl Line {
    fn new(args: &[&str]) -> Line {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Line { args, stdin: String::new(), direct: false, shows_token: false, token_file: None }
    }

    fn stdin(mut self, text: impl Into<String>) -> Line {
        self.stdin = text.into();
        self
    }

    fn shows_token(mut self) -> Line {
        self.shows_token = true;
        self
    }
}

/// One server, one home, and all that must stay between them.
struct World {
    server: Sandbox,
    home: Home,
    token: String,
    artifact: String,
    /// The private key of a device to come.
    device_key: String,
}

/// A device that was let in, and one that was not.
const ACCEPTED: &str = "acce97ed-0000-4000-8000-000000000001";
const PENDING: &str = "9e9d1960-0000-4000-8000-000000000002";

/// The name of a deployment that failed.
const DEPLOYMENT: &str = "roll-out";

impl World {
    fn new() -> World {
        let server = Sandbox::start();
        let home = Home::logged_in(&server);
        let artifact = server.add_artifact(&Artifact::new("r1").file("f", b"hello").build());
        server.create_token("old", None);
        home.write("a.mender", Artifact::new("new").file("f", b"hello").build());
        home.write(".config/mender-cli/config.toml", "[profiles.other]\nserver = \"http://127.0.0.1:1\"\n");
        home.write(CONFIGURATION, format!(r#"{{"password": "{}"}}"#, server.password()));
        add_devices(&server);
        let deployment = server.create_deployment(DEPLOYMENT, "r1", &[ACCEPTED]);
        server.device_reports(&deployment, ACCEPTED, "failure");
        server.device_logs(&deployment, ACCEPTED, "it broke\n");
        let device_key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        home.write(DEVICE_KEY, &device_key);
        home.write("coming.csv", format!("sn,key\n1,{DEVICE_KEY}\n"));
        let token = home.read(Home::TOKEN);
        World { server, home, token, artifact, device_key }
    }

    fn invocation(&self, command: &str, line: &Line) -> Invocation {
        let words = command.split(' ').map(str::to_owned);
        let args = words.chain(line.args.iter().cloned()).chain(["-v".to_owned()]);
        let url = if line.direct { self.server.direct_url() } else { self.server.url() };
        self.home.cli(args).env("MENDER_SERVER_URL", url).stdin(line.stdin.clone())
    }

    /// Runs a line and searches everything that it leaves.
    fn search(&self, command: &str, line: &Line, how: &str) {
        let outcome = self.invocation(command, line).run();
        let what = format!("{command} {:?}, {how}", line.args);
        for request in self.server.requests() {
            let leaves =
                private_lines(&self.device_key).iter().any(|line| request.body_text().contains(line));
            assert!(!leaves, "{what}: the private key is sent: {}", request.body_text());
        }
        assert!(outcome.code.is_some_and(|code| code <= 4), "{what}\n{}", outcome.transcript());
        assert!(!outcome.stderr.contains("panicked"), "{what}\n{}", outcome.transcript());

        let mut secrets = self.secrets();
        if line.shows_token {
            // A token that was made just now is known only from here, and must be nowhere else.
            let shown = outcome.stdout.split(['"', '\n', ' ']).filter(|word| word.starts_with("eyJ"));
            secrets.extend(shown.flat_map(parts));
        }
        for name in [Some(Home::TOKEN), line.token_file].into_iter().flatten() {
            if self.home.exists(name) {
                secrets.extend(parts(self.home.read(name).trim()));
            }
        }
        let search = |place: &str, text: &str| {
            if let Some(secret) = secrets.iter().find(|secret| holds(text, secret)) {
                panic!("{what}: {place} has the secret {secret:?}\n{}", outcome.transcript());
            }
        };
        search("stderr", &outcome.stderr);
        if !line.shows_token {
            search("stdout", &outcome.stdout);
        }
        for file in self.home.files() {
            let may_hold_one = [Some(Home::TOKEN), Some(CONFIGURATION), Some(DEVICE_KEY), line.token_file];
            if !may_hold_one.contains(&Some(&file)) {
                search(&file, &String::from_utf8_lossy(&std::fs::read(self.home.path(&file)).unwrap()));
            }
        }
    }

    fn secrets(&self) -> Vec<String> {
        use base64::Engine as _;
        let basic = |user: &str, password: &str| {
            base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
        };
        let mut all = vec![
            self.server.password().to_owned(),
            NEW_PASSWORD.to_owned(),
            TWO_FACTOR.password.to_owned(),
            "123456".to_owned(),
            "X-Amz-Signature".to_owned(),
            "in-the-link".to_owned(),
            basic(self.server.username(), self.server.password()),
            basic(self.server.username(), NEW_PASSWORD),
            basic(TWO_FACTOR.email, TWO_FACTOR.password),
        ];
        all.extend(parts(&self.token));
        all.extend(private_lines(&self.device_key));
        all
    }
}

fn add_devices(server: &Sandbox) {
    server.add_device(Device { id: ACCEPTED.into(), ..Device::default() });
    server.add_device(Device { id: PENDING.into(), status: "pending".into(), ..Device::default() });
    server.set_tags(ACCEPTED, &[("name", json!("one"))]);
    server.set_group(ACCEPTED, "lab");
}

/// The lines of a PEM that have a private key in them.
fn private_lines(pem: &str) -> Vec<String> {
    pem.lines().filter(|line| !line.starts_with("-----")).take(2).map(str::to_owned).collect()
}

/// A token, and the part of it that nobody else could make.
fn parts(token: &str) -> Vec<String> {
    let signature = token.rsplit('.').next().unwrap_or_default();
    [token, signature].into_iter().filter(|part| part.len() > 20).map(str::to_owned).collect()
}

/// Whether a text has a secret in it. Digits alone count only as a word: they may be part of an id or a port.
fn holds(text: &str, secret: &str) -> bool {
    if !secret.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.contains(secret);
    }
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == secret)
}

/// The commands that do something, from the program's own help.
fn commands() -> Vec<String> {
    fn below(home: &Home, words: &[String], found: &mut Vec<String>) {
        let args = ["help".to_owned()].into_iter().chain(words.iter().cloned());
        let help = home.cli(args).run().succeeds();
        let lines = help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
        let names = lines.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
        let names: Vec<_> = names
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .collect();
        if names.is_empty() {
            found.push(words.join(" "));
        }
        for name in names {
            below(home, &[words, &[name.to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    below(&Home::new(), &[], &mut found);
    found
}

/// One of the lines, and the requests that it makes of a server that behaves.
struct Case {
    command: String,
    index: usize,
    requests: Vec<Recorded>,
}

impl Case {
    /// Whether it asks the server anything.
    fn asks(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Whether it asks more than once.
    fn goes_on(&self) -> bool {
        self.requests.len() > 1
    }

    /// Whether it follows a link to the storage.
    fn reaches_storage(&self) -> bool {
        self.requests.iter().any(|request| request.server == Server::Storage)
    }
}

/// All lines, each tried once where all is well.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let commands = commands();
    assert!(commands.len() > 20 && commands.iter().any(|command| command == "token create"), "{commands:?}");
    let world = World::new();
    let count = |command: String| {
        let count = world.lines(&command).len();
        assert!(count > 0, "{command}: a line for it belongs into this file");
        (0..count).map(move |index| (command.clone(), index))
    };
    let lines: Vec<(String, usize)> = commands.into_iter().flat_map(count).collect();
    several_at_once(&lines, |(command, index)| {
        let requests = run(command, *index, "a sound server", |_| {});
        Case { command: command.clone(), index: *index, requests }
    })
});

/// Runs a line in a world of its own that `spoil` may spoil, and searches it.
fn run(command: &str, index: usize, how: &str, spoil: impl Fn(&World)) -> Vec<Recorded> {
    let world = World::new();
    let line = world.lines(command).remove(index);
    spoil(&world);
    world.search(command, &line, how);
    world.server.requests()
}

/// The lines that may meet the trouble; for all others this server is as sound as any.
fn all(how: &str, may_meet_it: impl Fn(&Case) -> bool, spoil: impl Fn(&World) + Sync) {
    let cases: Vec<&Case> = CASES.iter().filter(|case| may_meet_it(case)).collect();
    assert!(!cases.is_empty(), "{how}");
    several_at_once(&cases, |case| drop(run(&case.command, case.index, how, &spoil)));
}

/// The first request, or all.
fn at_once(how: &str, fault: impl Fn() -> Fault + Sync) {
    all(how, Case::asks, |world| world.server.fault(fault()));
}

/// All requests but the first.
fn later_on(how: &str, fault: impl Fn() -> Fault + Sync) {
    all(how, Case::goes_on, |world| world.server.fault(fault().after(1)));
}

fn on() -> Fault {
    Fault::on("*", "/")
}

#[test]
fn against_a_server_that_behaves() {
    assert!(CASES.iter().any(Case::goes_on), "none of them asks more than once");
}

#[test]
fn against_a_server_that_refuses() {
    at_once("401", || on().status(401).times(99));
    at_once("403", || on().status(403).times(99));
    later_on("500 later on", || on().status(500).times(99));
}

#[test]
fn against_a_server_that_is_overloaded() {
    at_once("429", || on().status(429).header("Retry-After", "3600").times(99));
    later_on("503 once, later on", || on().status(503).header("Retry-After", "0"));
}

#[test]
fn against_a_server_that_breaks_off() {
    at_once("cut", || on().cut());
    at_once("truncated", || on().truncate(3));
    at_once("an early answer", || on().early(413, r#"{"error":"too large"}"#));
}

#[test]
fn against_what_is_no_mender_server() {
    at_once("a web page", || on().body("text/html", "<html>").times(99));
    at_once("nothing", || on().body("application/json", "").times(99));
    at_once("no http", || on().raw("SSH-2.0-x\r\n"));
    later_on("another form", || on().body("application/json", "{\"a\":[]}").times(99));
}

#[test]
fn against_a_server_that_sends_elsewhere() {
    let elsewhere = "http://127.0.0.1:1/login?jwt=in-the-link#in-the-link";
    at_once("a redirect", || on().redirect(elsewhere, 302).times(99));
    later_on("a redirect later on", || on().redirect(elsewhere, 307).times(99));
}

/// The storage may be at the server's own address: its links are secret there too.
#[test]
fn against_a_storage_that_fails() {
    let links = |world: &World| {
        let own =
            format!(r#"{{"id":"{}","uri":"{}/x?sig=in-the-link"}}"#, world.artifact, world.server.url());
        let base = "/api/management/v1/deployments/artifacts/";
        let of_one = format!("{base}{}/download", world.artifact);
        world.server.fault(Fault::on("GET", &of_one).body("application/json", own.clone()));
        world.server.fault(Fault::on("POST", &format!("{base}directupload")).body("application/json", own));
    };
    let storage = |fault: fn(Fault) -> Fault| {
        move |world: &World| world.server.fault(fault(Fault::on("*", "/mender/")))
    };
    for command in ["artifacts upload", "artifacts download"] {
        let mut reaching = CASES.iter().filter(|case| case.reaches_storage());
        assert!(reaching.any(|case| case.command == command), "{command}");
    }
    all("links to the server itself", Case::reaches_storage, links);
    all("a storage that refuses", Case::reaches_storage, storage(|fault| fault.status(403).times(99)));
    all("a storage that breaks off", Case::reaches_storage, storage(Fault::cut));
}

#[test]
fn a_command_without_a_line_here_is_noticed() {
    let world = World::new();
    assert!(world.lines("artifacts conjure").is_empty());
    assert!(!commands().iter().any(|command| world.lines(command).is_empty()));
}

/// The list of processes is open to everybody. Only what the user wrote there himself may stand in it.
#[cfg(target_os = "linux")]
#[test]
fn a_secret_from_elsewhere_is_not_in_the_arguments() {
    let server = Sandbox::start();
    let home = Home::new();
    server.fault(Fault::on("POST", "/").hang());
    let mut command = home.at(&server, ["login", "--username", "u", "--password-stdin"]).into_command();
    command.env("MENDER_ACCESS_TOKEN", "variable-secret").stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), server.password().as_bytes()).unwrap();
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(arguments.ends_with("login\0--username\0u\0--password-stdin\0"), "{arguments:?}");
}
