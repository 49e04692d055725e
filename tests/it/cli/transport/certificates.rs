//! Whom to trust, and what is said when that fails.

use super::*;

#[test]
fn an_authority_that_is_not_known() {
    let (server, home) = logged_in();
    list(&home, server.https_url())
        .run()
        .fails()
        .says("FAILURE: GET ")
        .says("the server's certificate is signed by an authority that is not trusted here")
        .says("hint: if the server has a certificate authority of its own, name its file with --ca-cert");
    assert!(server.requests().is_empty(), "the token stays here");
}

/// D10: an authority of one's own, by flag, by variable, or in place of the system's.
#[test]
fn an_authority_of_ones_own() {
    let (server, home) = logged_in();
    let url = server.https_url();
    list(&home, url).env("MENDER_CA_CERT", server.ca_file()).run().succeeds().says_exactly("");
    list(&home, url).env("SSL_CERT_FILE", server.ca_file()).run().succeeds().says_exactly("");
    let flag = server.ca_file().to_str().unwrap();
    home.cli(["devices", "list", "--server", url, "--ca-cert", flag]).run().succeeds().says_exactly("");
    // The flag goes before the variable.
    home.cli(["devices", "list", "--server", url, "--ca-cert", flag])
        .env("MENDER_CA_CERT", "/no/such/file")
        .run()
        .succeeds();
}

#[test]
fn an_authority_that_cannot_be_read() {
    let (server, home) = logged_in();
    home.write("junk.pem", "junk");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    home.write("broken.pem", broken);
    for (file, text) in [
        ("missing.pem", "FAILURE: cannot read missing.pem (from MENDER_CA_CERT): "),
        ("junk.pem", "FAILURE: the CA file "),
        ("broken.pem", "FAILURE: "),
    ] {
        list(&home, server.https_url()).env("MENDER_CA_CERT", file).run().fails().says(text);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_name_that_the_certificate_is_not_for() {
    let (server, home) = logged_in();
    // The certificate is for localhost, 127.0.0.1 and ::1.
    let port = server.https_url().rsplit(':').next().unwrap();
    list(&home, &format!("https://127.0.0.1:{port}"))
        .env("MENDER_CA_CERT", server.ca_file())
        .run()
        .succeeds();
    let other =
        list(&home, &format!("https://127.0.0.2:{port}")).env("MENDER_CA_CERT", server.ca_file()).run();
    other.fails().prints("");
}

#[test]
fn unchecked_on_request_and_never_without_a_word() {
    let (server, home) = logged_in();
    for flag in ["-k", "--skip-verify", "-k=true"] {
        home.cli(["devices", "list", "--server", server.https_url(), flag]).run().succeeds().says_exactly(
            "warning: the server's certificate is not checked: anybody may answer in its place\n",
        );
    }
}

#[test]
fn the_wrong_protocol_is_recognised() {
    let (server, home) = logged_in();
    let https_at_http = server.url().replace("http://", "https://");
    list(&home, &https_at_http)
        .run()
        .fails()
        .says("hint: is this the port that speaks https?")
        .says(&format!("hint: the server is {https_at_http}"));
}

#[test]
fn a_client_certificate_that_cannot_be_used() {
    let (server, home) = logged_in();
    home.write("junk.pem", "junk");
    let ca = server.ca_file().to_str().unwrap();
    for (args, text) in [
        (
            &["--client-key", "junk.pem"][..],
            "a client key without a client certificate (--client-key names the key)",
        ),
        (&["--client-cert", "missing.pem"], "cannot read missing.pem (from --client-cert)"),
        (
            &["--client-cert", "junk.pem", "--client-key", "missing.pem"],
            "cannot read missing.pem (from --client-key)",
        ),
        (
            &["--client-cert", "junk.pem", "--client-key", "junk.pem"],
            "the client certificate and key cannot be used: ",
        ),
        (&["--client-cert", ca], "the client certificate and key cannot be used: "),
    ] {
        let start = ["devices", "list", "--server", server.https_url(), "--ca-cert", ca];
        home.cli(start.iter().chain(args).copied()).run().fails().says(&format!("FAILURE: {text}"));
    }
    home.cli(["devices", "list", "--server", server.https_url()])
        .env("MENDER_CLIENT_CERT", "missing.pem")
        .run()
        .fails()
        .says("(from MENDER_CLIENT_CERT)");
    assert!(server.requests().is_empty());
}

/// Whoever names authorities wants those and no others: no list of ours steps in.
#[cfg(not(any(target_vendor = "apple", windows)))]
#[test]
fn named_authorities_that_are_not_there() {
    let (server, home) = logged_in();
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        list(&home, server.https_url())
            .env(name, "/no/such/place")
            .run()
            .fails()
            .says("FAILURE: no certificate authority can be read from /no/such/place\n");
    }
}
