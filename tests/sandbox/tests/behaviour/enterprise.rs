//! What Mender Enterprise has besides, as far as it is documented.

use reqwest::Response;
use sandbox::{Device, Sandbox};
use serde_json::{Value, json};

use crate::deployments::{V1, V2, create, read, state};
use crate::{artifact, client, error, get};

const FILTERS: &str = "/api/management/v2/inventory/filters";

/// A server with the Artifact `a`, and two devices, of which one is at the site `Oslo`.
fn with_devices(enterprise: bool, strict: bool) -> (Sandbox, [String; 2]) {
    let server = Sandbox::builder().enterprise(enterprise).strict(strict).start();
    server.add_artifact(&artifact("a"));
    let devices = ["Oslo", "Lyon"].map(|site| {
        let id = server.add_device(Device::default());
        server.report_inventory(&id, json!({ "device_type": "qemu", "site": site }));
        id
    });
    (server, devices)
}

fn enterprise() -> (Sandbox, [String; 2]) {
    with_devices(true, true)
}

fn at(site: &str) -> Value {
    json!([{ "scope": "inventory", "attribute": "site", "type": "$eq", "value": site }])
}

fn location(made: &Response) -> String {
    assert_eq!(made.status(), 201);
    made.headers()["location"].to_str().unwrap().to_string()
}

async fn save(server: &Sandbox, name: &str, terms: &Value) -> String {
    let made = create(server, FILTERS, json!({ "name": name, "terms": terms })).await;
    location(&made).rsplit('/').next().unwrap().to_string()
}

#[tokio::test]
async fn filters_are_saved_listed_and_deleted() {
    let (server, _) = enterprise();
    let [first, second] =
        [save(&server, "oslo", &at("Oslo")).await, save(&server, "lyon", &at("Lyon")).await];
    let oslo = json!({ "id": first, "name": "oslo", "terms": at("Oslo") });
    assert_eq!(read(&server, &format!("{FILTERS}/{first}")).await, oslo);
    assert_eq!(read(&server, FILTERS).await.as_array().unwrap().len(), 2);
    assert_eq!(read(&server, &format!("{FILTERS}?per_page=1&page=1")).await, json!([oslo]));
    assert_eq!(read(&server, &format!("{FILTERS}?per_page=1&page=2")).await[0]["id"], second);
    let taken = create(&server, FILTERS, json!({ "name": "oslo", "terms": at("Lyon") })).await;
    assert_eq!(taken.status(), 409);
    let delete = || {
        let request = client().delete(format!("{}{FILTERS}/{first}", server.url()));
        request.bearer_auth(server.login()).send()
    };
    assert_eq!(delete().await.unwrap().status(), 204);
    assert_eq!(delete().await.unwrap().status(), 404);
    assert_eq!(get(&server, &format!("{FILTERS}/{first}")).send().await.unwrap().status(), 404);
    // What was there before stays in reach.
    assert!(read(&server, &format!("{FILTERS}/attributes")).await.is_array());
}

#[tokio::test]
async fn malformed_filters_are_refused() {
    let (server, _) = enterprise();
    let term = |key: &str, value: Value| {
        let mut terms = at("Oslo");
        terms[0][key] = value;
        json!({ "name": "x", "terms": terms })
    };
    for body in [
        json!([]),
        json!({ "name": "x" }),
        json!({ "terms": at("Oslo") }),
        json!({ "name": 1, "terms": at("Oslo") }),
        json!({ "name": "x", "terms": "Oslo" }),
        json!({ "name": "x", "terms": ["Oslo"] }),
        json!({ "name": "x", "filters": at("Oslo") }),
        term("scope", json!("elsewhere")),
        term("type", json!("eq")),
        term("type", json!("$in")),
        term("value", Value::Null),
        term("unit", json!("m")),
    ] {
        let refused = create(&server, FILTERS, body.clone()).await;
        assert_eq!(refused.status(), 400, "{body}");
    }
    assert_eq!(read(&server, FILTERS).await, json!([]));
}

#[tokio::test]
async fn a_deployment_by_filter_is_for_those_that_fit_now() {
    let (server, [oslo, _]) = enterprise();
    let pending = server.add_device(Device { status: "pending".into(), ..Device::default() });
    server.report_inventory(&pending, json!({ "site": "Oslo" }));
    let filter = save(&server, "oslo", &at("Oslo")).await;
    let body = json!({
        "name": "rollout", "artifact_name": "a", "filter_id": filter, "max_devices": 5, "retries": 2,
        "phases": [{ "batch_size": 20 }, { "start_ts": "2040-01-01T00:00:00Z" }],
    });
    let made = location(&create(&server, V2, body.clone()).await);
    assert_eq!(read(&server, &format!("{made}/device_list")).await, json!([oslo]));
    let shown = read(&server, &made).await;
    assert_eq!((&shown["dynamic"], &shown["max_devices"]), (&json!(true), &json!(5)));
    assert_eq!(shown["retries"], 2);
    assert_eq!(shown["filter"], json!({ "id": filter, "name": "oslo", "terms": at("Oslo") }));
    let phases = shown["phases"].as_array().unwrap();
    assert_eq!((&phases[0]["batch_size"], &phases[0]["device_count"]), (&json!(20), &json!(0)));
    assert_eq!(phases[1]["start_ts"], "2040-01-01T00:00:00Z");
    assert!(phases[0].get("start_ts").is_none() && phases[1].get("batch_size").is_none());
    assert!(phases.iter().all(|phase| phase["id"].is_string()));
    assert_eq!(create(&server, V2, body).await.status(), 409);
    let id = made.rsplit('/').next().unwrap();
    server.device_reports(id, &oslo, "success");
    assert_eq!(state(&server, id).await, ("finished".into(), json!({ "success": 1 })));
    // Devices may come to fit.
    let nowhere = save(&server, "nowhere", &at("Nowhere")).await;
    let body = json!({ "name": "empty", "artifact_name": "a", "filter_id": nowhere });
    let made = location(&create(&server, V2, body).await);
    assert_eq!(read(&server, &made).await["status"], "pending");
}

#[tokio::test]
async fn deployments_by_list_and_group_take_the_same_fields() {
    let (server, devices) = enterprise();
    server.set_group(&devices[0], "lab");
    let staged = |name: &str| {
        json!({
            "name": name, "artifact_name": "a", "retries": 0, "max_devices": 1,
            "phases": [{ "start_ts": "2040-01-01T00:00:00+02:00", "batch_size": 100 }],
        })
    };
    let mut listed = staged("list");
    listed["devices"] = json!(devices);
    let listed = location(&create(&server, V1, listed).await);
    let grouped = location(&create(&server, &format!("{V1}/group/lab"), staged("group")).await);
    for made in [listed, grouped] {
        let shown = read(&server, &made).await;
        assert_eq!((&shown["retries"], &shown["max_devices"]), (&json!(0), &json!(1)));
        assert_eq!(shown["phases"][0]["start_ts"], "2040-01-01T00:00:00+02:00");
        assert_eq!(shown.get("dynamic"), None);
        assert_eq!(read(&server, &format!("{made}/device_list")).await.as_array().unwrap().len(), 1);
    }
    let bare = json!({ "name": "bare", "artifact_name": "a", "devices": devices });
    let bare = read(&server, &location(&create(&server, V1, bare).await)).await;
    assert!(["phases", "retries"].iter().all(|field| bare.get(field).is_none()));
    assert_eq!(bare["max_devices"], 2);
}

#[tokio::test]
async fn what_cannot_be_staged_is_refused() {
    let (server, devices) = enterprise();
    let filter = save(&server, "oslo", &at("Oslo")).await;
    let (early, late) = ("2040-01-01T00:00:00Z", "2040-01-02T00:00:00Z");
    for (field, value) in [
        ("retries", json!(-1)),
        ("retries", json!(1.5)),
        ("retries", json!("1")),
        ("max_devices", json!(0)),
        ("max_devices", json!("1")),
        ("phases", json!({})),
        ("phases", json!([1])),
        ("phases", json!([{ "batch_size": 0 }])),
        ("phases", json!([{ "batch_size": 101 }])),
        ("phases", json!([{ "batch_size": "10" }])),
        ("phases", json!([{ "start_ts": "tomorrow" }])),
        ("phases", json!([{ "start_ts": 1 }])),
        ("phases", json!([{ "delay": 1 }])),
        ("phases", json!([{ "batch_size": 10 }, {}])),
        ("phases", json!([{}, { "start_ts": early }])),
        ("phases", json!([{ "start_ts": late, "batch_size": 10 }, { "start_ts": early }])),
        ("phases", json!([{ "batch_size": 60 }, { "start_ts": early, "batch_size": 60 }])),
    ] {
        let mut body = json!({ "name": "x", "artifact_name": "a", field: value });
        body["filter_id"] = json!(filter);
        let refused = create(&server, V2, body.clone()).await;
        assert_eq!(refused.status(), 400, "{body}");
        body.as_object_mut().unwrap().remove("filter_id");
        body["devices"] = json!(devices);
        assert_eq!(create(&server, V1, body.clone()).await.status(), 400, "{body}");
    }
    for (field, value) in [
        ("filter_id", json!("unknown")),
        ("filter_id", Value::Null),
        ("filter_id", json!(1)),
        ("devices", json!(devices)),
        ("all_devices", json!(true)),
        ("name", json!("")),
    ] {
        let mut body = json!({ "name": "x", "artifact_name": "a", "filter_id": filter });
        body[field] = value;
        assert_eq!(create(&server, V2, body.clone()).await.status(), 400, "{body}");
    }
    assert_eq!(read(&server, V2).await, json!([]));
}

#[tokio::test]
async fn the_open_source_server_knows_nothing_of_it() {
    let (server, devices) = with_devices(false, false);
    for path in [FILTERS.to_string(), format!("{FILTERS}/"), format!("{FILTERS}/x")] {
        let missing = get(&server, &path).send().await.unwrap();
        assert_eq!((missing.status().as_u16(), error(missing).await.as_str()), (404, "not found"));
    }
    let body = json!({ "name": "x", "artifact_name": "a", "filter_id": "y" });
    let refused = create(&server, V2, body).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["allow"]),
        (405, &"GET, OPTIONS".parse().unwrap())
    );
    // It ignores what it does not know, whatever it is.
    let body =
        json!({ "name": "x", "artifact_name": "a", "devices": devices, "phases": 1, "max_devices": 1 });
    let shown = read(&server, &location(&create(&server, V1, body).await)).await;
    assert_eq!((shown.get("phases"), &shown["max_devices"]), (None, &json!(2)));
}
