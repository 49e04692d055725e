//! What jobs of GitHub and GitLab get: a summary and marks at errors.

use sandbox::Fault;
use serde_json::json;

use super::verbs::lab_of;
use super::{Fleet, deployed, id, lab};
use crate::support::home::{Invocation, Outcome};

const SUMMARY: &str = "summary.md";

fn watch(fleet: &Fleet, named: &str) -> Invocation {
    fleet.cli(["deployments", "watch", named])
}

fn in_github(fleet: &Fleet, run: Invocation) -> Invocation {
    run.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", fleet.home.path(SUMMARY))
}

fn failed() -> Fleet {
    let fleet = lab_of(&["one", "two", "three"]);
    let roll = deployed(&fleet, "roll", &["success", "failure", ""]);
    fleet.server.device_logs(&roll, &id(1), "it broke\n");
    fleet.cli(["deployments", "abort", "roll", "--yes"]).run().succeeds();
    fleet
}

/// The lines that GitHub takes for commands: at the beginning of a line, blanks aside, or the old kind anywhere.
fn commands(run: &Outcome) -> Vec<&str> {
    run.stderr
        .split(['\n', '\r'])
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .collect()
}

#[test]
fn a_job_of_github_gets_a_summary_beside_what_is_there() {
    let fleet = failed();
    let before = "# Of another step\n\n";
    fleet.home.write(SUMMARY, before);
    let run = in_github(&fleet, watch(&fleet, "roll")).run().exits_with(3);
    let summary = fleet.home.read(SUMMARY);
    let rest = summary.strip_prefix(before).expect("it is not replaced");
    assert!(
        rest.starts_with("### ❌ Deployment roll: failed\n\n| | |\n| --- | --- |\n| Release | r2 |\n"),
        "{rest}"
    );
    for line in [
        "| Devices | 1 of 3 have it |".to_owned(),
        "| failure | 1 |".to_owned(),
        "| never-asked | 1 |".to_owned(),
        format!("| {} | two | failure | yes |", id(1)),
        format!("| {} | three | never-asked |  |", id(2)),
    ] {
        assert!(rest.lines().any(|own| own == line), "{line}\n{rest}");
    }
    assert!(!rest.contains(&id(0)), "{rest}");
    let marks = commands(&run);
    assert_eq!(marks.len(), 1, "{}", run.stderr);
    assert!(
        marks[0].starts_with("::error title=mender-cli::roll: 2 of 3 devices do not have r2: "),
        "{}",
        marks[0]
    );
    assert!(marks[0].contains(&format!("%0A  {}  two  failure  (log)", id(1))), "{}", marks[0]);
    in_github(&fleet, watch(&fleet, "roll")).run().exits_with(3);
    assert_eq!(fleet.home.read(SUMMARY).matches("### ").count(), 2, "one after the other");
}

#[test]
fn what_went_well_is_no_error() {
    let fleet = lab(1);
    deployed(&fleet, "roll", &["success"]);
    let run = in_github(&fleet, watch(&fleet, "roll")).run().succeeds();
    assert!(commands(&run).is_empty(), "{}", run.stderr);
    let summary = fleet.home.read(SUMMARY);
    assert!(summary.starts_with("### ✅ Deployment roll: succeeded\n"), "{summary}");
    assert!(!summary.contains("| Device | Name"), "{summary}");
}

#[test]
fn stdout_is_what_it_is_elsewhere() {
    let fleet = failed();
    for more in [&["-q"][..], &["--devices"], &["-o", "json"]] {
        let [plain, job] = [false, true].map(|is_job| {
            let run = watch(&fleet, "roll").args(more);
            let run = if is_job { in_github(&fleet, run) } else { run };
            run.run().exits_with(3).stdout
        });
        let timeless = |text: &str| -> String {
            text.lines()
                .filter(|line| !line.contains("\"seconds\""))
                .map(|line| format!("{line}\n"))
                .collect()
        };
        assert_eq!(timeless(&plain), timeless(&job), "{more:?}");
        assert!(!plain.is_empty());
    }
}

#[test]
fn both_can_be_turned_off() {
    let fleet = failed();
    let run = in_github(&fleet, watch(&fleet, "roll").args(&["--no-ci"])).run().exits_with(3);
    assert!(commands(&run).is_empty(), "{}", run.stderr);
    assert!(!fleet.home.exists(SUMMARY));
    let run = watch(&fleet, "roll").args(&["--no-ci"]).env("GITLAB_CI", "true").run().exits_with(3);
    assert!(!fleet.home.exists("mender-summary.md") && !run.stderr.contains('\x1b'));
}

#[test]
fn outside_of_a_job_there_is_neither() {
    let fleet = failed();
    let before = fleet.home.files();
    for (name, value) in [
        ("GITHUB_STEP_SUMMARY", SUMMARY),
        ("CI_PROJECT_DIR", "."),
        ("GITHUB_ACTIONS", "false"),
        ("CI", "true"),
    ] {
        let run = watch(&fleet, "roll").env(name, value).run().exits_with(3);
        assert!(commands(&run).is_empty() && !run.stderr.contains('\x1b'), "{name}\n{}", run.stderr);
        assert_eq!(fleet.home.files(), before, "{name}");
    }
    // A runner need not have a place for summaries.
    let run = watch(&fleet, "roll").env("GITHUB_ACTIONS", "true").run().exits_with(3);
    assert_eq!(commands(&run).len(), 1, "{}", run.stderr);
    assert_eq!(fleet.home.files(), before);
}

#[test]
fn a_job_of_gitlab_gets_a_file_in_its_directory() {
    let fleet = failed();
    std::fs::create_dir(fleet.home.path("project")).unwrap();
    let run =
        watch(&fleet, "roll").env("GITLAB_CI", "true").env("CI_PROJECT_DIR", fleet.home.path("project"));
    let run = run.run().exits_with(3);
    assert!(fleet.home.read("project/mender-summary.md").starts_with("### ❌ Deployment roll: failed\n"));
    assert!(commands(&run).is_empty(), "{}", run.stderr);
    let red = run.stderr.lines().find(|line| line.starts_with("\x1b[0;31mmender-cli: roll: 2 of 3"));
    assert!(red.is_some_and(|line| line.ends_with("\x1b[0m")), "{}", run.stderr);
}

#[test]
fn a_summary_that_cannot_be_written_changes_nothing_else() {
    let fleet = failed();
    deployed(&fleet, "good", &["success"]);
    std::fs::create_dir(fleet.home.path(SUMMARY)).unwrap();
    for (name, code) in [("roll", 3), ("good", 0)] {
        let run = in_github(&fleet, watch(&fleet, name)).run().exits_with(code);
        let run = run.says("warning: the job's summary cannot be written: ");
        assert_eq!(run.stderr.matches("warning:").count(), 1, "{}", run.stderr);
    }
}

#[test]
fn errors_before_anything_is_watched_are_marked_too() {
    let fleet = lab(1);
    let run = in_github(&fleet, watch(&fleet, "a%b:c,\n::add-mask::d")).run().fails();
    let marks = commands(&run);
    assert_eq!(marks.len(), 1, "{}", run.stderr);
    assert!(marks[0].contains("no deployment is named \"a%25b:c,"), "{}", marks[0]);
    assert!(!fleet.home.exists(SUMMARY));
    fleet.server.fault(Fault::on("GET", "/api/management/v2/deployments/").status(403));
    let run = in_github(&fleet, watch(&fleet, "roll")).run().fails();
    assert_eq!(commands(&run).len(), 1, "{}", run.stderr);
}

/// Names come from whoever may name a device or a deployment.
#[test]
fn no_name_is_a_command_or_shapes_the_summary() {
    let hostile =
        "::stop-commands::x\n::add-mask::a ##[group]b\r\n| c | <img src=x> [d](e) `f` @everyone \x1b[2J";
    let fleet = lab_of(&["one", hostile]);
    let bad = deployed(&fleet, hostile, &["success", "failure"]);
    let good = deployed(&fleet, "::add-mask::good", &["success"]);
    for (named, count) in [(&bad, 1), (&good, 0)] {
        let run = in_github(&fleet, watch(&fleet, named)).run();
        let marks = commands(&run);
        assert_eq!(marks.len(), count, "{}", run.stderr);
        assert!(marks.iter().all(|mark| mark.starts_with("::error title=mender-cli::")), "{}", run.stderr);
        assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    }
    let abort = ["deployments", "abort", &good];
    let run = fleet.cli(abort).env("GITHUB_ACTIONS", "true").run().succeeds();
    assert!(run.stderr.contains("add-mask") && commands(&run).is_empty(), "{}", run.stderr);

    let summary = fleet.home.read(SUMMARY);
    for wild in ["<img", "[d](", "`f`", "@everyone", "\x1b", "\r"] {
        assert!(!summary.contains(wild), "{wild:?}\n{summary}");
    }
    let begun: Vec<&str> = summary.lines().filter(|line| line.starts_with(['#', ':'])).collect();
    assert_eq!(begun.len(), 2, "{summary}");
    // Each row has its cells and no more.
    let row = summary.lines().find(|line| line.starts_with(&format!("| {}", id(1)))).expect("its row");
    let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
    assert_eq!(bars, 5, "{row}");
}

#[test]
fn a_status_that_nobody_knows_shapes_no_summary_either() {
    let fleet = lab(1);
    let roll = deployed(&fleet, "roll", &["success"]);
    let lie = json!([{ "id": id(0), "status": "x | y\n# z" }]);
    let path = format!("{}/{roll}/devices/list", super::V1);
    fleet.server.fault(Fault::on("GET", &path).body("application/json", lie.to_string()).times(9));
    let run = in_github(&fleet, watch(&fleet, "roll")).run().exits_with(3);
    assert_eq!(commands(&run).len(), 1, "{}", run.stderr);
    let summary = fleet.home.read(SUMMARY);
    assert!(!summary.lines().any(|line| line.starts_with("# ")), "{summary}");
    assert!(summary.contains("x \\| y\\\\n\\# z"), "{summary}");
}
