//! The usual variables, with a proxy on a thread.

use super::*;

/// A proxy that answers every request itself, and hands out the lines that it got.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut head).is_ok_and(|count| count > 2) {}
            if sender.send(head).is_err() {
                return;
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, lines)
}

/// A call that changes something and is not tried again when it fails.
fn change(home: &Home, url: &str) -> Invocation {
    home.cli(["api", "POST", "x", "--server", url])
}

/// D10: the usual variables, in either spelling.
#[test]
fn requests_go_through_the_proxy() {
    let (server, home) = logged_in();
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let (address, lines) = proxy();
        list(&home, server.url()).env(variable, format!("http://{address}")).run().succeeds().prints("");
        let head = lines.recv().unwrap();
        let first = format!("GET {}{LIST}?page=1&per_page=20 HTTP/1.1\r\n", server.url());
        assert!(head.starts_with(&first), "{variable}: {head}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn https_asks_the_proxy_for_a_tunnel_and_keeps_the_token_inside() {
    let (server, home) = logged_in();
    let (address, lines) = proxy();
    change(&home, server.https_url())
        .env("HTTPS_PROXY", format!("http://u:pass-word@{address}"))
        .run()
        .fails()
        .keeps_secret("pass-word");
    let head = lines.recv().unwrap();
    let host = server.https_url().trim_start_matches("https://");
    assert!(head.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")), "{head}");
    assert!(head.to_lowercase().contains("\r\nproxy-authorization: basic "), "{head}");
    assert!(!head.contains("Bearer"), "{head}");
}

#[test]
fn some_places_are_reached_without() {
    let (server, home) = logged_in();
    let (address, lines) = proxy();
    list(&home, server.url())
        .env("HTTP_PROXY", format!("http://{address}"))
        .env("NO_PROXY", "example.com,127.0.0.1")
        .run()
        .succeeds();
    assert_eq!(server.requests().len(), 1);
    assert!(lines.try_recv().is_err());
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let (server, home) = logged_in();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    change(&home, server.url())
        .env("HTTP_PROXY", format!("http://u:pass-word@{address}"))
        .run()
        .fails()
        .says("onnection refused")
        .keeps_secret("pass-word");
    assert!(server.requests().is_empty());
}
