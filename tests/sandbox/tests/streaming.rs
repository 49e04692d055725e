//! Alone in its process, as it looks at the memory in use.

use reqwest::multipart::{Form, Part};
use sandbox::Sandbox;
use sandbox::artifact::write_large;

#[tokio::test]
async fn a_large_upload_is_streamed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Sandbox::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.mender");
    write_large(&path, "large", "qemu", 80 << 20).unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    let before = resident();
    let part =
        Part::stream_with_length(tokio::fs::File::open(&path).await.unwrap(), size).file_name("large.mender");
    let form = Form::new().text("size", size.to_string()).part("artifact", part);
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/api/management/v1/deployments/artifacts", server.url()))
        .bearer_auth(server.login())
        .multipart(form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    let id = answer.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().to_string();
    let grown = resident().saturating_sub(before);
    assert!(grown < 48 << 20, "{grown} bytes more memory");
    assert!(std::fs::read(&path).unwrap() == server.artifact_content(&id), "stored as sent");
    let recorded = server.requests().pop().unwrap();
    assert_eq!((recorded.body.len(), recorded.status), (64 << 10, Some(201)));
    assert!(recorded.body_bytes > size);
}

/// Bytes of memory in use, where the system tells; zero elsewhere.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() * 1024
}
