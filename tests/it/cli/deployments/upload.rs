//! `deployments create --upload`: the file first, then the deployment.

use sandbox::Fault;

use super::*;

/// Where files are sent to.
const STORED: &str = "/api/management/v1/deployments/artifacts";

/// A lab with the file of a release that the server does not have.
fn with_file(count: usize) -> Fleet {
    let fleet = lab(count);
    fleet.home.write("r3.mender", r3("new"));
    fleet
}

fn r3(content: &str) -> Vec<u8> {
    Artifact::new("r3").device_type(TYPE).file("f", content.as_bytes()).build()
}

fn upload(fleet: &Fleet, args: &[&str]) -> Outcome {
    let line = ["deployments", "create", "--upload", "r3.mender", "--group", GROUP];
    fleet.cli(line).args(args).run()
}

/// What was asked to be changed, without bodies.
fn sent(fleet: &Fleet) -> Vec<String> {
    let requests = fleet.server.requests().into_iter().filter(is_change);
    requests.map(|it| it.path.replace("/api/management/v1/deployments/", "")).collect()
}

const BOTH: [&str; 2] = ["artifacts", "deployments/group/lab"];

#[test]
fn the_file_is_sent_and_then_deployed() {
    let fleet = with_file(2);
    let made = upload(&fleet, &["--yes"]).succeeds();
    let made = made.says("To deploy r3 to: 2 devices").says("upload successful: r3 is ");
    made.says("created: r3 to group lab (2 devices)\n").prints(&format!("{}\n", deployments(&fleet)[0]));
    assert_eq!(sent(&fleet), BOTH);
    assert_eq!(fleet.server.artifact_count(), 2);
    assert_eq!(order(&fleet).1, json!({ "name": "r3 to group lab", "artifact_name": "r3" }));
}

#[test]
fn a_file_that_is_there_already_is_not_sent() {
    let fleet = with_file(1);
    let stored = fleet.server.add_artifact(&r3("new"));
    let made = upload(&fleet, &["--yes"]).succeeds();
    made.says(&format!("r3.mender is there already, as {stored}\n")).says("created: ");
    assert_eq!(sent(&fleet), BOTH[1..]);
}

#[test]
fn a_file_that_is_none_sends_nothing_at_all() {
    let fleet = with_file(1);
    fleet.home.write("r3.mender", "no Artifact");
    upload(&fleet, &["--yes"]).fails().prints("").says("Invalid artifact format: r3.mender");
    let mut cut = r3("new");
    cut.truncate(cut.len() / 2);
    fleet.home.write("r3.mender", cut);
    upload(&fleet, &["--yes"]).fails().prints("");
    std::fs::remove_file(fleet.home.path("r3.mender")).unwrap();
    upload(&fleet, &["--yes"]).fails().says("open r3.mender: no such file or directory");
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn another_content_of_that_name_stops_all() {
    let fleet = with_file(1);
    fleet.server.add_artifact(&r3("old, and longer"));
    let refused = upload(&fleet, &["--yes"]).fails().prints("");
    refused.says("FAILURE: Artifact with same name or depends exists already: r3 (").says("another content");
    assert!(fleet.changes().is_empty());
}

/// A file that was built again under the old name must not seem to be what is rolled out.
#[test]
fn another_content_is_told_even_if_its_name_is_under_way() {
    let fleet = with_file(1);
    upload(&fleet, &["--yes"]).succeeds();
    fleet.home.write("r3.mender", r3("new, and once more"));
    upload(&fleet, &["--yes"]).fails().prints("").says("exists already");
    assert_eq!(sent(&fleet), BOTH);
}

#[test]
fn the_second_run_neither_sends_nor_creates() {
    let fleet = with_file(1);
    let first = upload(&fleet, &["--yes"]).succeeds();
    upload(&fleet, &["--yes"]).succeeds().prints(&first.stdout).says("it is there already: r3 to group lab");
    assert_eq!(sent(&fleet), BOTH);
}

#[test]
fn without_consent_nothing_is_sent() {
    let fleet = with_file(2);
    upload(&fleet, &[]).fails().says("nobody can be asked here: Deploy r3 to 2 devices on ");
    let dry = upload(&fleet, &["--dry-run", "-q"]).succeeds();
    dry.prints(&format!("{}\n{}\n", id(0), id(1))).says("would deploy r3 to 2 devices");
    assert!(fleet.changes().is_empty());
}

#[test]
fn devices_of_another_type_are_known_before_the_file_is_sent() {
    let fleet = with_file(1);
    add(&fleet, &id(1), "pi");
    let line = ["deployments", "create", "--upload", "r3.mender"];
    let refused = fleet.cli(line).args(&[&id(0), &id(1)]).run().fails();
    refused.says("no Artifact of r3 is for its type pi, only for qemu");
    assert!(fleet.changes().is_empty());
    // What the server has of that release counts, too.
    fleet.server.add_artifact(&Artifact::new("r3").device_type("pi").build());
    fleet.cli(line).args(&[&id(0), &id(1)]).run().succeeds();
    assert_eq!(order(&fleet).1["devices"], json!([id(0), id(1)]));
}

#[test]
fn a_failed_upload_creates_nothing() {
    let fleet = with_file(1);
    fleet.server.fault(Fault::on("POST", STORED).status(500));
    upload(&fleet, &["--yes"]).fails().prints("").says("failed with status 500");
    assert_eq!(sent(&fleet), BOTH[..1]);
}

#[test]
fn a_run_that_ended_between_the_two_is_gone_on_with() {
    for fault in [Fault::on("POST", V1).status(500), Fault::on("POST", V1).cut()] {
        let fleet = with_file(1);
        fleet.server.fault(fault);
        upload(&fleet, &["--yes"])
            .fails()
            .says("upload successful")
            .says("the server shows no such deployment");
        upload(&fleet, &["--yes"]).succeeds().says("r3.mender is there already").says("created: ");
        assert_eq!(sent(&fleet), [BOTH[0], BOTH[1], BOTH[1]]);
        assert_eq!(deployments(&fleet).len(), 1);
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_between_the_two_is_gone_on_with() {
    let fleet = with_file(1);
    fleet.server.fault(Fault::on("POST", V1).hang());
    let line = ["deployments", "create", "--upload", "r3.mender", "--group", GROUP, "--yes"];
    let mut child = fleet.cli(line).into_command().spawn().unwrap();
    let is_order = |request: &sandbox::Recorded| request.method == "POST" && request.path.starts_with(V1);
    crate::support::requests::wait_for(&fleet.server, 1, is_order);
    child.kill().unwrap();
    child.wait().unwrap();
    upload(&fleet, &["--yes"]).succeeds();
    assert_eq!(
        (sent(&fleet), deployments(&fleet).len()),
        (vec![BOTH[0].into(), BOTH[1].into(), BOTH[1].into()], 1)
    );
}

#[test]
fn an_upload_may_be_without_a_bar() {
    let fleet = with_file(1);
    upload(&fleet, &["--yes", "--no-progress"]).succeeds();
    // Nothing else of following makes sense.
    upload(&fleet, &["--yes", "--no-progress", "--interval", "1s"])
        .exits_with(2)
        .says("--interval is for --wait");
}
