//! `artifacts show`, `update` and `delete`: which Artifact is meant, who is asked, and what the server refuses.

use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox};

use crate::support::Home;

const LIST: &str = "/api/management/v2/deployments/artifacts";
const ONE: &str = "/api/management/v1/deployments/artifacts/";
const UNKNOWN: &str = "5a0e4b0e-0000-4000-8000-000000000000";

fn stored(names: &[&str]) -> (Sandbox, Home, Vec<String>) {
    let server = Sandbox::start();
    let ids = names.iter().map(|name| {
        let artifact = Artifact::new(name).device_type("qemu").file("f.txt", b"hello").provides("k", "v");
        server.add_artifact(&artifact.build())
    });
    let ids = ids.collect();
    let home = Home::logged_in(&server);
    (server, home, ids)
}

fn methods(server: &Sandbox) -> Vec<String> {
    server.requests().into_iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn show_has_a_line_for_each_property() {
    let (server, home, ids) = stored(&["r1"]);
    for named in [ids[0].as_str(), "r1"] {
        let shown = home.at(&server, ["artifacts", "show", named]).run().succeeds();
        shown
            .shows(&format!("id\t{}\nname\tr1\n", ids[0]))
            .shows("device types\tqemu\n")
            .shows("signed\tfalse\n")
            .shows("format\tmender 3\n")
            .shows("payloads\tsingle-file (f.txt, 5 bytes, sha256 2cf24dba")
            .shows("k=v");
    }
    home.at(&server, ["artifacts", "show", "r1", "-o", "table"])
        .run()
        .succeeds()
        .shows("Device types:  qemu\n");
    home.at(&server, ["artifacts", "show", "r1", "-q"]).run().succeeds().prints(&format!("{}\n", ids[0]));
    let json = home.at(&server, ["artifacts", "show", "r1", "-o", "json"]).run().succeeds().json();
    assert_eq!(json["updates"][0]["files"][0]["size"], 5);
    home.at(&server, ["artifacts", "show", "r1", "-o", "text"])
        .run()
        .exits_with(2)
        .says("-o text is only for");
}

#[test]
fn what_is_not_there() {
    let (server, home, _) = stored(&[]);
    for verb in [&["show"][..], &["update", "--description", "x"], &["delete", "--yes"]] {
        for named in ["nothing", UNKNOWN] {
            let args = ["artifacts"].iter().chain(verb).copied().chain([named]);
            let outcome = home.at(&server, args).run().fails().prints("").says("FAILURE: ");
            assert!(
                outcome.stderr.contains("no Artifact is named")
                    || outcome.stderr.contains("failed with status 404"),
                "{}",
                outcome.transcript()
            );
        }
        let args = ["artifacts"].iter().chain(verb).copied().chain([""]);
        home.at(&server, args).run().exits_with(2).says("FAILURE: the name or id of the Artifact is empty");
    }
    assert!(server.requests().iter().all(|request| request.method != "PUT"));
}

/// D11: whatever somebody types stays one name, and never becomes another request.
#[test]
fn odd_names_do_not_become_other_requests() {
    let name = "../users?x=1#frag&page=7 ä*";
    let (server, home, ids) = stored(&[name]);
    let literal = name.replace('*', "\\*");
    home.at(&server, ["artifacts", "show", name, "-q"]).run().succeeds().prints(&format!("{}\n", ids[0]));
    let asked = server.requests().remove(0);
    assert_eq!(asked.path, LIST);
    let pairs: Vec<_> = asked.query.split('&').collect();
    assert_eq!(pairs.len(), 3, "{pairs:?}");
    assert!(pairs[2].starts_with("name=..%2Fusers%3Fx%3D1%23frag%26page%3D7"), "{pairs:?}");
    assert!(literal.ends_with("\\*"));
    home.at(&server, ["artifacts", "delete", name, "--yes"]).run().succeeds();
    assert_eq!(server.artifact_count(), 0);
}

#[test]
fn update_replaces_the_description() {
    let (server, home, ids) = stored(&["r1"]);
    let describe = |text: &str| home.at(&server, ["artifacts", "update", "r1", "--description", text]).run();
    describe("--new").succeeds().prints("").says_exactly("update successful\n");
    let description = || {
        let shown = home.at(&server, ["artifacts", "show", "r1", "-o", "json"]).run().succeeds().json();
        shown["description"].as_str().unwrap().to_owned()
    };
    assert_eq!(description(), "--new");
    describe("").succeeds();
    assert_eq!(description(), "");
    home.at(&server, ["artifacts", "update", &ids[0], "--description", "x", "-q"])
        .run()
        .succeeds()
        .prints(&format!("{}\n", ids[0]));
    server.clear_requests();
    describe(&"x".repeat(4097)).exits_with(2).says("at most 4096 bytes");
    home.at(&server, ["artifacts", "update", "r1"]).run().exits_with(2).says("--description");
    assert!(server.requests().is_empty());
}

#[test]
fn update_of_one_that_a_deployment_has_used() {
    let (server, home, ids) = stored(&["r1"]);
    server.fault(
        Fault::on("PUT", &format!("{ONE}{}", ids[0]))
            .status(422)
            .body("application/json", r#"{"error":"Image has already been used in deployment"}"#),
    );
    home.at(&server, ["artifacts", "update", "r1", "--description", "x"])
        .run()
        .fails()
        .says("status 422: Image has already been used in deployment")
        .says("hint: once any deployment has used an Artifact, its description stays");
}

/// D25: says 'delete'. One id is deleted without a question and in one request, as by the official client.
#[test]
fn one_id_is_deleted_without_a_question() {
    let (server, home, ids) = stored(&["r1", "r2"]);
    home.at(&server, ["artifacts", "delete", &ids[0]])
        .run()
        .succeeds()
        .prints("")
        .says_exactly("delete successful\n");
    assert_eq!(methods(&server), [format!("DELETE {ONE}{}", ids[0])]);
    assert_eq!(server.artifact_count(), 1);
    let made = home.at(&server, ["artifacts", "delete", &ids[1], "-o", "json"]).run().succeeds().json();
    assert_eq!((&made["id"], &made["deleted"]), (&ids[1].as_str().into(), &true.into()));
}

/// D25: by name and several at once; these need consent, for a name may mean more than one thinks.
#[test]
fn names_and_several_need_consent() {
    let (server, home, ids) = stored(&["r1", "r2", "r3"]);
    for named in [&["r1"][..], &[&ids[0], &ids[1]]] {
        let args = ["artifacts", "delete"].iter().chain(named).copied();
        home.at(&server, args)
            .run()
            .fails()
            .says(&format!("FAILURE: nobody can be asked here: Delete r1 ({}, for qemu)", ids[0]))
            .says(server.url())
            .says("hint: --yes says so beforehand");
    }
    home.at(&server, ["artifacts", "delete", "--dry-run", &ids[0]]).run().succeeds().says(&format!(
        "would delete r1 ({}, for qemu) on {}",
        ids[0],
        server.url()
    ));
    assert!(methods(&server).iter().all(|call| !call.starts_with("DELETE")));

    // The same one twice is one.
    home.at(&server, ["artifacts", "delete", "--yes", "r1", &ids[0], "r2"]).run().succeeds();
    assert_eq!(server.artifact_count(), 1);
    let made = home.at(&server, ["artifacts", "delete", "-y", "-q", "r3"]).run().succeeds();
    made.prints(&format!("{}\n", ids[2])).says_exactly("");
}

#[test]
fn nothing_is_deleted_if_one_of_them_is_unknown() {
    let (server, home, _) = stored(&["r1"]);
    home.at(&server, ["artifacts", "delete", "--yes", "r1", "r9"]).run().fails().says("\"r9\"");
    assert_eq!(server.artifact_count(), 1);
}

/// D25: what the server says, in words about deleting.
#[test]
fn one_that_a_deployment_uses() {
    let (server, home, ids) = stored(&["r1", "r2"]);
    let in_use = || {
        Fault::on("DELETE", &format!("{ONE}{}", ids[0]))
            .status(409)
            .body("application/json", r#"{"error":"Artifact is used in active deployment","request_id":"q"}"#)
    };
    server.fault(in_use());
    home.at(&server, ["artifacts", "delete", &ids[0]])
        .run()
        .fails()
        .says("FAILURE: artifact delete failed with status 409")
        .says(": Artifact is used in active deployment (request id q)\n")
        .says("hint: a deployment that has not finished uses it")
        .does_not_say("upload");
    server.fault(in_use());
    home.at(&server, ["artifacts", "delete", "--yes", &ids[0], &ids[1]])
        .run()
        .exits_with(3)
        .says("delete successful")
        .says(&format!("FAILURE: 1 of 2 were not deleted: {}", ids[0]));
    assert_eq!(server.artifact_count(), 1);
    home.at(&server, ["artifacts", "delete", UNKNOWN])
        .run()
        .fails()
        .says("failed with status 404")
        .says("hint: artifacts list shows");
    home.at(&server, ["artifacts", "delete", UNKNOWN, "--token-value", "x"])
        .run()
        .fails()
        .says("FAILURE: Unauthorized. Please Login first: identity: ");
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_user_is_asked() {
    use crate::support::terminal::Terminal;
    let (server, home, _) = stored(&["r1"]);
    for (answer, code, left) in [("n\r", 1, 1), ("\r", 1, 1), ("\x03", 130, 1), ("yes\r", 0, 0)] {
        let mut terminal = Terminal::at(&server, &home, 200, "artifacts delete r1");
        terminal.wait_for("? [y/N] ");
        terminal.type_in(answer);
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        assert_eq!(server.artifact_count(), left, "{answer:?}");
        assert!(terminal.is_sane());
    }
}
