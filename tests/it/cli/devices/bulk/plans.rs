//! What a plan counts, and who sees it.

use super::*;

/// Three devices that wait and two that were let in, named one by one.
fn mixed() -> (Fleet, Vec<String>) {
    let fleet = pending(5);
    for number in [1, 3] {
        fleet.cli(["devices", "accept", &id(number)]).run().succeeds();
    }
    fleet.server.clear_requests();
    (fleet, (0..5).map(id).collect())
}

#[test]
fn devices_that_are_so_already_are_counted_apart() {
    let (fleet, ids) = mixed();
    let accept = |more: &[&str]| fleet.cli(["devices", "accept"]).args(more).run().succeeds();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let dry = accept(&[&ids[..], &["--dry-run"]].concat());
    let dry = dry.says("To accept: 3 devices").says("\nNothing to do for: 2 devices\n");
    dry.says("would accept 3 devices on ")
        .prints(&format!("{}\t\tpending\n{}\t\tpending\n{}\t\tpending\n", ids[0], ids[2], ids[4]));
    assert!(fleet.changes().is_empty());
    accept(&ids).prints("").says("3 devices: accepted; nothing to do for 2");
    assert_eq!(fleet.changes().len(), 3);
    accept(&[&ids[..], &["--dry-run"]].concat()).prints("").says("Nothing to do for: 5 devices");
}

#[test]
fn a_quiet_run_shows_no_plan() {
    let fleet = pending(2);
    accept(&fleet, &["--all", "-q", "--dry-run"])
        .run()
        .succeeds()
        .prints(&format!("{}\n{}\n", id(0), id(1)))
        .does_not_say("To accept");
    accept(&fleet, &["--all", "-q", "--yes"]).run().succeeds().prints("").says_exactly("");
}

#[cfg(unix)]
#[test]
fn whoever_is_asked_sees_the_plan_even_if_quiet() {
    let fleet = pending(2);
    let mut terminal = fleet.terminal(120, "devices accept --all -q");
    terminal.wait_for("To accept: 2 devices");
    terminal.wait_for("[y/N]");
    terminal.type_in("n\r");
    assert_eq!(terminal.end(), 1, "{}", terminal.screen());
    assert!(fleet.changes().is_empty());
}
