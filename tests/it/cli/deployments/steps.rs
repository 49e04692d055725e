//! `deployments create --limit`: a roll-out in steps.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use sandbox::{Device, Simulation};

use super::*;
use crate::support::requests::wait_for;

/// Five devices of the group; number 3 was seen last, then 1, 4 and 0, and 2 never.
fn seen() -> Fleet {
    let fleet = lab(0);
    for (number, minutes) in [(0, Some(40)), (1, Some(20)), (2, None), (3, Some(10)), (4, Some(30))] {
        let ago = |minutes| (Timestamp::now() - SignedDuration::from_mins(minutes)).to_string();
        let check_in_time = minutes.map(ago);
        fleet.server.add_device(Device { id: id(number), check_in_time, ..Device::default() });
        join(&fleet, &id(number), TYPE);
    }
    fleet
}

/// The devices of each order, as their numbers.
fn steps(fleet: &Fleet) -> Vec<Vec<usize>> {
    let number = |value: &Value| (0..9).find(|number| json!(id(*number)) == *value).unwrap();
    let devices =
        |(_, body): (String, Value)| body["devices"].as_array().unwrap().iter().map(number).collect();
    orders(fleet).into_iter().map(devices).collect()
}

#[test]
fn each_step_adds_those_that_were_seen_last_up_to_the_limit() {
    let selections = [&["--group", "lab"][..], &["--filter", "device_type=qemu"], &["--all"]];
    for selection in selections {
        let fleet = seen();
        let limit =
            |limit: &str| create(&fleet, &[selection, &["--yes", "--limit", limit]].concat()).succeeds();
        let first = limit("2").says("\nTo deploy r2 to: 2 devices").says("r2: 2 of 5, 3 left\n");
        let [id] = deployments(&fleet).try_into().unwrap();
        first.prints(&format!("{id}\n")).says(" (2 devices)\n");
        assert_eq!(steps(&fleet), [vec![1, 3]], "{selection:?}");
        // What leads there is this line's deployment, too.
        limit("2")
            .prints(&format!("{id}\n"))
            .says_exactly("r2: 2 of 5, 3 left; nothing to do within the limit\n");
        limit("1").prints(&format!("{id}\n")).says("r2: 2 of 5, 3 left; nothing to do within the limit\n");
        limit("4").says("r2: 4 of 5, 1 left\n").says("Nothing to do for: 2 devices");
        limit("100%").says("r2: 5 of 5, 0 left\n");
        assert_eq!(steps(&fleet), [vec![1, 3], vec![0, 4], vec![2]], "{selection:?}");
        let all = limit("100%").says("r2: 5 of 5, 0 left; nothing to do within the limit\n");
        assert_eq!(all.stdout.lines().collect::<HashSet<_>>().len(), 3, "{}", all.transcript());
        assert_eq!(deployments(&fleet).len(), 3);
    }
}

#[test]
fn a_share_is_rounded_up() {
    for (limit, count) in [("1%", 1), ("20%", 1), ("21%", 2), ("99%", 5), ("7", 5)] {
        let fleet = seen();
        to_group(&fleet, &["--limit", limit]).succeeds().says(&format!("r2: {count} of 5, "));
        assert_eq!(steps(&fleet)[0].len(), count, "{limit}");
    }
    let fleet = seen();
    for limit in ["0", "0%"] {
        to_group(&fleet, &["--limit", limit]).succeeds().prints("").says("r2: 0 of 5, 5 left; nothing to do");
    }
    assert!(fleet.changes().is_empty());
}

#[test]
fn devices_that_have_the_release_or_are_about_to_get_it_count() {
    let fleet = seen();
    fleet.server.report_inventory(&id(3), json!({ "artifact_name": RELEASE }));
    fleet.server.create_deployment("somebody else's", RELEASE, &[id(1), id(9)]);
    // Neither another release nor what is over counts.
    fleet.server.add_artifact(&Artifact::new("r0").device_type(TYPE).build());
    fleet.server.create_deployment("another release", "r0", &[id(4)]);
    let over = fleet.server.create_deployment("over", RELEASE, &[id(0)]);
    fleet.server.device_reports(&over, &id(0), "failure");
    to_group(&fleet, &["--limit", "2"]).succeeds().says("r2: 2 of 5, 3 left; nothing to do");
    to_group(&fleet, &["--limit", "4"]).succeeds().says("r2: 4 of 5, 1 left");
    assert_eq!(steps(&fleet), [[0, 4]]);
}

/// The first one is `inprogress` then, and no longer `pending`.
#[test]
fn a_step_whose_devices_are_at_it_counts() {
    let fleet = seen();
    let id_of = |outcome: &Outcome| outcome.line().to_owned();
    let first = id_of(&to_group(&fleet, &["--limit", "2"]).succeeds());
    fleet.server.device_reports(&first, &id(3), "installing");
    to_group(&fleet, &["--limit", "2"]).succeeds().says("nothing to do within the limit");
    // A device that failed is not counted once its step is over, and is tried again.
    fleet.server.device_reports(&first, &id(3), "failure");
    fleet.server.device_reports(&first, &id(1), "success");
    fleet.server.report_inventory(&id(1), json!({ "artifact_name": RELEASE }));
    to_group(&fleet, &["--limit", "2"]).succeeds().says("r2: 2 of 5, 3 left\n");
    assert_eq!(steps(&fleet), [vec![1, 3], vec![3]]);
}

#[test]
fn devices_that_cannot_get_it_are_no_part_of_the_whole() {
    let fleet = seen();
    add(&fleet, &id(7), "pi");
    to_group(&fleet, &["--limit", "100%"]).succeeds().says("r2: 5 of 5, 0 left").says("Left out: 1 device");
}

#[test]
fn named_devices_are_rolled_out_to_in_steps() {
    let fleet = seen();
    let line = |limit: &str| create(&fleet, &[&id(0), &id(2), &id(4), "--limit", limit]).succeeds();
    line("1").says("r2: 1 of 3, 2 left");
    line("2").says("r2: 2 of 3, 1 left");
    assert_eq!(steps(&fleet), [[4], [0]]);
}

#[test]
fn programs_get_how_far_it_is() {
    let fleet = seen();
    let step = |limit: &str| to_group(&fleet, &["-o", "json", "--limit", limit]).succeeds().json();
    assert_eq!(step("3")["limit"], json!({ "in": 3, "of": 5, "left": 2 }));
    let limit = json!({ "in": 3, "of": 5, "left": 2 });
    let [made] = deployments(&fleet).try_into().unwrap();
    assert_eq!(step("3"), json!({ "id": made, "created": false, "limit": limit, "under_way": [made] }));
    to_group(&fleet, &["-q", "--limit", "3"]).succeeds().prints(&format!("{made}\n")).says_exactly("");
    for number in [1, 3, 4] {
        fleet.server.device_reports(&made, &id(number), "success");
    }
    fleet.server.report_inventory(&id(3), json!({ "device_type": TYPE, "artifact_name": RELEASE }));
    let done = step("1");
    assert_eq!((&done["id"], &done["under_way"]), (&Value::Null, &json!([])), "{done}");
}

#[test]
fn a_step_is_planned_like_anything_else() {
    let fleet = seen();
    let dry = create(&fleet, &["--group", "lab", "--limit", "2", "--dry-run", "-q"]).succeeds();
    dry.prints(&format!("{}\n{}\n", id(3), id(1)));
    create(&fleet, &["--group", "lab", "--limit", "2"]).fails().says("nobody can be asked here");
    assert!(fleet.changes().is_empty());
}

/// One name may do for all steps: each is for devices of its own.
#[test]
fn steps_may_share_a_name() {
    let fleet = seen();
    for limit in ["1", "1", "3"] {
        to_group(&fleet, &["--name", "Tuesday", "--limit", limit]).succeeds();
    }
    assert_eq!(steps(&fleet), [vec![3], vec![1, 4]]);
}

/// A pipeline that was interrupted while it waited is to learn how its step ends.
#[test]
fn the_same_step_again_is_followed_while_it_is_under_way() {
    for (fails, code, says) in [(false, 0, "all 2 devices have r2"), (true, 3, "failure")] {
        let fleet = seen();
        to_group(&fleet, &["--limit", "2"]).succeeds();
        if fails {
            fleet.server.device_fails(&id(3));
        }
        // It may not be over before the second line looks.
        fleet.server.device_sleeps(&id(1));
        fleet.server.simulate(Simulation::default().speed(10_000.0));
        let run = std::thread::scope(|scope| {
            scope.spawn(|| {
                wait_for(&fleet.server, 1, |request| request.path.contains("/statistics"));
                fleet.server.device_wakes(&id(1));
            });
            to_group(&fleet, &["--limit", "2", "--wait", "--interval", "10ms"])
        });
        run.exits_with(code).prints("").says("nothing to do within the limit").says(says);
        assert_eq!(orders(&fleet).len(), 1);
    }
}

/// The time is there to end a run that follows all the same.
#[test]
fn nothing_is_followed_if_all_within_the_limit_have_it() {
    let fleet = seen();
    fleet.server.report_inventory(&id(3), json!({ "artifact_name": RELEASE }));
    fleet.server.create_deployment("elsewhere", RELEASE, &["other"]);
    let wait = ["--wait", "--interval", "10ms", "--timeout", "2s"];
    to_group(&fleet, &[&["--limit", "1"], &wait[..]].concat()).succeeds().says("nothing to do");
    to_group(&fleet, &["--limit", "2"]).succeeds();
    let dry = to_group(&fleet, &[&["--limit", "2", "--dry-run"], &wait[..]].concat());
    dry.succeeds().prints("").says("nothing to do");
}

/// The same line again after a failure goes to another device: nobody is to learn that only from the next failure.
#[test]
fn failures_of_an_earlier_step_are_told() {
    let fleet = seen();
    let first = to_group(&fleet, &["--limit", "1"]).succeeds().does_not_say("warning");
    let made = first.line().to_owned();
    fleet.server.device_reports(&made, &id(3), "failure");
    let second = to_group(&fleet, &["--limit", "1"]).succeeds();
    second
        .says(&format!("warning: r2 has failed on 1 device, such as in {made}, and --limit does not count"));
}
