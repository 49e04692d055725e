use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Certificate;
use sandbox::{Account, SSO, Sandbox, TWO_FACTOR};
use serde_json::{Value, json};

use crate::{DEVICES, LOGIN, ME, client, error, get};

async fn login(server: &Sandbox, account: Account, body: Value) -> reqwest::Response {
    let request = client().post(format!("{}{LOGIN}", server.url()));
    request.basic_auth(account.email, Some(account.password)).json(&body).send().await.expect("an answer")
}

#[tokio::test]
async fn a_second_factor_is_asked_for() {
    let server = Sandbox::start();
    let without = login(&server, TWO_FACTOR, json!({})).await;
    assert_eq!(without.status(), 401);
    assert!(error(without).await.contains("2fa"));
    let wrong = login(&server, TWO_FACTOR, json!({ "token2fa": "000000" })).await;
    assert!(error(wrong).await.contains("2fa"));
    let right = login(&server, TWO_FACTOR, json!({ "token2fa": TWO_FACTOR.code })).await;
    assert_eq!(right.status(), 200);
    assert_eq!(right.headers()["content-type"], "application/jwt");
}

#[tokio::test]
async fn single_sign_on_answers_with_the_provider() {
    let server = Sandbox::start();
    let answer = login(&server, SSO, json!({})).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["kind"], "sso/saml");
    assert!(body["id"].is_string());
}

#[tokio::test]
async fn special_accounts_can_be_left_out() {
    let server = Sandbox::builder().extra_accounts(false).start();
    assert_eq!(error(login(&server, SSO, json!({})).await).await, "unauthorized");
}

#[tokio::test]
async fn https_needs_the_authority() {
    let server = Sandbox::start();
    assert_eq!(std::fs::read_to_string(server.ca_file()).unwrap(), server.ca_pem());
    let authority = Certificate::from_pem(server.ca_pem().as_bytes()).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusting = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let port = server.https_url().rsplit(':').next().unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let request = trusting.get(format!("https://{host}:{port}{ME}")).bearer_auth(server.login());
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_11));
    }
    let other = Sandbox::start();
    let authority = Certificate::from_pem(other.ca_pem().as_bytes()).unwrap();
    let doubting = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    assert!(doubting.get(format!("{}{ME}", server.https_url())).send().await.is_err());
}

#[tokio::test]
async fn tokens_carry_the_claims_and_expire() {
    let server = Sandbox::builder().jwt_lifetime(Duration::from_secs(90)).start();
    let token = server.login();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 90);
    assert_eq!((&claims["scp"], &claims["mender.user"]), (&json!("mender.*"), &json!(true)));

    let ask = |token: String| client().get(format!("{}{ME}", server.url())).bearer_auth(token).send();
    assert_eq!(ask(token.clone()).await.unwrap().status(), 200);
    assert_eq!(error(ask(server.expired_token()).await.unwrap()).await, "invalid jwt");
    let past = SystemTime::now() - Duration::from_secs(5);
    assert_eq!(error(ask(server.login_expiring(past)).await.unwrap()).await, "invalid jwt");
    assert_eq!(ask(server.login_expiring(Duration::from_secs(60))).await.unwrap().status(), 200);
    assert_eq!(ask(server.create_token("ci", None)).await.unwrap().status(), 200);
    assert_eq!(server.token_names(), ["ci"]);
    let stranger = Sandbox::start();
    assert_eq!(error(ask(stranger.login()).await.unwrap()).await, "invalid jwt");
}

#[tokio::test]
async fn devices_are_paged_without_a_total() {
    let server = Sandbox::start();
    for status in ["pending", "accepted", "accepted"] {
        server.add_device(sandbox::Device { status: status.into(), ..sandbox::Device::default() });
    }
    let answer =
        get(&server, &format!("{DEVICES}?per_page=2&status=accepted&status=pending")).send().await.unwrap();
    assert!(!answer.headers().contains_key("x-total-count"));
    let links: Vec<&str> =
        answer.headers().get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
    let target = |page| format!("<{DEVICES}?page={page}&per_page=2&status=accepted&status=pending>");
    assert_eq!(links, [format!("{}; rel=\"first\"", target(1)), format!("{}; rel=\"next\"", target(2))]);
    let listed: Vec<Value> = answer.json().await.unwrap();
    assert!(listed.iter().all(|device| device["status"] == "accepted"), "sorted by status: {listed:?}");
    let count = get(&server, &format!("{DEVICES}/count?status=pending")).send().await.unwrap();
    assert_eq!(count.json::<Value>().await.unwrap(), json!({ "count": 1 }));
}
