//! A pipeline as a job of CI would write it: upload, deploy to a group, wait, fail on one bad device, read its log,
//! retry, succeed.

use sandbox::Simulation;
use sandbox::artifact::Artifact;

use super::{GROUP, TYPE, lab};
use crate::support::fleet::id;
use crate::support::requests::changes;

/// Each line says what it came to, so that nothing is hidden by the next.
const JOB: &str = r#"
deployment=$("$0" deployments create --upload release.mender --group lab --yes --name build-17 -q)
echo "create: $?"
"$0" deployments watch "$deployment" --interval 20ms --timeout 60s
echo "watch: $?"
"$0" deployments log "$deployment" --failed -O logs
echo "log: $?"
mkfifo go-on && touch failed
cat go-on
retried=$("$0" deployments retry "$deployment" --yes --wait --interval 20ms --timeout 60s)
echo "retry: $?"
"$0" deployments watch "$retried" --no-progress
echo "watch again: $?"
"#;

#[cfg(unix)]
#[test]
fn a_job_fails_on_one_bad_device_and_succeeds_once_it_is_mended() {
    let fleet = lab(5);
    fleet.home.write("release.mender", Artifact::new("build-17").device_type(TYPE).file("f", b"x").build());
    fleet.server.simulate(Simulation::default().speed(2_000.0));
    fleet.server.device_fails(&id(3));
    let job = fleet.cli::<&str>([]).in_shell(JOB);
    let run = std::thread::spawn(move || job.run());
    crate::support::requests::wait_until(|| "the first half of the job", || fleet.home.exists("failed"));
    fleet.server.device_recovers(&id(3));
    fleet.home.write("go-on", "");
    let seen = run.join().unwrap().succeeds();
    let seen = seen.prints("create: 0\nwatch: 3\nlog: 0\nretry: 0\nwatch again: 0\n");
    seen.says("FAILURE: build-17: 1 of 5 devices do not have build-17: 1 failure")
        .says("build-17 (retry): the device has build-17");
    let log = fleet.home.read(&format!("logs/{}.log", id(3)));
    assert!(log.lines().count() > 3 && log.contains(" error: "), "{log}");
    let made: Vec<String> = changes(&fleet.server)
        .into_iter()
        .filter(|line| line.starts_with("POST v1/deployments/deployments"))
        .collect();
    assert_eq!(made.len(), 2, "{made:#?}");
    assert!(made[0].starts_with(&format!("POST v1/deployments/deployments/group/{GROUP} ")), "{made:#?}");
    assert!(made[1].contains(&format!(r#""devices":["{}"]"#, id(3))), "{made:#?}");
}
