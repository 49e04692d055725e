//! What the transcripts do not show: faults, strictness, TLS, the special accounts, expiry, large files.

mod accounts;
mod configuration;
mod contents;
mod deployments;
mod devices;
mod enterprise;
mod faults;
mod fleet;
mod inventory;
mod limits;
mod simulation;
mod strictness;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, redirect};
use sandbox::Sandbox;
use sandbox::artifact::Artifact;

const LOGIN: &str = "/api/management/v1/useradm/auth/login";
const ME: &str = "/api/management/v1/useradm/users/me";
const UPLOAD: &str = "/api/management/v1/deployments/artifacts";
const LIST: &str = "/api/management/v2/deployments/artifacts";
const DEVICES: &str = "/api/management/v2/devauth/devices";

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client")
}

fn get(server: &Sandbox, path: &str) -> RequestBuilder {
    client().get(format!("{}{path}", server.url())).bearer_auth(server.login())
}

async fn error(response: Response) -> String {
    let body: serde_json::Value = response.json().await.expect("JSON");
    body["error"].as_str().unwrap_or_default().to_string()
}

fn artifact(name: &str) -> Vec<u8> {
    Artifact::new(name).device_type("qemu").file("f.txt", "hello").build()
}

fn form(artifact: Vec<u8>) -> Form {
    Form::new().part("artifact", Part::bytes(artifact).file_name("a.mender"))
}
