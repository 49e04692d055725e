//! What a watch costs the server: small requests, however many devices there are.

use sandbox::Device;
use sandbox::artifact::Artifact;

use super::RELEASE;
use crate::support::Fleet;
use crate::support::fleet::{id, ids};
use crate::support::requests::wait_until;

const DEVICES: usize = 5000;

/// The statistics, and one question beside them. Lists of devices are for the end, once.
#[test]
fn five_thousand_devices_cost_two_requests_a_look() {
    let fleet = Fleet::new();
    fleet.server.add_artifact(&Artifact::new(RELEASE).device_type("qemu").file("f", b"x").build());
    for number in 0..DEVICES {
        fleet.server.add_device(Device { id: id(number), ..Device::default() });
    }
    let deployment = fleet.server.create_deployment("large", RELEASE, &ids(0..DEVICES));
    for number in 0..DEVICES - 1 {
        fleet.server.device_reports(
            &deployment,
            &id(number),
            if number < 60 { "failure" } else { "success" },
        );
    }
    let line = fleet.cli(["deployments", "watch", &deployment, "--interval", "5ms", "--max-failures", "60"]);
    fleet.server.clear_requests();
    let run = std::thread::spawn(move || line.run());
    let looks = || fleet.server.requests().iter().filter(|it| it.path.ends_with("/statistics")).count();
    wait_until(|| "twenty looks", || looks() >= 20);
    let requests = fleet.server.requests();
    fleet.server.device_reports(&deployment, &id(DEVICES - 1), "success");
    run.join()
        .unwrap()
        .succeeds()
        .says("4940 of 5000 devices have r2; 60 do not, no more than may: 60 failure");

    let begin = requests.iter().position(|it| it.path.ends_with("/statistics")).expect("a look");
    let watching = &requests[begin..];
    let looks = watching.iter().filter(|it| it.path.ends_with("/statistics")).count();
    assert!(watching.len() <= 2 * looks, "{} requests for {looks} looks", watching.len());
    // The list of targets is asked for once; of devices a page at most, when some have failed.
    let count = |part: &str| watching.iter().filter(|it| it.path.contains(part)).count();
    let whole_lists =
        watching.iter().filter(|it| it.path.contains("/devices/list") && it.query.contains("per_page=500"));
    assert_eq!((count("/device_list"), whole_lists.count()), (1, 0));
}
