use std::time::{Duration, Instant};

use reqwest::multipart::{Form, Part};
use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox, Server};

use crate::{LIST, ME, UPLOAD, artifact, client, error, form, get};

#[tokio::test]
async fn they_strike_in_order_and_are_used_up() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", ME).status(503).header("Retry-After", "1").times(2));
    server.fault(Fault::on("*", "/api").body("text/html", "<html>"));
    let mut found = Vec::new();
    for _ in 0..4 {
        let answer = get(&server, ME).send().await.unwrap();
        found.push((answer.status().as_u16(), answer.headers().contains_key("retry-after")));
    }
    assert_eq!(found, [(503, true), (503, true), (200, false), (200, false)]);
    let statuses: Vec<Option<u16>> = server.requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), Some(200), Some(200)]);
}

#[tokio::test]
async fn they_can_wait_their_turn_and_keep_to_one_address() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", LIST).after(1).status(500));
    server.fault(Fault::on("*", "/").server(Server::Storage).status(500));
    assert_eq!(get(&server, LIST).send().await.unwrap().status(), 200);
    let failed = get(&server, LIST).send().await.unwrap();
    assert_eq!(error(failed).await, "internal server error");
    assert_eq!(get(&server, LIST).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn delay_hang_and_cut() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", ME).delay(Duration::from_millis(50)));
    let start = Instant::now();
    assert_eq!(get(&server, ME).send().await.unwrap().status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(50));
    server.fault(Fault::on("GET", ME).hang());
    assert!(get(&server, ME).timeout(Duration::from_millis(100)).send().await.unwrap_err().is_timeout());
    server.fault(Fault::on("GET", ME).cut());
    assert!(get(&server, ME).send().await.is_err());
    assert_eq!(server.requests().pop().unwrap().status, None);
    assert_eq!(get(&server, ME).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_answer_alone_is_lost() {
    let server = Sandbox::start();
    let post = |name: &str| {
        let request = client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login());
        request.multipart(form(artifact(name)))
    };
    server.fault(Fault::on("POST", UPLOAD).cut().after_the_work());
    assert!(post("a").send().await.is_err());
    assert_eq!(server.artifact_count(), 1);
    assert_eq!(server.requests().pop().unwrap().status, None);
    server.fault(Fault::on("POST", UPLOAD).status(502).after_the_work());
    assert_eq!(post("b").send().await.unwrap().status(), 502);
    assert_eq!(server.artifact_count(), 2);
}

#[tokio::test]
async fn an_upload_is_cut_in_the_middle() {
    let server = Sandbox::start();
    server.fault(Fault::on("POST", UPLOAD).cut_after_body_bytes(1 << 20));
    let bytes = Artifact::new("a").file("f", vec![1; 16 << 20]).build();
    let request = client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login());
    assert!(request.multipart(form(bytes)).send().await.is_err());
    let recorded = server.requests().pop().unwrap();
    assert!((1 << 20..8 << 20).contains(&recorded.body_bytes), "{}", recorded.body_bytes);
    assert_eq!(server.artifact_count(), 0);
}

#[tokio::test]
async fn answers_end_too_early() {
    let server = Sandbox::start();
    let bytes = Artifact::new("a").file("f", vec![1; 3 << 20]).build();
    let id = server.add_artifact(&bytes);
    let answer = get(&server, &format!("{UPLOAD}/{id}/download")).send().await.unwrap();
    let link = answer.json::<serde_json::Value>().await.unwrap()["uri"].as_str().unwrap().to_string();
    for keep in [0_u64, 10, 2_500_000] {
        server.fault(Fault::on("GET", "/").server(Server::Storage).truncate(keep));
        let mut answer = client().get(&link).send().await.unwrap();
        assert_eq!(answer.content_length(), Some(bytes.len() as u64));
        let mut read = 0;
        let failure = loop {
            match answer.chunk().await {
                Ok(Some(piece)) => read += piece.len() as u64,
                Ok(None) => panic!("a whole answer"),
                Err(error) => break error,
            }
        };
        assert_eq!(read, keep, "{failure:?}");
    }
    server.fault(Fault::on("GET", ME).truncate(5));
    assert!(get(&server, ME).send().await.unwrap().bytes().await.is_err());
}

#[tokio::test]
async fn raw_bytes_and_redirections() {
    let server = Sandbox::start();
    server.fault(Fault::on("GET", ME).raw("SSH-2.0-OpenSSH_9.9\r\n"));
    assert!(get(&server, ME).send().await.is_err());
    server.fault(Fault::on("GET", ME).raw("HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nhi"));
    let odd = get(&server, ME).send().await.unwrap();
    assert_eq!((odd.status().as_u16(), odd.text().await.unwrap().as_str()), (299, "hi"));
    server.fault(Fault::on("GET", ME).redirect("https://other.example/", 308));
    let moved = get(&server, ME).send().await.unwrap();
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["location"]),
        (308, &"https://other.example/".parse().unwrap())
    );
}

#[tokio::test]
async fn early_answers_leave_the_body_alone() {
    let server = Sandbox::start();
    server.fault(Fault::on("POST", UPLOAD).early(413, r#"{"error":"too large"}"#));
    let request = client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login());
    // The client may see the answer or the reset: both happen in the field.
    let bytes = Artifact::new("a").file("f", vec![1; 64 << 20]).build();
    if let Ok(answer) = request.multipart(form(bytes)).send().await {
        assert_eq!(answer.status(), 413);
    }
    let recorded = server.requests().pop().unwrap();
    assert_eq!((recorded.body_bytes, recorded.status), (0, Some(413)));
}

#[tokio::test]
async fn the_regular_early_refusal_reaches_who_is_still_sending() {
    let server = Sandbox::start();
    let mut junk = artifact("a");
    junk[0] = b'x';
    junk.resize(64 << 20, 0);
    let form = Form::new().part("artifact", Part::bytes(junk).file_name("a.mender"));
    let request = client().post(format!("{}{UPLOAD}", server.url())).bearer_auth(server.login());
    let answer = request.multipart(form).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let text = error(answer).await;
    assert!(text.ends_with("archive/tar: invalid tar header"), "{text}");
}
