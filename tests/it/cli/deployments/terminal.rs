//! What a person sees of a watch, and Ctrl-C.

use serde_json::json;

use super::{RELEASE, lab, rollout};
use crate::support::fleet::{id, ids};

#[test]
fn a_bar_shows_who_is_where_and_the_newest_failures_stay_above_it() {
    let (fleet, deployment) = rollout(4);
    let mut terminal = fleet.terminal(100, &format!("deployments watch {deployment} --interval 10ms"));
    terminal.wait_for("rollout [........................] 0 of 4 done: 4 pending");
    fleet.server.device_reports(&deployment, &id(0), "success");
    fleet.server.device_reports(&deployment, &id(1), "installing");
    terminal.wait_for("rollout [######>>>>>>............] 1 of 4 done: 1 installing, 2 pending, 1 success");
    fleet.server.device_reports(&deployment, &id(1), "failure");
    terminal.wait_for(&format!("rollout: {} failed", id(1)));
    terminal.wait_for("rollout [######xxxxxx............] 2 of 4 done");
    for number in 2..4 {
        fleet.server.device_reports(&deployment, &id(number), "success");
    }
    assert_eq!(terminal.end(), 3);
    let screen = terminal.screen();
    assert!(screen.contains("FAILURE: rollout: 1 of 4 devices do not have r2: 1 failure"), "{screen}");
    assert!(!screen.contains("done:"), "the bar is gone:\n{screen}");
}

#[test]
fn ctrl_c_leaves_the_deployment_running_and_says_how_to_go_on() {
    let (fleet, deployment) = rollout(1);
    for line in [
        format!("deployments watch {deployment} --interval 10ms"),
        format!("deployments create --artifact {RELEASE} --wait {} --name rollout --interval 10ms", id(0)),
    ] {
        let mut terminal = fleet.terminal(100, &line);
        terminal.wait_for("0 of 1 done");
        terminal.type_in("\x03");
        assert_eq!(terminal.end(), 130);
        let said = terminal.history.replace("\r\n", " ");
        assert!(said.contains("interrupted; the deployment goes on"), "{said}");
        assert!(said.contains(&format!("mender-cli deployments watch {deployment}")), "{said}");
        assert!(!terminal.screen().contains("done:"), "the bar is gone:\n{}", terminal.screen());
    }
    assert!(fleet.changes().is_empty(), "{:?}", fleet.changes());
}

/// A line that is too long for the terminal would be drawn again and again, one below the other.
#[test]
fn a_narrow_terminal_gets_a_narrow_line() {
    let (fleet, _) = rollout(2);
    let name = "a very long name of a deployment that nobody has room for, with \u{1b}[2J in it";
    let deployment = fleet.server.create_deployment(name, RELEASE, &ids(0..2));
    let mut terminal = fleet.terminal(40, &format!("deployments watch {deployment} --interval 10ms"));
    terminal.wait_for("a ver... 0 of 2 done: 2 pending");
    for number in 0..2 {
        fleet.server.device_reports(&deployment, &id(number), "downloading");
        fleet.server.device_reports(&deployment, &id(number), "success");
    }
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    assert!(!terminal.history.contains("\u{1b}[2J"), "{}", terminal.screen());
    let lines = terminal.screen().lines().filter(|line| line.contains("[....")).count();
    assert_eq!(lines, 0, "{}", terminal.screen());
}

#[test]
fn a_person_is_asked_before_a_group_gets_something() {
    let fleet = lab(2);
    fleet.server.set_tags(&id(0), &[("name", json!("pump"))]);
    let line = format!("deployments create --artifact {RELEASE} --group lab");
    let mut terminal = fleet.terminal(120, &line);
    terminal.wait_for("Deploy r2 to 2 devices on http://127.0.0.1");
    assert!(terminal.screen().contains("pump"), "{}", terminal.screen());
    terminal.type_in("n\r");
    assert_eq!(terminal.end(), 1);
    assert!(fleet.changes().is_empty());
    let mut terminal = fleet.terminal(120, &line);
    terminal.wait_for("[y/N]");
    terminal.type_in("y\r");
    assert_eq!(terminal.end(), 0);
    assert!(terminal.screen().contains("created: r2 to group lab (2 devices)"), "{}", terminal.screen());
    assert_eq!(fleet.changes().len(), 1);
}
