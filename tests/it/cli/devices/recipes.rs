//! What Mender's documentation does with devices by curl, line by line: ours beside the requests that it makes.

use sandbox::{AuthSet, Device};
use serde_json::json;

use crate::support::Fleet;
use crate::support::home::Outcome;
use crate::support::requests::line;

const PENDING: &str = "af000001-0000-4000-8000-000000000000";
const ACCEPTED: &str = "af000002-0000-4000-8000-000000000000";

struct Recipes(Fleet);

impl Recipes {
    fn new() -> Recipes {
        let fleet = Fleet::new();
        let set =
            |id: &str, status: &str| AuthSet { id: id.into(), status: status.into(), ..AuthSet::default() };
        for (id, status, set_id, mac) in
            [(PENDING, "pending", "new", "01"), (ACCEPTED, "accepted", "old", "02")]
        {
            fleet.server.add_device(Device {
                id: id.into(),
                status: status.into(),
                identity_data: json!({ "mac": mac }),
                auth_sets: vec![set(set_id, status)],
                ..Device::default()
            });
        }
        fleet.server.report_inventory(ACCEPTED, json!({ "device_type": "qemu", "hostname": "gw" }));
        fleet.home.write("device.pub", AuthSet::default().pubkey);
        Recipes(fleet)
    }

    /// Runs a line as it would be typed.
    fn run(&self, line: &str) -> Outcome {
        self.0.server.clear_requests();
        self.0.cli(line.split(' ')).run().succeeds()
    }

    /// Those requests of the last line that this is the recipe for.
    #[track_caller]
    fn asks(&self, request: &str) {
        let lines: Vec<String> = self.0.server.requests().iter().map(line).collect();
        assert!(lines.iter().any(|line| line.starts_with(request)), "{request}: {lines:#?}");
    }

    #[track_caller]
    fn changes(&self, expected: &[&str]) {
        assert_eq!(self.0.changes(), expected);
    }
}

#[test]
fn recipes() {
    let it = Recipes::new();
    it.run("devices list --status pending -q").prints(&format!("{PENDING}\n"));
    it.run("devices count --status pending").prints("1\n");
    it.asks("GET v2/devauth/devices/count");
    it.run("devices count").prints("2\n");

    // Why does a device wait?
    it.run("devices show mac=01").shows("pending");
    it.asks(&format!("GET v2/devauth/devices/{PENDING}"));

    it.run("devices accept mac=01");
    it.changes(&[&format!(r#"PUT v2/devauth/devices/{PENDING}/auth/new/status {{"status":"accepted"}}"#)]);
    it.run("devices accept --all --yes").says("nothing to do");

    let made = it.run("devices preauthorize --identity mac=03 --key device.pub -q");
    let key = json!(AuthSet::default().pubkey);
    it.changes(&[&format!(r#"POST v2/devauth/devices {{"identity_data":{{"mac":"03"}},"pubkey":{key}}}"#)]);
    assert_eq!(it.0.server.device(made.line()).unwrap().status, "preauthorized");
    it.0.home.write("device.pub", rcgen::KeyPair::generate().unwrap().public_key_pem());
    let forced = it.run("devices preauthorize --identity mac=03 --key device.pub --force -q");
    assert_eq!(forced.line(), made.line(), "the server itself tells another one");

    it.run(&format!("devices decommission {} --yes --wait", made.line()));
    it.changes(&[&format!("DELETE v2/devauth/devices/{}", made.line())]);
    assert_eq!(it.0.server.device(made.line()), None);

    it.run("devices tags set mac=02 site=oslo");
    it.changes(&[&format!(
        r#"PATCH v1/inventory/devices/{ACCEPTED}/tags [{{"name":"site","value":"oslo"}}]"#
    )]);
    it.run("devices list --filter site=oslo -q").prints(&format!("{ACCEPTED}\n"));
    it.run("devices list --filter device_type=qemu -q").prints(&format!("{ACCEPTED}\n"));
    it.asks("POST v2/inventory/filters/search");
    it.run("devices show hostname=gw").shows("qemu");

    it.run("groups add lab mac=02");
    it.changes(&[&format!(r#"PATCH v1/inventory/groups/lab/devices ["{ACCEPTED}"]"#)]);
    it.run("groups list").prints("lab\n");
    it.run("groups show lab -q").prints(&format!("{ACCEPTED}\n"));
    it.run("groups remove lab mac=02");
    it.changes(&[&format!(r#"DELETE v1/inventory/groups/lab/devices ["{ACCEPTED}"]"#)]);
    it.run("groups list").prints("");

    it.run("devices reject mac=01 --yes");
    it.changes(&[&format!(r#"PUT v2/devauth/devices/{PENDING}/auth/new/status {{"status":"rejected"}}"#)]);
    it.run("devices dismiss mac=01 --yes");
    it.changes(&[&format!("DELETE v2/devauth/devices/{PENDING}/auth/new")]);
}
