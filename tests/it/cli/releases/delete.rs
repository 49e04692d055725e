//! `releases delete` of releases that are named.

use sandbox::Device;

use super::*;

/// Path and query of each deletion.
pub(super) fn deletions(fleet: &Fleet) -> Vec<String> {
    let of = |line: &String| line.strip_prefix("DELETE ").map(|rest| rest.replacen(ALL, "", 1));
    calls(fleet).iter().filter_map(of).collect()
}

#[test]
fn releases_go_together_with_consent() {
    let fleet = with(&[("r1", &["rpi4", "rpi3"]), ("r1", &["qemu"]), ("r2", &["qemu"]), ("r3", &["qemu"])]);
    let refused = releases(&fleet, &["delete", "r1"]).fails().prints("");
    refused
        .says(
            "FAILURE: nobody can be asked here: Delete the release r1 (2 Artifacts for qemu, rpi3, rpi4) on ",
        )
        .says(fleet.server.url())
        .says("hint: --yes says so beforehand")
        .does_not_say("To delete");
    let refused = releases(&fleet, &["delete", "r1", "r2"]).fails();
    refused
        .says("To delete: 2 releases\n  r1 (2 Artifacts for qemu, rpi3, rpi4)\n  r2 (1 Artifact for qemu)\n")
        .says("nobody can be asked here: Delete 2 releases with their 3 Artifacts on ");
    assert!(deletions(&fleet).is_empty());

    // The same one twice is one.
    let run = releases(&fleet, &["delete", "r2", "r1", "r2", "--yes"]).succeeds().prints("");
    run.says("To delete: 2 releases\n").says("\ndeleted 2 releases\n");
    assert_eq!(deletions(&fleet), ["?name=r2&name=r1"]);
    assert_eq!(left(&fleet), ["r3"]);
    releases(&fleet, &["delete", "r3", "-y"]).succeeds().says_exactly("deleted 1 release\n");
}

#[test]
fn programs_are_told_what_is_gone() {
    let fleet = named(&["r1", "r2", "r3", "r4", "r5"]);
    let run = releases(&fleet, &["delete", "r1", "--yes", "-o", "json"]).succeeds();
    assert_eq!(run.json(), json!([{ "name": "r1", "deleted": true }]));
    let run = releases(&fleet, &["delete", "r2", "r3", "--yes", "-o", "jsonl"]).succeeds();
    run.prints("{\"deleted\":true,\"name\":\"r2\"}\n{\"deleted\":true,\"name\":\"r3\"}\n");
    releases(&fleet, &["delete", "r4", "r5", "--yes", "-q"]).succeeds().prints("r4\nr5\n").says_exactly("");
}

#[test]
fn a_dry_run_lists_them() {
    let names: Vec<String> = (1..=7).map(|number| format!("r{number}")).collect();
    let fleet = named(&names);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let dry =
        |more: &[&str]| releases(&fleet, &[&["delete", "--dry-run"], &names[..], more].concat()).succeeds();
    let run = dry(&[]);
    assert_eq!(run.stdout.lines().count(), 7);
    assert!(run.stdout.starts_with("r1\tqemu\t1\t"), "{}", run.stdout);
    run.says("To delete: 7 releases\n")
        .says("\n  r5 (1 Artifact for qemu)\n  and 2 more\n")
        .says("would delete 7 releases with their 7 Artifacts on ");
    dry(&["-q"]).prints(&(names.join("\n") + "\n")).does_not_say("To delete");
    let json = dry(&["-o", "json"]).json();
    assert_eq!(
        (json[6]["name"].as_str(), json[6]["artifacts"][0]["name"].as_str()),
        (Some("r7"), Some("r7"))
    );
    let one = releases(&fleet, &["delete", "r1", "--dry-run", "-o", "text"]).exits_with(2);
    one.says("-o text is only for");
    // Whatever else is said, a dry run is one.
    dry(&["--yes"]).says("would delete 7 releases");
    assert_eq!(left(&fleet).len(), 7);
    assert!(deletions(&fleet).is_empty());
}

/// The server says yes to any name.
#[test]
fn nothing_is_deleted_if_one_of_them_is_unknown() {
    let fleet = named(&["app-1", "app-2"]);
    let run = releases(&fleet, &["delete", "app-1", "app-3", "--yes"]).fails();
    run.says("FAILURE: nothing was deleted: no release is named \"app-3\"\n")
        .says("hint: there is \"app-1\", \"app-2\"");
    releases(&fleet, &["delete", "app-1", "unlike", "--yes"]).fails().says("hint: releases list shows");
    let run = releases(&fleet, &["delete", "x", "app-1", "y", "--yes", "--dry-run"]).fails().prints("");
    run.says("nothing was deleted: no releases are named \"x\", \"y\"");
    releases(&fleet, &["delete", "app-*", "--yes"]).fails().says("no release is named \"app-*\"");
    assert!(deletions(&fleet).is_empty());
}

#[test]
fn none_is_deleted_while_a_deployment_uses_one() {
    let fleet = named(&["r1", "r2"]);
    fleet.server.add_device(Device { id: "d".into(), ..Device::default() });
    let deployment = fleet.server.create_deployment("now", "r2", &["d"]);
    let run = releases(&fleet, &["delete", "r1", "r2", "--yes", "-q", "-o", "json"]).fails();
    assert_eq!(run.json(), json!([]));
    let error = run.json_error();
    let message = error["message"].as_str().unwrap();
    let words =
        format!("nothing was deleted: in use by the deployment {deployment}, which has not finished: ");
    assert!(message.starts_with(&words), "{message}");
    assert_eq!(
        (&error["status"], &error["server"]),
        (&json!(409), &json!("release(s) used in active deployment"))
    );
    assert_eq!(error["hint"], "abort these deployments, or let them end");
    assert_eq!(left(&fleet), ["r1", "r2"]);
    releases(&fleet, &["delete", "r1", "--yes"]).succeeds();
    fleet.server.device_reports(&deployment, "d", "success");
    releases(&fleet, &["delete", "r2", "--yes"]).succeeds();
}

#[test]
fn the_deployments_in_the_way_are_named_as_far_as_that_helps() {
    let ids: Vec<String> = (1..=12).map(|number| format!("dep{number}")).collect();
    for (count, words) in [
        (0, "in use by a deployment that has not finished: "),
        (2, "in use by the deployments dep1, dep2, which have not finished: "),
        (12, "dep9, dep10 and 2 more, which have not finished: "),
    ] {
        let fleet = named(&["r1"]);
        let body = json!({ "error": "used", "active_deployments": ids[..count] }).to_string();
        fleet.server.fault(Fault::on("DELETE", ALL).status(409).body("application/json", body));
        releases(&fleet, &["delete", "r1", "--yes"]).fails().says(words).does_not_say("dep11");
    }
}

/// Sixty names of 250 bytes are too many for one request line, and for two.
fn long_names() -> Vec<String> {
    (0..60).map(|number| format!("{number:02}-{}", "n".repeat(247))).collect()
}

fn with_long_names() -> (Fleet, Vec<String>) {
    let names = long_names();
    (named(&names), names)
}

fn delete_all(fleet: &Fleet, names: &[String], more: &[&str]) -> Outcome {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    releases(fleet, &[&["delete", "--yes"], &names[..], more].concat())
}

#[test]
fn more_names_than_a_request_line_takes_are_several_requests() {
    let (fleet, names) = with_long_names();
    delete_all(&fleet, &names, &["-q"]).succeeds().prints(&(names.join("\n") + "\n"));
    assert_eq!(fleet.server.artifact_count(), 0);
    let targets: Vec<usize> = deletions(&fleet).iter().map(|query| ALL.len() + query.len()).collect();
    // As many as possible in each, and no more.
    let one = "&name=".len() + 250;
    assert_eq!(targets.len(), 3, "{targets:?}");
    assert!(targets.iter().all(|length| *length <= 6 * 1024), "{targets:?}");
    assert!(targets[..2].iter().all(|length| length + one > 6 * 1024), "{targets:?}");
    // What is escaped is longer: eight of 256 bytes, which is as long as a name may be.
    let names: Vec<String> = (0..8).map(|number| format!("{number}-{}", "ä".repeat(127))).collect();
    let fleet = named(&names);
    delete_all(&fleet, &names, &[]).succeeds();
    let counts: Vec<usize> = deletions(&fleet).iter().map(|query| query.matches("name=").count()).collect();
    assert_eq!((counts, fleet.server.artifact_count()), (vec![7, 1], 0));
}

#[test]
fn a_failure_in_the_middle_says_how_far_it_came() {
    for (status, body, words) in [
        (500, r#"{"error":"Internal error"}"#, "status 500: Internal error"),
        (
            409,
            r#"{"error":"used","active_deployments":["dep"]}"#,
            "in use by the deployment dep, which has not",
        ),
    ] {
        let (fleet, names) = with_long_names();
        let fault = Fault::on("DELETE", ALL).status(status).body("application/json", body);
        fleet.server.fault(fault.after(1));
        let run = delete_all(&fleet, &names, &["-q", "-o", "jsonl"]).exits_with(3);
        let gone = run.stdout.lines().count();
        assert!((20..30).contains(&gone), "{gone}");
        assert_eq!(left(&fleet), names[gone..], "{status}");
        let error = run.json_error();
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("stopped after {gone} of 60 releases were deleted: ")),
            "{message}"
        );
        assert!(message.contains(words) && !message.contains("nothing was deleted"), "{message}");
        assert!(
            error["hint"].as_str().unwrap().contains("releases list shows those that are left"),
            "{error}"
        );
        assert_eq!((&error["kind"], deletions(&fleet).len()), (&json!("partial"), 2));
    }
}

/// It may have been done all the same.
#[test]
fn without_an_answer_nobody_says_that_nothing_was_deleted() {
    let fleet = named(&["r1"]);
    fleet.server.fault(Fault::on("DELETE", ALL).cut());
    let run = releases(&fleet, &["delete", "r1", "--yes"]).fails();
    run.says("it may have been done all the same; look before you try again").does_not_say("nothing was");
    fleet.server.fault(Fault::on("DELETE", ALL).status(502));
    releases(&fleet, &["delete", "r1", "--yes"]).fails().says("status 502").does_not_say("nothing was");
    fleet.server.fault(Fault::on("DELETE", ALL).status(403));
    releases(&fleet, &["delete", "r1", "--yes"])
        .fails()
        .says("nothing was deleted: ")
        .says("the user's role");
    assert_eq!((left(&fleet), deletions(&fleet).len()), (vec!["r1".to_owned()], 3));
}

#[cfg(unix)]
#[test]
fn interrupted_work_says_how_far_it_came() {
    use crate::support::requests::wait_for;
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let (fleet, names) = with_long_names();
    fleet.server.fault(Fault::on("DELETE", ALL).hang().after(1));
    let line = ["releases", "delete", "--yes", "-o", "json"].map(str::to_owned);
    let mut command = fleet.cli(line.into_iter().chain(names)).into_command();
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    wait_for(&fleet.server, 2, |request| request.method == "DELETE");
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let gone: Value = serde_json::from_slice(&output.stdout).unwrap();
    let gone = gone.as_array().unwrap().len();
    assert!(gone > 0, "{stderr}");
    let words = format!("interrupted: {gone} of 60 releases are deleted, and those under way may be");
    assert!(stderr.contains(&words), "{stderr}");
}
