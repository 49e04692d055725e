//! Answers that come early, lines that break, servers that are not there.

use super::*;

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
            outcome
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
        .says("hint: it is larger than the server accepts");
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
        .says("FAILURE: POST /artifacts request failed: ")
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

/// A success before the last byte is none.
#[test]
fn a_server_that_says_yes_too_early() {
    let (server, home) = logged_in();
    write_huge(&home, "huge.mender");
    server.fault(Fault::on("POST", UPLOAD).header("Location", "/artifacts/x").early(201, ""));
    home.at(&server, ["artifacts", "upload", "huge.mender"])
        .run()
        .fails()
        .prints("")
        .does_not_say("successful");
}
