//! A portal or a proxy that says yes to everything with a page of its own: nothing was done.

use sandbox::{AuthSet, Device, Fault};

use crate::support::Fleet;

const WAITING: &str = "b0000001-0000-4000-8000-000000000000";
const LET_IN: &str = "b0000002-0000-4000-8000-000000000000";

#[test]
fn a_web_page_is_no_yes() {
    let device = |id: &str, status: &str| Device {
        id: id.into(),
        status: status.into(),
        connected: status == "accepted",
        ..Device::default()
    };
    for (method, path, line) in [
        ("PUT", "v2/devauth/", format!("devices accept {WAITING}")),
        ("PUT", "v2/devauth/", format!("devices reject {WAITING} --yes")),
        ("DELETE", "v2/devauth/", format!("devices dismiss {WAITING} --yes")),
        ("DELETE", "v2/devauth/", format!("devices decommission {LET_IN} --yes")),
        ("DELETE", "v2/devauth/", format!("devices revoke-token {LET_IN}")),
        ("PATCH", "v1/", format!("devices tags set {LET_IN} site=oslo")),
        ("PUT", "v1/", format!("devices configuration set {LET_IN} zone=UTC")),
        ("POST", "v1/", format!("devices check-update {LET_IN}")),
        ("POST", "v2/devauth/", "devices preauthorize --identity mac=1 --key device.pub".to_owned()),
        ("PATCH", "v1/", format!("groups add lab {LET_IN}")),
    ] {
        let fleet = Fleet::with([device(WAITING, "pending"), device(LET_IN, "accepted")]);
        fleet.home.write("device.pub", AuthSet::default().pubkey);
        let page = Fault::on(method, &format!("/api/management/{path}"));
        fleet.server.fault(page.body("text/html; charset=utf-8", "<html>Welcome</html>").times(9));
        let refused = fleet.cli(line.split(' ')).run().fails().prints("");
        let refused = refused.says("the server sent a web page instead of data");
        assert!(!fleet.changes().is_empty(), "{line}: nothing was asked\n{}", refused.transcript());
    }
}
