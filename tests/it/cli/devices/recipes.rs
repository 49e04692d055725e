//! What Mender's documentation does with devices by curl, line by line: ours beside the requests that it makes.

use sandbox::{AuthSet, Device, Sandbox};
use serde_json::json;

use crate::support::Home;
use crate::support::home::Outcome;
use crate::support::requests::{is_change, line};

const PENDING: &str = "af000001-0000-4000-8000-000000000000";
const ACCEPTED: &str = "af000002-0000-4000-8000-000000000000";

struct Recipes {
    server: Sandbox,
    home: Home,
}

impl Recipes {
    fn new() -> Recipes {
        let server = Sandbox::start();
        let set =
            |id: &str, status: &str| AuthSet { id: id.into(), status: status.into(), ..AuthSet::default() };
        for (id, status, set_id, mac) in
            [(PENDING, "pending", "new", "01"), (ACCEPTED, "accepted", "old", "02")]
        {
            server.add_device(Device {
                id: id.into(),
                status: status.into(),
                identity_data: json!({ "mac": mac }),
                auth_sets: vec![set(set_id, status)],
                ..Device::default()
            });
        }
        server.report_inventory(ACCEPTED, json!({ "device_type": "qemu", "hostname": "gw" }));
        let home = Home::logged_in(&server);
        home.write("device.pub", AuthSet::default().pubkey);
        Recipes { server, home }
    }

    /// Runs a line as it would be typed.
    fn run(&self, line: &str) -> Outcome {
        self.server.clear_requests();
        self.home.at(&self.server, line.split(' ')).run().succeeds()
    }

    /// Those requests of the last line that this is the recipe for.
    #[track_caller]
    fn asks(&self, request: &str) {
        let lines: Vec<String> = self.server.requests().iter().map(line).collect();
        assert!(lines.iter().any(|line| line.starts_with(request)), "{request}: {lines:#?}");
    }

    #[track_caller]
    fn changes(&self, expected: &[&str]) {
        let lines: Vec<String> = self.server.requests().iter().filter(|it| is_change(it)).map(line).collect();
        assert_eq!(lines, expected);
    }
}

#[test]
fn recipes() {
    let it = Recipes::new();
    let _ = it.run("devices list --status pending -q").prints(&format!("{PENDING}\n"));
    let _ = it.run("devices count --status pending").prints("1\n");
    it.asks("GET v2/devauth/devices/count");
    let _ = it.run("devices count").prints("2\n");

    // Why does a device wait?
    let _ = it.run("devices show mac=01").shows("pending");
    it.asks(&format!("GET v2/devauth/devices/{PENDING}"));

    let _ = it.run("devices accept mac=01");
    it.changes(&[&format!(r#"PUT v2/devauth/devices/{PENDING}/auth/new/status {{"status":"accepted"}}"#)]);
    let _ = it.run("devices accept --all --yes").says("nothing to do");

    let made = it.run("devices preauthorize --identity mac=03 --key device.pub -q");
    let key = json!(AuthSet::default().pubkey);
    it.changes(&[&format!(r#"POST v2/devauth/devices {{"identity_data":{{"mac":"03"}},"pubkey":{key}}}"#)]);
    assert_eq!(it.server.device(made.line()).unwrap().status, "preauthorized");
    it.home.write("device.pub", rcgen::KeyPair::generate().unwrap().public_key_pem());
    let forced = it.run("devices preauthorize --identity mac=03 --key device.pub --force -q");
    assert_eq!(forced.line(), made.line(), "the server itself tells another one");

    let _ = it.run(&format!("devices decommission {} --yes --wait", made.line()));
    it.changes(&[&format!("DELETE v2/devauth/devices/{}", made.line())]);
    assert_eq!(it.server.device(made.line()), None);

    let _ = it.run("devices tags set mac=02 site=oslo");
    it.changes(&[&format!(
        r#"PATCH v1/inventory/devices/{ACCEPTED}/tags [{{"name":"site","value":"oslo"}}]"#
    )]);
    let _ = it.run("devices list --filter site=oslo -q").prints(&format!("{ACCEPTED}\n"));
    let _ = it.run("devices list --filter device_type=qemu -q").prints(&format!("{ACCEPTED}\n"));
    it.asks("POST v2/inventory/filters/search");
    let _ = it.run("devices show hostname=gw").shows("qemu");

    let _ = it.run("groups add lab mac=02");
    it.changes(&[&format!(r#"PATCH v1/inventory/groups/lab/devices ["{ACCEPTED}"]"#)]);
    let _ = it.run("groups list").prints("lab\n");
    let _ = it.run("groups show lab -q").prints(&format!("{ACCEPTED}\n"));
    let _ = it.run("groups remove lab mac=02");
    it.changes(&[&format!(r#"DELETE v1/inventory/groups/lab/devices ["{ACCEPTED}"]"#)]);
    let _ = it.run("groups list").prints("");

    let _ = it.run("devices reject mac=01 --yes");
    it.changes(&[&format!(r#"PUT v2/devauth/devices/{PENDING}/auth/new/status {{"status":"rejected"}}"#)]);
    let _ = it.run("devices dismiss mac=01 --yes");
    it.changes(&[&format!("DELETE v2/devauth/devices/{PENDING}/auth/new")]);
}
