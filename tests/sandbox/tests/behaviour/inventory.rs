//! Inventory, beyond what the transcript shows.

use reqwest::Response;
use sandbox::{Device, Sandbox};
use serde_json::{Value, json};

use crate::{client, error, get};

const LIST: &str = "/api/management/v1/inventory/devices";
const GROUPS: &str = "/api/management/v1/inventory/groups";
const SEARCH: &str = "/api/management/v2/inventory/filters/search";

async fn send(server: &Sandbox, method: &str, path: &str, body: &Value) -> Response {
    let request = client().request(method.parse().unwrap(), format!("{}{path}", server.url()));
    request.bearer_auth(server.login()).json(body).send().await.unwrap()
}

/// Devices that say of themselves what is given, named by their hostnames.
fn fleet(server: &Sandbox, reports: &[(&str, Value)]) -> Vec<String> {
    let add = |(name, report): &(&str, Value)| {
        let id = server.add_device(Device::default());
        server.report_inventory(&id, json!({ "hostname": name }));
        server.report_inventory(&id, report.clone());
        id
    };
    reports.iter().map(add).collect()
}

fn hostnames(devices: &[Value]) -> Vec<String> {
    let name = |device: &Value| {
        let attributes = device["attributes"].as_array().unwrap();
        let own = attributes.iter().find(|attribute| attribute["name"] == "hostname").unwrap();
        own["value"].as_str().unwrap().to_string()
    };
    devices.iter().map(name).collect()
}

async fn found(server: &Sandbox, body: Value) -> Vec<String> {
    hostnames(&send(server, "POST", SEARCH, &body).await.json::<Vec<Value>>().await.unwrap())
}

async fn listed(server: &Sandbox, query: &str) -> Vec<String> {
    let answer = get(server, &format!("{LIST}?{query}")).send().await.unwrap();
    hostnames(&answer.json::<Vec<Value>>().await.unwrap())
}

fn where_x(operator: &str, value: Value) -> Value {
    let filter = json!({ "scope": "inventory", "attribute": "x", "type": operator, "value": value });
    json!({ "filters": [filter], "sort": [{ "scope": "inventory", "attribute": "hostname", "order": "asc" }] })
}

fn sorted_by_x(order: &str) -> Value {
    let by = |attribute, order| json!({ "scope": "inventory", "attribute": attribute, "order": order });
    json!({ "sort": [by("x", order), by("hostname", "asc")] })
}

#[tokio::test]
async fn sorting_goes_by_type_and_absent_comes_first() {
    let server = Sandbox::start();
    let reports = [
        ("text", json!({ "x": "a" })),
        ("absent", json!({})),
        ("ten", json!({ "x": 10 })),
        ("nine", json!({ "x": 9.5 })),
        ("capital", json!({ "x": "B" })),
        ("list", json!({ "x": ["0", "z"] })),
    ];
    fleet(&server, &reports);
    let up = ["absent", "nine", "ten", "list", "capital", "text"];
    assert_eq!(found(&server, sorted_by_x("asc")).await, up);
    // A list is at the place of its greatest element now.
    let down = ["list", "text", "capital", "ten", "nine", "absent"];
    assert_eq!(found(&server, sorted_by_x("desc")).await, down);
    assert_eq!(listed(&server, "sort=x:asc").await, up);
    assert_eq!(listed(&server, "sort=x").await, down);
}

#[tokio::test]
async fn sorting_by_id_and_by_time_works() {
    let server = Sandbox::start();
    for (id, seen) in
        [("2", "2026-01-02T00:00:00Z"), ("1", "2026-01-10T00:00:00Z"), ("3", "2025-12-31T23:00:00Z")]
    {
        server.add_device(Device { id: id.into(), check_in_time: Some(seen.into()), ..Device::default() });
        server.report_inventory(id, json!({ "hostname": id }));
    }
    let by = |scope: &str, attribute: &str, order: &str| json!({ "sort": [{ "scope": scope, "attribute": attribute, "order": order }] });
    assert_eq!(found(&server, by("identity", "id", "asc")).await, ["1", "2", "3"]);
    assert_eq!(found(&server, by("identity", "id", "desc")).await, ["3", "2", "1"]);
    assert_eq!(found(&server, by("system", "check_in_time", "asc")).await, ["3", "2", "1"]);
    let filter = |operator: &str| {
        let value = "2026-01-02T00:00:00Z";
        json!({ "filters": [{ "scope": "system", "attribute": "check_in_time", "type": operator, "value": value }] })
    };
    for operator in ["$eq", "$gt", "$lt", "$gte", "$lte"] {
        assert!(found(&server, filter(operator)).await.is_empty(), "{operator}");
    }
    // The old list reads a text of this form as a time.
    assert_eq!(listed(&server, "system/check_in_time=2026-01-02T00:00:00Z").await, ["2"]);
}

#[tokio::test]
async fn filters_keep_types_apart_and_look_into_lists() {
    let server = Sandbox::start();
    let reports = [
        ("absent", json!({})),
        ("list", json!({ "x": ["10.0.0.1", "192.168.0.7"] })),
        ("number", json!({ "x": 10 })),
        ("text", json!({ "x": "10" })),
    ];
    fleet(&server, &reports);
    for (operator, value, wanted) in [
        ("$eq", json!(10), &["number"][..]),
        ("$eq", json!(10.0), &["number"]),
        ("$eq", json!("10"), &["text"]),
        ("$eq", json!("192.168.0.7"), &["list"]),
        ("$eq", json!(["10.0.0.1", "192.168.0.7"]), &["list"]),
        ("$ne", json!("192.168.0.7"), &["absent", "number", "text"]),
        ("$lt", json!("11"), &["list", "text"]),
        ("$gte", json!(0), &["number"]),
        ("$in", json!([10, "10.0.0.1"]), &["list", "number"]),
        ("$nin", json!([10, "10.0.0.1"]), &["absent", "text"]),
        ("$exists", json!(false), &["absent"]),
        ("$exists", json!(true), &["list", "number", "text"]),
        ("$regex", json!("^10"), &["list", "text"]),
        ("$regex", json!("0"), &["list", "text"]),
    ] {
        assert_eq!(found(&server, where_x(operator, value.clone())).await, wanted, "{operator} {value}");
    }
    for (operator, value, status) in [
        ("$in", json!("10"), 500),
        ("$nin", json!(10), 500),
        ("$regex", json!("("), 500),
        ("$ltne", json!(5), 400),
    ] {
        let answer = send(&server, "POST", SEARCH, &where_x(operator, value)).await;
        assert_eq!(answer.status(), status, "{operator}");
    }
    assert_eq!(listed(&server, "x=10&sort=hostname:asc").await, ["number", "text"]);
}

#[tokio::test]
async fn words_are_found_in_any_case_and_the_best_comes_first() {
    let server = Sandbox::start();
    let ids = fleet(
        &server,
        &[("one", json!({ "x": "pump" })), ("two", json!({ "x": "Pump house" })), ("three", json!({}))],
    );
    server.set_tags(&ids[2], &[("name", json!("old house"))]);
    let mut body = json!({ "text": "HOUSE pump" });
    assert_eq!(found(&server, body.clone()).await[0], "two");
    assert_eq!(found(&server, body.clone()).await.len(), 3);
    body["text"] = "hous".into();
    assert!(found(&server, body).await.is_empty());
}

#[tokio::test]
async fn old_filters_are_decoded_twice() {
    let server = Sandbox::start();
    fleet(&server, &[("odd", json!({ "x": "a+b 100%" })), ("plus", json!({ "x": "a b" }))]);
    assert_eq!(listed(&server, "x=a%252Bb%20100%2525").await, ["odd"]);
    assert_eq!(listed(&server, "x=a%2Bb").await, ["plus"]);
    for query in ["x=100%25", "sort=100%25", "group=100%25"] {
        let answer = get(&server, &format!("{LIST}?{query}")).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{query}");
    }
}

#[tokio::test]
async fn tags_and_groups_set_by_hand_show() {
    let server = Sandbox::start();
    let ids = fleet(&server, &[("a", json!({})), ("b", json!({}))]);
    server.set_group(&ids[0], "lab");
    server.set_tags(&ids[0], &[("name", json!("bench")), ("floor", json!(3))]);
    let answer = get(&server, &format!("{LIST}/{}", ids[0])).send().await.unwrap();
    let etag = answer.headers()["etag"].to_str().unwrap().to_string();
    let shown: Value = answer.json().await.unwrap();
    assert!(shown["identities"].as_array().unwrap().contains(&json!("bench")));
    let answer = client()
        .patch(format!("{}{LIST}/{}/tags", server.url(), ids[0]))
        .bearer_auth(server.login())
        .header("if-match", etag)
        .json(&json!([{ "name": "floor", "value": 4 }]));
    assert_eq!(answer.send().await.unwrap().status(), 200);
    assert_eq!(json!(server.tags(&ids[0])), json!({ "floor": 4, "name": "bench" }));
    assert!(server.tags(&ids[1]).is_empty());
    send(&server, "PUT", &format!("{LIST}/{}/group", ids[1]), &json!({ "group": "attic" })).await;
    assert_eq!(
        (server.group(&ids[0]).as_deref(), server.group(&ids[1]).as_deref()),
        (Some("lab"), Some("attic"))
    );
    let groups: Value = get(&server, GROUPS).send().await.unwrap().json().await.unwrap();
    assert_eq!(groups, json!(["attic", "lab"]));
    let gone = send(&server, "DELETE", &format!("{GROUPS}/lab"), &json!({})).await;
    assert_eq!(error(gone).await, "sandbox: superfluous body");
    let members = send(&server, "DELETE", &format!("{GROUPS}/lab/devices"), &json!([ids[0], ids[1]])).await;
    assert_eq!(members.json::<Value>().await.unwrap(), json!({ "matched_count": 1, "updated_count": 1 }));
    assert_eq!(server.group(&ids[0]), None);
}

#[tokio::test]
async fn too_much_and_the_wrong_kind_are_refused() {
    let server = Sandbox::start();
    let id = server.add_device(Device::default());
    let many: Value = (0..100).map(|index| (format!("a{index}"), json!(index))).collect();
    server.report_inventory(&id, many);
    server.report_inventory(&id, json!({ "a7": "again" }));
    let full = server.try_report_inventory(&id, json!({ "b": 1 })).unwrap_err();
    assert_eq!(full, "the number of attributes in the scope is above the limit");
    assert!(server.try_report_inventory(&id, json!({ "a1": null })).unwrap_err().starts_with("value: "));
    assert!(server.try_report_inventory("nobody", json!({})).is_err());
}

#[tokio::test]
async fn what_the_server_would_ignore_is_refused() {
    let server = Sandbox::start();
    let id = server.add_device(Device::default());
    let filter =
        json!({ "scope": "tags", "attribute": "a", "type": "$exists", "value": true, "order": "asc" });
    let by_name = json!({ "scope": "tags", "attribute": "name", "order": "asc" });
    for (method, path, body, key) in [
        ("POST", SEARCH.to_string(), json!({ "limit": 5 }), "field \"limit\""),
        ("POST", SEARCH.to_string(), json!({ "filters": [filter] }), "field \"order\""),
        ("POST", SEARCH.to_string(), json!({ "text": "a", "sort": [by_name] }), "field \"sort\""),
        ("PUT", format!("{LIST}/{id}/group"), json!({ "group": "a", "name": "a" }), "field \"name\""),
        (
            "PUT",
            format!("{LIST}/{id}/tags"),
            json!([{ "name": "a", "value": "b", "scope": "tags" }]),
            "field \"scope\"",
        ),
        ("POST", format!("{SEARCH}?page=2"), json!({}), "query parameter \"page\""),
    ] {
        let answer = send(&server, method, &path, &body).await;
        assert_eq!(error(answer).await, format!("sandbox: superfluous {key}"));
    }
    for (query, text) in [
        ("hostname=a&hostname=b", "sandbox: superfluous query parameter \"hostname\""),
        ("inventroy/hostname=a", "sandbox: unknown scope in the filter \"inventroy/hostname\""),
    ] {
        let answer = get(&server, &format!("{LIST}?{query}")).send().await.unwrap();
        assert_eq!(error(answer).await, text);
    }
}

#[tokio::test]
async fn a_search_sees_what_changed_since_its_last_page() {
    let server = Sandbox::start();
    let ids = fleet(&server, &[("a", json!({ "x": 1 })), ("b", json!({ "x": 2 })), ("c", json!({ "x": 3 }))]);
    let page = |number: u64| {
        let mut body = sorted_by_x("desc");
        (body["page"], body["per_page"]) = (number.into(), 2.into());
        body
    };
    assert_eq!(found(&server, page(1)).await, ["c", "b"]);
    assert_eq!(found(&server, page(2)).await, ["a"]);
    server.report_inventory(&ids[0], json!({ "x": 9 }));
    assert_eq!(found(&server, page(1)).await, ["a", "c"]);
    let forget = client().delete(format!("{}{LIST}/{}", server.url(), ids[0])).bearer_auth(server.login());
    assert_eq!(forget.send().await.unwrap().status(), 204);
    server.report_inventory(&ids[0], json!({ "hostname": "a" }));
    assert_eq!(found(&server, page(2)).await, ["a"]);
}

#[tokio::test]
async fn a_sign_of_life_moves_who_is_sorted_by_it() {
    let server = Sandbox::start();
    let ids = fleet(&server, &[("a", json!({})), ("b", json!({}))]);
    let sign_of_life = |id: &String| {
        let device = server.device(id).unwrap();
        server.device_authenticates(&device.identity_data, &device.auth_sets[0].pubkey).unwrap();
    };
    let sort = json!([{ "scope": "system", "attribute": "check_in_time", "order": "asc" }]);
    sign_of_life(&ids[0]);
    assert_eq!(found(&server, json!({ "sort": sort })).await, ["b", "a"]);
    let term = |exists| json!([{ "scope": "system", "attribute": "check_in_time", "type": "$exists", "value": exists }]);
    assert_eq!(found(&server, json!({ "filters": term(false) })).await, ["b"]);
    sign_of_life(&ids[1]);
    assert!(found(&server, json!({ "filters": term(false) })).await.is_empty());
}

#[tokio::test]
async fn statistics_count_by_status() {
    let server = Sandbox::start();
    for status in ["accepted", "accepted", "pending", "rejected"] {
        server.add_device(Device { status: status.into(), ..Device::default() });
    }
    let answer = get(&server, "/api/management/v2/inventory/statistics").send().await.unwrap();
    let found: Value = answer.json().await.unwrap();
    let counted = &found["devices_by_status"];
    assert_eq!((&counted["accepted"]["standard"], &counted["pending"]["standard"]), (&json!(2), &json!(1)));
}
