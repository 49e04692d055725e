//! The bar, and Ctrl-C.

use super::*;
use crate::support::terminal::Terminal;

fn upload(server: &Sandbox, home: &Home, columns: u16, args: &[&str]) -> Terminal {
    let env = [("MENDER_SERVER_URL", server.url()), ("NO_COLOR", "1")];
    let args: Vec<&str> = ["artifacts", "upload"].iter().chain(args).copied().collect();
    Terminal::start(home, columns, &env, &args)
}

/// A bar on one line at any width; Ctrl-C ends it at once, and nothing is stored.
#[test]
fn a_bar_and_ctrl_c() {
    for columns in [80, 40] {
        let (server, home) = logged_in();
        let name = "a-rather-long-name-of-a-release-2026.11.mender";
        write_huge(&home, name);
        server.fault(Fault::on("POST", UPLOAD).hang());
        let mut terminal = upload(&server, &home, columns, &[name]);
        terminal.wait_for("B/s");
        let screen = terminal.screen();
        let lines: Vec<_> = screen.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(lines.len(), 1, "{screen}");
        assert!(lines[0].contains("11.mender"), "{screen}");
        assert!(
            if columns == 80 { lines[0].contains("/256.00 MiB") } else { lines[0].contains('%') },
            "{screen}"
        );
        terminal.type_in("\x03");
        assert_eq!(terminal.end(), 130, "{}", terminal.screen());
        let screen = terminal.screen();
        assert!(
            screen.replace('\n', "").contains("interrupted; nothing was stored on the server"),
            "{screen}"
        );
        assert!(!screen.contains("B/s"), "{screen}\n{:?}", terminal.history);
        assert!(terminal.is_sane());
        assert_eq!(server.artifact_count(), 0);
    }
}

#[test]
fn ctrl_c_after_the_last_byte_claims_nothing() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    server.fault(Fault::on("POST", UPLOAD).hang());
    let mut terminal = upload(&server, &home, 120, &["a.mender"]);
    terminal.wait_for("sent, the server is storing it");
    terminal.type_in("\x03");
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    let screen = terminal.screen();
    assert!(
        screen
            .replace('\n', "")
            .contains("interrupted after its last byte; see with artifacts list --name \"a\""),
        "{screen}"
    );
}

#[test]
fn the_bar_is_gone_when_it_is_done() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let mut terminal = upload(&server, &home, 80, &["a.mender"]);
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(terminal.screen().starts_with("upload successful: "), "{}", terminal.screen());
}

#[test]
fn no_bar_for_those_who_want_none() {
    for flag in ["--no-progress", "-q"] {
        let (server, home) = logged_in();
        home.write("a.mender", artifact("a"));
        let mut terminal = upload(&server, &home, 80, &["a.mender", flag]);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        assert!(!terminal.history.contains("a.mender"), "{}", terminal.history);
    }
}

/// The same without a terminal, by the order to end that a pipeline sends.
#[test]
fn an_order_to_end_without_a_terminal() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (server, home) = logged_in();
        write_huge(&home, "huge.mender");
        server.fault(Fault::on("POST", UPLOAD).hang());
        let mut command = home.at(&server, ["artifacts", "upload", "huge.mender"]).into_command();
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
        let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while posts(&server).is_empty() {
            assert!(std::time::Instant::now() < until, "the upload does not begin");
            std::thread::yield_now();
        }
        kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert_eq!(stderr, "FAILURE: upload of huge.mender interrupted; nothing was stored on the server\n");
    }
}
