//! `devices list` beyond the official client: forms, columns, order, and how much of it.

use std::time::Duration;

use sandbox::{Device, Fault};
use serde_json::{Value, json};

use super::{Fleet, PAGE, SEARCH, id, ids, lines};

/// Three devices with something in every column.
fn three() -> Fleet {
    let fleet = Fleet::new();
    for (id, status, slot) in [("a", "accepted", 9), ("b", "pending", 10), ("c", "accepted", 10)] {
        fleet.server.add_device(Device {
            id: id.into(),
            status: status.into(),
            identity_data: json!({ "mac": format!("02:{id}") }),
            check_in_time: Some("2026-01-02T03:04:05Z".into()),
            created_ts: Some("2025-01-02T03:04:05Z".into()),
            ..Device::default()
        });
        fleet.server.report_inventory(
            id,
            json!({ "device_type": "rpi4", "artifact_name": "release-1", "slot": slot, "ipv4": ["10.0.0.1", "10.0.0.2"] }),
        );
        fleet.server.set_tags(id, &[("name", json!(format!("box {id}")))]);
    }
    fleet.server.set_group("a", "lab");
    fleet
}

#[test]
fn programs_get_the_usual_columns_with_tabs() {
    let fleet = three();
    fleet.run("list --status accepted").succeeds().says_exactly("").prints(
        "a\tbox a\taccepted\trpi4\trelease-1\tlab\t2026-01-02T03:04:05Z\tmac=02:a\n\
         c\tbox c\taccepted\trpi4\trelease-1\t\t2026-01-02T03:04:05Z\tmac=02:c\n",
    );
    // Where the tenant chose what names devices, the name says it all.
    fleet.server.set_tenant_setting("id_attribute", json!({ "attribute": "mac", "scope": "identity" }));
    fleet
        .run("list --status pending")
        .succeeds()
        .prints("b\t02:b\tpending\trpi4\trelease-1\t\t2026-01-02T03:04:05Z\n");
}

#[test]
fn columns_are_chosen_by_name_or_attribute() {
    let fleet = three();
    let list = |columns: &str, more: &[&str]| {
        let args = ["devices", "list", "--columns", columns].into_iter().chain(more.iter().copied());
        fleet.cli(args).run()
    };
    let all = "id,name,status,type,software,group,seen,created,updated,identity,tags,inventory/slot,ipv4";
    let run = list(all, &["--group", "lab"]).succeeds();
    let fields: Vec<_> = run.line().split('\t').collect();
    assert_eq!(
        (&fields[..8], &fields[9..]),
        (
            &[
                "a",
                "box a",
                "accepted",
                "rpi4",
                "release-1",
                "lab",
                "2026-01-02T03:04:05Z",
                "2025-01-02T03:04:05Z"
            ][..],
            &["mac=02:a", "name=box a", "9", "10.0.0.1, 10.0.0.2"][..]
        )
    );
    // Nothing else is fetched.
    fleet.server.clear_requests();
    list("slot,tags/name", &[]).succeeds().prints("9\tbox a\n10\tbox b\n10\tbox c\n");
    let asked: Vec<_> = fleet.searches()[0]["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["attribute"].clone())
        .collect();
    assert_eq!(asked, ["status", "slot", "name"]);
    // JSON has the same keys, and values of their own kind.
    let json = list("id,slot,inventory/ipv4,tags,group", &["-o", "json", "--limit", "1"]).succeeds().json();
    assert_eq!(
        json,
        json!([{ "id": "a", "slot": 9, "inventory/ipv4": ["10.0.0.1", "10.0.0.2"], "tags": { "name": "box a" }, "group": "lab" }])
    );
    list("group", &["-o", "jsonl", "--sort", "id:desc"])
        .succeeds()
        .prints("{\"group\":null}\n{\"group\":null}\n{\"group\":\"lab\"}\n");
    list("id,slot", &["-o", "table"]).succeeds().shows("ID  SLOT\n");
    list("slot,", &[]).exits_with(2).says("the attribute has no name");
}

#[test]
fn lists_are_sorted_by_several_keys() {
    let fleet = three();
    for (sort, found) in [
        ("slot", "a b c"),
        ("slot:desc", "b c a"),
        ("slot:desc,id:desc", "c b a"),
        ("status:desc,slot", "b a c"),
        ("inventory/slot:desc,status", "c b a"),
        ("name:desc", "c b a"),
        ("group", "b c a"),
        ("seen,created:asc,type,software", "a b c"),
    ] {
        assert_eq!(fleet.find(&["--sort", sort]).join(" "), found, "{sort}");
    }
    // Which of them was changed last is the server's to say.
    fleet.server.clear_requests();
    fleet.find(&["--sort", "seen,created:asc,updated:desc,type"]);
    assert_eq!(
        fleet.searches()[0]["sort"],
        json!([
            { "scope": "system", "attribute": "check_in_time", "order": "asc" },
            { "scope": "system", "attribute": "created_ts", "order": "asc" },
            { "scope": "system", "attribute": "updated_ts", "order": "desc" },
            { "scope": "inventory", "attribute": "device_type", "order": "asc" },
            { "scope": "identity", "attribute": "id", "order": "asc" },
        ])
    );
    // Given twice is as good, and alike ones have an order of their own.
    fleet.server.clear_requests();
    assert_eq!(fleet.find(&["--sort", "status", "--sort", "mac:desc"]), ["c", "a", "b"]);
    assert_eq!(
        fleet.searches()[0]["sort"],
        json!([
            { "scope": "identity", "attribute": "status", "order": "asc" },
            { "scope": "identity", "attribute": "mac", "order": "desc" },
            { "scope": "identity", "attribute": "id", "order": "asc" },
        ])
    );
    fleet.server.set_tenant_setting("id_attribute", json!({ "attribute": "mac", "scope": "identity" }));
    fleet.server.set_tags("a", &[("name", json!("zzz"))]);
    assert_eq!(fleet.find(&["--sort", "name"]), ["a", "b", "c"]);
    for by in ["identity", "tags"] {
        fleet
            .cli(["devices", "list", "--sort", by])
            .run()
            .exits_with(2)
            .says("FAILURE: a list is sorted by one attribute, such as identity/mac\n");
    }
}

#[test]
fn a_limit_stops_the_fetching() {
    let fleet = Fleet::of(1100);
    for (limit, requests) in [(3, 1), (PAGE, 1), (PAGE + 1, 2)] {
        fleet.server.clear_requests();
        assert_eq!(fleet.find(&["--limit", &limit.to_string(), "-j", "1"]), ids(0..limit));
        let searches = fleet.searches();
        assert_eq!(searches.len(), requests, "{limit}");
        assert_eq!(searches[0]["per_page"], limit.min(PAGE), "no more than is wanted");
    }
    assert_eq!(fleet.find(&["--limit", "5000"]).len(), 1100);
    for wrong in
        [&["--limit", "0"][..], &["--limit", "-1"], &["--limit", "1", "--all"], &["--limit", "1", "-N", "1"]]
    {
        fleet
            .cli(["devices", "list"].into_iter().chain(wrong.iter().copied()))
            .run()
            .exits_with(2)
            .prints("");
    }
}

#[test]
fn pages_are_of_what_was_selected() {
    let fleet = three();
    assert_eq!(fleet.find(&["--status", "accepted", "-N", "1"]), ["a"]);
    assert_eq!(fleet.find(&["--status", "accepted", "-N", "1", "-P", "2"]), ["c"]);
    assert_eq!(fleet.find(&["--status", "accepted", "-N", "1", "-P", "3"]), [""; 0]);
    assert_eq!(fleet.find(&["--filter", "slot>9", "-P", "1"]), ["b", "c"]);
    assert_eq!(fleet.find(&["--all", "--sort", "id:desc"]), ["c", "b", "a"]);
    fleet
        .run("list --status accepted -N 1 -o table")
        .succeeds()
        .says_exactly("there are more devices: --page 2, or --all\n");
    fleet.run("list --status accepted -N 1 -o table -q").succeeds().says_exactly("");
    fleet.run("list --status accepted -N 1 -P 2 -o table").succeeds().says_exactly("");
    // A selection is whole unless a page is asked for; a list without any is a page.
    let fleet = Fleet::of(30);
    assert_eq!(fleet.find(&["--status", "accepted"]).len(), 30);
    assert_eq!(fleet.find(&[]).len(), 20);
    assert_eq!(fleet.find(&["--all"]).len(), 30);
    for wrong in ["-N 501", "-N 0", "-P 0"] {
        fleet.run(&format!("list --status accepted {wrong}")).fails().prints("");
    }
}

/// The official client's blocks, of the devices that it cannot select.
#[test]
fn blocks_of_what_was_selected_are_the_official_ones() {
    let fleet = three();
    for detail in ["0", "1", "2"] {
        let official = fleet.run(&format!("list -d {detail}")).succeeds().stdout;
        let rule = format!("{}\n", "-".repeat(80));
        let blocks: Vec<&str> = official.split_inclusive(&rule).collect();
        let block = |id: &str| *blocks.iter().find(|it| it.starts_with(&format!("ID: {id}\n"))).unwrap();
        let both = format!("{}{}", block("a"), block("c"));
        for form in ["-o text", ""] {
            let line = format!("list -d {detail} --status accepted {form}");
            fleet.run(line.trim_end()).succeeds().prints(&both);
        }
        fleet.run(&format!("list -d {detail} --sort id:desc --limit 1")).succeeds().prints(block("c"));
        fleet.run(&format!("list -d {detail} --status accepted -N 1 -P 2")).succeeds().prints(block("c"));
    }
    fleet.run("list --status accepted -o text").succeeds().shows("ID: a\nStatus: accepted\n");
    fleet.run("list --status accepted -d 4").fails().says("FAILURE: FAILURE: invalid devices detail\n");
}

#[test]
fn raw_is_one_page_and_takes_no_selection() {
    let fleet = three();
    fleet.server.clear_requests();
    for line in ["--status pending", "--filter slot=9", "--limit 1", "--sort id", "--columns id", "--file x"]
    {
        fleet
            .run(&format!("list --raw {line}"))
            .exits_with(2)
            .prints("")
            .says("FAILURE: --raw is one page as the server sends it; it takes no selection\n");
    }
    assert!(fleet.server.requests().is_empty());
}

/// Scripts of the official client get what it gives, from where it gets it.
#[test]
fn without_new_flags_a_pipe_gets_the_official_page() {
    let fleet = three();
    let listed = fleet.run("list").succeeds().says_exactly("").shows("ID: a\nStatus: accepted\n----");
    fleet.run("list -N 20 -P 1").succeeds().prints(&listed.stdout);
    let paths: Vec<_> = fleet.server.requests().into_iter().map(|it| (it.method, it.path)).collect();
    assert_eq!(paths, vec![("GET".to_owned(), "/api/management/v2/devauth/devices".to_owned()); 2]);
}

#[test]
fn nothing_found_is_nothing_in_each_form() {
    let fleet = three();
    for (form, nothing) in [
        ("", ""),
        ("-q", ""),
        ("-o table", ""),
        ("-o text", ""),
        ("-d 2", ""),
        ("-o json", "[]\n"),
        ("-o jsonl", ""),
        ("--jq length", "0\n"),
        ("-o jsonl --jq .id", ""),
    ] {
        for selection in ["--status rejected", "--filter slot>99", "--limit 1 --group none"] {
            let line = format!("list {selection} {form}");
            fleet.run(line.trim_end()).succeeds().prints(nothing).says_exactly("");
        }
    }
}

#[test]
fn json_has_all_that_is_known() {
    let fleet = three();
    let json = fleet.run("list --status accepted -o json").succeeds().json();
    let first = &json[0];
    assert_eq!(json.as_array().unwrap().len(), 2);
    for (key, value) in [
        ("id", json!("a")),
        ("name", json!("box a")),
        ("status", json!("accepted")),
        ("identity_data", json!({ "mac": "02:a" })),
        ("group", json!("lab")),
        ("tags", json!({ "name": "box a" })),
        ("check_in_time", json!("2026-01-02T03:04:05Z")),
        ("created_ts", json!("2025-01-02T03:04:05Z")),
    ] {
        assert_eq!(first[key], value, "{key}");
    }
    assert_eq!(first["inventory"]["slot"], 9);
    assert_eq!(first["inventory"]["ipv4"], json!(["10.0.0.1", "10.0.0.2"]));
    assert!(first["updated_ts"].is_string());
    assert_eq!(json[1]["group"], Value::Null);

    let line_by_line = fleet.run("list --status accepted -o jsonl").succeeds();
    let parsed: Vec<Value> =
        line_by_line.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(parsed), json);
    fleet
        .cli(["devices", "list", "--status", "accepted", "--jq", ".[].inventory.slot"])
        .run()
        .succeeds()
        .prints("9\n10\n");
    fleet
        .cli(["devices", "list", "--limit", "2", "-o", "jsonl", "--jq", ".id"])
        .run()
        .succeeds()
        .prints("a\nb\n");
    fleet
        .cli(["devices", "list", "--limit", "2", "--jq", "map(.id)|join(\",\")"])
        .run()
        .succeeds()
        .prints("a,b\n");
}

/// Pages are asked for at once and answered out of turn.
#[test]
fn the_order_is_right_whichever_page_comes_first() {
    let fleet = Fleet::of(7 * PAGE + 1);
    for line in
        ["list -q --all --sort id -j 8", "list -q --all --sort id -j 2", "list -q --all --sort id -j 1"]
    {
        fleet.server.clear_requests();
        // The first of several waits longest.
        for delay in [90, 60, 30] {
            fleet.server.fault(Fault::on("POST", SEARCH).after(1).delay(Duration::from_millis(delay)));
        }
        let run = fleet.run(line).succeeds();
        assert_eq!(lines(&run), ids(0..7 * PAGE + 1), "{line}");
        let mut pages: Vec<_> = fleet.searches().iter().map(|it| it["page"].as_u64().unwrap()).collect();
        pages.sort_unstable();
        assert_eq!(pages, (1..=8).collect::<Vec<_>>(), "{line}");
    }
    let json = fleet.run("list --all --sort id:desc -o json -j 8 --columns id").succeeds().json();
    assert_eq!((&json[0]["id"], &json[7 * PAGE]["id"]), (&json!(id(7 * PAGE)), &json!(id(0))));
}

/// With several at once those behind a page are asked for before it has come; alone, never.
#[test]
fn so_many_pages_are_asked_for_at_once() {
    let fleet = Fleet::of(5 * PAGE);
    for (jobs, requests) in [("1", 2..=2), ("3", 4..=5), ("64", 5..=5)] {
        fleet.server.clear_requests();
        // Of those behind the first, one fails after all others were asked for.
        fleet.server.fault(Fault::on("POST", SEARCH).after(1).status(500).delay(Duration::from_millis(400)));
        let run = fleet.cli(["devices", "list", "-q", "--all", "--sort", "id", "-j", jobs]).run().fails();
        let listed = lines(&run);
        assert!(listed.len() >= PAGE && listed == ids(0..listed.len()), "{jobs}: {}", listed.len());
        let asked = fleet.server.requests().iter().filter(|request| request.path == SEARCH).count();
        assert!(requests.contains(&asked), "{jobs}: {asked}");
    }
    for wrong in ["0", "65", "x"] {
        fleet.cli(["devices", "list", "-j", wrong]).run().exits_with(2).prints("");
    }
}

/// The server refuses to search for it.
#[test]
fn an_attribute_without_a_name_spoils_no_table() {
    let fleet = Fleet::new();
    fleet.add("a", json!({ "mac": "02:a", "": "nameless" }));
    let line = "list -o table --columns id,name,identity,tags";
    fleet.run(line).succeeds().says_exactly("").shows("02:a");
    let nameless: Value =
        ["identity", "tags"].map(|scope| json!({ "name": "", "scope": scope, "count": 1 })).into();
    let known = "/api/management/v2/inventory/filters/attributes";
    fleet.server.fault(Fault::on("GET", known).body("application/json", nameless.to_string()));
    fleet.run(line).succeeds().shows("a");
    assert!(fleet.searches().iter().all(|search| !search.to_string().contains(r#""attribute":"""#)));
}
