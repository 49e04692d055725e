//! Deployments, beyond what the transcript shows.

use sandbox::artifact::Artifact;
use sandbox::{Device, Sandbox};
use serde_json::{Value, json};

use crate::{UPLOAD, artifact, client, error, get};

pub(crate) const V1: &str = "/api/management/v1/deployments/deployments";
pub(crate) const V2: &str = "/api/management/v2/deployments/deployments";

/// A server with the Artifact `a` for the type `qemu`, and accepted devices of that type.
fn with_devices<const N: usize>() -> (Sandbox, [String; N]) {
    let server = Sandbox::start();
    server.add_artifact(&artifact("a"));
    let devices = std::array::from_fn(|_| {
        let id = server.add_device(Device::default());
        server.report_inventory(&id, json!({ "device_type": "qemu" }));
        id
    });
    (server, devices)
}

pub(crate) async fn read(server: &Sandbox, path: &str) -> Value {
    get(server, path).send().await.unwrap().json().await.unwrap()
}

pub(crate) async fn state(server: &Sandbox, id: &str) -> (String, Value) {
    let shown = read(server, &format!("{V1}/{id}")).await;
    let mut counts = shown["statistics"]["status"].clone();
    counts.as_object_mut().unwrap().retain(|_, count| *count != 0);
    (shown["status"].as_str().unwrap().into(), counts)
}

#[tokio::test]
async fn they_go_on_as_devices_report() {
    let (server, [first, second]) = with_devices();
    let id = server.create_deployment("rollout", "a", &[&first, &second]);
    assert_eq!(state(&server, &id).await, ("pending".into(), json!({ "pending": 2 })));
    server.device_reports(&id, &first, "installing");
    let begun = ("inprogress".into(), json!({ "pending": 1, "installing": 1 }));
    assert_eq!(state(&server, &id).await, begun);
    server.device_reports(&id, &first, "success");
    // Once done, a device stays so.
    server.device_reports(&id, &first, "failure");
    server.device_reports(&id, &second, "failure");
    server.device_logs(&id, &second, "it broke\n");
    assert_eq!(state(&server, &id).await, ("finished".into(), json!({ "success": 1, "failure": 1 })));
    let log = get(&server, &format!("{V1}/{id}/devices/{second}/log")).send().await.unwrap();
    assert_eq!(log.text().await.unwrap(), "it broke\n");
}

#[tokio::test]
async fn a_device_of_another_type_finds_no_artifact() {
    let (server, [device]) = with_devices();
    server.report_inventory(&device, json!({ "device_type": "other" }));
    let id = server.create_deployment("rollout", "a", &[&device]);
    server.device_reports(&id, &device, "installing");
    assert_eq!(state(&server, &id).await, ("finished".into(), json!({ "noartifact": 1 })));
}

#[tokio::test]
async fn the_smallest_fitting_artifact_is_handed_out() {
    let (server, [device]) = with_devices();
    let build = |device_type: &str, size: usize| {
        server.add_artifact(&Artifact::new("b").device_type(device_type).file("f", vec![0; size]).build())
    };
    build("other", 1);
    build("third", 10_000);
    let both = Artifact::new("b").device_type("qemu").file("f", vec![0; 20_000]).build();
    let wanted = server.add_artifact(&both);
    let id = server.create_deployment("rollout", "b", &[&device]);
    let order = server.device_polls(&device, "qemu", "old").unwrap();
    assert_eq!((&order["id"], &order["artifact"]["id"]), (&json!(id), &json!(wanted)));
    // It gets the same as long as it is at it.
    assert_eq!(server.device_polls(&device, "qemu", "old").unwrap()["artifact"]["id"], wanted);
    let shown = read(&server, &format!("{V1}/{id}")).await;
    assert_eq!(shown["statistics"]["total_size"], both.len());
}

pub(crate) async fn create(server: &Sandbox, path: &str, body: Value) -> reqwest::Response {
    let request = client().post(format!("{}{path}", server.url())).bearer_auth(server.login());
    request.json(&body).send().await.unwrap()
}

#[tokio::test]
async fn groups_and_all_devices_mean_those_accepted_now() {
    let (server, [first, _second]) = with_devices();
    let pending = server.add_device(Device { status: "pending".into(), ..Device::default() });
    server.set_group(&first, "lab");
    server.set_group(&pending, "lab");
    let body = |name: &str| json!({ "name": name, "artifact_name": "a" });
    let made = create(&server, &format!("{V1}/group/lab"), body("group")).await;
    let location = made.headers()["location"].to_str().unwrap().to_string();
    assert_eq!(read(&server, &format!("{location}/device_list")).await, json!([first]));
    let mut all = body("all");
    all["all_devices"] = true.into();
    let made = create(&server, V1, all).await;
    let location = made.headers()["location"].to_str().unwrap().to_string();
    server.add_device(Device::default());
    assert_eq!(read(&server, &location).await["max_devices"], 2);
    server.set_group(&pending, "waiting");
    let none = create(&server, &format!("{V1}/group/waiting"), body("none")).await;
    assert_eq!((none.status().as_u16(), error(none).await.as_str()), (400, "No devices for the deployment"));
}

#[tokio::test]
async fn lists_are_newest_first_and_by_text_or_device() {
    let (server, [first, second]) = with_devices();
    server.set_tags(&first, &[("name", json!("pump"))]);
    let old = server.create_deployment("spring cleaning", "a", &[&first]);
    let new = server.create_deployment("autumn", "a", &[&second]);
    let ids = async |query: &str| -> Vec<String> {
        let listed = read(&server, query).await;
        let ids = listed.as_array().unwrap().iter();
        ids.map(|deployment| deployment["id"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(ids(V2).await, [new.as_str(), &old]);
    assert_eq!(ids(&format!("{V2}?sort=ASC")).await, [old.as_str(), &new]);
    assert_eq!(ids(&format!("{V1}?search=Spring")).await, [old.as_str()]);
    assert!(ids(&format!("{V1}?search=sprin")).await.is_empty());
    assert_eq!(ids(&format!("{V2}?name=pump&id_attribute=name")).await, [old.as_str()]);
    assert!(ids(&format!("{V2}?name=pump")).await.is_empty());
    let after =
        get(&server, &format!("{V2}?created_after=1&created_before=4000000000")).send().await.unwrap();
    assert_eq!(after.headers()["x-total-count"], "2");
}

#[tokio::test]
async fn what_the_server_would_ignore_is_refused() {
    let (server, [device]) = with_devices();
    let base = json!({ "name": "x", "artifact_name": "a", "devices": [device] });
    for (key, value) in [("phases", json!([])), ("retries", json!(1)), ("max_devices", json!(1))] {
        let mut body = base.clone();
        body[key] = value;
        let refused = create(&server, V1, body).await;
        assert_eq!(error(refused).await, format!("sandbox: superfluous field \"{key}\""));
    }
    for (query, key) in [
        (format!("{V1}?name=x"), "name"),
        (format!("{V2}?search=x"), "search"),
        (format!("{V2}?id_attribute=mac"), "id_attribute"),
        (format!("{V1}/devices/{device}?sort=asc"), "sort"),
    ] {
        let refused = get(&server, &query).send().await.unwrap();
        assert_eq!(error(refused).await, format!("sandbox: superfluous query parameter \"{key}\""));
    }
}

#[tokio::test]
async fn a_forgotten_history_lets_a_device_start_again() {
    let (server, [first, second]) = with_devices();
    let id = server.create_deployment("rollout", "a", &[&first, &second]);
    server.device_reports(&id, &first, "failure");
    assert!(server.device_polls(&first, "qemu", "old").is_none());
    let forget = client().delete(format!("{}{V1}/devices/{first}/history", server.url()));
    assert_eq!(forget.bearer_auth(server.login()).send().await.unwrap().status(), 204);
    assert_eq!(server.device_polls(&first, "qemu", "old").unwrap()["id"], id);
    let history = read(&server, &format!("{V1}/devices/{first}")).await;
    assert_eq!(history.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_artifact_in_use_stays_until_the_deployment_ends() {
    let (server, [device]) = with_devices();
    let artifact = server.add_artifact(&artifact("b"));
    let id = server.create_deployment("rollout", "b", &[&device]);
    let delete = || {
        let request = client().delete(format!("{}{UPLOAD}/{artifact}", server.url()));
        request.bearer_auth(server.login()).send()
    };
    assert_eq!(delete().await.unwrap().status(), 409);
    server.device_reports(&id, &device, "success");
    assert_eq!(delete().await.unwrap().status(), 204);
    // What was installed is still told.
    let devices = read(&server, &format!("{V1}/{id}/devices")).await;
    assert_eq!(devices[0]["image"]["id"], artifact);
}
