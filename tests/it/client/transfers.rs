//! Uploads and downloads that stall, shrink, grow or vanish.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mender::artifact::Head;
use mender::{ConnectionFault, Error, Silent, Source};
use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox};

use super::{client, logged_in, wait};

const UPLOAD: &str = "/api/management/v1/deployments/artifacts";

fn file(folder: &tempfile::TempDir, content: &[u8]) -> PathBuf {
    let path = folder.path().join("a.mender");
    std::fs::write(&path, content).unwrap();
    path
}

fn artifact() -> Vec<u8> {
    Artifact::new("a").file("f", vec![1; 100_000]).build()
}

/// D21: the cause is the file, not the connection that ended for it.
#[test]
fn a_file_that_becomes_shorter_meanwhile() {
    let server = Sandbox::start();
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, &artifact());
    let source = Source::file(&path).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(50_000).unwrap();
    let error = wait(logged_in(&server).artifacts().upload(&source, "", Arc::new(Silent))).unwrap_err();
    assert_eq!(error.to_string(), "cannot read a.mender: the file became shorter meanwhile");
    assert_eq!(server.artifact_count(), 0);
}

/// What was announced is sent, and no byte more.
#[test]
fn a_file_that_grows_meanwhile() {
    let server = Sandbox::start();
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, &artifact());
    let source = Source::file(&path).unwrap();
    std::fs::write(&path, [artifact(), vec![9; 1000]].concat()).unwrap();
    let id = wait(logged_in(&server).artifacts().upload(&source, "", Arc::new(Silent))).unwrap();
    assert_eq!(server.artifact_content(&id), artifact());
}

#[test]
fn a_file_that_is_gone() {
    let server = Sandbox::start();
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, &artifact());
    let source = Source::file(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = wait(logged_in(&server).artifacts().upload(&source, "", Arc::new(Silent))).unwrap_err();
    assert!(matches!(error, Error::Source { .. }), "{error}");
    assert!(server.requests().is_empty());
}

/// Fails at once.
struct Faulty;

impl Read for Faulty {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is on fire"))
    }
}

/// D21: a read error is the cause that is told.
#[test]
fn a_source_that_fails() {
    let server = Sandbox::start();
    // What comes before is sound, so that the server has no reason of its own to refuse it.
    let source = Source::stream("s.mender", io::Cursor::new(artifact()).take(50_000).chain(Faulty));
    let client = logged_in(&server);
    let error = wait(client.artifacts().upload(&source, "", Arc::new(Silent))).unwrap_err();
    assert_eq!(error.to_string(), "cannot read s.mender: the disk is on fire");
    // A stream comes only once: it is not sent again, half of it missing.
    let error = wait(client.artifacts().upload(&source, "", Arc::new(Silent))).unwrap_err();
    assert!(matches!(error, Error::Source { .. }), "{error}");
    assert!(server.requests().len() <= 1, "{:?}", server.requests());
    assert_eq!(server.artifact_count(), 0);
}

fn timeout(error: Error) -> String {
    match error {
        Error::Connection { fault: ConnectionFault::Timeout, text, .. } => text,
        other => panic!("{other}"),
    }
}

#[test]
fn an_upload_that_stalls() {
    let server = Sandbox::start();
    let client = client(server.url(), &server.login(), |limits| limits.silence = Duration::from_millis(100));
    server.fault(Fault::on("POST", UPLOAD).hang());
    let endless = Source::stream("endless", io::repeat(0));
    let text = timeout(wait(client.artifacts().upload(&endless, "", Arc::new(Silent))).unwrap_err());
    assert!(text.starts_with("nothing could be sent for "), "{text}");
}

/// After the last byte the server may take its time, but not for ever.
#[test]
fn an_answer_to_an_upload_that_does_not_come() {
    let server = Sandbox::start();
    let limit = |processing| {
        move |limits: &mut mender::Limits| {
            limits.silence = Duration::from_millis(300);
            limits.processing = processing;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let source = Source::file(&file(&folder, &artifact())).unwrap();
    let patient = client(server.url(), &server.login(), limit(Duration::from_secs(60)));
    server.fault(Fault::on("POST", UPLOAD).delay(Duration::from_millis(900)));
    wait(patient.artifacts().upload(&source, "", Arc::new(Silent))).unwrap();

    server.fault(Fault::on("POST", UPLOAD).hang());
    let impatient = client(server.url(), &server.login(), limit(Duration::from_millis(100)));
    let text = timeout(wait(impatient.artifacts().upload(&source, "", Arc::new(Silent))).unwrap_err());
    assert!(text.ends_with("after the last byte"), "{text}");
}

/// D20: the storage takes anything, and the server tells nobody what became of it.
#[test]
fn a_direct_upload_that_never_appears() {
    let server = Sandbox::start();
    let folder = tempfile::tempdir().unwrap();
    let source = Source::file(&file(&folder, &artifact())).unwrap();
    let head = Head::read(artifact().as_slice()).unwrap();
    // The name is taken.
    server.add_artifact(&artifact());
    let client = client(server.direct_url(), &server.login(), |_| {});
    let artifacts = client.artifacts();
    let work = artifacts.upload_direct(&source, &head, Duration::ZERO, Arc::new(Silent));
    match wait(work).unwrap_err() {
        Error::NotProcessed { id, seconds } => assert_eq!((id.len(), seconds), (36, 0)),
        other => panic!("{other}"),
    }
    assert_eq!(server.artifact_count(), 1);
}

/// The query of a presigned link is its secret, also where the storage is at the server's own address.
#[test]
fn errors_keep_presigned_links_secret() {
    let server = Sandbox::start();
    let id = server.add_artifact(&artifact());
    let client = logged_in(&server);
    let one = wait(client.artifacts().get(&id)).unwrap();
    for base in [server.url(), server.storage_url(), "http://127.0.0.1:1"] {
        let link = format!(r#"{{"uri":"{base}/mender/{id}?X-Amz-Signature=secret"}}"#);
        server.fault(
            Fault::on("GET", &format!("{UPLOAD}/{id}/download")).body("application/json", link).times(9),
        );
        let error = wait(client.artifacts().download(&one, &mut Vec::new(), &Silent)).unwrap_err();
        assert!(error.to_string().contains(&format!("GET {base}/mender/{id} ")), "{error}");
        assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
        server.clear_faults();
    }
}

/// D23: a download that gets no further is given up.
#[test]
fn a_download_that_breaks_again_and_again() {
    let server = Sandbox::start();
    let id = server.add_artifact(&artifact());
    let client = logged_in(&server);
    let one = wait(client.artifacts().get(&id)).unwrap();
    server.fault(Fault::on("GET", "/mender/").truncate(1000));
    server.fault(Fault::on("GET", "/mender/").status(503).times(99));
    server.clear_requests();
    let mut got = Vec::new();
    let error = wait(client.artifacts().download(&one, &mut got, &Silent)).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(got, artifact()[..1000]);
    let asked = server.requests().into_iter().filter(|request| request.path.starts_with("/mender/")).count();
    assert_eq!(asked, 6);
}

/// A refusal is told although its body never comes to an end.
#[test]
fn a_refused_upload_whose_answer_hangs() {
    let server = Sandbox::start();
    let folder = tempfile::tempdir().unwrap();
    let source = Source::file(&file(&folder, &artifact())).unwrap();
    let answer = "HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (done, wait_for) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut buffer = vec![0; 64 << 10];
        let _ = connection.read(&mut buffer).unwrap();
        io::Write::write_all(&mut connection, answer.as_bytes()).unwrap();
        // Open until the client has given up on the rest.
        let _ = wait_for.recv();
    });
    let client = client(&url, &server.login(), |limits| limits.silence = Duration::from_millis(200));
    let error = wait(client.artifacts().upload(&source, "", Arc::new(Silent))).unwrap_err();
    assert_eq!(error.status(), Some(413), "{error}");
    drop(done);
    thread.join().unwrap();
}
