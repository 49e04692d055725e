//! `deployments create`: what is found before anything is sent.

use sandbox::{Device, Fault};

use super::*;

/// What no terminal may get.
const HOSTILE: &str = "release-2.0\u{1b}[2J\nFAILURE: all is lost\u{202e}";

#[track_caller]
fn is_harmless(outcome: &Outcome) {
    let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
    assert!(!outcome.stderr.contains(bad), "{:?}", outcome.stderr);
    let lines: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("FAILURE: all")).collect();
    assert!(lines.is_empty(), "{}", outcome.stderr);
}

fn nothing_was_sent(fleet: &Fleet) {
    assert_eq!(fleet.changes(), [""; 0]);
}

/// A device of that status in the group.
fn add_of_status(fleet: &Fleet, id: &str, status: &str) {
    fleet.server.add_device(Device { id: id.into(), status: status.into(), ..Device::default() });
    fleet.server.set_group(id, GROUP);
}

#[test]
fn an_unknown_release_is_none_and_those_like_it_are_named() {
    let fleet = lab(1);
    for name in ["release-2.0", "release-2.1"] {
        fleet.server.add_artifact(&Artifact::new(name).device_type(TYPE).build());
    }
    let run = |name: &str| fleet.cli(["deployments", "create", "--artifact", name, "--all", "--yes"]).run();
    let refused = run("release-2.o").fails().prints("");
    is_harmless(&refused);
    let refused = refused.says("FAILURE: no Artifact is named \"release-2.o\"");
    refused.says("hint: there is \"release-2.0\", \"release-2.1\"\n");
    run("quite-unlike").fails().says("artifacts list shows those that there are");
    let hostile = run("x\u{1b}[2J\u{202e}").fails();
    is_harmless(&hostile);
    // The beginning of a name is no name.
    run("release-2").fails().says("no Artifact is named");
    // A server should have no such names; whatever it has is shown in one line.
    let artifact = json!([{ "id": id(7), "name": HOSTILE, "device_types_compatible": [TYPE] }]);
    let list = Fault::on("GET", "/api/management/v2/deployments/artifacts").after(1);
    fleet.server.fault(list.body("application/json", artifact.to_string()));
    let hostile = run("release-2.o").fails().says("hint: there is \"release-2.0\\u{1b}[2J\\nFAILURE: all");
    is_harmless(&hostile);
    nothing_was_sent(&fleet);
}

#[test]
fn no_device_is_no_deployment() {
    let fleet = lab(1);
    create(&fleet, &["--group", "nothing", "--yes"]).fails().says("FAILURE: no device fits").prints("");
    create(&fleet, &["--filter", "device_type=none", "--yes"]).fails().says("no device fits");
    create(&fleet, &["nobody"]).fails().says("no device is named \"nobody\"");
    create(&lab(0), &["--all", "--yes"]).fails().says("no device fits");
    nothing_was_sent(&fleet);
}

#[test]
fn named_devices_that_are_not_let_in_stop_all() {
    let fleet = lab(1);
    add_of_status(&fleet, &id(1), "pending");
    add_of_status(&fleet, &id(2), "rejected");
    let one = create(&fleet, &[&id(0), &id(1)]).fails().prints("");
    one.says(&format!("FAILURE: {}: it is pending, not accepted", id(1)));
    let two = create(&fleet, &[&id(1), &id(0), &id(2)]).fails();
    let two = two.says("FAILURE: some of the devices cannot get it:\n");
    let two = two.says(&format!("\n  {}: it is pending, not accepted\n", id(1)));
    two.says(&format!("\n  {}: it is rejected, not accepted\n", id(2))).does_not_say(&id(0));
    nothing_was_sent(&fleet);
}

/// The server takes only accepted devices of a group by itself.
#[test]
fn selected_devices_that_are_not_let_in_are_left_out_and_told() {
    let fleet = lab(2);
    add_of_status(&fleet, &id(2), "pending");
    let made = to_group(&fleet, &["-o", "json"]).succeeds();
    assert_eq!((&made.json()["devices"], &made.json()["left_out"]), (&json!(2), &json!(1)));
    let made = made.says("To deploy r2 to: 2 devices");
    made.says(&format!("\nLeft out: 1 device, such as {}: it is pending, not accepted\n", id(2)));
    assert_eq!(order(&fleet).0, "/group/lab");
    create(&fleet, &["--status", "pending", "--yes"]).fails().says("it is pending, not accepted");
}

#[test]
fn devices_of_a_type_that_the_release_is_not_for_stop_all_if_named() {
    let fleet = lab(1);
    add(&fleet, &id(1), "pi");
    let refused = create(&fleet, &[&id(0), &id(1)]).fails();
    refused.says(&format!("FAILURE: {}: no Artifact of r2 is for its type pi, only for qemu", id(1)));
    nothing_was_sent(&fleet);
}

/// The server would take them, too, and count them as `noartifact`.
#[test]
fn a_group_or_all_become_a_list_if_some_are_of_another_type() {
    for selection in [&["--group", "lab"][..], &["--all"]] {
        let fleet = lab(2);
        add(&fleet, &id(2), "pi");
        let made = create(&fleet, &[selection, &["--yes", "-o", "json"]].concat()).succeeds();
        assert_eq!(made.json()["left_out"], 1);
        made.says(&format!("Left out: 1 device, such as {}: no Artifact of r2 is for its type pi", id(2)));
        let (path, body) = order(&fleet);
        assert_eq!((path.as_str(), &body["devices"]), ("", &json!([id(0), id(1)])), "{selection:?}");
        assert!(body.get("all_devices").is_none());
    }
    let fleet = lab(0);
    for number in 0..12 {
        add(&fleet, &id(number), "pi");
    }
    let refused = to_group(&fleet, &[]).fails().says("FAILURE: none of the devices can get it:\n");
    refused.says(&id(9)).says("\n  and 2 more").does_not_say(&id(10));
    nothing_was_sent(&fleet);
}

/// One that has not reported yet is the server's to judge, when it asks.
#[test]
fn a_device_without_a_type_is_kept() {
    let fleet = lab(1);
    fleet.add(&id(1), json!({ "mac": "new" }));
    create(&fleet, &[&id(0), &id(1)]).succeeds();
    assert_eq!(order(&fleet).1["devices"], json!([id(0), id(1)]));
}

#[test]
fn a_release_is_for_the_types_of_all_its_artifacts() {
    let fleet = lab(1);
    add(&fleet, &id(1), "pi");
    fleet.server.add_artifact(&Artifact::new(RELEASE).device_type("pi").device_type("pi4").build());
    to_group(&fleet, &[]).succeeds().says("(2 devices)").does_not_say("Left out");
    assert_eq!(order(&fleet).0, "/group/lab");
    add(&fleet, &id(2), "x86");
    create(&fleet, &[&id(2)]).fails().says("is for its type x86, only for pi, pi4, qemu");
}

#[test]
fn types_and_names_of_devices_are_harmless_to_read() {
    let fleet = lab(1);
    add(&fleet, &id(1), HOSTILE);
    add(&fleet, &id(2), HOSTILE);
    fleet.server.set_tags(&id(1), &[("name", json!(HOSTILE))]);
    for args in [&[id(1)][..], &[id(1), id(2)], &["--group".into(), "lab".into()]] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let refused = create(&fleet, &args).fails().says("is for its type release-2.0\\u{1b}[2J\\nFAILURE");
        is_harmless(&refused);
    }
}

/// Ids of this length are none that a server makes, but the body counts in bytes.
#[test]
fn a_list_that_the_server_would_not_take_is_refused_before() {
    let fleet = lab(0);
    for number in 0..105 {
        add(&fleet, &format!("{number:010000}"), TYPE);
    }
    let refused = create(&fleet, &["--filter", "device_type=qemu", "--yes"]).fails().prints("");
    let refused = refused.says("FAILURE: a list of 105 devices: ").says("1048576");
    refused.says("hint: --all and a single --group need no list; --limit takes fewer devices at a time");
    nothing_was_sent(&fleet);
    to_group(&fleet, &["-q"]).succeeds();
}

#[test]
fn names_that_the_server_would_not_take_are_refused_before() {
    let fleet = lab(1);
    to_group(&fleet, &["--name", &"\u{e4}".repeat(129)]).fails().says("256 bytes").prints("");
    for args in [["--name", ""], ["--artifact", ""]] {
        let line = ["deployments", "create", "--all", "--yes"].into_iter().chain(args);
        fleet.cli(line).run().exits_with(2);
    }
    nothing_was_sent(&fleet);
    to_group(&fleet, &["--name", &"\u{e4}".repeat(128)]).succeeds();
}

/// However long the release's name is, the mark of the list stays, and no character is cut in two.
#[test]
fn default_names_fit() {
    let fleet = lab(0);
    let release = "\u{e4}".repeat(127);
    fleet.server.add_artifact(&Artifact::new(&release).device_type(TYPE).build());
    for number in 0..3 {
        add(&fleet, &id(number), TYPE);
    }
    for args in [&[id(0), id(1)][..], &[id(1), id(2)], &["--all".into(), "--yes".into()]] {
        let line = ["deployments", "create", "--artifact", &release].map(str::to_owned);
        fleet.cli(line.into_iter().chain(args.iter().cloned())).run().succeeds();
    }
    let names: Vec<String> = orders(&fleet).iter().map(|(_, body)| body["name"].to_string()).collect();
    assert!(names[0].contains("\u{e4} to 2 devices (") && names[0] != names[1], "{names:?}");
    assert!(names[2].contains("\u{e4} t"), "{names:?}");
}

#[test]
fn flags_for_following_are_refused_without_it() {
    let fleet = lab(1);
    for args in [
        &["--timeout", "1m"][..],
        &["--interval", "1s"],
        &["--max-failures", "5%"],
        &["--abort-on-failure"],
        &["--devices"],
        &["--no-progress"],
        &["--timeout", "1m", "--abort-on-timeout"],
    ] {
        to_group(&fleet, args).exits_with(2).says(&format!("{} is for --wait", args[0])).prints("");
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn lines_that_say_two_things_or_none_are_refused() {
    let fleet = lab(1);
    let device = id(0);
    for args in [
        &["--artifact", "r2"][..],
        &["--artifact", "r2", &device, "--group", "lab"],
        &["--artifact", "r2", &device, "--all"],
        &["--artifact", "r2", "--upload", "f", "--all"],
        &["--all"],
        &["--artifact", "r2", "--all", "--limit", "1", "--force"],
        &["--artifact", "r2", "--all", "--limit", "101%"],
        &["--artifact", "r2", "--all", "--limit", "-1"],
        &["--artifact", "r2", "--all", "--limit", "1", "--phases", "10%,1h"],
        &["--artifact", "r2", "--group", "lab", "--max-devices", "3"],
        &["--artifact", "r2", "--group", "lab", "--dynamic", "--limit", "3"],
        &["--artifact", "r2", &device, "--dynamic"],
        &["--artifact", "r2", "--all", "--dynamic"],
        &["--artifact", "r2", "--all", "--wait", "--abort-on-timeout"],
    ] {
        fleet.cli(["deployments", "create", "--yes"]).args(args).run().exits_with(2).prints("");
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn the_servers_own_refusal_is_told_in_its_words() {
    let fleet = lab(1);
    let body = br#"{"error": "No artifact for the deployment"}"#;
    fleet.server.fault(Fault::on("POST", V1).status(422).body("application/json", body));
    let refused = to_group(&fleet, &[]).fails().prints("").says("No artifact for the deployment");
    refused.says("hint: the Artifact is gone");
}

/// Such devices are what a roll-out is long waited for.
#[test]
fn devices_that_were_long_not_seen_are_counted() {
    let fleet = lab(1);
    for (number, hours) in [(1, 1), (2, 25), (3, 24 * 90)] {
        let seen = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        let check_in_time = Some(seen.to_string());
        fleet.server.add_device(Device { id: id(number), check_in_time, ..Default::default() });
        join(&fleet, &id(number), TYPE);
    }
    to_group(&fleet, &["--dry-run"]).succeeds().says("not seen for over a day: 2 devices\n");
    create(&fleet, &[&id(1), "--dry-run"]).succeeds().does_not_say("not seen");
}
