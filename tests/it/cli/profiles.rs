//! `config.toml`: servers by name.

use sandbox::Sandbox;

use crate::support::Home;

fn config() -> String {
    Home::config("config.toml")
}

#[test]
fn a_profile_is_chosen_by_flag_variable_or_current() {
    let (one, two, three) = (Sandbox::start(), Sandbox::start(), Sandbox::start());
    let home = Home::new();
    home.write(
        &config(),
        format!(
            "current = \"one\"\nprofiles.one.server = \"{}\"\nprofiles.two.server = \"{}\"\nprofiles.three.server = \"{}\"\n",
            one.url(),
            two.url(),
            three.url(),
        ),
    );
    for (name, server) in [("one", &one), ("two", &two), ("three", &three)] {
        home.write(&Home::config(&format!("tokens/{name}")), server.login());
    }
    let profile = |args: &[&str], variable: &str| {
        let run = home.cli(args.iter().chain(&["whoami", "-o", "json"])).env("MENDER_PROFILE", variable);
        let json = run.run().succeeds().json();
        [&json["profile"], &json["profile_from"], &json["server"]]
            .map(|value| value.as_str().unwrap().to_owned())
    };
    assert_eq!(profile(&["--profile", "three"], "two"), ["three", "--profile", three.url()]);
    assert_eq!(profile(&[], "two"), ["two", "MENDER_PROFILE", two.url()]);
    assert_eq!(profile(&[], "")[..1], ["one"]);
    home.cli(["profile", "use", "two"]).run().succeeds().prints("").says("profile two is in use from now on");
    assert_eq!(profile(&[], "")[0], "two");
    home.cli(["profile", "list"]).run().succeeds().shows(&format!("two\ttrue\t{}\t\ttrue\n", two.url()));
}

#[test]
fn an_unknown_profile_is_an_error_that_names_its_source() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write(&config(), "[profiles.prod]\nserver = \"https://prod.example\"\n");
    home.at(&server, ["artifacts", "list", "--profile", "prd"])
        .run()
        .fails()
        .says("FAILURE: there is no profile \"prd\" (--profile names it)")
        .says("profile list");
    home.at(&server, ["artifacts", "list"])
        .env("MENDER_PROFILE", "prd")
        .run()
        .fails()
        .says("FAILURE: there is no profile \"prd\" (MENDER_PROFILE names it)");
    for line in ["profile use prd", "profile show prd", "profile remove prd --yes"] {
        home.cli(line.split(' ')).run().fails().says("there is no profile \"prd\"; there are: default, prod");
    }
    home.write(&config(), "current = \"gone\"\n");
    home.at(&server, ["artifacts", "list"])
        .run()
        .fails()
        .says("there is no profile \"gone\"")
        .says("config.toml");
    assert!(server.requests().is_empty());
}

/// `login --profile NAME` makes the profile that it names, and leaves the rest of the file as it was.
#[test]
fn login_makes_a_profile_and_comments_stay() {
    let server = Sandbox::start();
    let home = Home::new();
    let before = "# mine\n\n[profiles.prod] # ours\nserver = \"https://prod.example\" # behind the VPN\n";
    home.write(&config(), before);
    home.at(&server, ["login", "--profile", "test", "--username", server.username(), "--password-stdin"])
        .stdin(server.password())
        .run()
        .succeeds()
        .says("login successful");
    let after = home.read(&config());
    assert!(after.starts_with(before), "{after}");
    assert!(after.contains("[profiles.test]\ntoken-digest = \""), "{after}");
    assert!(after.contains(&format!("server = \"{}\"", server.url())), "{after}");
    assert!(!home.exists(Home::TOKEN));
    let token = home.read(&Home::config("tokens/test"));
    assert!(!after.contains(&token));
    #[cfg(unix)]
    assert_eq!((home.mode(&Home::config("tokens/test")), home.mode(&Home::config("tokens"))), (0o600, 0o700));
    // From now on the name is enough.
    home.cli(["whoami", "--profile", "test"]).run().succeeds().shows(server.url());
    home.cli(["profile", "show", "test"]).run().succeeds().shows(&format!("server\t{}\n", server.url()));

    home.cli(["profile", "remove", "test"]).run().fails().says("nobody can be asked here").says("--yes");
    home.cli(["profile", "remove", "test", "--dry-run"]).run().succeeds().says("would remove profile test");
    assert!(home.exists(&Home::config("tokens/test")));
    home.cli(["profile", "remove", "test", "--yes"]).run().succeeds().says("removed profile test");
    assert!(!home.exists(&Home::config("tokens/test")));
    assert_eq!(home.read(&config()).trim_end(), before.trim_end());
}

#[test]
fn a_token_command_gives_the_token() {
    let server = Sandbox::start();
    let home = Home::new();
    let token = server.login();
    home.write("secret", format!("{token}\n"));
    let command = if cfg!(windows) { r#"["cmd", "/c", "type", "secret"]"# } else { r#"["cat", "secret"]"# };
    let profile = |command: &str| {
        format!("[profiles.default]\nserver = \"{}\"\ntoken-command = {command}\n", server.url())
    };
    home.write(&config(), profile(command));
    home.cli(["whoami"]).run().succeeds().shows("the token-command of profile default").keeps_secret(&token);
    home.cli(["whoami", "--show-token"]).run().succeeds().prints(&format!("{token}\n"));

    home.write(&config(), profile(r#"["no-such-program"]"#));
    home.cli(["whoami"]).run().fails().says("FAILURE: the token-command \"no-such-program\" cannot be run");
    home.write(&config(), profile("[]"));
    home.cli(["whoami"]).run().fails().says("FAILURE: the token-command of the profile is empty");
    let failing =
        if cfg!(windows) { r#"["cmd", "/c", "exit 3"]"# } else { r#"["sh", "-c", "echo x; exit 3"]"# };
    home.write(&config(), profile(failing));
    home.cli(["whoami"]).run().fails().says("failed: exit").prints("");
    let silent = if cfg!(windows) { r#"["cmd", "/c", "rem"]"# } else { r#"["true"]"# };
    home.write(&config(), profile(silent));
    home.cli(["whoami"]).run().fails().says("the token-command of profile default");
}

/// What a named server needs is named once.
#[test]
fn login_keeps_the_certificate_authority_with_the_profile() {
    let server = Sandbox::start();
    let home = Home::new();
    home.write("work/ca.pem", server.ca_pem());
    let login = |rest: &[&str]| {
        let args =
            ["login", "--profile", "test", "--server", server.https_url(), "--username", server.username()];
        home.cli(args.iter().chain(&["--password", server.password()]).chain(rest))
            .directory(home.path("work"))
            .run()
    };
    login(&["--ca-cert", "ca.pem"]).succeeds();
    home.cli(["whoami", "--profile", "test"]).run().succeeds().shows("(from profile test)");
    let first = home.read(&config());
    assert!(first.contains("work/ca.pem\"") && !first.contains("skip-verify"), "{first}");
    // A flag is what the user wants from now on; one that is not given changes nothing.
    home.write("work/other.pem", server.ca_pem());
    login(&["--ca-cert", "other.pem", "-k"]).succeeds();
    let second = home.read(&config());
    assert!(second.contains("work/other.pem\"") && !second.contains("skip-verify"), "{second}");
    login(&["-k"]).succeeds();
    assert!(home.read(&config()).contains("work/other.pem\""));
    // The profile of those who name none keeps nothing of it.
    home.cli(["login", "--server", server.https_url(), "--username", server.username()].iter().chain(&[
        "--password",
        server.password(),
        "--ca-cert",
        "work/ca.pem",
    ]))
    .run()
    .succeeds();
    assert_eq!(home.read(&config()).matches("ca-cert").count(), 1);
}

/// Nobody's change gets lost when several run at once, as in a pipeline.
#[test]
fn logins_at_the_same_time_do_not_lose_each_other() {
    let server = Sandbox::start();
    let home = Home::new();
    let names: Vec<String> = (0..8).map(|index| format!("p{index}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| {
                let args = [
                    "login",
                    "--profile",
                    name,
                    "--username",
                    server.username(),
                    "--password",
                    server.password(),
                ];
                home.at(&server, args).run().succeeds()
            });
        }
    });
    let run = home.cli(["profile", "list", "-q"]).run().succeeds();
    let mut listed: Vec<_> = run.stdout.lines().skip(1).collect();
    listed.sort_unstable();
    assert_eq!(listed, names);
}

/// In a container there may be no home, or one that cannot be written.
#[test]
fn nothing_is_written_or_needed_for_a_token_from_a_variable() {
    let server = Sandbox::start();
    let home = Home::new();
    let nowhere = home.path("no/such/home");
    home.at(&server, ["artifacts", "list"])
        .env("HOME", &nowhere)
        .env("MENDER_ACCESS_TOKEN", server.login())
        .run()
        .succeeds()
        .says_exactly("");
    home.at(&server, ["artifacts", "list"])
        .env("HOME", &nowhere)
        .run()
        .fails()
        .says("Please Login first: open ");
    assert_eq!(home.files(), [""; 0]);
}

/// A certificate authority of its own, by a path that starts at the file.
#[test]
fn paths_in_a_profile_start_at_the_file() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.write(&Home::config("certs/ca.pem"), server.ca_pem());
    let with = |rest: &str| format!("[profiles.default]\nserver = \"{}\"\n{rest}\n", server.https_url());
    home.write(&config(), with(""));
    home.cli(["artifacts", "list"])
        .run()
        .fails()
        .says("authority that is not trusted here")
        .says("--ca-cert");
    home.write(&config(), with("ca-cert = \"certs/ca.pem\""));
    std::fs::create_dir(home.path("elsewhere")).unwrap();
    home.cli(["artifacts", "list"]).directory(home.path("elsewhere")).run().succeeds().says_exactly("");
    home.write(&config(), with("skip-verify = true"));
    home.cli(["artifacts", "list"]).run().succeeds().says("certificate is not checked");
    home.write(&config(), with("ca-cert = \"nowhere.pem\""));
    home.cli(["artifacts", "list"])
        .run()
        .fails()
        .says("cannot read ")
        .says("nowhere.pem (from profile default)");
}

#[test]
fn a_faulty_file_is_an_error_for_what_needs_it_and_stays_as_it_is() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    for (content, text) in
        [("current = ", "is not TOML"), ("[profiles.default]\nserver = 1\n", "profile \"default\"")]
    {
        home.write(&config(), content);
        for line in ["--version", "help", "completion fish", "token"] {
            home.cli(line.split(' ')).run().succeeds().says_exactly("");
        }
        for line in ["artifacts list", "whoami"] {
            home.at(&server, line.split(' ')).run().fails().prints("").says("config.toml").says(text);
        }
        home.at(&server, ["login", "--username", server.username(), "--password", server.password()])
            .run()
            .fails()
            .says(text);
        assert_eq!(home.read(&config()), content);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn names_that_could_be_paths_are_refused() {
    let home = Home::new();
    for name in ["../x", "a/b", ".x", "a b", ""] {
        home.cli(["profile", "use", name]).run().exits_with(2).says("a profile's name is made of");
        home.cli(["whoami", "--profile", name]).run().exits_with(2);
    }
    // A variable is checked like a flag.
    home.cli(["whoami"]).env("MENDER_PROFILE", "../x").run().fails().says("MENDER_PROFILE");
    assert_eq!(home.files(), [""; 0]);
}

/// A server that is named now is the profile's from now on: its token would be of no use with another.
#[test]
fn a_login_elsewhere_moves_the_profile() {
    let (old, new) = (Sandbox::start(), Sandbox::start());
    let home = Home::new();
    for server in [&old, &new] {
        let login = ["login", "--profile", "p", "--server", server.url(), "--username", server.username()];
        home.cli(login.iter().chain(&["--password", server.password()])).run().succeeds();
        home.cli(["users", "me", "--profile", "p"]).run().succeeds();
    }
    assert!(!home.read(&config()).contains(old.url()), "{}", home.read(&config()));
}

/// A slip of the pen must not pass for a setting.
#[test]
fn a_key_that_means_nothing_is_told() {
    let server = Sandbox::start();
    let home = Home::logged_in(&server);
    home.write(&config(), "[profiles.default]\nca_cert = \"x.pem\"\n");
    home.at(&server, ["users", "me"])
        .run()
        .succeeds()
        .says_exactly("warning: profile default has a key that means nothing here: ca_cert\n");
}
