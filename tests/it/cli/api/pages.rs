//! `--paginate`: each service pages in its own way.

use sandbox::{Device, Fault, Sandbox};
use serde_json::{Value, json};

use super::{api, logged_in};
use crate::support::Home;

const DEVICES: &str = "/api/management/v2/devauth/devices";
const SEARCH: &str = "/api/management/v2/inventory/filters/search";

fn with_devices() -> (Sandbox, Home) {
    let (server, home) = logged_in();
    for number in 1..=5 {
        server.add_device(Device { id: format!("d{number}"), ..Device::default() });
    }
    (server, home)
}

/// The answer to one request for a page.
fn page(method: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> Fault {
    let fault = Fault::on(method, path).body("application/json", body);
    headers.iter().fold(fault, |fault, (name, value)| fault.header(name, value))
}

fn queries(server: &Sandbox) -> Vec<String> {
    server.requests().into_iter().map(|request| request.query).collect()
}

fn ids(json: &Value) -> Vec<&str> {
    json.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn links_are_followed_to_one_array() {
    let (server, home) = with_devices();
    let all =
        api(&server, &home, &["--paginate", "v2/devauth/devices?per_page=2&status=accepted"]).succeeds();
    assert_eq!(ids(&all.json()), ["d1", "d2", "d3", "d4", "d5"]);
    let expected = ["1", "2", "3"].map(|page| format!("status=accepted&page={page}&per_page=2"));
    assert_eq!(queries(&server), expected);
    // An item a line, and an array all the same.
    assert_eq!(all.stdout.lines().count(), 5, "{}", all.transcript());
}

#[test]
fn pages_are_as_large_as_the_service_allows() {
    let (server, home) = with_devices();
    api(&server, &home, &["--paginate", "v2/devauth/devices"]).succeeds();
    let history = "/api/management/v1/deployments/deployments/devices/d1";
    server.fault(page("GET", history, "[]", &[("Link", "</x?page=1>; rel=\"first\"")]));
    api(&server, &home, &["--paginate", "deployments/deployments/devices/d1"]).succeeds().prints("[]\n");
    assert_eq!(queries(&server), ["page=1&per_page=500", "page=1&per_page=20"]);
}

#[test]
fn a_page_to_begin_with_can_be_chosen() {
    let (server, home) = with_devices();
    let rest = api(&server, &home, &["--paginate", "v2/devauth/devices?page=2&per_page=2"]).succeeds();
    assert_eq!(ids(&rest.json()), ["d3", "d4", "d5"]);
    server.clear_requests();
    for query in ["page=x", "page=0", "per_page=-1"] {
        api(&server, &home, &["--paginate", &format!("v2/devauth/devices?{query}")])
            .exits_with(2)
            .says("has to be a number above 0");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn with_jsonl_an_item_has_a_line() {
    let (server, home) = with_devices();
    let lines =
        api(&server, &home, &["--paginate", "v2/devauth/devices?per_page=2", "-o", "jsonl"]).succeeds();
    let items: Vec<Value> = lines.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(ids(&Value::from(items)), ["d1", "d2", "d3", "d4", "d5"]);
}

#[test]
#[cfg(feature = "jq")]
fn a_filter_sees_page_after_page() {
    let (server, home) = with_devices();
    let line = ["--paginate", "v2/devauth/devices?per_page=2", "--jq"];
    let filtered = |filter| api(&server, &home, &[&line[..], &[filter]].concat()).succeeds();
    filtered("length").prints("2\n2\n1\n");
    filtered(".[].id").prints("d1\nd2\nd3\nd4\nd5\n");
    let items = api(&server, &home, &[&line[..], &[".id", "-o", "jsonl"]].concat()).succeeds();
    items.prints("d1\nd2\nd3\nd4\nd5\n");
}

/// Its page is in the body, and only the total tells that there is more.
#[test]
fn the_search_of_the_inventory_is_paged_by_its_body() {
    let (server, home) = logged_in();
    for body in [r#"[{"id":"a"},{"id":"b"}]"#, r#"[{"id":"c"},{"id":"d"}]"#, r#"[{"id":"e"}]"#] {
        server.fault(page("POST", SEARCH, body, &[("X-Total-Count", "5")]));
    }
    let search = r#"{"filters":[{"value":12345678901234567890123}],"per_page":2}"#;
    home.write("search.json", search);
    let all = api(&server, &home, &["--paginate", "v2/inventory/filters/search", "--input", "search.json"]);
    assert_eq!(ids(&all.succeeds().json()), ["a", "b", "c", "d", "e"]);
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for (request, number) in requests.iter().zip(1..) {
        let text = request.body_text();
        assert!(text.contains("12345678901234567890123"), "{text}");
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&body["page"], &body["per_page"]), (&json!(number), &json!(2)), "{text}");
        assert_eq!(request.query, "");
    }

    server.clear_requests();
    server.fault(page("POST", SEARCH, "[]", &[("X-Total-Count", "0")]));
    api(&server, &home, &["--paginate", "POST", "v2/inventory/filters/search"]).succeeds().prints("[]\n");
    assert_eq!(server.requests()[0].body_text(), r#"{"page":1,"per_page":500}"#);
}

#[test]
fn other_searches_are_paged_by_the_query() {
    let (server, home) = logged_in();
    let search = "/api/management/v2/devauth/devices/search";
    let next = format!("<{search}?page=2&per_page=500>; rel=\"next\"");
    server.fault(page("POST", search, "[1]", &[("Link", &next)]));
    server.fault(page("POST", search, "[2]", &[("Link", "</x?page=1>; rel=\"first\"")]));
    api(&server, &home, &["--paginate", "v2/devauth/devices/search", "-f", "status=pending"])
        .succeeds()
        .prints("[1,\n2]\n");
    let requests = server.requests();
    assert_eq!(queries(&server), ["page=1&per_page=500", "page=2&per_page=500"]);
    assert!(requests.iter().all(|request| request.body_text() == r#"{"status":"pending"}"#), "{requests:?}");
}

#[test]
fn some_services_tell_nothing_and_some_have_no_pages() {
    let (server, home) = logged_in();
    let events = "/api/management/v1/iot-manager/events";
    server.fault(page("GET", events, "[1,2]", &[]));
    server.fault(page("GET", events, "[3]", &[]));
    api(&server, &home, &["--paginate", "iot-manager/events?per_page=2", "-o", "jsonl"])
        .succeeds()
        .prints("1\n2\n3\n");
    assert_eq!(server.requests().len(), 2);
    server.clear_requests();
    api(&server, &home, &["--paginate", "useradm/users"]).succeeds();
    assert_eq!(queries(&server), [""]);
    server.clear_requests();
    // A total without links: as long as it is not reached.
    let tenants = "/api/management/v2/tenantadm/tenants";
    server.fault(page("GET", tenants, "[1,2]", &[("X-Total-Count", "3")]));
    server.fault(page("GET", tenants, "[3]", &[("X-Total-Count", "3")]));
    api(&server, &home, &["--paginate", "v2/tenantadm/tenants"]).succeeds().prints("[1,\n2,\n3]\n");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_server_that_does_not_come_to_an_end_is_left() {
    let (server, home) = logged_in();
    let next = |number: u32| format!("<{DEVICES}?page={number}&per_page=500>; rel=\"next\"");
    for number in [1, 0] {
        server.clear_faults();
        server.clear_requests();
        server.fault(page("GET", DEVICES, "[1]", &[("Link", &next(number))]).times(99));
        api(&server, &home, &["--paginate", "v2/devauth/devices"])
            .fails()
            .says(&format!("after page 1 the server points to page {number}"));
        assert_eq!(server.requests().len(), 1);
    }
    server.clear_faults();
    server.clear_requests();
    server.fault(page("GET", DEVICES, "[]", &[("X-Total-Count", "99")]).times(99));
    api(&server, &home, &["--paginate", "v2/devauth/devices"]).succeeds().prints("[]\n");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn what_is_no_list_has_no_pages() {
    let (server, home) = logged_in();
    for body in ["{}", "7", "", "<html>", "[1"] {
        server.fault(page("GET", DEVICES, body, &[]));
        api(&server, &home, &["--paginate", "v2/devauth/devices"])
            .fails()
            .prints("")
            .says("the answer is no list, so it has no pages");
    }
    server.fault(page("GET", DEVICES, "null", &[]));
    api(&server, &home, &["--paginate", "v2/devauth/devices"]).succeeds().prints("[]\n");
    server.clear_requests();
    for line in [&["PUT", "x"][..], &["x", "-f", "a=b"], &["HEAD", "x"]] {
        api(&server, &home, &[line, &["--paginate"]].concat())
            .exits_with(2)
            .says("only a GET or a search has pages");
    }
    api(&server, &home, &["x", "--paginate", "-i"]).exits_with(2).says("--include");
    home.write("list.json", "[]");
    api(&server, &home, &["v2/inventory/filters/search", "--paginate", "--input", "list.json"])
        .exits_with(2)
        .says("has to be a JSON object");
    assert_eq!(server.requests().len(), 0);
}

/// An array that was closed would pass for the whole list.
#[test]
fn a_failure_in_between_leaves_the_array_open() {
    let (server, home) = with_devices();
    server
        .fault(Fault::on("GET", DEVICES).status(500).body("application/json", r#"{"error":"oh"}"#).after(1));
    let broken = api(&server, &home, &["--paginate", "v2/devauth/devices?per_page=2"]).fails();
    assert!(broken.stdout.starts_with("[{") && broken.stdout.ends_with("}\n"), "{}", broken.transcript());
    assert!(!broken.stdout.contains("oh"), "{}", broken.transcript());
    broken.says("request failed with status 500: oh");
    // On the first page there is nothing to spoil.
    server.fault(Fault::on("GET", DEVICES).status(500).body("application/json", r#"{"error":"oh"}"#));
    api(&server, &home, &["--paginate", "v2/devauth/devices"]).fails().prints(r#"{"error":"oh"}"#);
}
