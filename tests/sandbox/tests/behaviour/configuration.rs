use std::collections::BTreeMap;

use sandbox::{Device, Sandbox};
use serde_json::{Value, json};

use crate::{client, error, get};

fn path(id: &str) -> String {
    format!("/api/management/v1/deviceconfig/configurations/device/{id}")
}

async fn put(server: &Sandbox, id: &str, body: &Value) -> reqwest::Response {
    let request = client().put(format!("{}{}", server.url(), path(id))).bearer_auth(server.login());
    request.json(body).send().await.expect("an answer")
}

fn keys(count: usize) -> Value {
    json!((0..count).map(|index| (format!("key-{index}"), "v")).collect::<BTreeMap<_, _>>())
}

#[tokio::test]
async fn keys_are_limited_in_number_and_length() {
    let server = Sandbox::start();
    let id = server.add_device(Device::default());
    assert_eq!(put(&server, &id, &keys(100)).await.status(), 204);
    let refused = put(&server, &id, &keys(101)).await;
    assert_eq!((refused.status().as_u16(), error(refused).await.as_str()), (500, "Internal Server Error"));
    assert_eq!(server.device_configuration(&id).len(), 100);
    assert_eq!(put(&server, &id, &json!({ "k".repeat(4096): "v" })).await.status(), 204);
    let refused = put(&server, &id, &json!({ "k".repeat(4097): "v" })).await;
    assert_eq!(error(refused).await, "invalid request body: key: the length must be no more than 4096.");
}

#[tokio::test]
async fn deployments_of_it_are_strict_about_fields() {
    let server = Sandbox::start();
    let id = server.add_device(Device::default());
    let deploy = async |body: Value| {
        let url = format!("{}{}/deploy", server.url(), path(&id));
        client().post(url).bearer_auth(server.login()).json(&body).send().await.unwrap()
    };
    assert_eq!(error(deploy(json!({ "retry": 1 })).await).await, "sandbox: superfluous field \"retry\"");
    let text = error(deploy(json!({ "retries": "1" })).await).await;
    assert_eq!(
        text,
        "malformed request body: json: cannot unmarshal string into Go struct field \
         DeployConfigurationRequest.retries of type uint"
    );
    assert_eq!(deploy(json!({ "retries": 3, "update_control_map": {} })).await.status(), 200);
}

#[tokio::test]
async fn only_devices_that_came_have_one() {
    let server = Sandbox::start();
    let of = async |status: &str| {
        let device = Device { status: status.into(), ..Device::default() };
        let (identity, key) = (device.identity_data.clone(), sandbox::AuthSet::default().pubkey);
        let id = server.add_device(device);
        (get(&server, &path(&id)).send().await.unwrap().status().as_u16(), id, identity, key)
    };
    assert_eq!(of("pending").await.0, 200);
    let (status, id, identity, key) = of("preauthorized").await;
    assert_eq!(status, 404);
    assert!(server.device_authenticates(&identity, &key).is_some());
    assert_eq!(get(&server, &path(&id)).send().await.unwrap().status(), 200);
    server.report_configuration(&id, [("a".to_string(), json!("b"))].into_iter().collect());
    let shown: Value = get(&server, &path(&id)).send().await.unwrap().json().await.unwrap();
    assert_eq!((&shown["reported"], &shown["configured"]), (&json!({ "a": "b" }), &json!({})));
}
