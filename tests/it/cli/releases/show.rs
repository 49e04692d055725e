//! `releases show`.

use super::*;

#[test]
fn a_release_has_a_line_for_each_property_and_each_artifact() {
    let fleet = with(&[("r1", &["rpi4", "qemu"]), ("r1", &["rpi3"]), ("r10", &["x"])]);
    releases(&fleet, &["update", "r1", "--tag", "b", "--tag", "a", "--notes", "n n"]).succeeds();
    fleet.server.clear_requests();
    let run = releases(&fleet, &["show", "r1"]).succeeds().says_exactly("");
    assert_eq!(calls(&fleet), [format!("GET {ALL}/r1?")]);
    let lines: Vec<Vec<&str>> = run.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 8, "{lines:?}");
    assert_eq!(lines[0], ["name", "r1"]);
    assert_eq!(lines[1], ["device types", "qemu,rpi3,rpi4"]);
    assert_eq!(lines[2], ["artifacts", "2"]);
    assert_eq!(lines[3], ["tags", "b,a"]);
    assert_eq!(lines[4][0], "modified");
    assert_eq!(lines[5], ["notes", "n n"]);
    let object = releases(&fleet, &["show", "r1", "-o", "json"]).succeeds().json();
    for (line, artifact) in lines[6..].iter().zip(object["artifacts"].as_array().unwrap()) {
        let types: Vec<&str> = artifact["device_types_compatible"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let expected = [
            "artifact",
            artifact["id"].as_str().unwrap(),
            &types.join(","),
            &artifact["size"].to_string(),
            "false",
            artifact["modified"].as_str().unwrap(),
        ];
        assert_eq!(*line, expected);
    }
    let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["artifacts", "artifacts_count", "modified", "name", "notes", "tags"]);
    let line = releases(&fleet, &["show", "r1", "-o", "jsonl"]).succeeds();
    assert_eq!((line.stdout.lines().count(), line.json()), (1, object));
    releases(&fleet, &["show", "r1", "-q"]).succeeds().prints("r1\n");
    releases(&fleet, &["show", "r1", "-o", "text"]).exits_with(2);
}

#[test]
fn people_get_properties_and_a_table() {
    let fleet = with(&[("r1", &["rpi4"]), ("r1", &["rpi3"])]);
    let run = releases(&fleet, &["show", "r1", "-o", "table"]).succeeds();
    let (above, table) = run.stdout.split_once("\n\n").unwrap();
    assert!(above.starts_with("Name:          r1\nDevice types:  rpi3, rpi4\nArtifacts:     2\n"), "{above}");
    assert!(!above.contains("Notes"), "{above}");
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["ARTIFACT", "DEVICE", "TYPES", "SIZE", "SIGNED", "MODIFIED"]);
    assert_eq!(table.lines().count(), 3, "{table}");
}

#[test]
fn a_release_without_artifacts_ends_after_its_properties() {
    let fleet = named(&["r1"]);
    for form in ["table", "json"] {
        let body = r#"{"name":"r1","artifacts":null}"#;
        fleet.server.fault(Fault::on("GET", &format!("{ALL}/r1")).body("application/json", body));
        let run = releases(&fleet, &["show", "r1", "-o", form]).succeeds();
        match form {
            "table" => run.prints("Name:       r1\nArtifacts:  0\n"),
            _ => run.shows("\"artifacts\": []"),
        };
    }
}

#[test]
fn an_unknown_name_brings_those_that_are_like_it() {
    let fleet = named(&["app-1.0", "app-1.1", "App-2.0", "web", "b"]);
    let hint = |name: &str| {
        let run = releases(&fleet, &["show", name]).fails().prints("");
        let run = run.says(&format!("FAILURE: no release is named {name:?}\n"));
        run.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap().to_owned()
    };
    assert_eq!(hint("APP-1"), r#"there is "app-1.0", "app-1.1", "App-2.0""#);
    assert_eq!(hint("app"), r#"there is "App-2.0", "app-1.0", "app-1.1""#);
    assert_eq!(hint("WEB-1.0"), r#"there is "web""#);
    assert_eq!(hint("my-app-1.0"), r#"there is "app-1.0""#);
    assert_eq!(hint("xyz"), "releases list shows those that there are");
    let many: Vec<String> = (0..7).map(|number| format!("app-{number}")).collect();
    let fleet = named(&many);
    let run = releases(&fleet, &["show", "app"]).fails();
    run.says("there is \"app-0\", \"app-1\", \"app-2\", \"app-3\", \"app-4\"\n");
}

/// A hint may not cost more than it is worth, and its failure is not the user's.
#[test]
fn the_search_for_similar_names_ends() {
    let fleet = named(&["r1"]);
    let page: Vec<Value> = (0..100).map(|number| json!({ "name": format!("x{number}") })).collect();
    for number in 1..=9 {
        let mut page = page.clone();
        page[0] = json!({ "name": format!("y{number}") });
        let fault = Fault::on("GET", &format!("{ALL}?page={number}&per_page=100"));
        let next = format!("<{ALL}?page={}&per_page=100>; rel=\"next\"", number + 1);
        fleet
            .server
            .fault(fault.body("application/json", Value::from(page).to_string()).header("Link", &next));
    }
    releases(&fleet, &["show", "unheard-of"]).fails().says("hint: releases list shows");
    // The one, those that contain the word, and five hundred more.
    assert_eq!(calls(&fleet).len(), 1 + 1 + 5);

    let fleet = named(&["r1"]);
    fleet.server.fault(Fault::on("GET", &format!("{ALL}?")).status(403).times(99));
    let run = releases(&fleet, &["show", "r"]).fails().says("no release is named \"r\"");
    run.says("hint: releases list shows those that there are").does_not_say("403");
}

#[test]
fn what_the_server_refuses_is_told() {
    let fleet = named(&["r1"]);
    fleet.server.fault(Fault::on("GET", ALL).status(403));
    releases(&fleet, &["show", "r1"]).fails().says("status 403").says("the user's role");
    fleet.server.fault(Fault::on("GET", ALL).body("text/html", "<html>"));
    releases(&fleet, &["show", "r1"]).fails().says("a web page instead of data");
    fleet.server.fault(Fault::on("GET", ALL).body("application/json", r#"{"name":5}"#));
    releases(&fleet, &["show", "r1"]).fails().says("the server's answer is not what was expected");
}
