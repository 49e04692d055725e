//! Links, devices, modes, signals.

use super::*;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

#[test]
fn through_a_link_to_the_file_that_it_means() {
    let it = stored();
    it.home.write("real/file.mender", "old");
    symlink("real/file.mender", it.home.path("link.mender")).unwrap();
    it.download(&["r1", "-O", "link.mender"]).run().succeeds();
    assert!(std::fs::symlink_metadata(it.home.path("link.mender")).unwrap().is_symlink());
    assert_eq!(it.content("real/file.mender"), it.bytes);
}

/// A device is written to. Were a file put in its place, it would be gone.
#[test]
fn a_device_stays_one() {
    let it = stored();
    it.download(&["r1", "-O", "/dev/null"]).run().succeeds().says("download successful");
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

fn with_umask(invocation: Invocation, umask: &str) -> Outcome {
    invocation.in_shell(&format!("umask {umask}; exec \"$0\" \"$@\"")).run()
}

#[test]
fn a_new_file_has_the_mode_that_any_new_file_has() {
    let it = stored();
    for (umask, mode) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        with_umask(it.download(&["r1"]), umask).succeeds();
        assert_eq!(it.home.mode("r1.mender"), mode);
        std::fs::remove_file(it.home.path("r1.mender")).unwrap();
    }
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode() {
    let it = stored();
    let path = it.home.write("r1.mender", "old");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
    it.download(&["r1"]).run().succeeds();
    assert_eq!(it.home.mode("r1.mender"), 0o640);
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    use crate::support::terminal::Terminal;
    let it = stored();
    // The line breaks on the way, and nobody answers when the rest is asked for.
    it.server.fault(Fault::on("GET", "/mender/").truncate(200_000));
    it.server.fault(Fault::on("GET", "/mender/").hang());
    let mut terminal = Terminal::at(&it.server, &it.home, 80, "artifacts download r1");
    terminal.wait_for("B/s");
    terminal.type_in("\x03");
    assert_eq!(terminal.end(), 130, "{}", terminal.screen());
    assert!(
        terminal.screen().contains("FAILURE: download interrupted; ./r1.mender was not written"),
        "{}",
        terminal.screen()
    );
    assert!(!terminal.screen().contains("B/s"), "{}", terminal.screen());
    assert!(terminal.is_sane());
    it.left_nothing();
}

/// A target that takes nothing must not keep Ctrl-C from getting through.
#[test]
fn ctrl_c_while_the_reader_does_not_read() {
    let it = stored_with(8 << 20);
    let mut command = it.download(&["r1", "-O", "-"]).into_command();
    // Nobody reads, so that the pipe is full soon.
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while it.asked_of_storage().is_empty() {
        std::thread::yield_now();
    }
    let id = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
