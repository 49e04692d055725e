//! What a server may lack or be told to limit.

use std::time::Duration;

use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::{DEVICES, LOGIN, ME, client, error, get};

const HOUR: Duration = Duration::from_hours(1);
const CONFIGURATION: &str = "/api/management/v1/deviceconfig/configurations/device/d1";

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let server = Sandbox::builder().rate_limit(2, HOUR).start();
    for _ in 0..2 {
        assert_eq!(get(&server, ME).send().await.unwrap().status(), 200);
    }
    // Every token and every path of a user counts.
    let token = server.create_token("ci", None);
    let refused = client().get(format!("{}{DEVICES}", server.url())).bearer_auth(token).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let after: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().expect("whole seconds");
    assert!((3500..=3600).contains(&after), "{after}");
    assert!(refused.headers().contains_key("x-men-requestid"));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"], "too many requests");
    assert!(body["request_id"].is_string());

    let login = client().post(format!("{}{LOGIN}", server.url()));
    let login = login.basic_auth(server.username(), Some(server.password())).json(&json!({}));
    assert_eq!(login.send().await.unwrap().status(), 200, "logins are not counted");
}

#[tokio::test]
async fn nobody_is_limited_by_default() {
    let server = Sandbox::start();
    for _ in 0..50 {
        assert_eq!(get(&server, ME).send().await.unwrap().status(), 200);
    }
    server.fault(Fault::on("GET", ME).status(429).header("Retry-After", "0"));
    assert_eq!(get(&server, ME).send().await.unwrap().headers()["retry-after"], "0");
}

#[test]
#[should_panic(expected = "no service \"devconfig\"")]
fn a_misspelt_service_is_not_left_out_in_silence() {
    let _ = Sandbox::builder().without_service("devconfig");
}

#[tokio::test]
async fn a_service_can_be_missing() {
    let server = Sandbox::builder().without_service("deviceconfig").start();
    let missing = get(&server, CONFIGURATION).send().await.unwrap();
    assert_eq!(
        (missing.status().as_u16(), &missing.headers()["content-type"]),
        (404, &"text/html".parse().unwrap())
    );
    assert!(!missing.headers().contains_key("x-men-requestid"), "no service of the API answered");
    assert!(missing.text().await.unwrap().starts_with("<!doctype html>"));
    let put = client().put(format!("{}{CONFIGURATION}", server.url())).body("{}").send().await.unwrap();
    assert_eq!((put.status().as_u16(), &put.headers()["content-type"]), (405, &"text/html".parse().unwrap()));
    assert_eq!(get(&server, DEVICES).send().await.unwrap().status(), 200, "the others are there");
    let whole = get(&Sandbox::start(), CONFIGURATION).send().await.unwrap();
    assert_eq!(error(whole).await, "device does not exist");
}

#[tokio::test]
async fn requests_need_not_be_kept() {
    let server = Sandbox::builder().record(false).start();
    assert_eq!(get(&server, ME).send().await.unwrap().status(), 200);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn tenant_settings_can_be_set() {
    let path = "/api/management/v1/useradm/settings";
    let server = Sandbox::start();
    server.set_tenant_setting("id_attribute", json!({ "attribute": "mac", "scope": "identity" }));
    let first = get(&server, path).send().await.unwrap();
    let etag = first.headers()["etag"].clone();
    server.set_tenant_setting("other", json!(true));
    let second = get(&server, path).send().await.unwrap();
    assert_ne!(second.headers()["etag"], etag);
    let settings: Value = second.json().await.unwrap();
    assert_eq!((&settings["id_attribute"]["attribute"], &settings["other"]), (&json!("mac"), &json!(true)));
}
