//! `deployments create`: one line makes one deployment, whatever happens to it.

use sandbox::{Fault, Simulation};

use super::*;
use crate::support::requests::wait_for;

#[test]
fn a_line_that_is_run_twice_makes_one() {
    let ids = [id(0), id(1)];
    let qemu = ["--filter", "device_type=qemu"];
    for (args, count) in
        [(&["--group", "lab"][..], 3), (&["--all"], 3), (&qemu, 3), (&[ids[1].as_str(), &ids[0]], 2)]
    {
        let fleet = lab(3);
        let run = |more: &[&str]| create(&fleet, &[args, &["--yes"], more].concat()).succeeds();
        let first = run(&[]);
        let again = run(&[]).prints(&first.stdout);
        again.says("it is there already: r2 to ").does_not_say("created").does_not_say("To deploy");
        let json = run(&["-o", "json"]).json();
        assert_eq!((&json["id"], &json["created"]), (&json!(first.line()), &json!(false)));
        assert_eq!(json["devices"], json!(count));
        assert_eq!(orders(&fleet).len(), 1, "{args:?}");
    }
}

#[test]
fn a_dry_run_of_what_is_there_does_nothing_and_waits_for_nothing() {
    let fleet = lab(1);
    let made = to_group(&fleet, &[]).succeeds();
    let dry = create(&fleet, &["--group", "lab", "--dry-run", "--wait"]).succeeds().prints("");
    dry.says("nothing would be done").says(made.line());
    let json = create(&fleet, &["--group", "lab", "--dry-run", "-o", "json"]).succeeds().json();
    assert_eq!(json, json!([]));
}

#[test]
fn the_second_line_follows_the_first_deployment() {
    let fleet = lab(3);
    let first = to_group(&fleet, &[]).succeeds();
    fleet.server.device_sleeps(&id(1));
    fleet.server.simulate(Simulation::default().speed(10_000.0));
    let (server, waking) = (&fleet.server, id(1));
    let again = std::thread::scope(|scope| {
        scope.spawn(move || {
            wait_for(server, 1, |request| request.path.contains("/statistics"));
            server.device_wakes(&waking);
        });
        to_group(&fleet, &["--wait", "--interval", "10ms"])
    });
    again.succeeds().prints(&first.stdout).says("it is there already").says("all 3 devices have r2");
    assert_eq!(orders(&fleet).len(), 1);
}

/// Force makes another deployment of it, to the server, too.
#[test]
fn what_differs_is_not_the_same() {
    let fleet = lab(2);
    to_group(&fleet, &[]).succeeds();
    to_group(&fleet, &["--force"]).succeeds().says("created: ");
    to_group(&fleet, &["--name", "x"]).succeeds().says("created: ");
    assert_eq!(orders(&fleet).len(), 3);
}

/// Between the look and the order somebody else may have been faster.
#[test]
fn the_servers_conflict_leads_to_the_one_that_is_there() {
    let fleet = lab(2);
    let first = to_group(&fleet, &[]).succeeds();
    fleet.server.fault(Fault::on("GET", V2).body("application/json", "[]"));
    to_group(&fleet, &[]).succeeds().prints(&first.stdout).says("it is there already");
    assert_eq!((orders(&fleet).len(), deployments(&fleet).len()), (2, 1));
}

#[test]
fn a_conflict_with_what_nobody_shows_is_told() {
    let fleet = lab(1);
    let body = br#"{"error": "there is already an active deployment with the same parameters"}"#;
    fleet.server.fault(Fault::on("POST", V1).status(409).body("application/json", body));
    let refused = to_group(&fleet, &[]).fails().prints("").says("already an active deployment");
    refused.says("hint: --name with another name makes a second one");
}

#[test]
fn a_deployment_whose_answer_is_lost_is_found() {
    let lost = [
        Fault::on("POST", V1).cut(),
        Fault::on("POST", V1).status(500),
        Fault::on("POST", V1).status(502).body("text/html", "<html>"),
        Fault::on("POST", V1).body("text/html", "<html>"),
    ];
    for fault in lost {
        let fleet = lab(2);
        // One of that name is over; it is not the one.
        let over = fleet.server.create_deployment("r2 to group lab", RELEASE, &[id(0)]);
        fleet.server.device_reports(&over, &id(0), "failure");
        fleet.server.fault(fault.clone().after_the_work());
        let run = to_group(&fleet, &[]).succeeds().says("the answer was lost (");
        let run = run.says("), but the deployment was made\n").does_not_say("FAILURE");
        let [new, old] = deployments(&fleet).try_into().unwrap();
        run.prints(&format!("{new}\n"));
        assert_eq!((old, orders(&fleet).len()), (over, 1), "{fault:?}");
        // The next run finds it just the same.
        to_group(&fleet, &[]).succeeds().prints(&format!("{new}\n"));
        assert_eq!(orders(&fleet).len(), 1);
    }
}

#[test]
fn an_order_that_did_not_arrive_is_told_and_made_by_the_next_run() {
    for fault in [
        Fault::on("POST", V1).cut(),
        Fault::on("POST", V1).status(500),
        Fault::on("POST", V1).status(502).body("text/html", "<html>"),
    ] {
        let fleet = lab(2);
        // One of that name is over; it is not the one.
        let over = fleet.server.create_deployment("r2 to group lab", RELEASE, &[id(0)]);
        fleet.server.device_reports(&over, &id(0), "failure");
        fleet.server.fault(fault.clone());
        let failed = to_group(&fleet, &[]).fails().prints("");
        failed.says("hint: the server shows no such deployment; the same line again");
        assert_eq!((orders(&fleet).len(), deployments(&fleet).len()), (1, 1), "{fault:?}");
        to_group(&fleet, &[]).succeeds().says("created: ");
        assert_eq!(deployments(&fleet).len(), 2);
    }
}

#[test]
fn a_server_that_is_away_when_it_is_looked_for_leaves_a_doubt_that_the_next_run_settles() {
    let fleet = lab(2);
    fleet.server.fault(Fault::on("POST", V1).cut().after_the_work());
    let away = Fault::on("GET", V2).after(1).status(503).header("Retry-After", "0").times(4);
    fleet.server.fault(away);
    let doubtful = to_group(&fleet, &[]).fails().prints("");
    doubtful.says("hint: it may have been created all the same; the same line again finds out");
    let [made] = deployments(&fleet).try_into().unwrap();
    to_group(&fleet, &[]).succeeds().prints(&format!("{made}\n")).says("it is there already");
    assert_eq!(orders(&fleet).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_over_its_order_makes_no_second_one() {
    for is_made in [true, false] {
        let fleet = lab(2);
        let hang = Fault::on("POST", V1).hang();
        fleet.server.fault(if is_made { hang.after_the_work() } else { hang });
        let line = ["deployments", "create", "--artifact", RELEASE, "--group", GROUP, "--yes"];
        let mut child = fleet.cli(line).into_command().spawn().unwrap();
        wait_for(&fleet.server, 1, |request| request.method == "POST" && request.path.starts_with(V1));
        if is_made {
            crate::support::requests::wait_until(|| "it is made", || deployments(&fleet).len() == 1);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let words = if is_made { "it is there already" } else { "created: " };
        to_group(&fleet, &[]).succeeds().says(words);
        assert_eq!(deployments(&fleet).len(), 1);
    }
}

#[test]
fn a_name_that_is_under_way_for_other_devices_is_an_error() {
    let fleet = lab(3);
    let other = fleet.server.create_deployment("Tuesday", RELEASE, &[id(0)]);
    let refused = create(&fleet, &["--name", "Tuesday", &id(1), &id(0), &id(2)]).fails().prints("");
    let text = format!("\"Tuesday\" is under way as {other}, without 2 devices of those meant here");
    let refused = refused.says(&text).says(&format!("hint: mender-cli deployments watch {other} follows it"));
    refused.says("--name with another name makes a second one");
    assert!(fleet.changes().is_empty());
}

/// A device that joined the group would never get it.
#[test]
fn a_group_that_has_grown_is_not_the_same() {
    let fleet = lab(1);
    let first = to_group(&fleet, &[]).succeeds();
    add(&fleet, &id(1), TYPE);
    to_group(&fleet, &[]).fails().says(&format!("is under way as {}, without 1 device", first.line()));
}

#[test]
fn a_name_that_has_succeeded_everywhere_is_done() {
    let fleet = lab(2);
    let named = |more: &[&str]| to_group(&fleet, &[&["--name", "Tuesday"], more].concat());
    let first = named(&[]).succeeds();
    fleet.server.device_reports(first.line(), &id(0), "success");
    fleet.server.device_reports(first.line(), &id(1), "already-installed");
    named(&[]).succeeds().prints(&first.stdout).says("it is there already");
    named(&["--wait", "--interval", "10ms"]).succeeds().prints(&first.stdout);
    assert_eq!(orders(&fleet).len(), 1);
    // Force is meant for what is there, however often.
    for count in [2, 3] {
        let forced = named(&["--force"]).succeeds().says("created: ");
        assert_eq!(orders(&fleet).len(), count);
        for number in [0, 1] {
            fleet.server.device_reports(forced.line(), &id(number), "success");
        }
    }
}

/// A name that nobody chose says nothing of whether it is to be done again.
#[test]
fn what_failed_somewhere_or_has_no_name_of_its_own_is_made_again() {
    for (name, end) in [(Some("Tuesday"), "failure"), (None, "success")] {
        let fleet = lab(2);
        let args: Vec<&str> = name.iter().flat_map(|name| ["--name", name]).collect();
        let first = to_group(&fleet, &args).succeeds();
        fleet.server.device_reports(first.line(), &id(0), "success");
        fleet.server.device_reports(first.line(), &id(1), end);
        let second = to_group(&fleet, &args).succeeds().says("created: ");
        assert_ne!(first.line(), second.line());
        assert_eq!(orders(&fleet).len(), 2);
    }
}

/// A role may be one that creates and does not look.
#[test]
fn who_may_not_look_may_still_create() {
    let fleet = lab(1);
    fleet.server.fault(Fault::on("GET", V2).status(403));
    to_group(&fleet, &[]).succeeds().says("created: ");
}
