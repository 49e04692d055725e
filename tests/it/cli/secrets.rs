//! D3: no secret leaves. Every command, with `-v`, against servers that behave and servers that do not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::artifact::Artifact;
use sandbox::{Fault, Sandbox};

use crate::support::Home;

const PASSWORD: &str = "sandbox-password";

/// Every command that knows a secret; what stands in stdin comes behind the bar.
const LINES: &[&str] = &[
    "login --username USER --password sandbox-password",
    "login --username USER --password-stdin|sandbox-password",
    "login --username USER --password sandbox-password --2fa-code 918273",
    "login|USER\nsandbox-password\n",
    "login --with-token|TOKEN",
    "whoami",
    "whoami -o json",
    "whoami --check --token-value TOKEN",
    "token list",
    "token create fresh -O fresh",
    "token revoke fresh --yes",
    "users me",
    "users list -o json",
    "users create u@x.example --password-stdin|sandbox-password",
    "users update me --email a@x.example --password-stdin --yes|sandbox-password",
    "users update me --password --password-stdin --yes|sandbox-password\nsandbox-password\n",
    "users delete u@x.example --yes",
    "artifacts upload a.mender",
    "artifacts list --raw",
    "artifacts show a",
    "artifacts update a --description text",
    "artifacts download a -O copy",
    "artifacts delete a --yes",
    "devices list",
    "profile list",
    "profile show",
    "logout --token-value TOKEN --revoke",
];

fn misbehaviours(other: &Sandbox) -> Vec<Option<Fault>> {
    let any = || Fault::on("*", "/").times(1000);
    vec![
        None,
        Some(any().status(401)),
        Some(any().status(500).body("text/html", "<html>oops</html>")),
        Some(any().body("text/html", "<html>hello</html>")),
        Some(any().body("application/json", "")),
        Some(any().redirect(&format!("{}/elsewhere", other.url()), 307)),
    ]
}

#[test]
fn d3_no_command_shows_a_secret() {
    let other = Sandbox::start();
    for fault in misbehaviours(&other) {
        let server = Sandbox::start();
        assert_eq!(server.password(), PASSWORD);
        let home = Home::logged_in(&server);
        let token = home.read(".cache/mender/authtoken");
        home.write("a.mender", Artifact::new("a").device_type("qemu").file("f", b"f").build());
        home.write(".mender-clirc", format!(r#"{{"password": "{PASSWORD}"}}"#));
        if let Some(fault) = fault.clone() {
            server.fault(fault);
        }
        for line in LINES {
            // A login in between stores a token of its own, which is as secret.
            let stored = std::fs::read_to_string(home.path(".cache/mender/authtoken")).unwrap_or_default();
            let line = line.replace("USER", server.username()).replace("TOKEN", &token);
            let (args, stdin) = line.split_once('|').unwrap_or((&line, ""));
            let run = home.at(&server, args.split(' ').chain(["-v"])).stdin(stdin).run();
            let basic = STANDARD.encode(format!("{}:{PASSWORD}", server.username()));
            let run =
                run.keeps_secret(PASSWORD).keeps_secret(&token).keeps_secret(&basic).keeps_secret("918273");
            if !stored.is_empty() {
                run.keeps_secret(&stored);
            }
        }
        // Nor do the files that the program writes beside the token's own.
        for file in home.files() {
            let own = ["authtoken", "fresh", ".mender-clirc"].iter().any(|own| file.ends_with(own));
            let content = String::from_utf8_lossy(&std::fs::read(home.path(&file)).unwrap()).into_owned();
            assert!(own || (!content.contains(PASSWORD) && !content.contains("eyJ")), "{file}: {content}");
        }
    }
    assert!(other.requests().is_empty(), "nothing follows a redirect to another host");
}

/// The list of processes is open to everybody. Only what the user wrote there himself may stand in it.
#[cfg(target_os = "linux")]
#[test]
fn a_secret_from_elsewhere_is_not_in_the_arguments() {
    let server = Sandbox::start();
    let home = Home::new();
    server.fault(Fault::on("POST", "/").hang());
    let mut command = home.at(&server, ["login", "--username", "u", "--password-stdin"]).into_command();
    command.env("MENDER_ACCESS_TOKEN", "variable-secret").stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
    while server.requests().is_empty() {
        std::thread::yield_now();
    }
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(arguments.ends_with("login\0--username\0u\0--password-stdin\0"), "{arguments:?}");
}
