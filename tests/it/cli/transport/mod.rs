//! How the server is reached: addresses, certificates, proxies, and what is said of it (D10, D12, D13).

mod calls;
mod certificates;
mod proxies;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use sandbox::{Device, Fault, Sandbox};

use crate::support::home::Invocation;
use crate::support::{Home, logged_in};

const LIST: &str = "/api/management/v2/devauth/devices";

/// A list from the address that is given.
fn list(home: &Home, url: &str) -> Invocation {
    home.cli(["devices", "list", "--server", url])
}

#[test]
fn every_request_names_the_program_and_carries_the_token() {
    let (server, home) = logged_in();
    list(&home, server.url()).run().succeeds();
    let request = server.requests().remove(0);
    assert_eq!(request.header("user-agent"), Some(concat!("mender-cli/", env!("CARGO_PKG_VERSION"))));
    let token = home.read(Home::TOKEN);
    assert_eq!(request.header("authorization").unwrap(), format!("Bearer {token}"));
    assert_eq!(request.header("referer"), None);
}

/// D12: exactly one slash between the address and the path, and a prefix is kept.
#[test]
fn slashes_and_prefixes() {
    let (server, home) = logged_in();
    for url in [server.url().to_owned(), format!("{}/", server.url()), format!("{}//", server.url())] {
        list(&home, &url).run().succeeds();
    }
    for url in [format!("{}/a/b", server.url()), format!("{}/a/b/", server.url())] {
        list(&home, &url)
            .run()
            .fails()
            .says(&format!("FAILURE: GET /a/b{LIST}?page=1&per_page=20 request failed with status 404"));
    }
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [LIST, LIST, LIST, &format!("/a/b{LIST}"), &format!("/a/b{LIST}")]);
}

/// An address without a scheme is meant as https.
#[test]
fn an_address_without_a_scheme() {
    let (server, home) = logged_in();
    let address = server.https_url().trim_start_matches("https://");
    list(&home, address).env("MENDER_CA_CERT", server.ca_file()).run().succeeds();
    for (address, text) in [
        ("ftp://localhost", "it must begin with https:// or http://"),
        ("http://user:secret@localhost", "must not hold a user name or password"),
        ("http://localhost:99999", "invalid port number"),
        ("http://localhost?jwt=secret", "must not hold a query"),
    ] {
        list(&home, address)
            .run()
            .fails()
            .says(text)
            .says("hint: the address comes from --server")
            .keeps_secret("secret");
    }
}

#[test]
fn nobody_at_the_address() {
    let (server, home) = logged_in();
    let url = server.url().to_owned();
    drop(server);
    list(&home, &url)
        .run()
        .fails()
        .prints("")
        .says(&format!("FAILURE: GET {LIST}?page=1&per_page=20 request failed: "))
        .says("onnection refused")
        .says(&format!("hint: the server is {url} (from --server)"));
}

/// A label of more than 63 characters is in no name service, so that none is asked.
#[test]
fn a_host_that_is_not_known() {
    let home = Home::new();
    let url = format!("http://{}.example", "x".repeat(64));
    list(&home, &url)
        .env("MENDER_ACCESS_TOKEN", "t")
        .run()
        .fails()
        .says("request failed: ")
        .says("lookup")
        .says(&format!("hint: the server is {url} (from --server)"));
}

#[test]
fn an_unencrypted_connection_is_warned_of_except_to_this_machine() {
    let (server, home) = logged_in();
    list(&home, server.url()).run().succeeds().does_not_say("warning");
    let url = format!("http://{}.example", "x".repeat(64));
    list(&home, &url).run().fails().says(&format!("warning: the connection to {url} is not encrypted"));
}

/// A gateway that turns plain http into https: the token is not sent to another place, and the hint says what to do.
#[test]
fn a_redirect_to_another_place_is_not_followed() {
    let (server, home) = logged_in();
    let stranger = Sandbox::start();
    for target in [server.https_url(), stranger.url()] {
        server.fault(Fault::on("GET", LIST).redirect(&format!("{target}{LIST}?jwt=secret"), 301));
        list(&home, server.url())
            .run()
            .fails()
            .says(&format!("request failed: the server redirects to {target}{LIST}\n"))
            .says(&format!(
                "hint: nothing was sent there; if that is the right server, use --server {target}\n"
            ))
            .keeps_secret("secret");
        server.fault(Fault::on("POST", "/api/management/v1/useradm/auth/login").redirect(target, 308));
        home.at(&server, ["login", "--username", "u", "--password", "pass-word"])
            .run()
            .fails()
            .says("the server redirects to")
            .keeps_secret("pass-word");
    }
    assert!(stranger.requests().is_empty());
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_redirect_on_the_same_server_is_followed() {
    let (server, home) = logged_in();
    server.add_device(Device::default());
    server.fault(Fault::on("GET", LIST).redirect(&format!("{LIST}?page=1&per_page=1"), 301));
    let shown = list(&home, server.url()).run().succeeds();
    assert_eq!(shown.stdout.matches("ID: ").count(), 1);
    server.fault(Fault::on("GET", LIST).redirect(LIST, 302).times(99));
    list(&home, server.url()).run().fails().says("the server redirects in a circle");
}

/// D3, D13: a line a request, with all that a server's administrator will ask for.
#[test]
fn verbose_shows_each_request() {
    let (server, home) = logged_in();
    server.fault(Fault::on("GET", LIST).status(503));
    let outcome = list(&home, server.url()).run().succeeds().says_exactly("");
    drop(outcome);
    server.fault(Fault::on("GET", LIST).status(503));
    let outcome = home.cli(["devices", "list", "-v", "--server", server.url()]).run().succeeds().prints("");
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| line.starts_with("debug: GET http")).collect();
    assert_eq!(lines.len(), 2, "{}", outcome.stderr);
    for (line, status) in lines.iter().zip(["503 Service Unavailable", "200 OK"]) {
        let rest =
            line.strip_prefix(&format!("debug: GET {}{LIST}?page=1&per_page=20: {status} in ", server.url()));
        let (duration, id) = rest.expect(line).split_once(" ms, request id ").expect(line);
        assert!(duration.parse::<u64>().is_ok() && id.len() == 36, "{line}");
    }
    outcome.says("; again in ");
}

#[test]
fn an_answer_that_is_none_names_the_server() {
    let (server, home) = logged_in();
    server.fault(Fault::on("GET", LIST).body("text/html", "<html>"));
    list(&home, server.url())
        .run()
        .fails()
        .prints("")
        .says("the server sent a web page instead of data; is this the address of a Mender server?")
        .says(&format!("hint: the server is {} (from --server)", server.url()));
    for truncated in [Fault::on("GET", LIST).truncate(1), Fault::on("GET", LIST).cut()] {
        server.fault(truncated.times(9));
        list(&home, server.url()).run().fails().says("the connection ended before the answer was complete");
        server.clear_faults();
    }
}

#[test]
fn too_many_requests_end_in_a_hint() {
    let (server, home) = logged_in();
    server.fault(Fault::on("GET", LIST).status(429).header("Retry-After", "7200").times(9));
    list(&home, server.url())
        .run()
        .fails()
        .says("request failed with status 429: too many requests")
        .says("hint: the server limits how often it may be asked; try again later");
    assert_eq!(server.requests().len(), 1);
}

/// As by `| head -1`: whoever read has seen enough, and nothing is wrong.
#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let (server, home) = logged_in();
    for _ in 0..500 {
        server.add_device(Device::default());
    }
    let mut command = home.at(&server, ["devices", "list", "-N", "500", "-d", "2"]).into_command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 4];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"ID: ");
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn stdout_that_takes_nothing_is_a_failure() {
    let (server, home) = logged_in();
    server.add_device(Device::default());
    for args in [&["devices", "list"][..], &["--version"], &["help"], &["completion", "bash"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = home.at(&server, args.iter().copied()).into_command();
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(
            stderr.starts_with("FAILURE: cannot write to stdout: No space left on device"),
            "{args:?}: {stderr}"
        );
    }
    // Nobody can be told that stderr is full; the exit code still counts.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = home.at(&server, ["devices", "list", "-P0"]).into_command().stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(1));
}
