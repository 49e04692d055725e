//! The main way, in short.

use sandbox::Simulation;

use super::{GROUP, RELEASE, lab};

#[test]
fn a_release_is_deployed_to_a_group_and_followed() {
    let fleet = lab(3);
    fleet.server.simulate(Simulation::default().speed(10_000.0));
    let line = [
        "deployments",
        "create",
        "--artifact",
        RELEASE,
        "--group",
        GROUP,
        "--yes",
        "--wait",
        "--interval",
        "10ms",
    ];
    let outcome = fleet.cli(line).run().succeeds();
    outcome.says("all 3 devices have r2");
}
