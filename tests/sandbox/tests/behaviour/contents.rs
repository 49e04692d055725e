use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::header::RANGE;
use reqwest::multipart::{Form, Part};
use sandbox::artifact::{Artifact, Compression};
use sandbox::{Sandbox, Server};
use serde_json::Value;

use crate::{LIST, UPLOAD, artifact, client, error, form, get};

#[tokio::test]
async fn compressed_and_empty_artifacts_are_read() {
    let server = Sandbox::start();
    let packed = Artifact::new("packed")
        .device_type("a")
        .device_type("b")
        .file("f.txt", vec![7; 100_000])
        .depends("rootfs-image.checksum", "abc")
        .provides("rootfs-image.app.version", "1")
        .compression(Compression::Gzip)
        .build();
    assert!(packed.len() < 20_000);
    server.add_artifact(&packed);
    server.add_artifact(&Artifact::new("empty").empty_payload().build());
    let listed: Vec<Value> = get(&server, LIST).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed[0]["updates"][0]["type_info"]["type"], Value::Null);
    assert_eq!(listed[0]["updates"][0]["files"], Value::Null);
    assert_eq!(listed[1]["updates"][0]["files"][0]["size"], 100_000);
    assert_eq!(listed[1]["artifact_depends"]["rootfs-image.checksum"], "abc");
    assert_eq!(listed[1]["artifact_depends"]["device_type"], serde_json::json!(["a", "b"]));
}

#[tokio::test]
async fn limits_of_size_hold() {
    let server = Sandbox::builder().max_artifact_size(4096).start();
    let request = || client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login());
    let announced = request().multipart(form(artifact("a"))).send().await.unwrap();
    assert_eq!(announced.status(), 413);
    assert_eq!(error(announced).await, "http: request body too large");
    let body = futures_util::stream::iter([Ok::<_, std::io::Error>(artifact("a"))]);
    let chunked = Form::new().part("artifact", Part::stream(reqwest::Body::wrap_stream(body)));
    let found = request().multipart(chunked).send().await.unwrap();
    assert_eq!(error(found).await, "Artifact file too large");
}

async fn link(server: &Sandbox, id: &str) -> String {
    let answer = get(server, &format!("{UPLOAD}/{id}/download")).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    body["uri"].as_str().unwrap().to_string()
}

#[tokio::test]
async fn links_lead_to_the_storage_and_take_no_token() {
    let server = Sandbox::start();
    let bytes = artifact("a");
    let id = server.add_artifact(&bytes);
    let link = link(&server, &id).await;
    assert!(link.starts_with(server.storage_url()));
    let whole = client().get(&link).send().await.unwrap();
    assert_eq!(whole.bytes().await.unwrap(), bytes);
    let tail = client().get(&link).header(RANGE, "bytes=-100").send().await.unwrap();
    assert_eq!(tail.status(), 206);
    assert_eq!(tail.bytes().await.unwrap(), bytes[bytes.len() - 100..]);
    let stale =
        client().get(&link).header(RANGE, "bytes=0-9").header("if-range", "\"other\"").send().await.unwrap();
    assert_eq!(stale.status(), 200);
    assert_eq!(client().get(&link).bearer_auth(server.login()).send().await.unwrap().status(), 400);
    assert_eq!(client().head(&link).send().await.unwrap().status(), 403);
    assert_eq!(client().put(&link).body("x").send().await.unwrap().status(), 403);
    assert_eq!(server.requests().pop().unwrap().server, Server::Storage);
}

#[tokio::test]
async fn links_expire() {
    let server = Sandbox::builder().link_lifetime(Duration::ZERO).start();
    let id = server.add_artifact(&artifact("a"));
    let link = link(&server, &id).await;
    assert_eq!(client().get(&link).send().await.unwrap().status(), 403);
}

#[test]
fn sandboxes_go_without_a_trace() {
    let server = Sandbox::start();
    let other = Sandbox::start();
    let folder = server.ca_file().parent().unwrap().to_path_buf();
    let address = server.url().trim_start_matches("http://").to_string();
    // An open connection does not keep it alive.
    let mut open = TcpStream::connect(&address).unwrap();
    open.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    drop(server);
    assert!(!folder.exists());
    assert!(matches!(open.read(&mut [0; 16]), Ok(0) | Err(_)));
    assert!(TcpStream::connect(&address).is_err());
    assert!(TcpStream::connect(other.url().trim_start_matches("http://")).is_ok());
}
