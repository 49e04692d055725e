//! No secret leaves (D3): every command, with `-v`, against servers that behave and servers that do not; then stdout,
//! stderr and all files are searched for every secret there is.

use sandbox::artifact::Artifact;
use sandbox::{Device, Fault, Sandbox, TWO_FACTOR};
use serde_json::json;

use crate::support::Home;
use crate::support::home::Invocation;

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
        let device_key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        home.write(DEVICE_KEY, &device_key);
        home.write("coming.csv", format!("sn,key\n1,{DEVICE_KEY}\n"));
        let token = home.read(Home::TOKEN);
        World { server, home, token, artifact, device_key }
    }

    /// Each command's lines; none for one that nobody thought of here.
    fn lines(&self, command: &str) -> Vec<Line> {
        let password = format!("{}\n", self.server.password());
        let user = self.server.username();
        let line = Line::new;
        match command {
            "login" => vec![
                line(&["--username", user, "--password-stdin"]).stdin(&password),
                line(&["--username", user, "--password", self.server.password()]),
                line(&["--username", user, "--password", NEW_PASSWORD]),
                line(&[
                    "--username",
                    TWO_FACTOR.email,
                    "--password",
                    TWO_FACTOR.password,
                    "--2fa-code",
                    "123456",
                ]),
                line(&["--username", TWO_FACTOR.email, "--password", TWO_FACTOR.password]),
                line(&["--with-token"]).stdin(&self.token),
                line(&["--token", &self.token, "--username", user, "--password-stdin"]).stdin(&password),
                line(&[]).stdin(format!("{user}\n{password}")),
            ],
            "logout" => vec![line(&[]), line(&["--revoke"]), line(&["--local"])],
            "whoami" => vec![
                line(&[]),
                line(&["--check"]),
                line(&["--show-token"]).shows_token(),
                line(&["--token-value", &self.token]),
                line(&["--token", &self.token]),
                line(&["-o", "json"]),
            ],
            "token create" => vec![
                line(&["ci"]).shows_token(),
                line(&["ci", "-o", "json"]).shows_token(),
                line(&["ci", "--save"]).shows_token(),
                line(&["ci", "--jq", ".token"]).shows_token(),
                line(&["ci", "--jq", ".token.nothing"]),
                Line { token_file: Some("ci.token"), ..line(&["ci", "-O", "ci.token"]) },
                line(&["old"]),
            ],
            "token list" => vec![line(&[]), line(&["-o", "json"])],
            "token revoke" => vec![line(&["old", "--yes"]), line(&["old"]), line(&["--expired", "--yes"])],
            "users me" | "users list" => vec![line(&[]), line(&["-o", "json"])],
            "users show" => vec![line(&[user]), line(&["nobody@example.com"])],
            "users create" => {
                let password = format!("{NEW_PASSWORD}\n");
                vec![
                    line(&["new@example.com", "--password-stdin"]).stdin(&password),
                    line(&["new@example.com", "--password-stdin", "-o", "json"]).stdin("short\n"),
                    line(&[user, "--password-stdin"]).stdin(&password),
                ]
            }
            "users update" => vec![
                line(&["me", "--change-password", "--password-stdin", "--yes"])
                    .stdin(format!("{password}{NEW_PASSWORD}\n")),
                line(&["me", "--change-password", "--password-stdin", "--yes"])
                    .stdin(format!("{NEW_PASSWORD}\n{NEW_PASSWORD}\n")),
                line(&["me", "--email", "other@example.com", "--password-stdin", "--yes"]).stdin(&password),
            ],
            "users delete" => vec![line(&[TWO_FACTOR.email, "--yes"]), line(&[TWO_FACTOR.email])],
            "artifacts upload" => vec![
                line(&["a.mender"]),
                Line { direct: true, ..line(&["--direct", "a.mender", "--description", "x"]) },
            ],
            "artifacts list" => vec![line(&[]), line(&["--raw"]), line(&["--all", "-o", "json"])],
            "artifacts show" => vec![line(&["r1"]), line(&[&self.artifact])],
            "artifacts download" => {
                vec![line(&["r1"]), line(&[&self.artifact, "-O", "out.mender", "-o", "json"])]
            }
            "artifacts delete" => vec![line(&[&self.artifact]), line(&["r1", "--yes"])],
            "artifacts update" => vec![line(&["r1", "--description", "x"])],
            "devices list" => vec![line(&[]), line(&["--raw"])],
            "api" => vec![
                line(&["useradm/users/me"]),
                line(&["PUT", "v2/useradm/users/me", "-f", "email=other@example.com"]),
                line(&["--paginate", "v2/deployments/artifacts?per_page=1"]),
                line(&["useradm/settings/tokens", "-f", "name=made", "-F", "expires_in=60"]).shows_token(),
                // Where a redirect leads is in the headers, and they were asked for.
                line(&["-i", "useradm/users/me"]).shows_token(),
                line(&["--dry-run", "useradm/users/me"]),
                line(&["useradm/users/me", "-H", &format!("Authorization: Bearer {}", self.token)]),
                line(&["useradm/users/me", "-H", &self.token]),
                line(&["useradm/users/me", "-f", &self.token]),
                line(&["https://127.0.0.1:1/login?jwt=in-the-link"]),
            ],
            "devices preauthorize" => vec![
                line(&["--identity", "mac=1", "--key", DEVICE_KEY]),
                line(&["--identity", "mac=1", "--key", "-"]).stdin(&self.device_key),
                line(&["--file", "coming.csv", "--yes"]),
            ],
            "devices wait" => {
                vec![line(&[ACCEPTED, "--for", "connected", "--timeout", "200ms", "--interval", "20ms"])]
            }
            _ if command.starts_with("devices") || command.starts_with("groups") => of_devices(command),
            "status" => vec![line(&[]), line(&["--artifact", "r1"])],
            "profile list" => vec![line(&[]), line(&["-o", "json"])],
            "profile show" => vec![line(&[]), line(&["other"])],
            "profile use" => vec![line(&["other"])],
            "profile remove" => vec![line(&["other", "--yes"])],
            "completion" => vec![line(&["bash"])],
            "man" => vec![line(&[]), line(&["-O", "pages"])],
            _ => Vec::new(),
        }
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

/// The lines of commands that work on devices that there are.
fn of_devices(command: &str) -> Vec<Line> {
    let line = Line::new;
    match command {
        "devices count" => vec![line(&["--by", "status"])],
        "devices show" => vec![line(&["one"])],
        "devices accept" | "devices reject" => vec![line(&["--all", "--yes"])],
        "devices dismiss" | "devices decommission" => vec![line(&[PENDING, "--yes"])],
        "devices tags list" => vec![line(&[ACCEPTED])],
        "devices tags set" => vec![line(&["one", "site=x"])],
        "devices tags remove" => vec![line(&[ACCEPTED, "name"])],
        "devices attributes" => vec![line(&[])],
        "devices configuration show" => vec![line(&["one"])],
        "devices configuration set" => vec![line(&[ACCEPTED, "key=value"])],
        "devices configuration deploy" => vec![line(&[ACCEPTED])],
        "devices revoke-token" | "devices check-update" | "devices send-inventory" => vec![line(&[ACCEPTED])],
        "groups list" => vec![line(&[])],
        "groups show" => vec![line(&["lab"])],
        "groups add" => vec![line(&["depot", ACCEPTED])],
        "groups remove" => vec![line(&["lab", ACCEPTED])],
        "groups delete" => vec![line(&["lab", "--yes"])],
        _ => Vec::new(),
    }
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

/// Every line of every command, each in a world of its own that `spoil` may spoil.
fn all(how: &str, spoil: impl Fn(&World) + Sync) {
    let commands = commands();
    assert!(commands.len() > 20 && commands.iter().any(|command| command == "token create"), "{commands:?}");
    // Most of the time is waiting.
    let queue = std::sync::Mutex::new(commands.iter());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let Some(command) = queue.lock().unwrap().next() else { return };
                    let count = World::new().lines(command).len();
                    assert!(count > 0, "{command}: a line for it belongs into this file");
                    for index in 0..count {
                        let world = World::new();
                        let line = world.lines(command).remove(index);
                        spoil(&world);
                        world.search(command, &line, how);
                    }
                }
            });
        }
    });
}

/// All requests, or all but the first.
fn everywhere(fault: impl Fn() -> Fault + Sync) -> impl Fn(&World) + Sync {
    move |world| world.server.fault(fault())
}

fn on() -> Fault {
    Fault::on("*", "/")
}

#[test]
fn against_a_server_that_behaves() {
    all("a sound server", |_| {});
}

#[test]
fn against_a_server_that_refuses() {
    all("401", everywhere(|| on().status(401).times(99)));
    all("403", everywhere(|| on().status(403).times(99)));
    all("500 later on", everywhere(|| on().status(500).after(1).times(99)));
}

#[test]
fn against_a_server_that_is_overloaded() {
    all("429", everywhere(|| on().status(429).header("Retry-After", "3600").times(99)));
    all("503 once, later on", everywhere(|| on().status(503).after(1)));
}

#[test]
fn against_a_server_that_breaks_off() {
    all("cut", everywhere(|| on().cut()));
    all("truncated", everywhere(|| on().truncate(3)));
    all("an early answer", everywhere(|| on().early(413, r#"{"error":"too large"}"#)));
}

#[test]
fn against_what_is_no_mender_server() {
    all("a web page", everywhere(|| on().body("text/html", "<html>").times(99)));
    all("nothing", everywhere(|| on().body("application/json", "").times(99)));
    all("no http", everywhere(|| on().raw("SSH-2.0-x\r\n")));
    all("another form", everywhere(|| on().body("application/json", "{\"a\":[]}").after(1).times(99)));
}

#[test]
fn against_a_server_that_sends_elsewhere() {
    let elsewhere = "http://127.0.0.1:1/login?jwt=in-the-link#in-the-link";
    all("a redirect", everywhere(|| on().redirect(elsewhere, 302).times(99)));
    all("a redirect later on", everywhere(|| on().redirect(elsewhere, 307).after(1).times(99)));
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
    all("links to the server itself", links);
    all("a storage that refuses", everywhere(|| Fault::on("*", "/mender/").status(403).times(99)));
    all("a storage that breaks off", everywhere(|| Fault::on("*", "/mender/").cut()));
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
