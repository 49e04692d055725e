//! `--direct`: past the server, straight into its storage.

use super::*;
use sandbox::Server;
use serde_json::Value;

fn at(home: &Home, server: &Sandbox, args: &[&str]) -> crate::support::home::Invocation {
    let args: Vec<&str> = ["artifacts", "upload", "--direct"].iter().chain(args).copied().collect();
    home.cli(args).env("MENDER_SERVER_URL", server.direct_url())
}

/// D19: with its description. D20: with its metadata, whatever the payload.
#[test]
fn three_requests_and_no_token_for_the_storage() {
    let (server, home) = logged_in();
    let bytes = Artifact::new("d").payload("app").file("f.txt", b"hello").meta_data("k", "v").build();
    home.write("d.mender", &bytes);
    let id = at(&home, &server, &["-q", "d.mender", "--description", "by the side door"]).run().succeeds();
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
    let report = server.requests().into_iter().find(|request| request.path.ends_with("/complete")).unwrap();
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
    let outcome = outcome.says("is uploaded, but its description is not set").says("hint: artifacts update ");
    assert!(outcome.stderr.contains("status 500"), "{}", outcome.transcript());
}

#[test]
fn stdin_has_no_length() {
    let (server, home) = logged_in();
    at(&home, &server, &["-"]).stdin(artifact("a")).run().exits_with(2).says("a direct upload needs a file");
    assert!(server.requests().is_empty());
}
