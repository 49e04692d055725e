//! The token file, which the official client and other programs read and write too.

use sandbox::Sandbox;

use crate::support::Home;
use crate::support::home::Invocation;

fn login(home: &Home, server: &Sandbox) -> Invocation {
    home.at(server, ["login", "--username", server.username(), "--password-stdin"]).stdin(server.password())
}

/// The token that the last request carried.
fn sent(server: &Sandbox) -> String {
    let requests = server.requests();
    let last = requests.last().expect("a request");
    last.header("authorization").unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

#[test]
fn its_place_is_the_official_clients() {
    let server = Sandbox::start();
    let home = Home::new();
    login(&home, &server).run().succeeds().prints("");
    let token = home.read(Home::TOKEN);
    assert_eq!(token.split('.').count(), 3, "a token and nothing else: {token:?}");

    for (cache, file) in [("cache", "cache/mender/authtoken"), ("", Home::TOKEN)] {
        let home = Home::new();
        let absolute = if cache.is_empty() { "".into() } else { home.path(cache) };
        login(&home, &server).env("XDG_CACHE_HOME", absolute.clone()).run().succeeds();
        assert!(home.exists(file), "{:?}", home.files());
        home.at(&server, ["artifacts", "list"]).env("XDG_CACHE_HOME", absolute).run().succeeds();
        assert_eq!(sent(&server), home.read(file));
    }
    // A relative one is used as it is.
    let home = Home::new();
    std::fs::create_dir(home.path("work")).unwrap();
    login(&home, &server).env("XDG_CACHE_HOME", "here").directory(home.path("work")).run().succeeds();
    assert!(home.exists("work/here/mender/authtoken"), "{:?}", home.files());
}

#[test]
fn a_file_named_by_the_flag_is_written_and_read() {
    let server = Sandbox::start();
    let home = Home::new();
    let args = ["login", "--token", "deep/er/token", "--username", server.username(), "--password-stdin"];
    home.at(&server, args).stdin(server.password()).run().succeeds().says("login successful");
    assert_eq!(home.files(), ["deep/er/token"]);
    #[cfg(unix)]
    assert_eq!((home.mode("deep/er/token"), home.mode("deep/er")), (0o600, 0o700));
    home.at(&server, ["artifacts", "list", "--token", "deep/er/token"]).run().succeeds();
    assert_eq!(sent(&server), home.read("deep/er/token"));
    // An empty name is none: the usual file, and its server is remembered.
    let other = Home::new();
    let args = ["login", "--token", "", "--username", server.username(), "--password-stdin"];
    other.at(&server, args).stdin(server.password()).run().succeeds();
    other.cli(["artifacts", "list", "--token", ""]).run().succeeds();
    assert_eq!(sent(&server), other.read(Home::TOKEN));
    home.at(&server, ["artifacts", "list", "--token", "nowhere"])
        .run()
        .fails()
        .says("FAILURE: Please Login first: open nowhere: no such file or directory\n");
}

#[test]
fn the_place_of_long_ago_is_moved() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(".mender/authtoken", server.login());
    home.at(&server, ["artifacts", "list"]).run().succeeds();
    assert_eq!(home.files(), [Home::TOKEN]);
    assert!(!home.exists(".mender"), "the empty directory went too");
    #[cfg(unix)]
    assert_eq!(home.mode(".cache/mender"), 0o700);

    // Not over a newer one, and not with other things in the directory.
    let newer = home.read(Home::TOKEN);
    home.write(".mender/authtoken", "old");
    home.at(&server, ["artifacts", "list"]).run().succeeds();
    assert_eq!((home.read(Home::TOKEN), home.read(".mender/authtoken")), (newer, "old".into()));
    let home = Home::new();
    home.write(".mender/authtoken", server.login());
    home.write(".mender/other", "mine");
    home.at(&server, ["artifacts", "list"]).run().succeeds();
    assert_eq!(home.files(), [Home::TOKEN, ".mender/other"]);
}

/// D8: the file and the directory are for this user alone, whatever they were before.
#[cfg(unix)]
#[test]
fn d8_modes_are_tightened() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Sandbox::start();
    let home = Home::new();
    login(&home, &server).run().succeeds();
    assert_eq!(
        (home.mode(Home::TOKEN), home.mode(".cache/mender"), home.mode(".cache")),
        (0o600, 0o700, 0o700)
    );
    assert_eq!(home.mode(&Home::config("config.toml")), 0o600);

    let home = Home::new();
    let path = home.write(Home::TOKEN, "old");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    login(&home, &server).run().succeeds();
    assert_eq!(home.mode(Home::TOKEN), 0o600);
    assert_ne!(home.read(Home::TOKEN), "old");
}

/// D8: the file is replaced whole: nobody who reads it meanwhile sees half a token, and a link stays one.
#[cfg(unix)]
#[test]
fn d8_the_file_is_replaced_and_a_link_followed() {
    use std::io::Read as _;
    let server = Sandbox::start();
    let home = Home::new();
    let real = home.write("elsewhere/token", "old token of before");
    std::fs::create_dir_all(home.path(".cache/mender")).unwrap();
    std::os::unix::fs::symlink(&real, home.path(Home::TOKEN)).unwrap();
    let mut reader = std::fs::File::open(home.path(Home::TOKEN)).unwrap();

    login(&home, &server).run().succeeds();
    assert!(std::fs::symlink_metadata(home.path(Home::TOKEN)).unwrap().is_symlink());
    assert_eq!(home.read("elsewhere/token").split('.').count(), 3);
    let mut seen = String::new();
    reader.read_to_string(&mut seen).unwrap();
    assert_eq!(seen, "old token of before");
    // A link to nowhere makes its target.
    let home = Home::new();
    std::fs::create_dir_all(home.path(".cache/mender")).unwrap();
    std::os::unix::fs::symlink(home.path("later"), home.path(Home::TOKEN)).unwrap();
    login(&home, &server).run().succeeds();
    assert_eq!(home.read(Home::TOKEN).split('.').count(), 3);
}

/// D8: no room for the new token must not cost the old one. A limit on file sizes acts as a full disk does.
#[cfg(unix)]
#[test]
fn d8_a_full_disk_leaves_the_old_token() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    let before = home.read(Home::TOKEN);
    let mut shell = std::process::Command::new("sh");
    // A signal would end the program; without it writing fails, as on a full disk.
    shell.args([
        "-c",
        "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"",
        crate::support::home::PROGRAM,
        "login",
    ]);
    shell.args(["--server", server.url(), "--username", server.username(), "--password", server.password()]);
    shell.env_clear().envs(home.environment()).current_dir(home.path(""));
    // Not into files, which the limit would hit too.
    let output = shell.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("FAILURE: failed to create file {}", home.path(Home::TOKEN).display())),
        "{stderr}"
    );
    assert!(!stderr.contains("login successful"), "{stderr}");
    assert_eq!(home.read(Home::TOKEN), before);
    let lock = Home::config("config.lock");
    assert_eq!(home.files(), [Home::TOKEN, &lock], "nothing half-written stays");
    home.at(&server, ["artifacts", "list"]).run().succeeds();
}

#[test]
fn a_place_that_cannot_be_written_fails_before_or_after_but_clearly() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(".cache", "a file where a directory has to be");
    let run = login(&home, &server).run().fails().prints("").does_not_say("login successful");
    run.says(&format!("FAILURE: failed to create directory {}", home.path(".cache/mender").display()));
    let home = Home::new();
    std::fs::create_dir_all(home.path(Home::TOKEN)).unwrap();
    let run = login(&home, &server).run().fails().does_not_say("login successful");
    run.says(&format!("FAILURE: failed to create file {}", home.path(Home::TOKEN).display()));
}

#[test]
fn what_the_file_may_hold() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.login();
    for content in [token.clone(), format!("{token}\n"), format!(" \t{token}\r\n\n")] {
        home.write(Home::TOKEN, content);
        home.at(&server, ["artifacts", "list"]).run().succeeds();
        assert_eq!(sent(&server), token);
    }
    server.clear_requests();
    let path = home.path(Home::TOKEN).display().to_string();
    for content in ["", " \n"] {
        home.write(Home::TOKEN, content);
        let text = format!("FAILURE: Please Login first: the token file {path} is empty\n");
        home.at(&server, ["artifacts", "list"]).run().fails().prints("").says(&text);
    }
    for content in [&b"\xff\xfe\x00\x01"[..], b"two words", b"geheim\ngeheim", "gehe\u{ef}m".as_bytes()] {
        home.write(Home::TOKEN, content);
        home.at(&server, ["artifacts", "list"])
            .run()
            .fails()
            .prints("")
            .says("FAILURE: the token is not one: ")
            .says(&format!("hint: the token comes from the file {path}"))
            .keeps_secret("geheim");
    }
    // A directory in its place: an error even for root, who may read everything.
    std::fs::remove_file(home.path(Home::TOKEN)).unwrap();
    std::fs::create_dir(home.path(Home::TOKEN)).unwrap();
    let run = home.at(&server, ["artifacts", "list"]).run().fails().prints("");
    run.says(&format!("FAILURE: cannot read the token file {path}: "));
    // None at all.
    std::fs::remove_dir(home.path(Home::TOKEN)).unwrap();
    home.at(&server, ["artifacts", "list"])
        .run()
        .fails()
        .prints("")
        .says(&format!("FAILURE: Please Login first: open {path}: no such file or directory\n"))
        .says("mender-cli login");
    assert!(server.requests().is_empty());
}

/// D6: the documentation itself hands the token to `--token`.
#[test]
fn d6_a_token_in_place_of_a_file_name_is_not_shown() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.login();
    for line in ["artifacts list --token", "whoami --token", "artifacts upload a.mender --token"] {
        home.at(&server, line.split(' ').chain([token.as_str()]))
            .run()
            .fails()
            .prints("")
            .says("FAILURE: --token takes the name of a file, but was given a token\n")
            .says("--token-value")
            .keeps_secret(&token);
    }
    home.at(&server, ["login", "--username", "u", "--password", "p", "--token", &token])
        .run()
        .fails()
        .says("FAILURE: --token takes the name of a file to write, but was given a token")
        .keeps_secret(&token);
    assert_eq!(home.files(), [""; 0]);
    assert!(server.requests().is_empty());
}

/// D9: a stored token goes to the server that gave it, and to no other.
#[test]
fn d9_a_stored_token_is_not_sent_to_another_server() {
    let (one, two) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    login(&home, &one).run().succeeds();
    let token = home.read(Home::TOKEN);
    for line in ["artifacts list", "whoami", "users list", "token create x", "logout"] {
        home.at(&two, line.split(' '))
            .run()
            .fails()
            .prints("")
            .says("FAILURE: Please Login first: the stored token belongs to ")
            .says(one.url())
            .says(&format!("{} (from MENDER_SERVER_URL)", two.url()))
            .keeps_secret(&token);
    }
    home.cli(["artifacts", "list", "--server", two.url()]).run().fails().says("(from --server)");
    assert!(two.requests().is_empty());

    // Without any server named, it is that of the last login.
    one.clear_requests();
    home.cli(["artifacts", "list"]).run().succeeds();
    home.cli(["whoami"]).run().succeeds().shows(&format!("server\t{} (from last login)\n", one.url()));
    assert_eq!(sent(&one), token);

    // A login there takes its place.
    login(&home, &two).run().succeeds();
    home.cli(["artifacts", "list"]).run().succeeds();
    assert_eq!(sent(&two), home.read(Home::TOKEN));
    home.at(&one, ["artifacts", "list"]).run().fails().says("belongs to");
}

/// A token that the user hands over goes where the user says.
#[test]
fn d9_a_token_given_explicitly_goes_anywhere() {
    let (one, two) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    login(&home, &one).run().succeeds();
    let token = home.read(Home::TOKEN);
    home.at(&two, ["artifacts", "list", "--token-value", &token]).run().fails().says("status 401");
    home.at(&two, ["artifacts", "list", "--token", Home::TOKEN]).run().fails().says("status 401");
    home.at(&two, ["artifacts", "list"]).env("MENDER_ACCESS_TOKEN", &token).run().fails().says("status 401");
    assert!(two.requests().iter().all(|request| request.header("authorization").unwrap().ends_with(&token)));
    assert!(!two.requests().is_empty());
}

/// Once another program has written the file, nothing is known of its server: as the official client would.
#[test]
fn d9_another_programs_token_is_used() {
    let (one, two) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    login(&home, &one).run().succeeds();
    let token = two.login();
    home.write(Home::TOKEN, &token);
    home.at(&two, ["artifacts", "list"]).run().succeeds();
    assert_eq!(sent(&two), token);
    assert!(one.requests().iter().all(|request| !request.path.contains("artifacts")));
}

/// A token that `token create` stores belongs to its server as one of a login does, whatever `--token` was.
#[test]
fn a_stored_personal_access_token_stays_with_its_server() {
    let (server, other) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    home.write("login.txt", server.login());
    let args = ["token", "create", "ci", "--save", "-O", "ci.txt", "--token", "login.txt"];
    home.at(&server, args).run().succeeds();
    assert_eq!(home.read("ci.txt").trim(), home.read(Home::TOKEN));
    home.at(&server, ["users", "me"]).run().succeeds();
    home.at(&other, ["users", "me"]).run().fails().says("the stored token belongs to");
    assert!(other.requests().is_empty());
}

/// A pipe, as of a shell's `<(pass show token)`, gives it only once.
#[cfg(unix)]
#[test]
fn a_token_is_read_only_once() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.login();
    home.at(&server, ["whoami", "--token", "/dev/stdin"])
        .stdin(token)
        .in_shell("cat | \"$0\" \"$@\"")
        .run()
        .succeeds()
        .shows(server.username());
}

/// A login that cannot be remembered whole leaves the old one, and no session that nobody has.
#[test]
fn a_login_that_cannot_be_remembered_leaves_the_old_one() {
    let (old, new) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    login(&home, &old).run().succeeds();
    let before = home.read(Home::TOKEN);
    // Root may write anywhere, but not into a directory that is a file.
    let config = home.read(&Home::config("config.toml"));
    std::fs::remove_dir_all(home.path(Home::config(""))).unwrap();
    home.write(Home::config("").trim_end_matches('/'), "");
    login(&home, &new).run().fails().does_not_say("login successful");
    assert_eq!(home.read(Home::TOKEN), before);
    std::fs::remove_file(home.path(Home::config("").trim_end_matches('/'))).unwrap();
    home.write(&Home::config("config.toml"), config);
    new.clear_requests();
    home.at(&new, ["users", "me"]).run().fails().says("the stored token belongs to");
    assert!(new.requests().is_empty());
}

/// Devices and programs that never end.
#[cfg(unix)]
#[test]
fn what_never_ends_is_no_token() {
    let server = Sandbox::start();
    let home = Home::new();
    home.at(&server, ["users", "me", "--token", "/dev/zero"]).run().fails().says("it is larger than 1 MiB");
    home.write(&Home::config("config.toml"), "[profiles.default]\ntoken-command = [\"yes\"]\n");
    home.at(&server, ["users", "me"]).run().fails().says("it is larger than 1 MiB");
    assert!(server.requests().is_empty());
}

/// No other program writes the tokens of named profiles: one that is another than ours has no known server.
#[test]
fn a_token_of_a_profile_that_was_changed_goes_nowhere() {
    let (old, new) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    let log_in = |server: &Sandbox| {
        let args = ["login", "--profile", "p", "--server", server.url(), "--username", server.username()];
        home.cli(args.iter().chain(&["--password", server.password()])).run().succeeds();
    };
    log_in(&old);
    let config = home.read(&Home::config("config.toml"));
    log_in(&new);
    // As after a login that was cut off between its two files.
    home.write(&Home::config("config.toml"), config);
    old.clear_requests();
    home.cli(["users", "me", "--profile", "p"])
        .run()
        .fails()
        .says("FAILURE: the token of profile p was changed by something else")
        .says("hint: log in again");
    assert!(old.requests().is_empty());
    log_in(&old);
    home.cli(["users", "me", "--profile", "p"]).run().succeeds();
}

/// Commands beside logins: each token goes to its server, whatever comes in between.
#[test]
fn a_login_under_way_does_not_mix_tokens() {
    let servers = [Sandbox::start(), Sandbox::start()];
    let home = Home::new();
    let log_in = |server: &Sandbox| {
        let args = ["login", "--server", server.url(), "--username", server.username(), "--password"];
        home.cli(args.iter().chain(&[server.password()])).run().succeeds();
    };
    log_in(&servers[0]);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..10).for_each(|round| log_in(&servers[(round + 1) % 2])));
        for server in &servers {
            scope.spawn(|| (0..20).for_each(|_| drop(home.at(server, ["users", "me"]).run())));
        }
    });
    let strangers =
        |server: &Sandbox| server.requests().iter().filter(|request| request.status == Some(401)).count();
    assert_eq!(servers.each_ref().map(strangers), [0, 0]);
}
