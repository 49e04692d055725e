//! What a user may call a device.

use sandbox::{Device, Fault};
use serde_json::json;

use super::Fleet;

const A: &str = "aaaaaaaa-1111-4000-8000-000000000001";
const B: &str = "aaaaaaaa-2222-4000-8000-000000000002";
const C: &str = "cccccccc-3333-4000-8000-000000000003";
const SETTINGS: &str = "/api/management/v1/useradm/settings";

fn three() -> Fleet {
    let fleet = Fleet::new();
    for (id, serial, name, site, slot) in [
        (A, "S-1", "gateway", "berlin", json!(7)),
        (B, "S-2", "pump 2", "oslo", json!("8")),
        (C, "S-3", "S-1", "oslo", json!([9, 10])),
    ] {
        fleet.add(id, json!({ "mac": format!("02:{serial}"), "serial": serial }));
        fleet.server.set_tags(id, &[("name", json!(name)), ("site", json!(site))]);
        fleet.server.report_inventory(id, json!({ "slot": slot }));
    }
    fleet
}

impl Fleet {
    /// Chooses the attribute that names devices, as in the web interface.
    fn name_by(&self, scope: &str, attribute: &str) {
        let chosen = json!({ "attribute": attribute, "scope": scope });
        self.server.set_tenant_setting("id_attribute", chosen);
    }

    #[track_caller]
    fn means(&self, word: &str, id: &str) {
        self.cli(["devices", "show", word, "-q"])
            .run()
            .succeeds()
            .prints(&format!("{id}\n"))
            .says_exactly("");
    }

    #[track_caller]
    fn means_nothing(&self, word: &str) {
        self.cli(["devices", "show", word, "-q"])
            .run()
            .fails()
            .prints("")
            .says(&format!("FAILURE: no device is named {word:?}\nhint: a device is named by "));
    }
}

#[test]
fn what_looks_like_an_id_of_old_servers_may_be_a_name() {
    let fleet = three();
    fleet.name_by("identity", "serial");
    let serial = "202611240000000000000001";
    fleet.add("dddddddd-4444-4000-8000-000000000004", json!({ "serial": serial }));
    fleet.means(serial, "dddddddd-4444-4000-8000-000000000004");
}

#[test]
fn each_form_of_a_name_means_its_device() {
    let fleet = three();
    for (word, id) in [
        (A, A),
        (&C.to_uppercase(), C),
        ("cccccccc", C),
        ("CCCCCCCC-33", C),
        ("aaaaaaaa-2", B),
        ("mac=02:S-2", B),
        ("identity/mac=02:S-2", B),
        ("tags/site=berlin", A),
        ("site=berlin", A),
        ("tags/name=pump 2", B),
        (&format!("id={B}"), B),
        ("slot=7", A),
        ("slot=8", B),
        ("inventory/slot=10", C),
        ("gateway", A),
        ("pump 2", B),
    ] {
        fleet.means(word, id);
    }
}

#[test]
fn what_is_too_short_or_elsewhere_means_nothing() {
    let fleet = three();
    for word in [
        "ccccccc",
        "cccccccd",
        "aaaaaaaa-1111-4000-8000-000000000009",
        "S-2",
        "Gateway",
        "gate",
        "inventory/mac=02:S-2",
        "slot=9.5",
        "site=*",
        ".*",
    ] {
        fleet.means_nothing(word);
    }
    fleet
        .cli(["devices", "show", "colour=red"])
        .run()
        .fails()
        .prints("")
        .says("warning: the server knows no attribute \"colour\"; looking for inventory/colour\n")
        .says("FAILURE: no device is named \"colour=red\"\n");
}

#[test]
fn the_tenants_choice_names_devices_and_then_the_tag() {
    let fleet = three();
    fleet.means("S-1", C);
    fleet.name_by("identity", "serial");
    fleet.means("S-1", A);
    fleet.means("S-2", B);
    fleet.means("gateway", A);
    fleet
        .run("show nobody")
        .fails()
        .says("hint: a device is named by its identity/serial, its tag name, its id or the first 8");
    // Numbers are kept as numbers or as text.
    fleet.name_by("inventory", "slot");
    fleet.means("7", A);
    fleet.means("8", B);
    // A choice of another form than is known is none.
    fleet.server.set_tenant_setting("id_attribute", json!(["mac"]));
    fleet.means("S-1", C);
}

#[test]
fn who_may_not_read_the_settings_is_none_the_worse() {
    let fleet = three();
    for status in [401, 403, 404, 500] {
        fleet.server.fault(Fault::on("GET", SETTINGS).status(status).times(1));
        fleet.means("gateway", A);
    }
    fleet.server.fault(Fault::on("GET", SETTINGS).body("text/html", "<p>"));
    fleet.means("pump 2", B);
}

#[test]
fn what_means_several_devices_is_an_error_with_the_candidates() {
    let fleet = three();
    let a = format!("  {A}  gateway  accepted  mac=02:S-1, serial=S-1\n");
    let b = format!("  {B}  pump 2  accepted  mac=02:S-2, serial=S-2\n");
    let c = format!("  {C}  S-1  accepted  mac=02:S-3, serial=S-3\n");
    for (word, candidates) in [("aaaaaaaa", [&a, &b]), ("site=oslo", [&b, &c]), ("tags/site=oslo", [&b, &c])]
    {
        fleet.cli(["devices", "show", word]).run().fails().prints("").says_exactly(&format!(
            "FAILURE: {word:?} means several devices:\n{}{}hint: name the one you mean by its id\n",
            candidates[0], candidates[1]
        ));
    }
    // The same word may be in several scopes.
    fleet.server.set_tags(B, &[("serial", json!("S-1"))]);
    fleet.run("show serial=S-1").fails().says(A).says(B).does_not_say(C);
    fleet.means("identity/serial=S-1", A);
}

#[test]
fn the_beginning_of_an_id_may_be_another_devices_name() {
    let fleet = three();
    fleet.server.set_tags(B, &[("name", json!("cccccccc"))]);
    fleet
        .run("show cccccccc")
        .fails()
        .prints("")
        .says("\"cccccccc\" means several devices:\n")
        .says(B)
        .says(C);
    fleet.name_by("identity", "serial");
    fleet.run("show cccccccc").fails().says(B).says(C);
    // Nothing is amiss if it is the same one.
    fleet.server.set_tags(B, &[]);
    fleet.server.set_tags(C, &[("name", json!("cccccccc"))]);
    fleet.means("cccccccc", C);
}

#[test]
fn not_all_of_too_many_candidates_are_shown() {
    let fleet = Fleet::of(30);
    for number in 0..30 {
        fleet.server.set_tags(&super::id(number), &[("name", json!("twin"))]);
    }
    for word in ["twin", "tags/name=twin", "00000000"] {
        let run = fleet.cli(["devices", "show", word]).run();
        if word == "00000000" {
            assert_eq!(run.succeeds().stdout.lines().next(), Some(&*format!("id\t{}", super::id(0))));
            continue;
        }
        let run = run.fails().says("  and more\nhint: ");
        assert_eq!(run.stderr.matches("-0000-4000-8000-").count(), 20, "{}", run.transcript());
    }
}

#[test]
fn a_word_that_cannot_be_a_name_is_a_wrong_line() {
    let fleet = three();
    fleet.server.clear_requests();
    for (word, text) in [
        ("", "the name of the device is empty"),
        (" ", "the name of the device is empty"),
        ("=x", "the attribute has no name"),
        ("tags/=x", "the attribute has no name"),
    ] {
        fleet
            .cli(["devices", "show", word])
            .run()
            .exits_with(2)
            .prints("")
            .says(&format!("FAILURE: {text}\n"));
    }
    fleet.run("show").exits_with(2);
    assert!(fleet.server.requests().is_empty());
}

/// The inventory learns of a device later than device authentication, and of a preauthorized one not at all.
#[test]
fn a_whole_id_is_found_where_devices_come_first() {
    let fleet = three();
    let fresh = "dddddddd-4444-4000-8000-000000000004";
    fleet.server.add_device(Device { id: fresh.into(), status: "preauthorized".into(), ..Device::default() });
    fleet.server.fault(Fault::on("POST", super::SEARCH).body("application/json", "[]").times(10));
    fleet.server.fault(Fault::on("GET", "/api/management/v1/inventory/devices/").status(404).times(10));
    fleet.means(fresh, fresh);
    fleet.means(A, A);
}

/// A pattern or an operator in a word is a character like others.
#[test]
fn a_word_is_taken_literally() {
    let fleet = three();
    let names = ["a.*", "$gt", "x\\d", "ver< 2", "a,b", "\"q\"", " spaced ", "-1", "true", "007", "1e3"];
    for name in names {
        fleet.server.set_tags(B, &[("name", json!(name))]);
        fleet.cli(["devices", "show", "-q", "--", name]).run().succeeds().prints(&format!("{B}\n"));
    }
}
