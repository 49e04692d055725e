//! `login`: by password, from wherever it comes, and with a token got elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::{Fault, SSO, Sandbox, TWO_FACTOR};

use crate::support::Home;
use crate::support::home::Outcome;

const LOGIN: &str = "/api/management/v1/useradm/auth/login";

/// User and password of the last request, as `user:password`.
fn credentials(server: &Sandbox) -> String {
    let requests = server.requests();
    let basic = requests.last().unwrap().header("authorization").unwrap().strip_prefix("Basic ").unwrap();
    String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap()
}

fn with_password(server: &Sandbox, home: &Home) -> Outcome {
    home.at(server, ["login", "--username", server.username(), "--password", server.password()]).run()
}

#[test]
fn the_token_is_stored_and_nothing_else_is_printed() {
    let server = Sandbox::start();
    let home = Home::new();
    with_password(&server, &home).succeeds().prints("").says_exactly("login successful\n");
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", LOGIN));
    assert_eq!(
        (request.header("content-type"), request.body_text()),
        (Some("application/json"), "{}".into())
    );
    home.at(&server, ["artifacts", "list"]).run().succeeds();
    // Quietly.
    let home = Home::new();
    home.at(&server, ["login", "-q", "--username", server.username(), "--password", server.password()])
        .run()
        .succeeds()
        .prints("")
        .says_exactly("");
    assert!(home.exists(Home::TOKEN));
}

/// The words that scripts look for with `-v`, and no secret among them: D3.
#[test]
fn d3_verbose_tells_what_is_written_but_no_secret() {
    let server = Sandbox::start();
    let home = Home::new();
    let run = home
        .at(&server, ["login", "-v", "--username", server.username(), "--password", server.password()])
        .run()
        .succeeds()
        .prints("")
        .says(&format!("creating directory: {}\n", home.path(".cache/mender").display()))
        .says(&format!("saved token to: {}\n", home.path(Home::TOKEN).display()))
        .says("login successful\n")
        .says(LOGIN);
    let basic = STANDARD.encode(format!("{}:{}", server.username(), server.password()));
    run.keeps_secret(&home.read(Home::TOKEN)).keeps_secret(server.password()).keeps_secret(&basic);
    with_password(&server, &home).succeeds().does_not_say("creating directory");
}

/// D7: both answers from a pipe, whatever ends their lines.
#[test]
fn d7_user_and_password_are_read_from_a_pipe() {
    let server = Sandbox::start();
    let (user, password) = (server.username(), server.password());
    for stdin in [
        format!("{user}\n{password}\n"),
        format!("{user}\n{password}"),
        format!("{user}\r\n{password}\r\n"),
        format!("{user}\r\n{password}\r\nmore\r\n"),
    ] {
        let home = Home::new();
        let run = home
            .at(&server, ["login"])
            .stdin(stdin.as_str())
            .run()
            .succeeds()
            .says_exactly("login successful\n");
        run.prints("Username: \nPassword: \n");
        assert_eq!(credentials(&server), format!("{user}:{password}"), "{stdin:?}");
        assert!(home.exists(Home::TOKEN));
    }
    let home = Home::new();
    home.at(&server, ["login", "--username", user]).stdin(password).run().succeeds().prints("Password: \n");
    // What belongs to the password stays in it.
    home.at(&server, ["login", "--username", user]).stdin(" p:\u{e4}\t \n").run().fails();
    assert_eq!(credentials(&server), format!("{user}: p:\u{e4}\t "));
}

#[test]
fn nobody_to_answer_is_a_clear_failure() {
    let server = Sandbox::start();
    let home = Home::new();
    for (args, stdin) in [
        (&["login"][..], ""),
        (&["login"], "user@x.example\n"),
        (&["login", "--username", "u"], ""),
        (&["login", "--username", "u", "--password-stdin"], ""),
    ] {
        home.at(&server, args)
            .stdin(stdin)
            .run()
            .fails()
            .says("FAILURE: stdin ended before the answer\n")
            .says("hint: give them with --username and --password-stdin, or MENDER_USERNAME and MENDER_PASSWORD");
    }
    for stdin in ["\n", "  \n"] {
        home.at(&server, ["login", "--password", "p"])
            .stdin(stdin)
            .run()
            .fails()
            .says("FAILURE: no username\n");
    }
    assert!(server.requests().is_empty());
    assert_eq!(home.files(), [""; 0]);
}

/// D7: neither in the list of processes nor in a file.
#[test]
fn d7_the_password_comes_from_stdin_or_a_variable() {
    let server = Sandbox::start();
    let (user, password) = (server.username(), server.password());
    for stdin in [password.to_owned(), format!("{password}\n"), format!("{password}\r\n")] {
        let home = Home::new();
        home.at(&server, ["login", "--username", user, "--password-stdin"])
            .stdin(stdin)
            .run()
            .succeeds()
            .prints("")
            .says_exactly("login successful\n");
    }
    let home = Home::new();
    home.at(&server, ["login"])
        .env("MENDER_USERNAME", user)
        .env("MENDER_PASSWORD", password)
        .run()
        .succeeds()
        .prints("")
        .says_exactly("login successful\n");
    // stdin, asked for on the line, goes before the variable.
    home.at(&server, ["login", "--username", user, "--password-stdin"])
        .env("MENDER_PASSWORD", "wrong")
        .stdin(password)
        .run()
        .succeeds();
    // An empty flag is none.
    home.at(&server, ["login", "--username", "", "--password", ""])
        .env("MENDER_USERNAME", user)
        .env("MENDER_PASSWORD", password)
        .run()
        .succeeds();
}

#[test]
fn the_second_factor_by_flag() {
    let server = Sandbox::start();
    let home = Home::new();
    let login = |code: &[&str]| {
        let args = ["login", "--username", TWO_FACTOR.email, "--password", TWO_FACTOR.password];
        home.at(&server, args.into_iter().chain(code.iter().copied())).run()
    };
    login(&[])
        .fails()
        .prints("")
        .says("FAILURE: login failed with status 401: the account wants the code of its second factor\n")
        .says("--2fa-code");
    login(&["--2fa-code", "000000"])
        .fails()
        .says("FAILURE: login failed with status 401: 2fa: code missing or wrong");
    login(&["--2fa-code", "123456"]).succeeds().prints("").says_exactly("login successful\n");
    assert_eq!(server.requests().last().unwrap().body_text(), r#"{"token2fa":"123456"}"#);
}

/// D5: whatever the code holds, it is one JSON string; a code of one character is sent too.
#[test]
fn d5_the_code_cannot_break_the_request() {
    let server = Sandbox::start();
    let home = Home::new();
    for code in ["1", "\"", "1\",\"no_expiry\":true,\"x\":\"", "\\", "1\n2"] {
        home.at(&server, ["login", "--username", "u", "--password", "p", "--2fa-code", code])
            .run()
            .fails()
            .says("login failed with status 401");
        let body: serde_json::Value =
            serde_json::from_slice(&server.requests().last().unwrap().body).unwrap();
        assert_eq!(body, serde_json::json!({ "token2fa": code }));
    }
}

/// D4: the answer for single sign-on is no token.
#[test]
fn d4_single_sign_on_is_told_from_a_token() {
    let server = Sandbox::start();
    let home = Home::new();
    home.at(&server, ["login", "--username", SSO.email, "--password", "x"])
        .run()
        .fails()
        .prints("")
        .says("FAILURE: login failed: this account logs in by single sign-on (sso/saml), in a web browser\n")
        .says("mender-cli login --with-token")
        .does_not_say("login successful");
    assert_eq!(home.files(), [""; 0]);
}

/// D4: not everything that comes with a 200 is a token.
#[test]
fn d4_an_answer_that_is_no_token_is_not_stored() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let before = home.read(Home::TOKEN);
    for (kind, body) in [
        ("application/jwt", ""),
        ("application/jwt", " \n"),
        ("text/html", "<html><body>Sign in to the hotel network</body></html>"),
        ("application/json", r#"{"id": "x"}"#),
        ("application/json", r#"{"kind": 1}"#),
        ("application/json", "[]"),
        ("application/jwt", "eyJhbGciOiJub25lIn0.e30"),
        ("application/jwt", "not.a.token"),
        ("application/octet-stream", "\u{0}\u{1}"),
    ] {
        server.fault(Fault::on("POST", LOGIN).body(kind, body));
        with_password(&server, &home)
            .fails()
            .prints("")
            .says("FAILURE: POST ")
            .says("request failed: the server ")
            .says(&format!("hint: the server is {} (from MENDER_SERVER_URL)", server.url()))
            .does_not_say("login successful");
        assert_eq!(home.read(Home::TOKEN), before, "{body:?}");
    }
    // Cut off in the middle.
    server.fault(Fault::on("POST", LOGIN).truncate(20));
    with_password(&server, &home).fails().says("FAILURE: POST /auth/login request failed: ");
    assert_eq!(home.read(Home::TOKEN), before);
}

#[test]
fn refusals_say_what_the_server_said() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let before = home.read(Home::TOKEN);
    home.at(&server, ["login", "--username", server.username(), "--password", "wrong-secret"])
        .run()
        .fails()
        .prints("")
        .says("FAILURE: login failed with status 401: unauthorized (request id ")
        .says("hint: user, password or code is wrong; the server does not tell which\n")
        .does_not_say("the server refuses the token")
        .keeps_secret("wrong-secret");
    for status in [400, 403, 404, 415, 429, 500, 502, 503] {
        server.clear_requests();
        server.fault(
            Fault::on("POST", LOGIN).status(status).body("application/json", r#"{"error": "in its words"}"#),
        );
        with_password(&server, &home)
            .fails()
            .prints("")
            .says(&format!("FAILURE: login failed with status {status}: in its words"));
        assert_eq!(server.requests().len(), 1, "a login is not tried again by itself");
    }
    server.fault(Fault::on("POST", LOGIN).status(502).body("text/html", "<html>bad gateway</html>"));
    with_password(&server, &home).fails().says("FAILURE: login failed with status 502").does_not_say("html");
    server.fault(Fault::on("POST", LOGIN).status(401).body("application/json", r#"{"error": "\u001b[2Jx"}"#));
    with_password(&server, &home).fails().says("status 401: \\u{1b}[2Jx");
    assert_eq!(home.read(Home::TOKEN), before);
}

#[test]
fn a_server_that_is_not_there() {
    let home = Home::new();
    // Nothing listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // A label this long is in no name service, and nobody is asked for it.
    let unknown = format!("https://{}.example", "a".repeat(64));
    for server in [format!("http://127.0.0.1:{port}"), unknown] {
        let run = home.cli(["login", "--server", &server, "--username", "u", "--password", "geheim"]).run();
        let run = run.fails().prints("").keeps_secret("geheim");
        let first = run.stderr.lines().next().unwrap();
        assert!(first.starts_with("FAILURE: POST /auth/login request failed: "), "{first}");
        assert_eq!(first.matches("request failed").count(), 1, "{first}");
        run.says(&format!("hint: the server is {server} (from --server)\n"));
    }
    let server = Sandbox::start();
    server.fault(Fault::on("POST", LOGIN).cut());
    with_password(&server, &home).fails().says("FAILURE: POST /auth/login request failed: ");
    home.cli(["login", "--server", server.https_url(), "--username", "u", "--password", "p"])
        .run()
        .fails()
        .says("FAILURE: POST /auth/login request failed: ")
        .says("--ca-cert");
    assert_eq!(home.files(), [""; 0]);
}

/// The password stays with the server that it was meant for.
#[test]
fn a_redirect_to_another_host_is_not_followed() {
    let (server, other) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    for status in [301, 302, 303, 307, 308] {
        server.fault(Fault::on("POST", LOGIN).redirect(&format!("{}{LOGIN}", other.url()), status));
        with_password(&server, &home)
            .fails()
            .says("redirects to ")
            .says(other.url())
            .says("hint: nothing was sent there")
            .keeps_secret(server.password());
    }
    assert!(other.requests().is_empty());
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn a_token_got_elsewhere_is_checked_and_stored() {
    let server = Sandbox::start();
    for token in [server.login(), server.create_token("ci", None)] {
        for stdin in [token.clone(), format!("  {token}\r\n")] {
            let home = Home::new();
            home.at(&server, ["login", "--with-token"])
                .stdin(stdin)
                .run()
                .succeeds()
                .says(&format!("the token belongs to {}\n", server.username()))
                .says("login successful\n")
                .keeps_secret(&token);
            assert_eq!(home.read(Home::TOKEN), token);
            // With its server.
            home.cli(["artifacts", "list"]).run().succeeds();
        }
    }
}

#[test]
fn a_token_that_is_refused_is_not_stored() {
    let server = Sandbox::start();
    let other = Sandbox::start();
    let home = Home::logged_in(&server);
    let before = home.read(Home::TOKEN);
    for token in [other.login(), server.expired_token(), "nonsense".into()] {
        home.at(&server, ["login", "--with-token"])
            .stdin(token.as_str())
            .run()
            .fails()
            .says("request failed with status 401")
            .says("hint: the server does not take this token\n")
            .does_not_say("login successful")
            .keeps_secret(&token);
    }
    for (token, text) in [
        ("", "stdin ended before the answer"),
        ("\n", "the token is not one: it is empty"),
        ("two words", "the token is not one: it holds white space"),
    ] {
        home.at(&server, ["login", "--with-token"])
            .stdin(token)
            .run()
            .fails()
            .says(&format!("FAILURE: {text}\n"));
    }
    server.fault(
        Fault::on("GET", "/api/management/v1/useradm/users/me").body("text/html", "<html>hello</html>"),
    );
    home.at(&server, ["login", "--with-token"]).stdin(server.login()).run().fails();
    assert_eq!(home.read(Home::TOKEN), before);
    home.at(&server, ["login", "--with-token", "--password", "x"]).run().exits_with(2).says("--with-token");
}

/// Whoever logs in and still is somebody else should know why.
#[test]
fn a_variable_that_goes_before_the_new_token_is_warned_of() {
    let server = Sandbox::start();
    let home = Home::new();
    for name in ["MENDER_ACCESS_TOKEN", "MENDER_SERVER_ACCESS_TOKEN"] {
        home.at(&server, ["login", "--username", server.username(), "--password", server.password()])
            .env(name, "x")
            .run()
            .succeeds()
            .says(&format!("warning: the variable {name} goes before the token that was stored now\n"))
            .says("login successful\n");
    }
}

#[test]
fn an_unencrypted_connection_or_an_unchecked_certificate_is_warned_of() {
    let server = Sandbox::start();
    let home = Home::new();
    let args = |url| {
        ["login", "-k", "--server", url, "--username", server.username(), "--password", server.password()]
    };
    home.cli(args(server.https_url()))
        .run()
        .succeeds()
        .says("warning: the server's certificate is not checked: anybody may answer in its place\n");
    // On this machine nobody listens in.
    with_password(&server, &home).succeeds().does_not_say("warning");
}
