//! `token create`, `list`, `revoke`.

use std::time::Duration;

use sandbox::{Fault, Sandbox};

use crate::support::Home;

const TOKENS: &str = "/api/management/v1/useradm/settings/tokens";

/// Whether the server takes a token.
fn is_good(server: &Sandbox, token: &str) -> bool {
    let run = Home::new().at(server, ["users", "me"]).env("MENDER_ACCESS_TOKEN", token).run();
    run.code == Some(0)
}

/// What the last creation asked for.
fn asked(server: &Sandbox) -> serde_json::Value {
    let requests = server.requests();
    let last = requests.iter().rfind(|request| request.method == "POST").unwrap();
    serde_json::from_slice(&last.body).unwrap()
}

#[test]
fn create_prints_the_value_alone() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let run = home.at(&server, ["token", "create", "my token"]).run().succeeds().says_exactly("");
    let token = run.line().to_owned();
    assert_eq!(run.stdout, format!("{token}\n"));
    assert!(is_good(&server, &token));
    assert_eq!(asked(&server), serde_json::json!({ "name": "my token", "expires_in": 31_536_000 }));
    assert_eq!(server.token_names(), ["my token"]);
    // The value is what was asked for, whatever form it has.
    let run = home.at(&server, ["token", "create", "quiet", "-q"]).run().succeeds();
    assert!(is_good(&server, run.line()));
    let json = home.at(&server, ["token", "create", "json", "-o", "json"]).run().succeeds().json();
    assert_eq!(json["name"], "json");
    assert!(is_good(&server, json["token"].as_str().unwrap()));
    let ids = home.at(&server, ["token", "list", "-q"]).run().succeeds();
    assert!(ids.stdout.lines().any(|id| json["id"] == id), "{}", ids.transcript());
    // One's own token does not change by it.
    assert_ne!(home.read(Home::TOKEN), token);
}

#[test]
fn lives_in_every_form() {
    let server = Sandbox::builder().token_limit(0).start();
    let home = Home::logged_in(&server);
    for (index, (text, seconds)) in [
        ("0", 0),
        ("60", 60),
        ("90s", 90),
        ("5m", 300),
        ("5min", 300),
        ("12h", 43_200),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        ("1y", 31_536_000),
        ("1d12h", 129_600),
        ("31536000", 31_536_000),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("t{index}");
        home.at(&server, ["token", "create", &name, "--expires-in", text]).run().succeeds();
        assert_eq!(asked(&server)["expires_in"], seconds, "{text}");
    }
    server.clear_requests();
    for text in ["", "x", "-1", "-1d", "1.5h", "30 days", "12H", "h", "1x"] {
        home.at(&server, ["token", "create", "n", "--expires-in", text])
            .run()
            .exits_with(2)
            .prints("")
            .says("30d");
    }
    for text in ["2y", "366d", "31536001", "99999999999999999999d"] {
        home.at(&server, ["token", "create", "n", "--expires-in", text]).run().exits_with(2).prints("");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_token_written_to_a_file_is_for_its_owner_alone() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.at(&server, ["token", "create", "a", "-O", "dir/token"])
        .run()
        .fails()
        .says("there is no directory dir");
    std::fs::create_dir(home.path("dir")).unwrap();
    home.at(&server, ["token", "create", "a", "-O", "dir/token"])
        .run()
        .succeeds()
        .prints("")
        .says_exactly("the token is in dir/token\n");
    let token = home.read("dir/token");
    assert!(is_good(&server, token.trim_end()) && token.ends_with('\n'));
    #[cfg(unix)]
    assert_eq!(home.mode("dir/token"), 0o600);
    // A token that may be in use would be lost.
    home.at(&server, ["token", "create", "b", "-O", "dir/token"]).run().fails().says("is not overwritten");
    assert_eq!(server.token_names(), ["a"]);
    home.at(&server, ["artifacts", "list", "--token", "dir/token"]).run().succeeds();

    let run = home.at(&server, ["token", "create", "dash", "-O", "-"]).run().succeeds();
    assert!(is_good(&server, run.line()) && !home.exists("-"));
    home.at(&server, ["token", "revoke", "dash", "-y"]).run().succeeds();

    // What can be seen before is said before.
    server.clear_requests();
    home.at(&server, ["token", "create", "b", "-O", "dir"]).run().exits_with(2).says("dir is a directory");
    home.at(&server, ["token", "create", "b", "-O", "dir/token/x"])
        .run()
        .fails()
        .says("FAILURE: there is no directory dir/token");
    assert!(server.requests().is_empty());
}

/// Where it cannot be written, no token stays behind that nobody has.
#[cfg(target_os = "linux")]
#[test]
fn a_token_that_could_not_be_written_is_ended() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let create = || home.at(&server, ["token", "create", "b", "-O", "/dev/full"]).run().fails().prints("");
    create()
        .says("FAILURE: cannot write /dev/full: No space left on device")
        .says("the token \"b\" was ended again");
    assert!(server.token_names().is_empty());
    // Unless it cannot be ended either.
    server.fault(Fault::on("DELETE", TOKENS).status(500));
    create().says("the token \"b\" exists and nobody has it: token revoke \"b\"");
}

/// A token that nobody could read must not live on; one that is stored must.
#[cfg(target_os = "linux")]
#[test]
fn a_token_that_could_not_be_shown_is_ended() {
    use std::process::{Output, Stdio};
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let into = |stdout: Stdio, rest: &[&str]| -> Output {
        let mut command = home.at(&server, ["token", "create", "x"].iter().chain(rest)).into_command();
        command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
    };
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap().into();
    let gone = || std::io::pipe().unwrap().1.into();
    for (stdout, text) in
        [(full(), "FAILURE: cannot write to stdout: "), (gone(), "FAILURE: nobody has read the token\n")]
    {
        let output = into(stdout, &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.starts_with("warning: the token \"x\" was ended again\n"), "{stderr}");
        assert!(stderr.contains(text), "{stderr}");
        assert!(server.token_names().is_empty());
    }
    assert_eq!(into(gone(), &["--save"]).status.code(), Some(0));
    assert!(is_good(&server, &home.read(Home::TOKEN)));
    assert_eq!(server.token_names(), ["x"]);
}

#[test]
fn save_makes_it_the_token_of_the_profile() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let run = home.at(&server, ["token", "create", "mine", "--save"]).run().succeeds();
    run.prints(&format!("{}\n", home.read(Home::TOKEN)))
        .says_exactly("the token is stored as that of the profile\n");
    #[cfg(unix)]
    assert_eq!(home.mode(Home::TOKEN), 0o600);
    home.cli(["whoami"]).run().succeeds().shows("personal access token \"mine\"");
    let token = home.read(Home::TOKEN);
    let run =
        home.at(&server, ["token", "create", "both", "--save", "-O", "copy"]).run().succeeds().prints("");
    assert_eq!(home.read("copy").trim_end(), home.read(Home::TOKEN), "{}", run.transcript());
    assert_ne!(home.read(Home::TOKEN), token);
    let run = home.at(&server, ["token", "create", "json", "--save", "-o", "json"]).run().succeeds();
    assert_eq!(run.json()["token"], home.read(Home::TOKEN));
}

#[test]
fn refusals_of_a_creation_are_explained() {
    let server = Sandbox::builder().token_limit(2).start();
    let home = Home::logged_in(&server);
    server.create_token("one", None);
    home.at(&server, ["token", "create", "one"])
        .run()
        .fails()
        .prints("")
        .says("request failed with status 409: Personal Access Token with a given name already exists")
        .says("hint: token list shows those that there are; token revoke \"one\" ends that one\n");
    server.create_token("two", None);
    home.at(&server, ["token", "create", "three"])
        .run()
        .fails()
        .says("request failed with status 422: maximum number of personal acess tokens reached for this user")
        .says("hint: token list shows them, token revoke ends one, token revoke --expired the old ones\n");
    server.fault(Fault::on("POST", TOKENS).status(400).body("application/json", r#"{"error": "name: no."}"#));
    home.at(&server, ["token", "create", "x"])
        .run()
        .fails()
        .says("request failed with status 400: name: no.");
    server.clear_requests();
    for name in ["", "  ", &"x".repeat(4097)] {
        home.at(&server, ["token", "create", name]).run().exits_with(2).says("name");
    }
    home.at(&server, ["token", "create"]).run().exits_with(2).says("<NAME>");
    assert!(server.requests().is_empty());
    // An answer that is no token; a creation is not tried again by itself.
    for body in ["", "<html> hello </html>"] {
        server.clear_requests();
        server.fault(Fault::on("POST", TOKENS).body("text/plain", body));
        home.at(&server, ["token", "create", "x"])
            .run()
            .fails()
            .prints("")
            .says("something that is no token");
        assert_eq!(server.requests().len(), 1);
    }
    server.fault(Fault::on("POST", TOKENS).status(503));
    server.clear_requests();
    home.at(&server, ["token", "create", "x"]).run().fails().says("status 503");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn list_in_every_form() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for (form, text) in [("table", ""), ("json", "[]\n"), ("jsonl", "")] {
        home.at(&server, ["token", "list", "-o", form]).run().succeeds().prints(text).says_exactly("");
    }
    home.at(&server, ["token", "list"]).run().succeeds().prints("");

    let used = server.create_token("used", Some(Duration::from_secs(3600)));
    server.create_token("for ever\tand\u{1b}[1m", None);
    assert!(is_good(&server, &used));
    let json = home.at(&server, ["token", "list", "-o", "json"]).run().succeeds().json();
    let tabs = home.at(&server, ["token", "list"]).run().succeeds();
    let text = |index: usize, key: &str| json[index][key].as_str().unwrap_or_default().to_owned();
    let row = |index, name: &str| {
        let fields = ["id", "name", "created_ts", "last_used", "expiration_date"].map(|key| text(index, key));
        let [id, _, created, used, end] = fields;
        format!("{id}\t{name}\t{created}\t{used}\t{end}\n")
    };
    assert_eq!(tabs.stdout, row(0, "used") + &row(1, "for ever and\\u{1b}[1m"));
    assert!(!text(0, "last_used").is_empty() && !text(0, "expiration_date").is_empty());
    assert!(text(1, "last_used").is_empty() && text(1, "expiration_date").is_empty());

    let lines = home.at(&server, ["token", "list", "-o", "jsonl"]).run().succeeds();
    let ids: Vec<String> = lines
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
        })
        .collect();
    home.at(&server, ["token", "list", "-q"]).run().succeeds().prints(&format!("{}\n{}\n", ids[0], ids[1]));
    home.at(&server, ["token", "list", "-o", "table"])
        .run()
        .succeeds()
        .shows("ID ")
        .shows("EXPIRES\n")
        .shows("never")
        .shows("\\u{1b}[1m");
}

#[test]
fn revoke_by_name_and_by_id_and_several() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let tokens = ["a", "b", "c", "d"].map(|name| server.create_token(name, None));
    let listed = home.at(&server, ["token", "list", "-o", "json"]).run().succeeds().json();
    let id = listed[1]["id"].as_str().unwrap();

    home.at(&server, ["token", "revoke", "a"])
        .run()
        .fails()
        .says("FAILURE: nobody can be asked here: Revoke \"a\" on ")
        .says("--yes");
    home.at(&server, ["token", "revoke", "a", "--dry-run"])
        .run()
        .succeeds()
        .prints("")
        .says_exactly(&format!("would revoke \"a\" on {}\n", server.url()));
    assert_eq!(server.token_names(), ["a", "b", "c", "d"]);

    home.at(&server, ["token", "revoke", "a", "--yes"])
        .run()
        .succeeds()
        .prints("")
        .says_exactly("revoked \"a\"\n");
    home.at(&server, ["token", "revoke", "-y", id, "d", "d", id])
        .run()
        .succeeds()
        .says_exactly("revoked \"b\"\nrevoked \"d\"\n");
    assert_eq!(server.token_names(), ["c"]);
    assert_eq!(tokens.map(|token| is_good(&server, &token)), [false, false, true, false]);

    // One name that there is not, and nothing is done: the server itself would say yes.
    server.clear_requests();
    home.at(&server, ["token", "revoke", "c", "nobody", "--yes"])
        .run()
        .fails()
        .says("FAILURE: you have no personal access token \"nobody\"\n")
        .says("hint: token list shows those that there are\n");
    assert!(server.requests().iter().all(|request| request.method == "GET"));
    home.at(&server, ["token", "revoke"]).run().exits_with(2).says("<NAME|ID>");
    // One that fails does not keep the others; the exit code tells.
    server.create_token("e", None);
    server.fault(Fault::on("DELETE", TOKENS).status(500));
    home.at(&server, ["token", "revoke", "c", "e", "-y"])
        .run()
        .exits_with(3)
        .says("status 500")
        .says("revoked \"e\"\nFAILURE: 1 of 2 were not revoked: c\n");
    server.fault(Fault::on("DELETE", TOKENS).status(500));
    home.at(&server, ["token", "revoke", "c", "-y"]).run().fails().says("status 500").does_not_say("revoked");
}

#[test]
fn revoke_what_has_expired() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    server.create_token("old", Some(Duration::ZERO));
    server.create_token("older", Some(Duration::ZERO));
    server.create_token("new", Some(Duration::from_secs(3600)));
    server.create_token("for ever", None);
    home.at(&server, ["token", "list", "-o", "table"]).run().succeeds().shows("(expired)");
    home.at(&server, ["token", "revoke", "--expired", "--yes"])
        .run()
        .succeeds()
        .says_exactly("revoked \"old\"\nrevoked \"older\"\n");
    assert_eq!(server.token_names(), ["new", "for ever"]);
    home.at(&server, ["token", "revoke", "--expired"])
        .run()
        .succeeds()
        .says_exactly("no token has expired\n");
}

#[test]
fn the_own_token_is_revoked_last_and_that_is_said_before() {
    let server = Sandbox::start();
    let home = Home::new();
    let own = server.create_token("own", None);
    server.create_token("other", None);
    let run = |args: &[&str]| home.at(&server, args).env("MENDER_ACCESS_TOKEN", &own).run();
    run(&["token", "revoke", "own", "other", "--dry-run"])
        .succeeds()
        .says("would revoke \"other\", \"own\" on ")
        .says("(the token that makes this call among them)\n");
    run(&["token", "revoke", "own", "other", "--yes"])
        .succeeds()
        .says_exactly("revoked \"other\"\nrevoked \"own\"\n");
    assert!(server.token_names().is_empty());
    run(&["token", "list"]).fails().says("status 401");
}

/// A device or a pipe is written to. Were a file put in its place, it would be gone.
#[cfg(unix)]
#[test]
fn a_token_for_a_device_leaves_the_device() {
    use std::os::unix::fs::FileTypeExt as _;
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.at(&server, ["token", "create", "a", "-O", "/dev/null"]).run().succeeds();
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

/// A pipe without a reader is waited for before there is a token, and Ctrl-C gets through.
#[cfg(unix)]
#[test]
fn a_pipe_without_a_reader_keeps_nothing_alive() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    assert!(std::process::Command::new("mkfifo").arg(home.path("pipe")).status().unwrap().success());
    let mut command = home.at(&server, ["token", "create", "x", "-O", "pipe", "-v"]).into_command();
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let id = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    // Before its handlers stand a signal ends it at once, after that it leaves by itself; both end it.
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(server.token_names().is_empty());
}

#[cfg(unix)]
#[test]
fn the_devices_of_stdout_are_stdout() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let run = home.at(&server, ["token", "create", "x", "-O", "/dev/stdout"]);
    run.in_shell("{ echo before; \"$0\" \"$@\"; echo after; } > out").run().succeeds();
    let out = home.read("out");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.len() == 3 && lines[0] == "before" && lines[2] == "after", "{out}");
    assert!(is_good(&server, lines[1]));
    std::os::unix::fs::symlink("nowhere", home.path("link")).unwrap();
    home.at(&server, ["token", "create", "y", "-O", "link"]).run().fails().says("link is a link to nothing");
}
