//! An empty home, and the program run in it with an environment that has nothing of the person who tests.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::Sandbox;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_mender-cli");

/// A home directory that goes away with the test.
pub struct Home {
    directory: tempfile::TempDir,
}

impl Home {
    /// Where the token of the default profile lies.
    pub const TOKEN: &str = ".cache/mender/authtoken";

    pub fn new() -> Self {
        Home { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// A home whose user has logged in, so that commands need no token.
    pub fn logged_in(server: &Sandbox) -> Self {
        let home = Home::new();
        home.write(Home::TOKEN, server.login());
        home
    }

    /// A path below the home.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn read(&self, relative: &str) -> String {
        let path = self.path(relative);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    /// Permission bits, where there are any.
    #[cfg(unix)]
    pub fn mode(&self, relative: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(self.path(relative)).unwrap().permissions().mode() & 0o7777
    }

    /// A file in the program's configuration directory, relative to the home.
    pub fn config(name: &str) -> String {
        let directory = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
        format!("{directory}/mender-cli/{name}")
    }

    /// All files below the home, relative to it, sorted, with `/` between folders on every system.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.directory.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push(
                        path.strip_prefix(self.directory.path())
                            .unwrap()
                            .display()
                            .to_string()
                            .replace(std::path::MAIN_SEPARATOR, "/"),
                    ),
                }
            }
        }
        found.sort();
        found
    }

    /// The program with these arguments, in this home.
    pub fn cli<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        let mut command = Command::new(PROGRAM);
        command.args(args.into_iter().map(Into::into)).current_dir(self.directory.path());
        command.env_clear().envs(self.environment());
        Invocation { command, stdin: None }
    }

    /// The program with these arguments, speaking with `server` over http.
    pub fn at<A: Into<OsString>>(&self, server: &Sandbox, args: impl IntoIterator<Item = A>) -> Invocation {
        self.cli(args).env("MENDER_SERVER_URL", server.url())
    }

    /// The environment of every run: nothing but what a program cannot do without.
    pub fn environment(&self) -> Vec<(String, OsString)> {
        let mut all = vec![
            ("HOME".to_owned(), self.directory.path().into()),
            // The home on Windows, where configuration lies elsewhere too.
            ("USERPROFILE".to_owned(), self.directory.path().into()),
            ("APPDATA".to_owned(), self.directory.path().join(".config").into()),
            ("TZ".to_owned(), "UTC".into()),
        ];
        // Without this one Windows has no sockets; without PATH a token-command is not found.
        for name in ["SystemRoot", "PATH"] {
            all.extend(std::env::var_os(name).map(|value| (name.to_owned(), value)));
        }
        all
    }
}

/// A server, and the home of a user who has logged in there.
pub fn logged_in() -> (Sandbox, Home) {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    (server, home)
}

/// A run that is being prepared.
#[must_use]
pub struct Invocation {
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl Invocation {
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// Further arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn directory(mut self, path: impl AsRef<Path>) -> Self {
        self.command.current_dir(path);
        self
    }

    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// The same run by a shell, in which `"$0" "$@"` is the program with its arguments.
    #[cfg(unix)]
    pub fn in_shell(self, script: &str) -> Self {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(self.command.get_program()).args(self.command.get_args());
        shell.current_dir(self.command.get_current_dir().expect("the home")).env_clear();
        shell.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Invocation { command: shell, stdin: self.stdin }
    }

    /// The command itself, for tests that need to start it in their own way.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    #[must_use = "a run that nobody looks at proves nothing"]
    pub fn run(mut self) -> Outcome {
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        // On a thread of its own: neither side may wait for the other to read.
        let writer = self.stdin.take().map(|text| {
            let mut pipe = child.stdin.take().expect("it is piped");
            // The program may end without reading all of it.
            std::thread::spawn(move || drop(pipe.write_all(&text)))
        });
        let output = child.wait_with_output().expect("the program ends");
        if let Some(writer) = writer {
            writer.join().expect("writing does not panic");
        }
        Outcome {
            code: output.status.code(),
            stdout_bytes: output.stdout.clone(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What a run left behind. Each check shows all of it when it fails.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stdout_bytes: Vec<u8>,
    pub stderr: String,
}

impl Outcome {
    /// Exit code 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits_with(0)
    }

    /// Exit code 1.
    #[track_caller]
    pub fn fails(self) -> Self {
        self.exits_with(1)
    }

    #[track_caller]
    pub fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code\n{}", self.transcript());
        self
    }

    /// Exactly this on stdout.
    #[track_caller]
    pub fn prints(self, expected: &str) -> Self {
        assert_eq!(self.stdout, expected, "stdout\n{}", self.transcript());
        self
    }

    /// This somewhere on stdout.
    #[track_caller]
    pub fn shows(self, part: &str) -> Self {
        assert!(self.stdout.contains(part), "stdout lacks {part:?}\n{}", self.transcript());
        self
    }

    /// Exactly this on stderr.
    #[track_caller]
    pub fn says_exactly(self, expected: &str) -> Self {
        assert_eq!(self.stderr, expected, "stderr\n{}", self.transcript());
        self
    }

    /// This somewhere on stderr.
    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "stderr lacks {part:?}\n{}", self.transcript());
        self
    }

    /// One line on stderr, which begins so.
    #[track_caller]
    pub fn says_just(self, beginning: &str) -> Self {
        let is_one = self.stderr.starts_with(beginning) && self.stderr.lines().count() == 1;
        assert!(is_one, "stderr is not one line {beginning:?}...\n{}", self.transcript());
        self
    }

    /// This nowhere on stderr.
    #[track_caller]
    pub fn does_not_say(self, part: &str) -> Self {
        assert!(!self.stderr.contains(part), "stderr has {part:?}\n{}", self.transcript());
        self
    }

    /// This neither on stdout nor on stderr.
    #[track_caller]
    pub fn keeps_secret(self, secret: &str) -> Self {
        let leaked = self.stdout.contains(secret) || self.stderr.contains(secret);
        assert!(!leaked, "the secret {secret:?} is shown\n{}", self.transcript());
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.transcript()))
    }

    /// stderr as the JSON of an error.
    #[track_caller]
    pub fn json_error(&self) -> serde_json::Value {
        serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}\n{}", self.transcript()))
    }

    /// stdout without its end of line.
    pub fn line(&self) -> &str {
        self.stdout.trim_end_matches(['\r', '\n'])
    }

    /// All of it, to read.
    pub fn transcript(&self) -> String {
        format!("code: {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}
