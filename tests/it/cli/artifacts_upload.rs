//! `artifacts upload`: what is sent, what is checked before, and what is said when it goes wrong.

use std::fs::File;
use std::io::Write as _;

use sandbox::artifact::{Artifact, Compression};
use sandbox::{Fault, Recorded, Sandbox};

use crate::support::Home;

const UPLOAD: &str = "/api/management/v1/deployments/artifacts";
const QUESTION: &str = "/api/management/v2/deployments/artifacts";

fn artifact(name: &str) -> Vec<u8> {
    Artifact::new(name).device_type("qemu").file("f.txt", name.as_bytes()).build()
}

fn logged_in() -> (Sandbox, Home) {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    (server, home)
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
        .says_exactly("upload successful\n");

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

#[test]
fn a_conflict_is_found_before_anything_is_sent() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let id = server.add_artifact(&artifact("a"));
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .fails()
        .prints("")
        .says("FAILURE: Artifact with same name or depends exists already: a (")
        .says(&format!("{id} for qemu); nothing was sent"))
        .says("hint: --skip-existing");
    assert!(posts(&server).is_empty());

    // The same name for another device type is no conflict.
    home.write("b.mender", Artifact::new("a").device_type("pi").build());
    home.at(&server, ["artifacts", "upload", "b.mender"]).run().succeeds();
}

#[test]
fn a_server_of_an_older_release_is_asked_in_its_way() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    server.add_artifact(&artifact("a"));
    server.fault(Fault::on("GET", QUESTION).status(404));
    home.at(&server, ["artifacts", "upload", "a.mender"]).run().fails().says("exists already");
    let asked = server.requests().pop().unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", "/api/management/v1/deployments/artifacts/list")
    );
    assert_eq!(asked.query, "page=1&per_page=500&name=a");
}

#[test]
fn a_token_that_may_not_read_may_still_upload() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    server.fault(Fault::on("GET", QUESTION).status(403));
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .succeeds()
        .says_exactly("upload successful\n");
    assert_eq!(server.artifact_count(), 1);
}

#[test]
fn a_token_that_is_refused_sends_nothing() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    home.at(&server, ["artifacts", "upload", "a.mender", "--token-value", "junk"])
        .run()
        .fails()
        .says("FAILURE: Unauthorized. Please Login first: identity: incorrect token format (request id ")
        .says("--token-value");
    assert!(posts(&server).is_empty());
}

#[test]
fn what_is_there_already_is_enough_on_request() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let id = server.add_artifact(&artifact("a"));
    home.at(&server, ["artifacts", "upload", "--skip-existing", "a.mender"])
        .run()
        .succeeds()
        .prints("")
        .says_exactly(&format!("a.mender is there already, as {id}\n"));
    home.at(&server, ["artifacts", "upload", "--skip-existing", "-q", "a.mender"])
        .run()
        .succeeds()
        .prints(&format!("{id}\n"));
    // From stdin, where no length is known.
    home.at(&server, ["artifacts", "upload", "--skip-existing", "-q", "-"])
        .stdin(artifact("a"))
        .run()
        .succeeds()
        .prints(&format!("{id}\n"));

    home.write("other.mender", Artifact::new("a").device_type("qemu").file("f.txt", b"other").build());
    home.at(&server, ["artifacts", "upload", "--skip-existing", "other.mender"])
        .run()
        .fails()
        .says("exists already")
        .says("hint: what is there has another content");
    assert!(posts(&server).is_empty());
}

/// Between the question and the last byte somebody else was faster.
#[test]
fn a_race_for_the_name() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let id = server.add_artifact(&artifact("a"));
    let free = || Fault::on("GET", QUESTION).body("application/json", "[]");
    server.fault(free());
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .fails()
        .says("FAILURE: Artifact with same name or depends exists already")
        .says("qemu")
        .says(": an artifact with the same name and depends already exists (request id ");
    server.fault(free());
    let made = home.at(&server, ["artifacts", "upload", "--skip-existing", "-o", "json", "a.mender"]).run();
    let made = made.succeeds().json();
    assert_eq!((&made["id"], &made["uploaded"]), (&id.into(), &false.into()));
}

/// D21: a gateway that answers while the body is still under way and cuts the connection. The answer may be lost with
/// it; then what is likely is said.
#[test]
fn an_early_answer_is_reported_if_it_comes_through() {
    for (status, text) in [
        (401, "FAILURE: Unauthorized. Please Login first: said early"),
        (409, "FAILURE: Artifact with same name or depends exists already: said early"),
        (413, "failed with status 413: said early"),
        (500, "failed with status 500: said early"),
    ] {
        let (server, home) = logged_in();
        write_huge(&home, "huge.mender");
        server.fault(Fault::on("POST", UPLOAD).early(status, r#"{"error":"said early"}"#));
        let outcome = home
            .at(&server, ["artifacts", "upload", "huge.mender"])
            .run()
            .fails()
            .prints("")
            .says("FAILURE: ")
            .does_not_say("successful");
        if !outcome.stderr.contains(text) {
            let _ = outcome
                .says("hint: nothing was stored; a server that refuses a file may just end the connection");
        }
        assert_eq!(posts(&server).len(), 1, "{status}");
    }
}

/// D21: the same from a server that listens on until its answer is read.
#[test]
fn an_early_answer_of_a_patient_server_is_always_reported() {
    let server = Sandbox::builder().max_artifact_size(1000).start();
    let home = Home::logged_in(&server);
    write_huge(&home, "huge.mender");
    home.at(&server, ["artifacts", "upload", "huge.mender"])
        .run()
        .fails()
        .says("failed with status 413: http: request body too large");
    server.fault(Fault::on("GET", QUESTION).status(403));
    home.at(&server, ["artifacts", "upload", "huge.mender", "--token-value", "junk"])
        .run()
        .fails()
        .says("FAILURE: Unauthorized. Please Login first: identity: ");
    assert!(posts(&server).iter().all(|request| request.body_bytes < 64 << 20));
}

#[test]
fn an_artifact_that_is_too_large() {
    let server = Sandbox::builder().max_artifact_size(1000).start();
    let home = Home::logged_in(&server);
    home.write("a.mender", artifact("a"));
    let host = server.url().trim_start_matches("http://");
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .fails()
        .says(&format!(
            "FAILURE: artifact upload to '{host}' failed with status 413: http: request body too large"
        ))
        .says("hint: the Artifact is larger than the server accepts");
}

/// D21, D21b: always a FAILURE line and exit code 1, and the hint tells whether anything can have been stored.
#[test]
fn a_line_that_breaks_while_sending() {
    let (server, home) = logged_in();
    write_huge(&home, "huge.mender");
    server.fault(Fault::on("POST", UPLOAD).cut_after_body_bytes(1 << 20));
    home.at(&server, ["artifacts", "upload", "huge.mender"])
        .run()
        .fails()
        .prints("")
        .says("FAILURE: POST /artifacts request failed: POST /api/management/v1/deployments/artifacts request failed: ")
        .says("hint: nothing was stored")
        .does_not_say("successful");
    assert_eq!(posts(&server).len(), 1, "an upload is never sent twice by itself");
    assert_eq!(server.artifact_count(), 0);
}

#[test]
fn a_line_that_breaks_after_the_last_byte() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    server.fault(Fault::on("POST", UPLOAD).cut_after_body_bytes(u64::MAX));
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .fails()
        .says("FAILURE: POST /artifacts request failed: ")
        .says("it may have been stored: artifacts list --name \"a\" tells");
    assert_eq!(posts(&server).len(), 1);
}

#[test]
fn an_upload_is_never_sent_twice_by_itself() {
    for status in [429, 500, 502, 503, 504] {
        let (server, home) = logged_in();
        home.write("a.mender", artifact("a"));
        server.fault(Fault::on("POST", UPLOAD).status(status).header("Retry-After", "0").times(9));
        home.at(&server, ["artifacts", "upload", "a.mender"])
            .run()
            .fails()
            .says(&format!("failed with status {status}: "));
        assert_eq!(posts(&server).len(), 1, "{status}");
    }
}

#[test]
fn a_success_without_the_new_id_is_not_taken_for_one() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    server.fault(Fault::on("POST", UPLOAD).body("text/html", "<html>log in to the hotel's network</html>"));
    home.at(&server, ["artifacts", "upload", "a.mender"]).run().fails().does_not_say("successful");
}

/// D19: a local fault is found before the first request, with or without `--direct`.
#[test]
fn whatever_is_no_artifact_is_refused_before_the_first_request() {
    let (server, home) = logged_in();
    let whole = Artifact::new("a").file("f", vec![7; 4000]).compression(Compression::Gzip).build();
    home.write("good.mender", artifact("good"));
    home.write("empty.mender", "");
    home.write("text.mender", "just some text, longer than a block of a tar\n".repeat(20));
    home.write("cut-in-header.mender", &whole[..1600]);
    home.write("cut-in-payload.mender", &whole[..whole.len() - 2000]);
    home.write("other.tar", other_tar());
    std::fs::create_dir(home.path("folder.mender")).unwrap();
    let rows = [
        (
            "missing.mender",
            "FAILURE: Cannot read artifact file: open missing.mender: no such file or directory\n",
        ),
        (
            "empty.mender",
            "FAILURE: error parsing artifact: empty.mender: not a Mender Artifact: the file is empty",
        ),
        ("text.mender", "FAILURE: Invalid artifact format: text.mender: not a Mender Artifact: "),
        (
            "cut-in-header.mender",
            "FAILURE: error parsing artifact: cut-in-header.mender: the Artifact is truncated",
        ),
        (
            "cut-in-payload.mender",
            "FAILURE: error parsing artifact: cut-in-payload.mender: the Artifact is truncated",
        ),
        ("other.tar", "FAILURE: Invalid artifact format: other.tar: not a Mender Artifact: "),
        ("folder.mender", "FAILURE: Cannot read artifact file: folder.mender: it is a directory"),
    ];
    for (file, text) in rows {
        for flag in [&["--direct"][..], &[]] {
            let args = ["artifacts", "upload", "good.mender", file].into_iter().chain(flag.iter().copied());
            home.at(&server, args).run().fails().prints("").says(text);
        }
    }
    assert!(server.requests().is_empty());
}

fn other_tar() -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..8].copy_from_slice(b"some.txt");
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..116].copy_from_slice(b"0000000\0");
    header[116..124].copy_from_slice(b"0000000\0");
    header[124..136].copy_from_slice(b"00000000000\0");
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    [header.to_vec(), vec![0; 1024]].concat()
}

#[cfg(unix)]
#[test]
fn what_would_block_or_has_no_length_is_refused() {
    let (server, home) = logged_in();
    let made = std::process::Command::new("mkfifo").arg(home.path("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    for file in ["pipe", "/dev/null"] {
        home.at(&server, ["artifacts", "upload", file])
            .run()
            .fails()
            .says(&format!("FAILURE: Cannot read artifact file: {file}: it is not a regular file"))
            .says("hint: - reads the Artifact from stdin");
    }
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, home) = logged_in();
    let path = home.write("a.mender", artifact("a"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    if File::open(&path).is_ok() {
        return; // Nothing is kept from root.
    }
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .fails()
        .says("FAILURE: Cannot read artifact file: open a.mender: permission denied\n");
    assert!(server.requests().is_empty());
}

#[test]
fn some_that_fail_are_told_from_all_that_fail() {
    let (server, home) = logged_in();
    for name in ["a", "b", "c"] {
        home.write(&format!("{name}.mender"), artifact(name));
    }
    server.add_artifact(&artifact("b"));
    home.at(&server, ["artifacts", "upload", "a.mender", "b.mender", "c.mender"])
        .run()
        .exits_with(3)
        .says("upload successful")
        .says("exists already: b")
        .says("FAILURE: 1 of 3 were not uploaded: b.mender");
    assert_eq!(server.artifact_count(), 3);
    // What was done is told also where something failed.
    home.write("d.mender", artifact("d"));
    let outcome =
        home.at(&server, ["artifacts", "upload", "-o", "json", "b.mender", "d.mender"]).run().exits_with(3);
    assert_eq!(outcome.json()[0]["name"], "d");
    home.at(&server, ["artifacts", "upload", "a.mender", "b.mender"])
        .run()
        .fails()
        .says("FAILURE: none of 2 was uploaded");
}

/// D21b: nobody listens there.
#[test]
fn nobody_at_the_address() {
    let (server, home) = logged_in();
    home.write("a.mender", artifact("a"));
    let url = server.url().to_owned();
    drop(server);
    home.cli(["artifacts", "upload", "a.mender", "--server", &url])
        .run()
        .fails()
        .says("FAILURE: POST /artifacts request failed: ")
        .says("onnection refused")
        .says(&format!("hint: the server is {url} (from --server)"));
}

mod direct {
    use super::*;
    use sandbox::Server;
    use serde_json::Value;

    fn at<'a>(home: &Home, server: &Sandbox, args: &[&'a str]) -> crate::support::home::Invocation {
        let args: Vec<&str> = ["artifacts", "upload", "--direct"].iter().chain(args).copied().collect();
        home.cli(args).env("MENDER_SERVER_URL", server.direct_url())
    }

    /// D19: with its description. D20: with its metadata, whatever the payload.
    #[test]
    fn three_requests_and_no_token_for_the_storage() {
        let (server, home) = logged_in();
        let bytes = Artifact::new("d").payload("app").file("f.txt", b"hello").meta_data("k", "v").build();
        home.write("d.mender", &bytes);
        let id =
            at(&home, &server, &["-q", "d.mender", "--description", "by the side door"]).run().succeeds();
        assert_eq!(server.artifact_content(id.line()), bytes);
        let requests = server.requests();
        let calls: Vec<_> = requests
            .iter()
            .filter(|request| request.method != "GET")
            .map(|request| format!("{} {}", request.method, request.path.replace(id.line(), "ID")))
            .collect();
        assert_eq!(
            calls,
            [
                "POST /api/management/v1/deployments/artifacts/directupload",
                "PUT /mender/ID",
                "POST /api/management/v1/deployments/artifacts/directupload/ID/complete",
                "PUT /api/management/v1/deployments/artifacts/ID",
            ]
        );
        let put = requests.iter().find(|request| request.server == Server::Storage).unwrap();
        assert_eq!(put.header("authorization"), None);
        assert_eq!(put.header("content-length").unwrap(), bytes.len().to_string());
        assert_eq!(put.header("content-type"), Some("application/vnd.mender-artifact"));
        let report = requests.iter().find(|request| request.path.ends_with("/complete")).unwrap();
        let report: Value = serde_json::from_str(&report.body_text()).unwrap();
        assert_eq!(report["size"], bytes.len());
        assert_eq!(report["updates"][0]["type_info"]["type"], "app");
        assert_eq!(report["updates"][0]["files"][0]["name"], "f.txt");
        assert_eq!(report["updates"][0]["files"][0]["size"], 5);
        assert_eq!(report["updates"][0]["metadata"]["k"], "v");
        let shown = home.at(&server, ["artifacts", "show", "d", "-o", "json"]).run().succeeds().json();
        assert_eq!(shown["description"], "by the side door");
    }

    /// D20: an Artifact without any file.
    #[test]
    fn an_empty_payload_has_a_report_too() {
        let (server, home) = logged_in();
        home.write("e.mender", Artifact::new("e").empty_payload().build());
        at(&home, &server, &["e.mender"]).run().succeeds().says("upload successful");
        let report =
            server.requests().into_iter().find(|request| request.path.ends_with("/complete")).unwrap();
        let report: Value = serde_json::from_str(&report.body_text()).unwrap();
        assert_eq!(report["updates"][0]["type_info"]["type"], Value::Null);
    }

    #[test]
    fn a_server_that_has_it_switched_off() {
        let (server, home) = logged_in();
        home.write("a.mender", artifact("a"));
        home.at(&server, ["artifacts", "upload", "--direct", "a.mender"])
            .run()
            .fails()
            .says("FAILURE: failed to get the direct pre-signed URL: Post URL request failed with status 405")
            .says("hint: the server has direct upload switched off; leave out --direct");
        assert_eq!(server.artifact_count(), 0);
    }

    #[test]
    fn a_storage_that_refuses() {
        let (server, home) = logged_in();
        home.write("a.mender", artifact("a"));
        for status in [403, 409] {
            server.clear_requests();
            server.fault(Fault::on("PUT", "/mender/").status(status));
            let host = server.storage_url().trim_start_matches("http://");
            at(&home, &server, &["a.mender"])
                .run()
                .fails()
                .says(&format!(
                    "FAILURE: failed to upload the artifact: artifact upload to '{host}' failed with status {status}"
                ))
                .does_not_say("mender-cli login");
            assert!(!server.requests().iter().any(|request| request.path.ends_with("/complete")));
        }
    }

    #[test]
    fn a_completion_that_fails() {
        let (server, home) = logged_in();
        home.write("a.mender", artifact("a"));
        server.fault(Fault::on("POST", "/api/management/v1/deployments/artifacts/directupload/").status(500));
        at(&home, &server, &["a.mender"])
            .run()
            .fails()
            .says("FAILURE: failed to upload the artifact: ")
            .says("status 500");
    }

    /// The Artifact is there: that must not be lost behind the failure.
    #[test]
    fn a_description_that_cannot_be_set() {
        let (server, home) = logged_in();
        home.write("a.mender", artifact("a"));
        server.fault(Fault::on("PUT", UPLOAD).status(500));
        let outcome = at(&home, &server, &["a.mender", "--description", "x"]).run().fails();
        let outcome =
            outcome.says("is uploaded, but its description is not set").says("hint: artifacts update ");
        assert!(outcome.stderr.contains("status 500"), "{}", outcome.transcript());
    }

    #[test]
    fn stdin_has_no_length() {
        let (server, home) = logged_in();
        at(&home, &server, &["-"])
            .stdin(artifact("a"))
            .run()
            .exits_with(2)
            .says("a direct upload needs a file");
        assert!(server.requests().is_empty());
    }
}

#[cfg(unix)]
mod progress {
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
        assert_eq!(terminal.screen().trim(), "upload successful");
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
            assert_eq!(
                stderr,
                "FAILURE: upload of huge.mender interrupted; nothing was stored on the server\n"
            );
        }
    }
}

/// Into a log nothing but the outcome, unless it takes long.
#[test]
fn a_short_upload_writes_no_progress_into_a_log() {
    let (server, home) = logged_in();
    let mut file = File::create(home.path("a.mender")).unwrap();
    file.write_all(&Artifact::new("a").file("f", vec![0; 3 << 20]).build()).unwrap();
    home.at(&server, ["artifacts", "upload", "a.mender"])
        .run()
        .succeeds()
        .says_exactly("upload successful\n");
    home.write("b.mender", artifact("b"));
    home.at(&server, ["artifacts", "upload", "b.mender", "--no-progress"])
        .run()
        .succeeds()
        .says_exactly("upload successful\n");
}
