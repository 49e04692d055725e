//! Which devices a condition finds, and which half of it the server is asked.

use std::time::Duration;

use jiff::Timestamp;
use sandbox::{Device, Fault};
use serde_json::{Value, json};

use super::{Fleet, SEARCH};

/// A time so many days ago.
fn ago(days: u64) -> String {
    (Timestamp::now() - Duration::from_hours(24 * days)).to_string()
}

/// Devices whose attribute `a` is of every kind, or not there.
fn of_every_kind() -> Fleet {
    let fleet = Fleet::new();
    for (id, value) in [
        ("list", json!(["x-1", "y"])),
        ("list5", json!([5, 20])),
        ("n10", json!(10)),
        ("n5", json!(5)),
        ("t5", json!("5")),
        ("tx", json!("x-1")),
    ] {
        fleet.add_reporting(id, json!({ "a": value }));
    }
    fleet.add("none", json!({ "mac": "none" }));
    fleet
}

fn filter(operator: &str, value: Value) -> Value {
    json!([{ "scope": "inventory", "attribute": "a", "type": operator, "value": value }])
}

/// Types never mix on the server, so that a value that looks like a number is asked for in both forms, or compared
/// here.
#[test]
fn each_operator_finds_its_devices() {
    let fleet = of_every_kind();
    let exists = || filter("$exists", json!(true));
    for (condition, found, asked) in [
        ("a=5", "list5 n5 t5", filter("$in", json!(["5", 5]))),
        ("a = \"5\"", "t5", filter("$eq", json!("5"))),
        ("inventory/a==x-1", "list tx", filter("$eq", json!("x-1"))),
        ("a = \"x\\u002d1\"", "list tx", filter("$eq", json!("x-1"))),
        ("a!=5", "list n10 none tx", filter("$nin", json!(["5", 5]))),
        ("a != x-1", "list5 n10 n5 none t5", filter("$ne", json!("x-1"))),
        ("a<7", "list5 n5 t5", exists()),
        ("a <= 5", "list5 n5 t5", exists()),
        ("a > 7", "list list5 n10 tx", exists()),
        ("a>=10", "list list5 n10 t5 tx", exists()),
        ("a < x", "t5", filter("$lt", json!("x"))),
        ("a <= x-1", "list t5 tx", filter("$lte", json!("x-1"))),
        ("a > \"5\"", "list tx", filter("$gt", json!("5"))),
        ("a >= '5'", "list t5 tx", filter("$gte", json!("5"))),
        ("a in x-1,5", "list list5 n5 t5 tx", filter("$in", json!(["x-1", "5", 5]))),
        ("a in (x-1, '5')", "list t5 tx", filter("$in", json!(["x-1", "5"]))),
        ("a in [\"y\", 10]", "list n10", filter("$in", json!(["y", "10", 10]))),
        ("a not in x-1, 5", "n10 none", filter("$nin", json!(["x-1", "5", 5]))),
        ("a exists", "list list5 n10 n5 t5 tx", exists()),
        ("a !exists", "none", filter("$exists", json!(false))),
        ("a ~ -1", "list tx", filter("$regex", json!("^.*(?:-1)"))),
        ("a ~ ^[0-9]", "t5", filter("$regex", json!("^[0-9]"))),
        ("a ~ ^5|1$", "list t5 tx", filter("$regex", json!("^.*(?:^5|1$)"))),
        ("a ver> 4", "list5 n10 n5 t5", exists()),
        ("a ver= 5.0", "list5 n5 t5", exists()),
    ] {
        fleet.server.clear_requests();
        let list = ["devices", "list", "-q", "--filter", condition];
        let run = fleet.cli(list).run().succeeds();
        assert_eq!(super::lines(&run).join(" "), found, "{condition}\n{}", run.transcript());
        let searches = fleet.searches();
        assert_eq!(searches.len(), 1, "{condition}");
        assert_eq!(searches[0]["filters"], asked, "{condition}");
        // What is compared here has to be fetched.
        let fetched = searches[0]["attributes"].as_array().unwrap();
        let has_it = fetched.contains(&json!({ "scope": "inventory", "attribute": "a" }));
        assert_eq!(
            has_it,
            condition.contains("ver") || ["a<7", "a <= 5", "a > 7", "a>=10"].contains(&condition),
            "{condition}"
        );
    }
}

#[test]
fn text_that_is_compared_with_a_number_is_spoken_of() {
    let fleet = of_every_kind();
    let note = "2 devices have text there and not a number, which is compared character by character";
    for verb in ["list", "count"] {
        fleet.cli(["devices", verb, "--filter", "a<7"]).run().succeeds().says(note);
        fleet.cli(["devices", verb, "--filter", "a<7", "-q"]).run().succeeds().says_exactly("");
        fleet.cli(["devices", verb, "--filter", "a<x"]).run().succeeds().says_exactly("");
    }
}

#[test]
fn versions_are_compared_as_versions() {
    let fleet = Fleet::new();
    for (id, version) in [("a", "2.9"), ("b", "2.10"), ("c", "3.0-rc1"), ("d", "3.0"), ("e", "unknown")] {
        fleet.add_reporting(id, json!({ "version": version }));
    }
    fleet.add("f", json!({ "mac": "f" }));
    for (condition, found) in [
        ("version ver< 2.10", "a"),
        ("version ver<= 3.0-rc1", "a b c"),
        ("version ver> 2.9", "b c d"),
        ("version ver>= 3", "d"),
        ("version ver= 3.0.0", "d"),
        ("version ver!= 2.9", "b c d e f"),
    ] {
        assert_eq!(fleet.find(&["--filter", condition]).join(" "), found, "{condition}");
    }
    assert_eq!(
        fleet.find(&["--filter", "version ver> 2.9", "--filter", "version ver< 3.0"]).join(" "),
        "b c"
    );
}

/// The server keeps them in a form that no filter of it ever finds.
#[test]
fn times_of_the_scope_system_are_compared_here() {
    let fleet = Fleet::new();
    for (id, seen) in [("a", "2026-01-10T12:00:00Z"), ("b", "2026-02-10T12:00:00.5Z")] {
        fleet.server.add_device(Device {
            id: id.into(),
            created_ts: Some("2025-05-01T00:00:00Z".into()),
            check_in_time: Some(seen.into()),
            ..Device::default()
        });
    }
    fleet.add("never", json!({ "mac": "never" }));
    for (condition, found) in [
        ("check_in_time < 2026-02-01", "a"),
        ("system/check_in_time > 2026-02-10T13:00:00+01:00", "b"),
        ("check_in_time <= 2026-01-10T12:00:00Z", "a"),
        ("check_in_time = 2026-01-10T13:00:00+01:00", "a"),
        ("check_in_time != 2026-01-10T12:00:00Z", "b never"),
        ("check_in_time !exists", "never"),
        ("created_ts < 2025-06-01", "a b"),
        ("updated_ts exists", ""),
    ] {
        assert_eq!(fleet.find(&["--filter", condition]).join(" "), found, "{condition}");
    }
}

#[test]
fn flags_are_conditions_too() {
    let fleet = Fleet::new();
    for (id, status) in [("a", "accepted"), ("b", "accepted"), ("c", "pending"), ("d", "rejected")] {
        fleet.server.add_device(Device { id: id.into(), status: status.into(), ..Device::default() });
    }
    for id in ["a", "c"] {
        fleet.server.set_group(id, "lab");
    }
    fleet.server.set_group("b", "depot");
    fleet.server.report_inventory("b", json!({ "hostname": "weather station" }));
    for (args, found) in [
        (&["--group", "lab"][..], "a c"),
        (&["--group", "nowhere"], ""),
        (&["--status", "accepted"], "a b"),
        (&["--status", "pending"], "c"),
        (&["--group", "lab", "--status", "accepted"], "a"),
        (&["--filter", "group=lab", "--filter", "status != accepted"], "c"),
        (&["--filter", "id in a,d"], "a d"),
        (&["--status", "pending", "--status", "rejected"], "c d"),
        (&["--group", "lab", "--group", "depot"], "a b c"),
        (&["--text", "weather"], "b"),
        (&["--text", "weather", "--status", "pending"], ""),
    ] {
        assert_eq!(fleet.find(args).join(" "), found, "{args:?}");
    }
    fleet.server.clear_requests();
    fleet
        .run("list --text weather --sort id")
        .exits_with(2)
        .prints("")
        .says("FAILURE: what --text finds comes by how well it fits, and takes no --sort\n");
    fleet.run("list --status unheard").exits_with(2).says("[possible values: pending, accepted");
    assert!(fleet.searches().is_empty());
    fleet.server.clear_requests();
    // An empty variable of a script does not mean all devices.
    for args in
        [["--text", ""], ["--group", ""], ["--status", ""], ["--inactive", "7"], ["--seen-within", "7"]]
    {
        for verb in ["list", "decommission"] {
            fleet.cli(["devices", verb]).args(&args).run().exits_with(2).prints("").says(args[0]);
        }
    }
    assert!(fleet.server.requests().is_empty());
}

#[test]
fn alternatives_are_asked_for_at_once() {
    let fleet = Fleet::new();
    for (flag, attribute, scope, values) in [
        ("--status", "status", "identity", ["pending", "accepted"]),
        ("--group", "group", "system", ["x", "y"]),
    ] {
        fleet.server.clear_requests();
        fleet.find(&[flag, values[0], flag, values[1]]);
        let filter = json!({ "scope": scope, "attribute": attribute, "type": "$in", "value": values });
        assert_eq!(fleet.searches()[0]["filters"], json!([filter]));
    }
}

/// Sorted by age, so that what is of another age is not fetched.
#[test]
fn ages_are_found_without_fetching_the_rest() {
    let fleet = Fleet::new();
    for number in 0..1100 {
        let days = if number < 3 { 10 } else { 0 };
        fleet.server.add_device(Device {
            id: super::id(number),
            created_ts: Some("2020-01-01T00:00:00Z".into()),
            check_in_time: Some(ago(days)),
            ..Device::default()
        });
    }
    // What never came may just be asking to be let in.
    for (id, created) in [("old", "2020-01-01T00:00:00Z".to_owned()), ("new", ago(0))] {
        let created_ts = Some(created);
        fleet.server.add_device(Device { id: id.into(), created_ts, ..Device::default() });
    }
    let sort = |order: &str| {
        json!([
            { "scope": "system", "attribute": "check_in_time", "order": order },
            { "scope": "identity", "attribute": "id", "order": "asc" },
        ])
    };
    let found = fleet.find(&["--inactive", "7d"]);
    assert_eq!(found, super::ids(0..3));
    let searches = fleet.searches();
    assert_eq!(searches.len(), 1, "what was seen lately is of no interest");
    assert_eq!(searches[0]["sort"], sort("asc"));

    fleet.server.clear_requests();
    let found = fleet.find(&["--seen-within", "1h"]);
    assert_eq!(found.len(), 1097);
    assert!(!found.contains(&"new".into()) && !found.contains(&super::id(2)));
    let searches = fleet.searches();
    assert_eq!(searches.len(), 3, "all but the oldest are on three pages");
    assert_eq!(searches[0]["sort"], sort("desc"));

    // Both at once; and what was asked to be sorted otherwise has to be fetched whole.
    let mut both = fleet.find(&["--inactive", "7d", "--seen-within", "30d"]);
    both.sort();
    assert_eq!(both, super::ids(0..3));
    fleet.server.clear_requests();
    assert_eq!(fleet.find(&["--inactive", "7d", "--sort", "id:desc"]).len(), 3);
    assert_eq!(fleet.searches().len(), 3);
    for wrong in ["", "d", "0", "-1d", "7 parsecs", "99999999999w", "9999999w"] {
        fleet.cli(["devices", "list", "--inactive", wrong]).run().exits_with(2).prints("");
    }
}

#[test]
fn a_condition_that_makes_no_sense_is_a_wrong_line() {
    let fleet = of_every_kind();
    fleet.server.clear_requests();
    for (condition, reason) in [
        ("a", "has no operator: [SCOPE/]ATTRIBUTE OPERATOR VALUE, such as device_type=rpi4"),
        ("a in [5", "is no list"),
        ("mac <> x", "has an operator that is none"),
        ("mac => x", "has an operator that is none"),
        ("a ver = 3", "\"a ver\" is no attribute; one with a blank in its name is quoted"),
        ("my tag = x", "\"my tag\" is no attribute; one with a blank in its name is quoted"),
        ("check_in_time < yesterday", "\"yesterday\" is no time such as 2026-01-31"),
        ("check_in_time ~ 2026", "the server keeps system/check_in_time as a time"),
        ("system/updated_ts in 1,2", "the server keeps system/updated_ts as a time"),
    ] {
        for verb in ["list", "count"] {
            let run = fleet.cli(["devices", verb, "--filter", condition]).run();
            run.exits_with(2).prints("").says(reason);
        }
    }
    assert!(fleet.searches().is_empty());
    fleet.server.set_tags("n5", &[("my tag", json!("<x"))]);
    assert_eq!(fleet.find(&["--filter", r#""my tag" = "<x""#]), ["n5"], "quoted it is fine");
}

#[test]
fn an_attribute_without_scope_is_looked_up() {
    let fleet = Fleet::new();
    fleet.add_reporting("a", json!({ "site": "oslo" }));
    fleet.add_reporting("b", json!({ "model": "x" }));
    fleet.server.set_tags("b", &[("site", json!("oslo")), ("only/tag", json!("t"))]);
    fleet.cli(["devices", "list", "--filter", "site=oslo"]).run().exits_with(2).prints("").says(
        "FAILURE: the attribute \"site\" is in several scopes\nhint: name one of inventory/site, tags/site\n",
    );
    assert!(fleet.searches().is_empty());
    assert_eq!(fleet.find(&["--filter", "tags/site=oslo"]), ["b"]);
    assert_eq!(fleet.find(&["--filter", "only/tag=t"]), ["b"]);
    assert_eq!(fleet.find(&["--filter", "mac=a"]), ["a"]);
    // It may come with the next device; but it is more likely to be misspelt. What has no such scope is a name.
    for unknown in ["modell", "shelf/model"] {
        fleet
            .cli(["devices", "list", "-q", "--filter", &format!("{unknown}=x")])
            .run()
            .succeeds()
            .prints("")
            .says_exactly(&format!(
                "warning: the server knows no attribute {unknown:?}; looking for inventory/{unknown}\n"
            ));
    }
}

#[test]
fn a_pattern_that_the_server_cannot_read_gets_a_hint() {
    let fleet = of_every_kind();
    let hint = "hint: servers answer so to a pattern of '~' that they cannot read; is it right?\n";
    for verb in ["list", "count"] {
        fleet
            .cli(["devices", verb, "--filter", "a ~ ("])
            .run()
            .fails()
            .prints("")
            .says("status 500")
            .says(hint);
    }
    fleet.server.fault(Fault::on("POST", SEARCH).status(500));
    fleet.cli(["devices", "list", "--filter", "a = x"]).run().fails().says("status 500").does_not_say(hint);
}

#[test]
fn the_help_has_every_operator() {
    let fleet = Fleet::new();
    for verb in ["list", "count"] {
        let help = fleet.run(&format!("{verb} --help")).succeeds();
        for operator in [
            "  =  !=  ",
            "  <  <=  >  >=  ",
            "ver< ver<= ver> ver>= ver= ver!=",
            "in  not in",
            "  ~  ",
            "exists  !exists",
        ] {
            assert!(help.stdout.contains(operator), "{operator}\n{}", help.stdout);
        }
    }
}
