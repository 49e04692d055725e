//! Where a setting comes from, and which place wins: flags, environment, `.mender-clirc`, server addresses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::Sandbox;

use crate::support::Home;
use crate::support::home::Invocation;

/// The server in use and where it comes from, as `whoami` tells even if the server refuses the token; or as the hint
/// tells if that is no Mender server.
fn server_of(run: Invocation) -> (String, String) {
    let run = run.env("MENDER_ACCESS_TOKEN", "not-a-good-token").run();
    if run.code == Some(0) {
        let json = run.json();
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        return (text("server"), text("server_from"));
    }
    let error: serde_json::Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    let hint = error["hint"].as_str().unwrap();
    let (server, from) = hint.strip_prefix("the server is ").unwrap().split_once(" (from ").unwrap();
    (server.to_owned(), from.trim_end_matches(')').to_owned())
}

const WHOAMI: [&str; 3] = ["whoami", "-o", "json"];

#[test]
fn the_configuration_file_is_found_under_its_names_and_the_first_one_counts() {
    let server = Sandbox::start();
    let home = Home::new();
    let content = |path: &str| format!(r#"{{"server": "{}/{path}"}}"#, server.url());
    // From the last that counts to the first: an extension before the bare name, the home before this directory.
    for name in [
        "work/.mender-clirc",
        "work/.mender-clirc.ini",
        "work/.mender-clirc.yaml",
        "work/.mender-clirc.json",
        ".mender-clirc",
        ".mender-clirc.ini",
        ".mender-clirc.env",
        ".mender-clirc.dotenv",
        ".mender-clirc.tfvars",
        ".mender-clirc.hcl",
        ".mender-clirc.prop",
        ".mender-clirc.props",
        ".mender-clirc.properties",
        ".mender-clirc.yml",
        ".mender-clirc.yaml",
        ".mender-clirc.toml",
        ".mender-clirc.json",
    ] {
        let path = home.write(name, content(name));
        let (found, from) = server_of(home.cli(WHOAMI).directory(home.path("work")));
        assert_eq!(found, format!("{}/{name}", server.url()));
        assert_eq!(from, path.display().to_string());
    }
    // A directory of that name is passed over.
    std::fs::remove_file(home.path(".mender-clirc.json")).unwrap();
    std::fs::create_dir(home.path(".mender-clirc.json")).unwrap();
    let (found, _) = server_of(home.cli(WHOAMI));
    assert_eq!(found, format!("{}/.mender-clirc.toml", server.url()));
}

#[test]
fn the_configuration_file_is_named_on_stderr() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let path = home.write(".mender-clirc", format!(r#"{{"server": "{}"}}"#, server.url()));
    let line = format!("Using configuration file: {}\n", path.display());
    home.cli(["artifacts", "list"]).run().succeeds().prints("").says_exactly(&line);
    home.cli(["artifacts", "list", "-q"]).run().succeeds().prints("").says_exactly("");
    // What needs no configuration reads none.
    home.cli(["--version"]).run().succeeds().says_exactly("");
    home.cli(["help"]).run().succeeds().says_exactly("");
    // Without one nothing is said about it, which users took for an error.
    std::fs::remove_file(path).unwrap();
    home.at(&server, ["artifacts", "list"]).run().succeeds().says_exactly("");
}

#[test]
fn keys_are_taken_in_any_case_and_unknown_ones_ignored() {
    let server = Sandbox::start();
    let home = Home::new();
    let (user, password) = (server.username(), server.password());
    home.write(
        ".mender-clirc",
        format!(
            r#"{{"SERVER": "{}", "Username": "{user}", "passWord": "{password}", "token": "x", "n": [1]}}"#,
            server.url()
        ),
    );
    home.cli(["login"]).run().succeeds().prints("").says("login successful").keeps_secret(password);
}

/// D2: a foreign checkout can send the login to a server of its own.
#[test]
fn d2_a_server_named_in_the_working_directory_is_warned_of() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write("checkout/.mender-clirc", format!(r#"{{"server": "{}"}}"#, server.url()));
    let run = |args: &[&str]| home.cli(args).env("MENDER_ACCESS_TOKEN", server.login());
    let warning =
        format!("warning: the configuration file of this directory decides the server: {}\n", server.url());
    let inside = home.path("checkout");
    run(&["artifacts", "list"]).directory(&inside).run().succeeds().says(&warning);
    run(&["artifacts", "list", "-q"]).directory(&inside).run().succeeds().says(&warning);
    // Not if something nearer names the server.
    let quiet = run(&["artifacts", "list", "--server", server.url()]).directory(&inside);
    quiet.run().succeeds().does_not_say("warning");
}

/// D2: a broken file must not keep anybody from the version, help or completion.
#[test]
fn d2_a_malformed_file_breaks_only_what_needs_it() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for content in ["", "[1]", "server: https://x", "{\"password\": \"geheim\"", "\"geheim\"", "{} {}"] {
        let path = home.write(".mender-clirc", content);
        for line in
            ["--version", "help", "login --help", "artifacts", "completion bash", "man", "profile list"]
        {
            home.cli(line.split(' ')).run().succeeds().says_exactly("");
        }
        for line in ["artifacts list", "login", "whoami", "token list"] {
            home.at(&server, line.split(' '))
                .run()
                .fails()
                .prints("")
                .says(&format!("FAILURE: Failed to read config: {}: it ", path.display()))
                .keeps_secret("geheim");
        }
    }
    assert!(server.requests().is_empty());
}

/// D1: `--server` beats the file, with or without a scheme there; `host:port` there is no panic.
#[test]
fn d1_the_flag_beats_the_file() {
    let server = Sandbox::start();
    let home = Home::new();
    for in_file in
        ["elsewhere.invalid", "elsewhere.invalid:8443", "127.0.0.1:1", "https://elsewhere.invalid", ""]
    {
        home.write(".mender-clirc", format!(r#"{{"server": "{in_file}"}}"#));
        let (found, from) = server_of(home.cli(["--server", server.url(), "whoami", "-o", "json"]));
        assert_eq!((found.as_str(), from.as_str()), (server.url(), "--server"), "{in_file:?}");
    }
    // Completed with https, in the file as on the line.
    let bare = server.https_url().strip_prefix("https://").unwrap();
    home.write(".mender-clirc", format!(r#"{{"server": "{bare}"}}"#));
    let ca = server.ca_file().to_str().unwrap();
    let (found, _) = server_of(home.cli(["whoami", "-o", "json", "--ca-cert", ca]));
    assert_eq!(found, server.https_url());
}

#[test]
fn the_nearest_server_wins() {
    let server = Sandbox::start();
    let home = Home::new();
    let at = |place: &str| format!("{}/{place}", server.url());
    let (clirc, toml) = (".mender-clirc", Home::config("config.toml"));
    let rc = home.write(clirc, format!(r#"{{"server": "{}"}}"#, at("file")));
    home.write(&toml, format!("current = \"p\"\n[profiles.p]\nserver = \"{}\"\n", at("profile")));
    let run = || home.cli(WHOAMI);
    let flag = at("flag");
    let by_flag = home.cli(["whoami", "-o", "json", "--server", &flag]);
    let found = server_of(by_flag.env("MENDER_SERVER_URL", at("variable")));
    assert_eq!(found, (at("flag"), "--server".into()));
    let found = server_of(run().env("MENDER_SERVER_URL", at("variable")));
    assert_eq!(found, (at("variable"), "MENDER_SERVER_URL".into()));
    // An empty variable is none.
    let found = server_of(run().env("MENDER_SERVER_URL", ""));
    assert_eq!(found, (at("profile"), "profile p".into()));
    std::fs::remove_file(home.path(&toml)).unwrap();
    assert_eq!(server_of(run()), (at("file"), rc.display().to_string()));
}

#[test]
fn the_nearest_user_and_password_win() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(".mender-clirc", r#"{"username": "file@x.example", "password": "file-password"}"#);
    home.write(&Home::config("config.toml"), "[profiles.p]\nusername = \"profile@x.example\"\n");
    let sent = |args: &[&str], env: &[(&str, &str)]| {
        server.clear_requests();
        let run = home.at(&server, args);
        let run = env.iter().fold(run, |run, (name, value)| run.env(name, *value));
        run.run().fails().says("login failed with status 401").prints("");
        let requests = server.requests();
        let basic = requests[0].header("authorization").unwrap().strip_prefix("Basic ").unwrap();
        String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap()
    };
    let variables = [("MENDER_USERNAME", "variable@x.example"), ("MENDER_PASSWORD", "variable-password")];
    let flags = ["login", "--username", "flag@x.example", "--password", "flag-password"];
    assert_eq!(sent(&flags, &variables), "flag@x.example:flag-password");
    assert_eq!(sent(&["login"], &variables), "variable@x.example:variable-password");
    assert_eq!(sent(&["login", "--profile", "p"], &variables), "variable@x.example:variable-password");
    assert_eq!(sent(&["login", "--profile", "p"], &[]), "profile@x.example:file-password");
    assert_eq!(sent(&["login"], &[]), "file@x.example:file-password");
}

#[test]
fn the_nearest_token_wins() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(Home::TOKEN, "stored");
    home.write("named", "\n named \n");
    let sent = |args: &[&str], env: &[(&str, &str)]| {
        server.clear_requests();
        let run = home.at(&server, args);
        let run = env.iter().fold(run, |run, (name, value)| run.env(name, *value));
        let place = run.run().fails().keeps_secret("-secret").stderr;
        let bearer = server.requests()[0].header("authorization").unwrap().to_owned();
        (bearer.strip_prefix("Bearer ").unwrap().to_owned(), place)
    };
    let (mine, vendors) = ("MENDER_ACCESS_TOKEN", "MENDER_SERVER_ACCESS_TOKEN");
    let both = [(mine, "variable-secret"), (vendors, "vendor-secret")];
    // An error about the token names the place that it came from.
    for (args, env, token, place) in [
        (
            &["token", "list", "--token-value", "flag-secret"][..],
            &both[..],
            "flag-secret",
            "from --token-value;",
        ),
        (&["token", "list", "--token", "named"], &both, "named", "from the file named (--token);"),
        (&["token", "list"], &both, "variable-secret", "from MENDER_ACCESS_TOKEN;"),
        (&["token", "list"], &both[1..], "vendor-secret", "from MENDER_SERVER_ACCESS_TOKEN;"),
        (&["token", "list"], &[(mine, ""), (vendors, "")], "stored", ".cache/mender/authtoken;"),
        (&["token", "list", "--token-value="], &[], "stored", ".cache/mender/authtoken;"),
    ] {
        let (bearer, stderr) = sent(args, env);
        assert_eq!(bearer, token, "{args:?}");
        assert!(stderr.contains("hint: the server refuses the token from "), "{stderr}");
        assert!(stderr.contains(place), "{place:?} is not in {stderr}");
    }
}

/// Addresses as users type them.
#[test]
fn server_addresses_are_completed_and_tidied() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let url = server.url();
    let bare = server.https_url().strip_prefix("https://").unwrap();
    let path = "/api/management/v2/deployments/artifacts";
    let ca = server.ca_file().to_str().unwrap();
    for (address, expected) in [
        (url.to_owned(), path.to_owned()),
        (format!("{url}/"), path.to_owned()),
        (format!("{url}//"), path.to_owned()),
        (format!("  {url} "), path.to_owned()),
        (url.replace("http", "HTTP"), path.to_owned()),
        (bare.to_owned(), path.to_owned()),
        (format!("{bare}/"), path.to_owned()),
    ] {
        server.clear_requests();
        home.cli(["artifacts", "list", "--server", &address, "--ca-cert", ca]).run().succeeds();
        assert_eq!(server.requests()[0].path, expected, "{address}");
    }
    // A prefix is kept; the sandbox knows nothing there.
    for address in [format!("{url}/mender"), format!("{url}/mender/")] {
        server.clear_requests();
        home.cli(["artifacts", "list", "--server", &address])
            .run()
            .fails()
            .says("FAILURE: GET /mender/api/management/v1/deployments/artifacts/list?page=1&per_page=20 request failed with status 404")
            .says(&format!("hint: the server is {url}/mender (from --server)"));
        assert_eq!(server.requests()[0].path, format!("/mender{path}"), "{address}");
    }
}

#[test]
fn what_is_no_server_address_is_refused_with_its_source() {
    let home = Home::new();
    home.write(Home::TOKEN, "token");
    for (address, text) in [
        ("", "FAILURE: No server\n"),
        (" ", "FAILURE: No server\n"),
        ("ftp://host", "it must begin with https:// or http://"),
        ("https://", "is not a server address"),
        ("https://a b", "is not a server address"),
        ("host:port", "is not a server address"),
        ("https://user:geheim@host", "must not hold a user name or password"),
        ("user:geheim@host:x", "is not a server address"),
        ("https://host/?tenant=geheim", "must not hold a query"),
        ("https://host/#geheim", "must not hold a fragment"),
    ] {
        for line in ["artifacts list", "login --username u --password p", "whoami"] {
            let args = line.split(' ').chain(["--server", address]);
            home.cli(args).run().fails().prints("").says(text).says("--server").keeps_secret("geheim");
        }
        if !address.is_empty() {
            let run = home.cli(["whoami"]).env("MENDER_SERVER_URL", address);
            run.run().fails().says(text).says("MENDER_SERVER_URL").keeps_secret("geheim");
        }
    }
}

/// `login` needs no token, so that the two do not contradict each other there.
#[test]
fn two_tokens_contradict_each_other_except_for_login() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write("file", server.login());
    let both = ["--token", "file", "--token-value", "x"];
    for line in ["artifacts list", "whoami", "whoami --show-token", "logout", "token list"] {
        home.at(&server, line.split(' ').chain(both))
            .run()
            .fails()
            .prints("")
            .says_exactly("FAILURE: cannot specify both --token-value and --token\n");
    }
    assert!(server.requests().is_empty());
    home.at(
        &server,
        ["login", "--username", server.username(), "--password", server.password()].into_iter().chain(both),
    )
    .run()
    .succeeds()
    .says("warning: login does not use --token-value");
}

#[test]
fn forms_of_output_where_they_make_sense() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let run = |line: &str| home.at(&server, line.split(' ')).run();
    run("users me -o json").succeeds().json()["email"].as_str().unwrap();
    run("users list -o jsonl").succeeds().shows("{\"id\":\"").shows("}\n{");
    run("users list -o table").succeeds().shows("ID ").shows("LAST LOGIN\n");
    run("users list -qo json").succeeds().shows("[\n  {\"id\":");
    let id = run("users me -q").succeeds();
    assert_eq!(id.line().len(), 36, "{}", id.transcript());
    // The blocks are the official client's, which has no other lists.
    let text = "FAILURE: -o text is only for artifacts list and devices list\n";
    for line in ["users list -o text", "token list -o text", "whoami -o text", "profile list -o text"] {
        run(line).exits_with(2).prints("").says(text);
    }
    // Errors are JSON for those who read JSON, and stdout stays empty.
    let error = run("users show nobody@x.example -o json").fails().prints("").json_error();
    assert_eq!(error["kind"], "failed");
    assert_eq!(error["exit_code"], 1);
    let error = Home::new().at(&server, ["artifacts", "list", "-o", "jsonl"]).run().fails().json_error();
    assert!(error["message"].as_str().unwrap().starts_with("Please Login first: open "), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("mender-cli login"), "{error}");
}
