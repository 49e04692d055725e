//! The main job from end to end, as the tour shows it: against the sandbox, and against a real server if there is one.

use std::process::id;

use sandbox::Sandbox;
use sandbox::artifact::Artifact;

use crate::support::Home;
use crate::support::home::Invocation;

/// A server to make the journey on.
struct Target {
    url: String,
    username: String,
    password: String,
    /// File with the server's certificate authority, where it has one of its own.
    ca: Option<String>,
}

impl Target {
    fn run(&self, home: &Home, args: &[&str]) -> Invocation {
        let run = home.cli(args.iter().copied()).env("MENDER_SERVER_URL", &self.url);
        self.ca.iter().fold(run, |run, ca| run.env("MENDER_CA_CERT", ca))
    }

    /// Leaves the server as it found it, if all goes well.
    fn journey(&self) {
        let (home, ci) = (Home::new(), Home::new());
        let name = format!("mender-cli-journey-{}", id());
        let artifact = Artifact::new(&name).device_type("journey").file("f.txt", b"hello").build();
        home.write("a.mender", &artifact);

        self.run(&home, &["login", "--username", &self.username, "--password-stdin"])
            .stdin(format!("{}\n", self.password))
            .run()
            .succeeds()
            .says("login successful");
        self.run(&home, &["whoami", "--check"]).run().succeeds().shows(&self.username);

        let created = self.run(&home, &["token", "create", &name, "--expires-in", "1h"]).run().succeeds();
        let token = created.line();
        self.run(&home, &["token", "list"]).run().succeeds().shows(&format!("\t{name}\t"));

        ci.write("a.mender", &artifact);
        self.run(&ci, &["artifacts", "upload", "a.mender", "--token-value", token])
            .run()
            .succeeds()
            .prints("")
            .says("upload successful");
        self.run(&ci, &["artifacts", "list", "--name", &name])
            .env("MENDER_ACCESS_TOKEN", token)
            .run()
            .succeeds()
            .shows(&format!("Name: {name}\n"));

        self.run(&home, &["artifacts", "download", &name]).run().succeeds().says("download successful");
        assert_eq!(std::fs::read(home.path(format!("{name}.mender"))).unwrap(), artifact);
        self.run(&home, &["artifacts", "delete", &name, "--yes"]).run().succeeds().says("delete successful");

        self.run(&home, &["token", "revoke", &name, "--yes"]).run().succeeds();
        self.run(&ci, &["artifacts", "list"])
            .env("MENDER_ACCESS_TOKEN", token)
            .run()
            .fails()
            .prints("")
            .says("request failed with status 401")
            .says("MENDER_ACCESS_TOKEN");
        self.run(&home, &["logout"]).run().succeeds().says("logged out");
        assert!(!home.exists(Home::TOKEN));
    }
}

#[test]
fn the_main_job_on_the_sandbox() {
    let server = Sandbox::start();
    let target = Target {
        url: server.https_url().to_owned(),
        username: server.username().to_owned(),
        password: server.password().to_owned(),
        ca: Some(server.ca_file().display().to_string()),
    };
    target.journey();
    assert_eq!(server.artifact_count(), 0);
    assert!(server.token_names().is_empty());
}

#[test]
#[ignore = "needs a server: MENDER_TEST_SERVER, MENDER_TEST_USERNAME, MENDER_TEST_PASSWORD, maybe MENDER_TEST_CA_CERT"]
fn live_the_main_job_on_a_real_server() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    Target {
        url: variable("MENDER_TEST_SERVER"),
        username: variable("MENDER_TEST_USERNAME"),
        password: variable("MENDER_TEST_PASSWORD"),
        ca: std::env::var("MENDER_TEST_CA_CERT").ok(),
    }
    .journey();
}
