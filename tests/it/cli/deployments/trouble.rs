//! A watch over a server in trouble: that says nothing of the devices, and never becomes a verdict.

use std::thread::JoinHandle;

use sandbox::{Fault, Recorded, Sandbox};

use super::{RELEASE, V1, V2, lab, report, rollout};
use crate::support::fleet::id;
use crate::support::home::Outcome;
use crate::support::requests::{wait_for, wait_until};
use crate::support::{Fleet, several_at_once};

const STATISTICS: &str = "/statistics";

/// A deployment for two devices that is being watched, and was looked at. The test ends it by what it lets happen.
struct Watched {
    fleet: Fleet,
    deployment: String,
    run: JoinHandle<Outcome>,
}

fn watched(more: &[&str]) -> Watched {
    let (fleet, deployment) = rollout(2);
    // What would wait for ever fails instead.
    let line =
        fleet.cli(["deployments", "watch", &deployment, "--interval", "5ms", "--timeout", "60s"]).args(more);
    let run = std::thread::spawn(move || line.run());
    // With the second look the first has been answered.
    looks(&fleet.server, 2);
    Watched { fleet, deployment, run }
}

/// Waits until it was looked at so often.
fn looks(server: &Sandbox, count: usize) {
    wait_for(server, count, |request| request.path.ends_with(STATISTICS));
}

impl Watched {
    fn trouble(&self, fault: impl Fn(Fault) -> Fault, times: usize) {
        self.fleet.server.fault(fault(Fault::on("GET", "/api/management/")).times(times));
        // All of it has to come through before anything else happens.
        let seen = self.fleet.server.requests().len();
        let what = || format!("{times} more requests than {seen}");
        wait_until(what, || self.fleet.server.requests().len() >= seen + times);
    }

    /// Waits for so many more requests to a path.
    fn asks_for(&self, path: &str, count: usize) {
        let is_such = |request: &Recorded| request.path == path;
        let seen = self.fleet.server.requests().iter().filter(|request| is_such(request)).count();
        wait_for(&self.fleet.server, seen + count, is_such);
    }

    fn devices_succeed(&self) {
        for number in 0..2 {
            self.fleet.server.device_reports(&self.deployment, &id(number), "success");
        }
    }

    fn end(self) -> Outcome {
        self.run.join().expect("the run ends")
    }
}

#[test]
fn an_outage_is_endured() {
    type Spoil = fn(Fault) -> Fault;
    let refusals: [(&str, Spoil); 5] = [
        ("503", |fault| fault.status(503).header("Retry-After", "0")),
        ("500", |fault| fault.status(500)),
        ("520", |fault| fault.status(520)),
        ("429", |fault| fault.status(429).header("Retry-After", "3600")),
        ("web page", |fault| fault.body("text/html", "<html>We will be back soon</html>")),
    ];
    several_at_once(&refusals, |(what, fault)| {
        let watched = watched(&[]);
        watched.trouble(fault, 20);
        watched.devices_succeed();
        let seen = watched.end().succeeds();
        let seen = seen.says("warning: rollout: ").says("; going on").says(what);
        let seen = seen.says("rollout: the server answers again").says("all 2 devices have r2");
        assert_eq!(seen.stderr.matches("; going on").count(), 1, "{}", seen.transcript());
    });
}

#[test]
fn a_line_that_breaks_is_endured() {
    let watched = watched(&[]);
    // Each request is tried four times before it counts as failed.
    watched.trouble(Fault::cut, 5);
    watched.devices_succeed();
    watched.end().succeeds().says("the connection ended before the answer was complete; going on");
}

#[test]
fn nonsense_is_no_verdict() {
    let nonsense = ["{}", "[]", "null", "\"finished\"", "{\"success\": -1}", "{\"success\": \"2\"}", "{", ""];
    several_at_once(&nonsense, |body| {
        let watched = watched(&[]);
        let path = format!("{V1}/{}{STATISTICS}", watched.deployment);
        watched.fleet.server.fault(Fault::on("GET", &path).body("application/json", *body).times(9999));
        watched.asks_for(&path, 6);
        watched.fleet.server.clear_faults();
        watched.devices_succeed();
        watched.end().succeeds().says("all 2 devices have r2");
    });
}

/// A page of finished deployments that is another one's, or is not finished.
#[test]
fn another_deployments_end_is_not_this_ones() {
    let watched = watched(&[]);
    let good = r#"{"success": 2}"#;
    for (id, status) in
        [("0aaaaaaa-0000-4000-8000-000000000000", "finished"), (&watched.deployment, "inprogress")]
    {
        let body = format!(
            r#"[{{"id":"{id}","status":"{status}","max_devices":2,"statistics":{{"status":{good}}}}}]"#
        );
        let lie = Fault::on("GET", V2).body("application/json", body);
        watched.fleet.server.fault(lie.times(3));
    }
    // With the seventh question all six lies have been told.
    watched.asks_for(V2, 7);
    watched.devices_succeed();
    watched.end().succeeds().says("all 2 devices have r2");
}

#[test]
fn a_token_that_runs_out_ends_the_watch_but_not_the_deployment() {
    for (status, reason) in [(401, "mender-cli login gets a new one"), (403, "role")] {
        let watched = watched(&[]);
        watched.fleet.server.fault(Fault::on("GET", "/api/management/").status(status).times(9999));
        let hint = format!(
            "the watch has ended, not the deployment; mender-cli deployments watch {} follows it again",
            watched.deployment
        );
        watched.end().fails().says(reason).says(&hint).does_not_say("FAILURE: rollout: 2 of 2");
    }
}

#[test]
fn a_deployment_that_is_aborted_meanwhile_has_failed() {
    let watched = watched(&[]);
    watched.fleet.server.device_reports(&watched.deployment, &id(0), "installing");
    watched.fleet.cli(["deployments", "abort", &watched.deployment, "--yes"]).run().succeeds();
    watched.end().exits_with(3).says("2 of 2 devices do not have r2: 1 aborted, 1 never-asked");
}

#[test]
fn a_deployment_that_is_removed_meanwhile_is_no_verdict() {
    let watched = watched(&[]);
    let gone = r#"{"error":"Resource not found","request_id":"1"}"#;
    let path = format!("{V1}/{}", watched.deployment);
    watched.fleet.server.fault(Fault::on("GET", &path).status(404).body("application/json", gone).times(99));
    let seen = watched.end().fails();
    seen.says("FAILURE: rollout: the deployment is gone, and nobody knows how it ended");
}

/// It has finished, and the server falls ill before anybody could read how.
#[test]
fn trouble_at_the_end_delays_the_verdict() {
    let watched = watched(&[]);
    let list = format!("{V1}/{}/devices/list", watched.deployment);
    watched.fleet.server.fault(Fault::on("GET", &list).status(500).times(7));
    watched.fleet.server.device_reports(&watched.deployment, &id(0), "success");
    watched.fleet.server.device_reports(&watched.deployment, &id(1), "noartifact");
    watched.end().exits_with(3).says("1 of 2 devices do not have r2: 1 noartifact").says("; going on");
    // As long as there is time.
    let (fleet, deployment) = rollout(2);
    report(&fleet, &deployment, &["success", "success"]);
    let list = format!("{V1}/{deployment}/devices/list");
    fleet.server.fault(Fault::on("GET", &list).status(500).times(9999));
    let line = ["deployments", "watch", &deployment, "--interval", "5ms", "--timeout", "1s"];
    fleet.cli(line).run().exits_with(4).says("time is up");
}

/// The counters keep it as pending, and so the server never calls the deployment finished.
#[test]
fn a_device_that_left_before_it_asked_is_no_reason_to_wait_for_ever() {
    let watched = watched(&["-o", "jsonl"]);
    let gone = watched.fleet.cli(["devices", "decommission", &id(1), "--wait", "--interval", "5ms", "--yes"]);
    gone.run().succeeds();
    // It is said while the others are still at it ...
    let before = watched.fleet.server.requests().len();
    wait_until(|| "more looks", || watched.fleet.server.requests().len() >= before + 12);
    // ... and once they are done nothing is left to wait for.
    watched.fleet.server.device_reports(&watched.deployment, &id(0), "success");
    let deployment = watched.deployment.clone();
    let seen = watched.end().exits_with(3);
    seen.says("rollout: 1 device has left before asking for it, and so it will never finish by itself")
        .says(&format!("mender-cli deployments abort {deployment} ends it"))
        .shows(r#""end":"stuck""#)
        .shows(r#""others_by_status":{"decommissioned":1}"#);
}

/// Whoever made it named one device twice, and the server waits for both.
#[test]
fn a_device_that_was_named_twice_is_no_reason_to_wait_for_ever() {
    let fleet = lab(1);
    let deployment = fleet.server.create_deployment("twice", RELEASE, &[id(0), id(0)]);
    fleet.server.device_reports(&deployment, &id(0), "success");
    let seen = fleet
        .cli(["deployments", "watch", &deployment, "--interval", "5ms", "--timeout", "60s"])
        .run()
        .succeeds();
    seen.says("twice: the device has r2").says(&format!("deployments abort {deployment} ends it"));
}

#[test]
fn events_that_nobody_reads_end_the_watch_as_a_failure() {
    let (fleet, deployment) = rollout(1);
    let line = fleet.cli(["deployments", "watch", &deployment, "--interval", "5ms", "-o", "jsonl"]);
    let mut command = line.into_command();
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    fleet.server.device_reports(&deployment, &id(0), "installing");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("nobody reads the events any more"),
        "{output:?}"
    );
}
