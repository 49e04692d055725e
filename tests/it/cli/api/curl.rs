//! `--dry-run`: the curl line that does the same.

use super::{ME, api, logged_in};
use crate::support::Home;

/// D: whoever shows the line to somebody shows no token.
#[test]
fn nothing_is_sent_and_no_login_is_needed() {
    let (server, home) = logged_in();
    let line = format!("curl -H \"Authorization: Bearer $TOKEN\" '{}{ME}'\n", server.url());
    for home in [&home, &Home::new()] {
        api(&server, home, &["useradm/users/me", "--dry-run"]).succeeds().prints(&line).says_exactly("");
    }
    home.at(&server, ["api", "useradm/users/me", "--dry-run", "--token-value", "secret"])
        .run()
        .succeeds()
        .prints(&line);
    api(&server, &home, &["https://other.example/x", "--dry-run"]).exits_with(2).prints("");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_line_has_all_of_the_request() {
    let (server, home) = logged_in();
    home.write("ca.pem", server.ca_pem());
    let line = |args: &[&str]| {
        let run = home.cli(["api", "--dry-run", "--server", "https://h"].iter().chain(args).copied()).run();
        run.succeeds().stdout
    };
    let auth = "-H \"Authorization: Bearer $TOKEN\"";
    assert_eq!(line(&["HEAD", "/x"]), format!("curl --head {auth} 'https://h/x'\n"));
    assert_eq!(line(&["/x?a=[1]", "-i", "-k"]), format!("curl -i -k {auth} -g 'https://h/x?a=[1]'\n"));
    assert_eq!(
        line(&["/x", "-f", "name=it's", "-F", "n=1", "-H", "x-a: $HOME"]),
        format!(
            "curl -X POST {auth} -H 'X-A: $HOME' -H 'Content-Type: application/json' \
             --data-binary '{{\"n\":1,\"name\":\"it'\\''s\"}}' 'https://h/x'\n"
        )
    );
    // The file need not be there, and stdin is left alone.
    for file in ["none.json", "-"] {
        assert_eq!(
            line(&["PUT", "/x", "--input", file, "-f", "q=1"]),
            format!(
                "curl -X PUT {auth} -H 'Content-Type: application/json' --data-binary '@{file}' 'https://h/x?q=1'\n"
            )
        );
    }
    assert_eq!(
        line(&["/x", "--ca-cert", "ca.pem", "--client-cert", "c.pem", "--client-key", "k.pem"]),
        format!("curl --cacert 'ca.pem' --cert 'c.pem' --key 'k.pem' {auth} 'https://h/x'\n")
    );
}

/// A shell has to read the same words that we mean, whatever is in them.
#[cfg(unix)]
#[test]
fn a_shell_reads_the_line_as_it_is_meant() {
    let (server, home) = logged_in();
    let nasty = "it's \"$HOME\" `id` \\ $(id) !! * ~";
    let field = format!("a={nasty}");
    let line =
        api(&server, &home, &["x", "--dry-run", "-f", &field, "-H", &format!("X-A: {nasty}")]).succeeds();
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\nTOKEN=the-token\n{}", line.stdout);
    let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
    let words: Vec<_> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
    let body = serde_json::json!({ "a": nasty }).to_string();
    let url = format!("{}/api/management/v1/x", server.url());
    let x_a = format!("X-A: {nasty}");
    assert_eq!(
        words,
        [
            "-X",
            "POST",
            "-H",
            "Authorization: Bearer the-token",
            "-H",
            &x_a,
            "-H",
            "Content-Type: application/json",
            "--data-binary",
            &body,
            &url,
        ]
    );
}
