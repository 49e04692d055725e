//! `artifacts upload`: what is sent, what is checked before, and what is said when it goes wrong.

mod conflicts;
mod direct;
mod failures;
mod files;
#[cfg(unix)]
mod progress;

use std::fs::File;
use std::io::Write as _;

use sandbox::artifact::{Artifact, Compression};
use sandbox::{Fault, Recorded, Sandbox};

use crate::support::{Home, logged_in};

const UPLOAD: &str = "/api/management/v1/deployments/artifacts";
const QUESTION: &str = "/api/management/v2/deployments/artifacts";

fn artifact(name: &str) -> Vec<u8> {
    Artifact::new(name).device_type("qemu").file("f.txt", name.as_bytes()).build()
}

/// A file larger than everything that lies between two processes can hold. It takes no room on the disk.
fn write_huge(home: &Home, file: &str) {
    let path = home.write(file, artifact("huge"));
    File::options().write(true).open(path).unwrap().set_len(256 << 20).unwrap();
}

fn posts(server: &Sandbox) -> Vec<Recorded> {
    server.requests().into_iter().filter(|request| request.method == "POST").collect()
}

/// Name and content of each part, in order.
fn parts(request: &Recorded) -> Vec<(String, String)> {
    let kind = request.header("content-type").expect("a content type");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a form");
    let body = request.body_text();
    let separator = format!("--{boundary}");
    let pieces = body.split(separator.as_str()).filter_map(|piece| piece.split_once("\r\n\r\n"));
    let name = |head: &str| head.split("name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    pieces.map(|(head, content)| (name(head), content.trim_end_matches("\r\n").to_owned())).collect()
}

/// D14: with `size`, which older servers use. D21: with its exact length.
#[test]
fn the_request_is_what_the_server_wants() {
    let (server, home) = logged_in();
    let bytes = artifact("release-1");
    home.write("deep/down/release-1.mender", &bytes);
    home.at(&server, ["artifacts", "upload", "deep/down/release-1.mender", "--description", "first\nline"])
        .run()
        .succeeds()
        .prints("")
        .says_just("upload successful: ");

    let requests = server.requests();
    let [question, upload] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((question.method.as_str(), question.path.as_str()), ("GET", QUESTION));
    assert!(question.query.ends_with("&name=release-1"), "{}", question.query);
    assert_eq!((upload.method.as_str(), upload.path.as_str()), ("POST", UPLOAD));
    assert_eq!(upload.header("content-length").unwrap(), upload.body_bytes.to_string());
    assert_eq!(upload.header("transfer-encoding"), None);
    let parts = parts(upload);
    let names: Vec<_> = parts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["size", "description", "artifact"]);
    assert_eq!(parts[0].1, bytes.len().to_string());
    assert_eq!(parts[1].1, "first\nline");
    assert!(upload.body_text().contains("filename=\"release-1.mender\""), "only the name of the file");
    assert!(upload.body_text().contains("\r\nContent-Type: application/octet-stream\r\n"));
    let user_agent = upload.header("user-agent").unwrap();
    assert_eq!(user_agent, concat!("mender-cli/", env!("CARGO_PKG_VERSION")));

    let shown = home.at(&server, ["artifacts", "show", "release-1", "-o", "json"]).run().succeeds().json();
    assert_eq!(shown["description"], "first\nline");
    assert_eq!(server.artifact_content(shown["id"].as_str().unwrap()), bytes);
}

#[cfg(unix)]
#[test]
fn a_file_name_with_odd_characters_does_not_spoil_the_request() {
    for name in
        ["a \"b\" ; c=d.mender", "zeile\numbruch.mender", "äöü – 漢字.mender", "-dash.mender", "%22.mender"]
    {
        let (server, home) = logged_in();
        home.write(name, artifact("odd"));
        home.at(&server, ["artifacts", "upload", "--", name]).run().succeeds();
        let upload = posts(&server).remove(0);
        let body = upload.body_text();
        let line = body.lines().find(|line| line.contains("filename=")).expect("a file name");
        let unescaped = line.replace("\\\"", "");
        assert!(line.ends_with('"') && unescaped.matches('"').count() == 4, "{line}");
    }
}

#[test]
fn several_files_are_sent_one_after_the_other() {
    let (server, home) = logged_in();
    for name in ["one", "two", "three"] {
        home.write(&format!("{name}.mender"), artifact(name));
    }
    let ids = home
        .at(&server, ["artifacts", "upload", "-q", "one.mender", "two.mender"])
        .run()
        .succeeds()
        .says_exactly("");
    let ids: Vec<_> = ids.stdout.lines().collect();
    assert_eq!(server.artifact_content(ids[0]), artifact("one"));
    assert_eq!(server.artifact_content(ids[1]), artifact("two"));

    // One JSON value, however many there are.
    let made = home
        .at(&server, ["artifacts", "upload", "-o", "json", "--skip-existing", "two.mender", "three.mender"])
        .run()
        .succeeds()
        .json();
    assert_eq!(made[0]["id"], ids[1]);
    assert_eq!((&made[0]["uploaded"], &made[1]["uploaded"]), (&false.into(), &true.into()));
    assert_eq!((&made[1]["name"], &made[1]["file"]), (&"three".into(), &"three.mender".into()));
}

#[test]
fn one_upload_is_one_object() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let made = home.at(&server, ["artifacts", "upload", "-o", "json", "a.mender"]).run().succeeds().json();
    assert_eq!(server.artifact_content(made["id"].as_str().unwrap()), artifact("a"));
}

#[test]
fn stdin_is_sent_in_chunks() {
    let (server, home) = logged_in();
    let id = home
        .at(&server, ["artifacts", "upload", "-q", "--description", "piped", "-"])
        .stdin(artifact("piped"))
        .run()
        .succeeds();
    assert_eq!(server.artifact_content(id.line()), artifact("piped"));
    let upload = posts(&server).remove(0);
    assert_eq!(upload.header("transfer-encoding"), Some("chunked"));
    assert_eq!(upload.header("content-length"), None);
    let names: Vec<_> = parts(&upload).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["description", "artifact"]);
}

#[test]
fn stdin_is_looked_at_too() {
    let (server, home) = logged_in();
    for (input, text) in [
        (&b""[..], "FAILURE: error parsing artifact: stdin: not a Mender Artifact: the file is empty"),
        (b"junk", "stdin: "),
    ] {
        home.at(&server, ["artifacts", "upload", "-"]).stdin(input).run().fails().says(text);
    }
    home.at(&server, ["artifacts", "upload", "-", "-"]).stdin("").run().exits_with(2).says("only once");
    assert!(server.requests().is_empty());
}

#[test]
fn a_description_that_the_server_would_refuse_after_the_last_byte() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let long = "x".repeat(4097);
    home.at(&server, ["artifacts", "upload", "a.mender", "--description", &long])
        .run()
        .exits_with(2)
        .says("FAILURE: a description has at most 4096 bytes");
    assert!(server.requests().is_empty());
    home.at(&server, ["artifacts", "upload", "a.mender", "--description", &long[1..]]).run().succeeds();
}

/// Into a log nothing but the outcome, unless it takes long.
#[test]
fn a_short_upload_writes_no_progress_into_a_log() {
    let (server, home) = logged_in();
    let mut file = File::create(home.path("a.mender")).unwrap();
    file.write_all(&Artifact::new("a").file("f", vec![0; 3 << 20]).build()).unwrap();
    home.at(&server, ["artifacts", "upload", "a.mender"]).run().succeeds().says_just("upload successful: ");
    home.write("b.mender", artifact("b"));
    home.at(&server, ["artifacts", "upload", "b.mender", "--no-progress"])
        .run()
        .succeeds()
        .says_just("upload successful: ");
}
