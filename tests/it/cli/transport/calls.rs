//! D10 and D11: how requests are made, whatever the command.

use sandbox::{Fault, Sandbox};

use crate::support::Home;

/// D10: certificates come from files; an error says from which, and who names it.
#[test]
fn d10_a_faulty_certificate_file_is_named() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.write("not.pem", "hello");
    let ca = server.ca_file().to_str().unwrap();
    home.cli(["users", "me", "--server", server.https_url(), "--cacert", ca])
        .run()
        .succeeds()
        .says_exactly("");
    server.clear_requests();
    for (args, text, hint) in [
        ("--ca-cert not.pem", "FAILURE: the CA file holds no certificate", "hint: --ca-cert names not.pem\n"),
        (
            "--client-cert not.pem",
            "FAILURE: the client certificate and key",
            "hint: --client-cert names not.pem\n",
        ),
        ("--ca-cert none.pem", "FAILURE: cannot read none.pem (from --ca-cert): ", ""),
        ("--client-cert none.pem", "FAILURE: cannot read none.pem (from --client-cert): ", ""),
        (
            "--client-key not.pem",
            "FAILURE: a client key without a client certificate",
            "--client-key names the key",
        ),
    ] {
        let args = ["users", "me"].into_iter().chain(args.split(' '));
        home.at(&server, args).run().fails().prints("").says(text).says(hint);
    }
    for name in ["MENDER_CA_CERT", "MENDER_CLIENT_CERT"] {
        home.at(&server, ["users", "me"])
            .env(name, "not.pem")
            .run()
            .fails()
            .says(&format!("hint: {name} names not.pem\n"));
    }
    assert!(server.requests().is_empty());
}

/// D10: a safe request is repeated when the server is busy or the line breaks; the last answer is what is seen.
#[test]
fn d10_safe_requests_are_tried_again() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for fault in [
        Fault::on("GET", "/").status(429).header("Retry-After", "0"),
        Fault::on("GET", "/").status(503),
        Fault::on("GET", "/").cut(),
    ] {
        server.clear_requests();
        server.fault(fault);
        home.at(&server, ["users", "me"]).run().succeeds().shows(server.username());
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn d10_an_unencrypted_connection_is_not_made_without_a_word() {
    let proxy = Sandbox::start();
    let home = Home::new();
    let token = proxy.login();
    // The sandbox as the proxy: no name has to be known.
    home.cli(["users", "me", "--server", "http://mender.invalid", "--token-value", &token])
        .env("HTTP_PROXY", proxy.url())
        .run()
        .succeeds()
        .says("warning: the connection to http://mender.invalid is not encrypted\n");
}

/// D11: an id is one part of the path, whatever it holds, and an empty one is none.
#[test]
fn d11_ids_are_escaped() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let users = "/api/management/v1/useradm/users/";
    for (id, path) in [
        ("a/b", "a%2Fb"),
        ("a?b=c", "a%3Fb=c"),
        ("a#b", "a%23b"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("../../x", "..%2F..%2Fx"),
    ] {
        server.clear_requests();
        home.at(&server, ["users", "show", id]).run().fails().says(&format!("no user is named {id:?}"));
        let request = &server.requests()[0];
        assert_eq!((request.path.as_str(), request.query.as_str()), (&*format!("{users}{path}"), ""), "{id}");
    }
    server.clear_requests();
    for id in [".", ".."] {
        home.at(&server, ["users", "show", id]).run().fails().says(&format!("FAILURE: {id:?} is no id\n"));
        home.at(&server, ["users", "delete", id, "--yes"]).run().fails();
    }
    assert!(server.requests().iter().all(|request| request.path == format!("{users}me")));
    // Nothing of the other kinds either: `artifacts delete ""` was sent to all of them.
    server.clear_requests();
    for line in ["artifacts delete", "artifacts show", "artifacts download"] {
        for id in ["", ".", ".."] {
            let run = home.at(&server, line.split(' ').chain([id])).run();
            run.exits_with(if id.is_empty() { 2 } else { 1 });
        }
    }
    assert!(server.requests().iter().all(|request| request.method == "GET"), "{:#?}", server.requests());
}

/// Whoever reads the output may go before its end; there is nobody to complain to.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_early_is_no_failure() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for args in [&["users", "list"][..], &["artifacts", "--help"], &["completion", "bash"], &["--version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = home.at(&server, args).into_command();
        let output =
            command.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output();
        let output = output.unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{args:?}");
    }
}

/// A full disk behind stdout is one, though.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for args in [&["users", "list"][..], &["--version"], &["token", "create", "lost"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = home.at(&server, args).into_command();
        let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}\n{stderr}");
        assert!(stderr.contains("FAILURE: cannot write to stdout: "), "{args:?}\n{stderr}");
    }
    // A token that nobody could read must not live on.
    assert!(server.token_names().is_empty());
}
