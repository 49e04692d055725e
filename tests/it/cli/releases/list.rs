//! `releases list`.

use super::*;

#[test]
fn each_release_has_a_line() {
    let fleet = with(&[("r2", &["rpi4", "rpi3"]), ("r1", &["rpi3"]), ("r2", &["qemu"])]);
    releases(&fleet, &["update", "r2", "--tag", "lts", "--tag", "a", "--notes", "two words"]).succeeds();
    let run = releases(&fleet, &["list"]).succeeds();
    let rows: Vec<Vec<&str>> = run.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0][..4], ["r1", "rpi3", "1", ""]);
    // The device types of all its Artifacts, sorted.
    assert_eq!(rows[1][..4], ["r2", "qemu,rpi3,rpi4", "2", "lts,a"]);
    assert_eq!((rows[0][5], rows[1][5]), ("", "two words"));
    for row in &rows {
        assert!(row[4].starts_with("20") && row[4].ends_with('Z'), "{row:?}");
    }
    releases(&fleet, &["list", "-q"]).succeeds().prints("r1\nr2\n");
    releases(&fleet, &["list", "-o", "text"]).exits_with(2).says("-o text is only for");
    releases(&fleet, &["list", "word"]).exits_with(2);
    releases(&named::<&str>(&[]), &["list"]).succeeds().prints("");
}

#[test]
fn json_is_the_servers_objects() {
    let object = json!({
        "name": "r1", "modified": "2026-01-02T03:04:05Z", "tags": ["a"], "notes": "n", "artifacts_count": 1,
        "new": { "deep": [1.5] },
        "artifacts": [{
            "id": "i", "name": "r1", "device_types_compatible": ["q"], "signed": true, "size": 7, "updates": [],
            "other": null,
        }],
    });
    let fleet = named::<&str>(&[]);
    let body = || Fault::on("GET", ALL).body("application/json", json!([object]).to_string());
    fleet.server.fault(body());
    assert_eq!(releases(&fleet, &["list", "-o", "json"]).succeeds().json(), json!([object]));
    fleet.server.fault(body());
    assert_eq!(releases(&fleet, &["list", "-o", "jsonl"]).succeeds().json(), object);
    fleet.server.fault(body());
    releases(&fleet, &["list", "--jq", ".[].artifacts[].id"]).succeeds().prints("i\n");
    assert_eq!(releases(&fleet, &["list", "-o", "json"]).succeeds().json(), json!([]));
}

#[test]
fn what_is_null_or_lacking_is_empty() {
    let fleet = named::<&str>(&[]);
    let body = r#"[{"name":"r1","modified":null,"artifacts":null,"tags":null,"notes":null},
        {"name":"r2"},
        {"name":"r3","artifacts":[{"id":"i","name":"r3","device_types_compatible":null}]}]"#;
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", body));
    releases(&fleet, &["list"]).succeeds().prints("r1\t\t0\t\t\t\nr2\t\t0\t\t\t\nr3\t\t1\t\t\t\n");
}

#[test]
fn the_filters_are_the_servers_own() {
    let fleet = named(&["app-1", "App-2", "web", "app*", "we%b"]);
    fleet.server.add_artifact(&Artifact::new("image").payload("rootfs-image").build());
    releases(&fleet, &["update", "app-1", "--tag", "lts"]).succeeds();
    releases(&fleet, &["update", "web", "--tag", "new"]).succeeds();
    for (filter, expected) in [
        (&["--name", "APP-"][..], &["App-2", "app-1"][..]),
        (&["--name", "app*"], &["app*"]),
        (&["--name", "%"], &["we%b"]),
        (&["--name", "nothing"], &[]),
        (&["--tag", "LTS"], &["app-1"]),
        (&["--tag", "lts", "--tag", "new"], &["app-1", "web"]),
        (&["--tag", "new", "--name", "app"], &[]),
        (&["--type", "rootfs-image"], &["image"]),
        (&["--type", "rootfs"], &[]),
        (&["--sort", "name:desc", "--name", "app"], &["app-1", "app*", "App-2"]),
        (&["--sort", "modified", "--name", "app"], &["app-1", "App-2", "app*"]),
        (&["--sort", "modified:desc", "--limit", "2"], &["image", "we%b"]),
    ] {
        let run = releases(&fleet, &[&["list", "-q"], filter].concat()).succeeds().says_exactly("");
        assert_eq!(lines(&run), expected, "{filter:?}");
    }
    fleet.server.clear_requests();
    let line = "list --name a+b --tag x --tag y --type t --sort artifacts:desc";
    releases(&fleet, &line.split(' ').collect::<Vec<_>>()).succeeds();
    let query = "page=1&per_page=100&name=a%2Bb&tag=x&tag=y&update_type=t&sort=artifacts_count%3Adesc";
    assert_eq!(calls(&fleet), [format!("GET {ALL}?{query}")]);
}

/// The server passes over an order that it does not know, and over one without a direction.
#[test]
fn only_orders_that_the_server_knows_are_taken() {
    let fleet = named(&["r1"]);
    for (by, sent) in [
        ("name", "name%3Aasc"),
        ("modified:desc", "modified%3Adesc"),
        ("artifacts", "artifacts_count%3Aasc"),
        ("tags:asc", "tags%3Aasc"),
    ] {
        fleet.server.clear_requests();
        releases(&fleet, &["list", "--sort", by]).succeeds();
        assert_eq!(calls(&fleet), [format!("GET {ALL}?page=1&per_page=100&sort={sent}")]);
    }
    fleet.server.clear_requests();
    for (by, words) in [
        ("size", "releases are sorted by name, modified, artifacts or tags"),
        ("artifacts_count", "releases are sorted by name"),
        ("", "releases are sorted by name"),
        ("name:down", "the order is asc or desc, not \"down\""),
        ("name:", "the order is asc or desc"),
    ] {
        releases(&fleet, &["list", "--sort", by]).exits_with(2).says(words);
    }
    for args in [&["--limit", "0"][..], &["--name", ""], &["--tag", ""], &["--type", ""]] {
        releases(&fleet, &[&["list"], args].concat()).exits_with(2);
    }
    assert!(calls(&fleet).is_empty());
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("r{number:04}")).collect()
}

#[test]
fn all_pages_come_and_no_more_than_are_wanted() {
    let names = numbered(201);
    let fleet = named(&names);
    assert_eq!(left(&fleet), names);
    assert_eq!(calls(&fleet).len(), 3);
    for (limit, sizes) in [("1", &[1][..]), ("99", &[99]), ("100", &[100]), ("150", &[100, 100])] {
        fleet.server.clear_requests();
        let run = releases(&fleet, &["list", "-q", "--limit", limit]).succeeds();
        assert_eq!(lines(&run), names[..limit.parse::<usize>().unwrap()]);
        let sizes: Vec<String> = sizes
            .iter()
            .enumerate()
            .map(|(index, size)| format!("GET {ALL}?page={}&per_page={size}", index + 1))
            .collect();
        assert_eq!(calls(&fleet), sizes);
    }
}

/// What came before a failure is there already: a list is not gathered first.
#[test]
fn a_page_is_written_when_it_comes() {
    let names = numbered(150);
    let fleet = named(&names);
    let fails = || Fault::on("GET", &format!("{ALL}?page=2")).status(500).times(99);
    for form in [&["-q"][..], &["-o", "jsonl"], &[]] {
        fleet.server.fault(fails());
        let run = releases(&fleet, &[&["list"], form].concat()).fails().says("status 500");
        assert_eq!(run.stdout.lines().count(), 100, "{form:?}");
        fleet.server.clear_faults();
    }
    fleet.server.fault(Fault::on("GET", &format!("{ALL}?page=2")).truncate(20).times(99));
    releases(&fleet, &["list", "-q"]).fails().says("FAILURE: GET ");
}

#[test]
fn a_list_that_never_ends_ends() {
    let fleet = named::<&str>(&[]);
    let body = json!([{ "name": "r1" }]).to_string();
    let again = |page: usize| format!("<{ALL}?page={page}&per_page=100>; rel=\"next\"");
    for page in 1..=2 {
        let fault = Fault::on("GET", &format!("{ALL}?page={page}")).body("application/json", body.clone());
        fleet.server.fault(fault.header("Link", &again(page + 1)));
    }
    releases(&fleet, &["list"]).fails().says("the server sends the same page again");
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", body).header("Link", &again(1)));
    releases(&fleet, &["list"]).fails().says("after page 1 the server points to page 1");
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", r#"{"name":"r1"}"#));
    releases(&fleet, &["list"]).fails().says("the server's answer is not what was expected");
}

/// The server gives releases that are alike no order of their own: between two pages they may change places.
#[test]
fn releases_that_came_twice_are_one_and_those_that_never_came_are_told() {
    let pages = [&["a", "b"][..], &["b", "d"]];
    let spoil = |fleet: &Fleet, total: &str| {
        for (index, names) in pages.iter().enumerate() {
            let page = index + 1;
            let items: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            let fault = Fault::on("GET", &format!("{ALL}?page={page}&")).header("X-Total-Count", total);
            let fault = fault.body("application/json", Value::from(items).to_string());
            fleet.server.fault(match page {
                1 => fault.header("Link", &format!("<{ALL}?page=2&per_page=100>; rel=\"next\"")),
                _ => fault.header("Link", &format!("<{ALL}?page=1&per_page=100>; rel=\"first\"")),
            });
        }
    };
    for by in ["modified", "artifacts:desc", "tags"] {
        let fleet = named::<&str>(&[]);
        spoil(&fleet, "4");
        let run = releases(&fleet, &["list", "-q", "--sort", by]).succeeds().prints("a\nb\nd\n");
        run.says("warning: only 3 of 4 releases came").says("without --sort all of them come");
    }
    // Three are all that there are, or that were wanted.
    let fleet = named::<&str>(&[]);
    spoil(&fleet, "3");
    releases(&fleet, &["list", "-q", "--sort", "tags"]).succeeds().prints("a\nb\nd\n").says_exactly("");
    fleet.server.clear_faults();
    spoil(&fleet, "4");
    let run = releases(&fleet, &["list", "-q", "--sort", "tags", "--limit", "100"]).succeeds();
    run.says("only 3 of 4");
    spoil(&fleet, "4");
    let run = releases(&fleet, &["list", "-q", "--sort", "tags", "--limit", "2"]).succeeds();
    run.prints("a\nb\n").says_exactly("");
}
