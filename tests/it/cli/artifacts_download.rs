//! `artifacts download`: the right file in the right place, or nothing at all.

use std::path::Path;

use sandbox::artifact::Artifact;
use sandbox::{Fault, Recorded, Sandbox, Server};
use serde_json::json;

use crate::support::Home;
use crate::support::home::Invocation;

const LIST: &str = "/api/management/v2/deployments/artifacts";
const ONE: &str = "/api/management/v1/deployments/artifacts/";

struct Stored {
    server: Sandbox,
    home: Home,
    id: String,
    bytes: Vec<u8>,
}

/// A server with one Artifact named `r1`, and a user who is logged in.
fn stored() -> Stored {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let bytes = Artifact::new("r1").device_type("qemu").file("f.bin", noise(300_000)).build();
    let id = server.add_artifact(&bytes);
    Stored { server, home, id, bytes }
}

/// Bytes of which no two pieces are alike, so that a piece in the wrong place shows.
fn noise(count: u32) -> Vec<u8> {
    (0..count).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

impl Stored {
    fn download(&self, args: &[&str]) -> Invocation {
        self.home.at(&self.server, ["artifacts", "download"].iter().chain(args).copied())
    }

    fn from_storage(&self) -> Vec<Recorded> {
        self.server.requests().into_iter().filter(|request| request.server == Server::Storage).collect()
    }

    /// Nothing in the home but the token: no half file, no temporary one.
    #[track_caller]
    fn left_nothing(&self) {
        assert_eq!(self.home.files(), [".cache/mender/authtoken"]);
    }

    fn content(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.home.path(file)).unwrap()
    }
}

/// D24: by name as well.
#[test]
fn by_id_and_by_name() {
    let it = stored();
    for named in [it.id.as_str(), "r1"] {
        it.download(&[named]).run().succeeds().prints("").says_exactly("download successful\n");
        assert_eq!(it.content("r1.mender"), it.bytes);
        std::fs::remove_file(it.home.path("r1.mender")).unwrap();
        it.left_nothing();
    }
    // The storage is no part of the server: it gets no token.
    for request in it.from_storage() {
        assert_eq!(request.header("authorization"), None);
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn several_of_one_name_are_listed() {
    let it = stored();
    let other = it.server.add_artifact(&Artifact::new("r1").device_type("pi").build());
    it.download(&["r1"])
        .run()
        .fails()
        .says("FAILURE: 2 Artifacts are named \"r1\"; name one by its id:")
        .says(&format!("\n  {other}  for pi\n"))
        .says(&format!("\n  {}  for qemu\n", it.id));
    it.left_nothing();
    it.download(&[&other]).run().succeeds();
}

/// D22: an unknown one is said to be unknown. D24: exactly one.
#[test]
fn what_is_not_there() {
    let it = stored();
    it.download(&["nothing"]).run().fails().says("FAILURE: no Artifact is named \"nothing\"").says("hint: ");
    it.download(&["5a0e4b0e-0000-4000-8000-000000000000"])
        .run()
        .fails()
        .says("FAILURE: no Artifact is named");
    it.download(&[""]).run().exits_with(2).says("FAILURE: the name or id of the Artifact is empty");
    it.download(&[]).run().exits_with(2).says("FAILURE: ");
    it.download(&["r1", "r2"]).run().exits_with(2).says("FAILURE: ");
    it.download(&["r1", "--token-value", "junk"])
        .run()
        .fails()
        .says("FAILURE: Unauthorized. Please Login first: ");
    it.left_nothing();
}

#[test]
fn into_another_directory_or_file() {
    let it = stored();
    std::fs::create_dir(it.home.path("out")).unwrap();
    it.download(&["r1", "--destination-path", "out", "-q"]).run().succeeds().prints(&format!("{}\n", it.id));
    assert_eq!(it.content("out/r1.mender"), it.bytes);
    it.download(&["r1", "--destination-path", ""]).run().succeeds();
    assert_eq!(it.content("r1.mender"), it.bytes);
    let made = it.download(&["r1", "-O", "out/other name", "-o", "json"]).run().succeeds().json();
    assert_eq!(made, json!({ "id": it.id, "name": "r1", "file": "out/other name" }));
    assert_eq!(it.content("out/other name"), it.bytes);

    it.download(&["r1", "-O", "out"])
        .run()
        .exits_with(2)
        .says("out is a directory")
        .says("--destination-path");
    it.download(&["r1", "-O", "x", "--destination-path", "out"]).run().exits_with(2);
}

/// D23: a missing directory is said to be missing, before the file is fetched.
#[test]
fn a_directory_that_is_not_there() {
    let it = stored();
    it.download(&["r1", "--destination-path", "no/such"])
        .run()
        .fails()
        .says("FAILURE: Cannot create file: there is no directory no/such");
    it.download(&["r1", "-O", "no/such/file"])
        .run()
        .fails()
        .says("FAILURE: Cannot create file: no/such/file: ");
    assert!(it.from_storage().is_empty());
    it.left_nothing();
}

#[test]
fn to_stdout() {
    let it = stored();
    let outcome = it.download(&["r1", "-O", "-"]).run().succeeds().says_exactly("download successful\n");
    assert_eq!(outcome.stdout_bytes, it.bytes);
    // In any form: stdout is the file and nothing but the file.
    let outcome = it.download(&["r1", "-O", "-", "-o", "json"]).run().succeeds();
    assert_eq!(outcome.stdout_bytes, it.bytes);
    it.left_nothing();
}

#[cfg(target_os = "linux")]
#[test]
fn to_a_full_device() {
    let it = stored();
    it.download(&["r1", "-O", "/dev/full"]).run().fails().says("FAILURE: cannot write the download: ");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = it.download(&["r1", "-O", "-"]).into_command();
    let output = command.stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("FAILURE: cannot write the download: No space")
    );
}

/// D23: names from the server are never paths.
#[test]
fn a_name_that_is_a_path_stays_here() {
    for name in ["../x", "a/b", "/etc/x", "..", ".hidden", "a\u{1b}[2Jb"] {
        let it = stored();
        let list = json!([{ "id": it.id, "name": name, "size": 1 }]).to_string();
        it.server.fault(Fault::on("GET", LIST).body("application/json", list).times(2));
        it.download(&["whatever"])
            .run()
            .fails()
            .says("FAILURE: the name of the Artifact cannot be that of a file: ")
            .says("hint: name the file with -O")
            .does_not_say("\u{1b}");
        assert!(it.from_storage().is_empty());
        it.left_nothing();
        it.download(&["whatever", "-O", "here.mender"]).run().succeeds();
        assert_eq!(it.content("here.mender"), it.bytes);
    }
}

/// D23: what was there before stays until the new file is complete.
#[test]
fn a_file_that_exists_is_replaced_only_by_a_complete_one() {
    let it = stored();
    it.home.write("r1.mender", "precious");
    it.server.fault(Fault::on("GET", "/mender/").truncate(100_000));
    it.server.fault(Fault::on("GET", "/mender/").status(404).times(9));
    it.download(&["r1"]).run().fails().does_not_say("successful");
    assert_eq!(it.content("r1.mender"), b"precious");
    assert_eq!(it.home.files(), [".cache/mender/authtoken", "r1.mender"]);
    it.server.clear_faults();
    it.download(&["r1"]).run().succeeds();
    assert_eq!(it.content("r1.mender"), it.bytes);
    assert_eq!(it.home.files(), [".cache/mender/authtoken", "r1.mender"]);
}

#[cfg(unix)]
mod unix {
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

    fn with_umask(invocation: Invocation, umask: &str) -> std::process::Output {
        let inner = invocation.into_command();
        let mut outer = std::process::Command::new("sh");
        outer.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\"")).arg(inner.get_program());
        outer.args(inner.get_args()).current_dir(inner.get_current_dir().unwrap()).env_clear();
        outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        outer.output().unwrap()
    }

    #[test]
    fn a_new_file_has_the_mode_that_any_new_file_has() {
        let it = stored();
        for (umask, mode) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
            assert!(with_umask(it.download(&["r1"]), umask).status.success());
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
        let env = [("MENDER_SERVER_URL", it.server.url())];
        let mut terminal = Terminal::start(&it.home, 80, &env, &["artifacts", "download", "r1"]);
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
}

/// D22: the storage's refusals as such, not as those of a device.
#[test]
fn what_the_storage_refuses_is_said() {
    for status in [400, 403, 404, 409, 500] {
        let it = stored();
        it.server.fault(Fault::on("GET", "/mender/").server(Server::Storage).status(status));
        it.download(&["r1"])
            .run()
            .fails()
            .says(&format!(
                "FAILURE: GET {}/mender/{} request failed with status {status}",
                it.server.storage_url(),
                it.id
            ))
            .does_not_say("X-Amz")
            .does_not_say("device");
        it.left_nothing();
    }
}

/// D22: the statuses of the server's own calls are looked at too.
#[test]
fn what_the_server_refuses_is_said() {
    let it = stored();
    let link = format!("{ONE}{}/download", it.id);
    it.server.fault(Fault::on("GET", &link).status(500));
    it.download(&["r1"])
        .run()
        .fails()
        .says("/download request failed with status 500: internal server error");
    it.server.fault(Fault::on("GET", &link).body("application/json", r#"{"uri":"file:///etc/passwd"}"#));
    it.download(&["r1"]).run().fails().says("the server gave a link that is no address");
    it.server.fault(Fault::on("GET", &link).body("application/json", "{}"));
    it.download(&["r1"])
        .run()
        .fails()
        .says("the server's answer is not what was expected: missing field `uri`");
    it.left_nothing();
}

#[test]
fn a_web_page_is_no_artifact() {
    let it = stored();
    let page = format!("<html>{}</html>", "log in first ".repeat(40_000));
    assert!(page.len() > it.bytes.len());
    it.server.fault(Fault::on("GET", "/mender/").body("text/html", page));
    it.download(&["r1"]).run().fails().says("the storage sent a web page instead of the file");
    it.left_nothing();
}

/// D23: a file that is shorter than the server says is none.
#[test]
fn a_wrong_length() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").body("application/vnd.mender-artifact", &it.bytes[..1000]));
    it.download(&["r1"]).run().fails().says(&format!("the storage sent 1000 bytes of {}", it.bytes.len()));
    it.left_nothing();
}

/// D23: gone on with where the line broke.
#[test]
fn a_broken_line_is_picked_up_where_it_broke() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").truncate(100_000));
    it.server.fault(Fault::on("GET", "/mender/").truncate(50_000));
    it.server.fault(Fault::on("GET", "/mender/").status(503));
    it.server.fault(Fault::on("GET", "/mender/").cut());
    it.download(&["r1"]).run().succeeds().says_exactly("download successful\n");
    assert_eq!(it.content("r1.mender"), it.bytes);
    let ranges: Vec<_> =
        it.from_storage().iter().map(|request| request.header("range").map(str::to_owned)).collect();
    let from = |position: u32| Some(format!("bytes={position}-"));
    assert_eq!(ranges, [None, from(100_000), from(150_000), from(150_000), from(150_000)]);
}

/// A storage without ranges would give the beginning a second time.
#[test]
fn a_storage_that_cannot_go_on() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").truncate(100_000));
    it.server.fault(Fault::on("GET", "/mender/").body("application/vnd.mender-artifact", it.bytes.clone()));
    it.download(&["r1"]).run().fails().says("the storage cannot go on where the download broke off");
    it.left_nothing();
}

/// A storage may send to another place of its own; no token goes along.
#[test]
fn redirects_of_the_storage_are_followed() {
    let it = stored();
    let other = stored();
    let token = it.server.login();
    it.server.fault(
        Fault::on("GET", "/mender/").redirect(&format!("{}/elsewhere?sig=1", other.server.url()), 307),
    );
    other
        .server
        .fault(Fault::on("GET", "/elsewhere").body("application/vnd.mender-artifact", it.bytes.clone()));
    it.download(&["r1", "--token-value", &token]).run().succeeds();
    assert_eq!(it.content("r1.mender"), it.bytes);
    let asked = other.server.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("authorization"), None);
}

#[test]
fn redirects_in_a_circle_end() {
    let it = stored();
    it.server.fault(Fault::on("GET", "/mender/").redirect("/mender/again", 302).times(100));
    it.download(&["r1"]).run().fails().says("the server redirects in a circle");
    it.left_nothing();
}

#[test]
fn a_redirect_of_the_server_is_followed_on_the_same_server_alone() {
    let it = stored();
    let call = format!("{ONE}{}", it.id);
    it.server.fault(Fault::on("GET", &call).redirect(&call, 301));
    it.download(&[&it.id]).run().succeeds();

    let stranger = Sandbox::start();
    it.server.fault(Fault::on("GET", &call).redirect(&format!("{}{call}?secret=1", stranger.url()), 302));
    it.download(&[&it.id])
        .run()
        .fails()
        .says("request failed: the server redirects to ")
        .says("hint: nothing was sent there")
        .does_not_say("secret=1");
    assert!(stranger.requests().is_empty());
}

#[test]
fn a_directory_that_may_not_be_written() {
    let it = stored();
    let target = Path::new("/proc/self");
    if !target.is_dir() {
        return;
    }
    it.download(&["r1", "--destination-path", "/proc/self"])
        .run()
        .fails()
        .says("FAILURE: Cannot create file: /proc/self/r1.mender: ");
    assert!(it.from_storage().is_empty());
}
