use sandbox::{AuthSet, Device, Sandbox};
use serde_json::{Value, json};

use crate::{DEVICES, client, error, get};

const SEARCH: &str = "/api/management/v2/devauth/devices/search";

/// Three keys as OpenSSL writes them, one of each kind.
const KEYS: [&str; 3] =
    [include_str!("keys/rsa.pem"), include_str!("keys/ecdsa.pem"), include_str!("keys/ed25519.pem")];

async fn send(server: &Sandbox, method: &str, path: &str, body: Option<Value>) -> reqwest::Response {
    let request = client().request(method.parse().unwrap(), format!("{}{path}", server.url()));
    let request = request.bearer_auth(server.login());
    match body {
        Some(body) => request.json(&body),
        None => request,
    }
    .send()
    .await
    .expect("an answer")
}

fn with_status(server: &Sandbox, status: &str) -> Device {
    let id = server.add_device(Device { status: status.into(), ..Device::default() });
    server.device(&id).expect("the device just added")
}

fn decision(device: &Device) -> String {
    format!("{DEVICES}/{}/auth/{}/status", device.id, device.auth_sets[0].id)
}

#[tokio::test]
async fn no_more_are_accepted_than_the_limit_allows() {
    let server = Sandbox::builder().max_devices(1).start();
    let limit = send(&server, "GET", "/api/management/v2/devauth/limits/max_devices", None).await;
    assert_eq!(limit.json::<Value>().await.unwrap(), json!({ "limit": 1 }));
    let (first, second) = (with_status(&server, "pending"), with_status(&server, "pending"));
    let accept = Some(json!({ "status": "accepted" }));
    assert_eq!(send(&server, "PUT", &decision(&first), accept.clone()).await.status(), 204);
    let refused = send(&server, "PUT", &decision(&second), accept.clone()).await;
    assert_eq!(refused.status(), 422);
    assert_eq!(error(refused).await, "maximum number of accepted devices reached");

    let identity = json!({ "mac": "early" });
    let early = json!({ "identity_data": identity, "pubkey": KEYS[0] });
    assert_eq!(send(&server, "POST", DEVICES, Some(early)).await.status(), 201);
    assert_eq!(server.device_authenticates(&identity, KEYS[0]), None, "there is no room");
    let reject = Some(json!({ "status": "rejected" }));
    assert_eq!(send(&server, "PUT", &decision(&first), reject).await.status(), 204);
    assert!(server.device_authenticates(&identity, KEYS[0]).is_some());
    let unlimited = Sandbox::start();
    let limit = send(&unlimited, "GET", "/api/management/v2/devauth/limits/max_devices", None).await;
    assert_eq!(limit.json::<Value>().await.unwrap(), json!({ "limit": -1 }));
}

#[tokio::test]
async fn an_accepted_device_may_change_its_key_at_the_limit() {
    let server = Sandbox::builder().max_devices(1).start();
    let device = with_status(&server, "accepted");
    assert_eq!(server.device_authenticates(&device.identity_data, KEYS[1]), None);
    let mut device = server.device(&device.id).unwrap();
    assert_eq!((device.status.as_str(), device.auth_sets.len()), ("accepted", 2));
    device.auth_sets.reverse();
    let accept = Some(json!({ "status": "accepted" }));
    assert_eq!(send(&server, "PUT", &decision(&device), accept).await.status(), 204);
    assert!(server.device_authenticates(&device.identity_data, KEYS[1]).is_some());
}

#[tokio::test]
async fn a_token_dies_with_its_acceptance() {
    let server = Sandbox::start();
    let device = with_status(&server, "pending");
    let key = &device.auth_sets[0].pubkey;
    assert_eq!(server.device_authenticates(&device.identity_data, key), None);
    let decide = |status: &str| Some(json!({ "status": status }));
    let put = async |status| send(&server, "PUT", &decision(&device), decide(status)).await.status();
    for end in ["pending", "rejected"] {
        assert_eq!(put("accepted").await, 204);
        let token = server.device_authenticates(&device.identity_data, key).expect("a token");
        assert_eq!(server.device_with_token(&token), Some(device.id.clone()));
        assert_eq!(put(end).await, 204);
        assert_eq!(server.device_with_token(&token), None);
        assert_eq!(server.device(&device.id).unwrap().status, end);
    }
    assert_eq!(put("accepted").await, 204);
    let token = server.device_authenticates(&device.identity_data, key).expect("a token");
    assert_eq!(send(&server, "DELETE", &format!("{DEVICES}/{}", device.id), None).await.status(), 204);
    assert_eq!(server.device_with_token(&token), None);
}

#[tokio::test]
async fn nobody_decides_about_a_preauthorized_set() {
    let server = Sandbox::start();
    let device = with_status(&server, "preauthorized");
    for status in ["accepted", "rejected", "pending"] {
        let answer = send(&server, "PUT", &decision(&device), Some(json!({ "status": status }))).await;
        assert_eq!((answer.status().as_u16(), error(answer).await.as_str()), (400, "dev auth: bad request"));
    }
    assert_eq!(server.device(&device.id).unwrap().auth_sets[0].status, "preauthorized");
}

#[tokio::test]
async fn decommissioning_can_be_held() {
    let server = Sandbox::builder().hold_decommissioning().start();
    let device = with_status(&server, "accepted");
    let path = format!("{DEVICES}/{}", device.id);
    assert_eq!(send(&server, "DELETE", &path, None).await.status(), 204);
    let shown: Value = send(&server, "GET", &path, None).await.json().await.unwrap();
    assert_eq!((&shown["decommissioning"], &shown["status"]), (&json!(true), &json!("accepted")));
    assert_eq!(server.device_authenticates(&device.identity_data, &device.auth_sets[0].pubkey), None);
    server.finish_decommissioning();
    assert_eq!(send(&server, "GET", &path, None).await.status(), 404);
    assert_eq!(send(&server, "DELETE", &path, None).await.text().await.unwrap(), "");
    let count = send(&server, "GET", &format!("{DEVICES}/count"), None).await;
    assert_eq!(count.json::<Value>().await.unwrap(), json!({ "count": 0 }));
}

#[tokio::test]
async fn keys_of_three_kinds_are_read() {
    let server = Sandbox::start();
    for (index, key) in KEYS.iter().enumerate() {
        let identity = json!({ "mac": index });
        // However it is laid out, it is kept as the server writes it.
        let folded = format!("a note\n{}", key.replace("\n-----END", "\n\n-----END"));
        let body = json!({ "identity_data": identity, "pubkey": folded });
        assert_eq!(send(&server, "POST", DEVICES, Some(body)).await.status(), 201);
        assert_eq!(server.device_with_identity(&identity).unwrap().auth_sets[0].pubkey, *key);
    }
    let inner = |key: &str| key.lines().nth(1).unwrap().to_string();
    for broken in [
        KEYS[2].replace("PUBLIC", "RSA PUBLIC"),
        KEYS[2].replace(&inner(KEYS[2]), &inner(KEYS[1])),
        KEYS[2].replace("MCow", "MCo*"),
        KEYS[1].replace("MFkw", "MFgw"),
        KEYS[0].replace("-----END", ""),
    ] {
        let body = json!({ "identity_data": { "mac": "x" }, "pubkey": broken });
        let answer = send(&server, "POST", DEVICES, Some(body)).await;
        assert_eq!(error(answer).await, "failed to decode preauth request: cannot decode public key");
    }
}

#[tokio::test]
async fn strictness_reaches_devices() {
    let server = Sandbox::start();
    let device = with_status(&server, "pending");
    let connect = format!("/api/management/v1/deviceconnect/devices/{}/check-update", device.id);
    for (method, path, body, complaint) in [
        ("POST", SEARCH.to_string(), json!({ "per_page": 1 }), "superfluous field \"per_page\""),
        ("POST", DEVICES.to_string(), json!({ "tier": "micro" }), "superfluous field \"tier\""),
        ("PUT", decision(&device), json!({ "state": "accepted" }), "superfluous field \"state\""),
        ("POST", connect, json!({}), "superfluous body"),
    ] {
        let answer = send(&server, method, &path, Some(body)).await;
        assert_eq!(answer.status(), 400);
        assert_eq!(error(answer).await, format!("sandbox: {complaint}"));
    }
    let twice =
        get(&server, &format!("{DEVICES}/count?status=pending&status=accepted")).send().await.unwrap();
    assert_eq!(error(twice).await, "sandbox: superfluous query parameter \"status\"");
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let server = Sandbox::start();
    let body = json!({ "id": "x".repeat(1 << 20) });
    let answer = send(&server, "POST", SEARCH, Some(body)).await;
    assert_eq!(
        (answer.status().as_u16(), error(answer).await.as_str()),
        (413, "http: request body too large")
    );
}

#[tokio::test]
async fn added_devices_keep_what_they_are_given() {
    let server = Sandbox::start();
    let sets = vec![AuthSet { id: "set-1".into(), pubkey: "any text".into(), ..AuthSet::default() }];
    let given = Device {
        id: "d1".into(),
        auth_sets: sets,
        created_ts: Some("2024-01-01T00:00:00.5Z".into()),
        connected: true,
        ..Device::default()
    };
    server.add_device(given.clone());
    let found = server.device("d1").expect("the device");
    assert_eq!((&found.created_ts, &found.updated_ts), (&given.created_ts, &given.created_ts));
    assert!(found.connected && found.auth_sets[0].pubkey == "any text");
    server.disconnect_device("d1");
    assert!(!server.device("d1").unwrap().connected);
    assert!(with_status(&server, "noauth").auth_sets.is_empty());
}
