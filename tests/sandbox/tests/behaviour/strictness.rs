use reqwest::multipart::{Form, Part};
use sandbox::Sandbox;
use sandbox::artifact::Artifact;
use serde_json::json;

use crate::{LIST, LOGIN, UPLOAD, artifact, client, error, form, get};

#[tokio::test]
async fn superfluous_parameters_are_named() {
    let server = Sandbox::start();
    let answer = get(&server, &format!("{LIST}?name=a&sort=name:asc")).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(error(answer).await, "sandbox: superfluous query parameter \"sort\"");
    let lenient = Sandbox::builder().strict(false).start();
    assert_eq!(get(&lenient, &format!("{LIST}?sort=name:asc")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn superfluous_fields_and_bodies_are_refused() {
    let server = Sandbox::start();
    let request = client().post(format!("{}{LOGIN}", server.url()));
    let request =
        request.basic_auth(server.username(), Some(server.password())).json(&json!({ "noexpiry": true }));
    assert_eq!(error(request.send().await.unwrap()).await, "sandbox: superfluous field \"noexpiry\"");
    let answer = get(&server, LIST).json(&json!({})).send().await.unwrap();
    assert_eq!(error(answer).await, "sandbox: superfluous body");
}

#[tokio::test]
async fn there_is_one_token_and_it_is_not_empty() {
    let server = Sandbox::start();
    let twice = get(&server, LIST).bearer_auth(server.login()).send().await.unwrap();
    assert_eq!(error(twice).await, "sandbox: more than one Authorization header");
    let both = get(&server, LIST).header("cookie", format!("JWT={}", server.login())).send().await.unwrap();
    assert_eq!(error(both).await, "sandbox: superfluous Cookie header");
    let empty =
        client().get(format!("{}{LIST}", server.url())).header("authorization", "Bearer ").send().await;
    assert_eq!(error(empty.unwrap()).await, "malformed Authorization header");
}

#[tokio::test]
async fn parts_have_their_order() {
    let server = Sandbox::start();
    let send = |form: Form| {
        client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login()).multipart(form).send()
    };
    let late = form(artifact("a")).text("description", "late");
    assert_eq!(
        error(send(late).await.unwrap()).await,
        "sandbox: part \"description\" behind the artifact part"
    );
    let unknown = Form::new().text("file_size", "1").part("artifact", Part::bytes(artifact("a")));
    assert_eq!(error(send(unknown).await.unwrap()).await, "sandbox: unknown part \"file_size\"");
    assert_eq!(server.artifact_count(), 0);
    let fine = Form::new().text("description", "early").part("artifact", Part::bytes(artifact("a")));
    assert_eq!(send(fine).await.unwrap().status(), 201);
}

#[tokio::test]
async fn paths_and_types_are_checked() {
    let server = Sandbox::start();
    assert_eq!(get(&server, "/api/management/v1/deployments/artifact").send().await.unwrap().status(), 404);
    assert_eq!(get(&server, "/elsewhere").send().await.unwrap().status(), 404);
    let request = client().post(format!("{}{LOGIN}", server.url()));
    let request = request.basic_auth(server.username(), Some(server.password()));
    assert_eq!(request.header("content-type", "text/plain").body("{}").send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn wrong_artifacts_are_refused() {
    let server = Sandbox::start();
    let good = Artifact::new("a").file("f.txt", "hello world").build();
    let mut flipped = good.clone();
    let at = flipped.windows(11).position(|window| window == b"hello world").unwrap();
    flipped[at] ^= 1;
    let wrong_version =
        String::from_utf8_lossy(&good).replacen("\"version\":3", "\"version\":4", 1).into_bytes();
    let no_types = Artifact::new("a").device_type("").header_depends("device_type", json!([])).build();
    for (bytes, text) in [
        (flipped, "invalid checksum; expected: ["),
        (wrong_version, "unsupported version: 4"),
        (no_types, "reading artifact error: readHeaderV3: could not parse header element header-info"),
        (good[..good.len() / 2].to_vec(), "reading artifact error: "),
    ] {
        let request = client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login());
        let answer = request.multipart(form(bytes)).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let found = error(answer).await;
        assert!(found.starts_with(text), "{found}");
    }
    assert_eq!(server.artifact_count(), 0);
}
