//! What the server has already under that name.

use super::*;

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
    home.at(&server, ["artifacts", "upload", "a.mender"]).run().succeeds().says_just("upload successful: ");
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
