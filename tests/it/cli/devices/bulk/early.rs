//! Work that ends early: what is left to do is told, whatever the reason and the form.

use super::*;

fn all_ids(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(id).collect()
}

/// The ids in what was printed, in order.
fn listed(outcome: &Outcome) -> Vec<&str> {
    let mut ids: Vec<&str> =
        outcome.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
    ids.sort_unstable();
    ids
}

/// The recipe of the README.
#[cfg(unix)]
#[test]
fn a_second_run_does_all_that_the_first_left() {
    let recipe = r#""$0" "$@" $FORM --file new.txt --yes > failed.txt || "$0" "$@" --file failed.txt --yes"#;
    for form in ["", "-q", "-o jsonl", "-o json"] {
        let fleet = pending(12);
        fleet.home.write("new.txt", all_ids(0..12).join("\n"));
        fleet.server.fault(Fault::on("PUT", DECISION).status(500).times(10));
        let both = accept(&fleet, &["-j1"]).env("FORM", form).in_shell(recipe).run().succeeds();
        let both = both.says("stopped after 10 of 12 devices").says("12 devices: accepted");
        assert_eq!(accepted(&fleet, 12), 12, "{form}\n{}", both.transcript());
        let left = fleet.home.read("failed.txt");
        let told = if form == "-q" { 0 } else { 2 };
        assert_eq!(left.matches("not come to").count(), told, "{form}\n{left}");
    }
}

#[test]
fn what_was_not_come_to_is_listed_with_what_failed() {
    for (status, more) in [(500, &["--max-errors", "2"][..]), (401, &[])] {
        for form in [&[][..], &["-q"]] {
            let fleet = pending(6);
            fleet.server.fault(Fault::on("PUT", DECISION).status(status).after(1).times(99));
            let stopped = accept_all(&fleet, &[more, form].concat()).exits_with(3);
            assert_eq!(listed(&stopped), all_ids(1..6), "{status} {form:?}\n{}", stopped.transcript());
        }
    }
}

/// A device whose answer is not there yet may be done or not: it is left to do.
#[cfg(unix)]
#[test]
fn an_interruption_lists_what_is_left() {
    use std::process::Stdio;

    use crate::support::requests::wait_for;

    for form in [&[][..], &["-q"]] {
        let fleet = pending(5);
        fleet.server.fault(Fault::on("PUT", DECISION).hang().after(1));
        let mut command = accept(&fleet, &["--all", "--yes", "-j1"]).args(form).into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the program starts");
        wait_for(&fleet.server, 2, |request| request.method == "PUT");
        let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let stdout = String::from_utf8(output.stdout).unwrap();
        let ids: Vec<&str> = stdout.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!(ids, all_ids(1..5), "{form:?}\n{stdout}");
    }
}

/// What is under way is not cut off.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_work_with_a_word_of_how_far_it_came() {
    let onto_full = |fleet: &Fleet, args: &[&str]| {
        let run = accept(fleet, args).in_shell(r#""$0" "$@" > /dev/full"#);
        run.run().says("No space left on device")
    };
    let fleet = pending(40);
    let stopped = onto_full(&fleet, &["--all", "--yes", "-j3", "-o", "jsonl"]).exits_with(3);
    let count = fleet.changes().len();
    assert!(count < 40 && accepted(&fleet, 40) == count, "{count}\n{}", stopped.transcript());
    stopped.says(&format!("stopped after {count} of 40 devices"));
    // All was done, and is not told.
    for form in ["jsonl", "json"] {
        let fleet = pending(1);
        let lost = onto_full(&fleet, &[&id(0), "-o", form]).exits_with(3);
        lost.says("1 of 1 devices are accepted");
    }
}

/// They overlap when devices come and go while they are read.
#[test]
fn devices_that_come_on_two_pages_are_worked_on_once() {
    let search = "/api/management/v2/inventory/filters/search";
    let list = "/api/management/v2/devauth/devices?";
    for (method, path, how) in
        [("POST", search, ["--filter", "sn exists"]), ("GET", list, ["--status", "pending"])]
    {
        let fleet = pending(501);
        let sets = |number| json!([{ "id": id(number), "status": "pending" }]);
        let again: Value = (0..3)
            .map(|number| json!({ "id": id(number), "status": "pending", "auth_sets": sets(number) }))
            .collect();
        fleet.server.fault(Fault::on(method, path).after(1).body("application/json", again.to_string()));
        let dry = accept(&fleet, &how).args(&["--dry-run", "-q", "-j1"]).run().succeeds();
        let mut ids = listed(&dry);
        let count = ids.len();
        ids.dedup();
        assert_eq!((count, ids.len()), (500, 500), "{path}");
    }
}
