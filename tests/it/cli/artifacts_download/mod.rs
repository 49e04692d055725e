//! `artifacts download`: the right file in the right place, or nothing at all.

mod broken;
#[cfg(unix)]
mod unix;

use std::path::Path;

use sandbox::artifact::Artifact;
use sandbox::{Fault, Recorded, Sandbox, Server};
use serde_json::json;

use crate::support::Home;
use crate::support::home::{Invocation, Outcome};

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
    stored_with(300_000)
}

/// An Artifact with a payload of that many bytes.
fn stored_with(size: u32) -> Stored {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let bytes = Artifact::new("r1").device_type("qemu").file("f.bin", noise(size)).build();
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

    fn asked_of_storage(&self) -> Vec<Recorded> {
        self.server.requests().into_iter().filter(|request| request.server == Server::Storage).collect()
    }

    /// Nothing in the home but the token: no half file, no temporary one.
    #[track_caller]
    fn left_nothing(&self) {
        assert_eq!(self.home.files(), [Home::TOKEN]);
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
    for request in it.asked_of_storage() {
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
    assert!(it.asked_of_storage().is_empty());
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
        it.download(&[name])
            .run()
            .fails()
            .says("FAILURE: the name of the Artifact cannot be that of a file: ")
            .says("hint: name the file with -O")
            .does_not_say("\u{1b}");
        assert!(it.asked_of_storage().is_empty());
        it.left_nothing();
        it.download(&[name, "-O", "here.mender"]).run().succeeds();
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
    assert_eq!(it.home.files(), [Home::TOKEN, "r1.mender"]);
    it.server.clear_faults();
    it.download(&["r1"]).run().succeeds();
    assert_eq!(it.content("r1.mender"), it.bytes);
    assert_eq!(it.home.files(), [Home::TOKEN, "r1.mender"]);
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
    assert!(it.asked_of_storage().is_empty());
}
