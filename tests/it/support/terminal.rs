//! A terminal to run the program in: type on it, look at its screen. Waits for text, never for time.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use sandbox::Sandbox;

use super::home::{Home, PROGRAM};

/// So long a text may take to appear before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program in a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All that was ever written, for what the screen has lost.
    pub history: String,
}

impl Terminal {
    /// Starts the program with these arguments and variables in a terminal of that many columns.
    pub fn start(home: &Home, columns: u16, env: &[(&str, &str)], args: &[&str]) -> Self {
        Self::start_program(home, columns, env, PROGRAM, args)
    }

    /// Starts the program with the words of a line, to speak with that server.
    pub fn at(server: &Sandbox, home: &Home, columns: u16, line: &str) -> Self {
        let args: Vec<&str> = line.split(' ').collect();
        Self::start(home, columns, &[("MENDER_SERVER_URL", server.url())], &args)
    }

    /// Starts any program, a shell for one.
    pub fn start_program(
        home: &Home,
        columns: u16,
        env: &[(&str, &str)],
        program: &str,
        args: &[&str],
    ) -> Self {
        let size = PtySize { rows: 24, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(home.path(""));
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        command.env("TERM", "xterm-256color");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut reader = pair.master.try_clone_reader().expect("a terminal can be read");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().expect("a terminal can be written to");
        let screen =
            vt100::Parser::new(NonZero::new(24).unwrap(), NonZero::new(columns).expect("some columns"), 0);
        Terminal { master: pair.master, writer, child, output, screen, history: String::new() }
    }

    /// Types, as a person would; `\r` is Enter, `\x03` Ctrl-C.
    pub fn type_in(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("typing works");
    }

    /// Orders the program to end, from outside.
    pub fn terminate(&self) {
        let id = i32::try_from(self.child.process_id().expect("it runs")).expect("an id");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGTERM)
            .expect("it can be told");
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.screen.screen().contents().contains(text) {
            assert!(self.read(until), "the screen does not show {text:?}:\n{}", self.screen());
        }
    }

    /// What the screen shows now.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits for the program's end and tells its exit code.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        while self.read(until) {}
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status.exit_code();
            }
            assert!(Instant::now() < until, "the program does not end:\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    /// Whether the terminal echoes what is typed and takes whole lines, as a shell leaves it.
    pub fn is_sane(&self) -> bool {
        let Some(settings) = self.master.get_termios() else { return false };
        use nix::sys::termios::LocalFlags;
        settings.local_flags.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG)
    }

    /// Takes in what comes next; false at the end.
    fn read(&mut self, until: Instant) -> bool {
        match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.history.push_str(&String::from_utf8_lossy(&bytes));
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A failed test must not leave the program behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
