//! What each command is run with.

use sandbox::TWO_FACTOR;

use super::{ACCEPTED, DEPLOYMENT, DEVICE_KEY, Line, NEW_PASSWORD, PENDING, World};

impl World {
    /// Each command's lines; none for one that nobody thought of here.
    pub(super) fn lines(&self, command: &str) -> Vec<Line> {
        let password = format!("{}\n", self.server.password());
        let user = self.server.username();
        let line = Line::new;
        match command {
            "login" => vec![
                line(&["--username", user, "--password-stdin"]).stdin(&password),
                line(&["--username", user, "--password", self.server.password()]),
                line(&["--username", user, "--password", NEW_PASSWORD]),
                line(&[
                    "--username",
                    TWO_FACTOR.email,
                    "--password",
                    TWO_FACTOR.password,
                    "--2fa-code",
                    "123456",
                ]),
                line(&["--username", TWO_FACTOR.email, "--password", TWO_FACTOR.password]),
                line(&["--with-token"]).stdin(&self.token),
                line(&["--token", &self.token, "--username", user, "--password-stdin"]).stdin(&password),
                line(&[]).stdin(format!("{user}\n{password}")),
            ],
            "logout" => vec![line(&[]), line(&["--revoke"]), line(&["--local"])],
            "whoami" => vec![
                line(&[]),
                line(&["--check"]),
                line(&["--show-token"]).shows_token(),
                line(&["--token-value", &self.token]),
                line(&["--token", &self.token]),
                line(&["-o", "json"]),
            ],
            "token create" => vec![
                line(&["ci"]).shows_token(),
                line(&["ci", "-o", "json"]).shows_token(),
                line(&["ci", "--save"]).shows_token(),
                line(&["ci", "--jq", ".token"]).shows_token(),
                line(&["ci", "--jq", ".token.nothing"]),
                Line { token_file: Some("ci.token"), ..line(&["ci", "-O", "ci.token"]) },
                line(&["old"]),
            ],
            "token list" => vec![line(&[]), line(&["-o", "json"])],
            "token revoke" => vec![line(&["old", "--yes"]), line(&["old"]), line(&["--expired", "--yes"])],
            "users me" | "users list" => vec![line(&[]), line(&["-o", "json"])],
            "users show" => vec![line(&[user]), line(&["nobody@example.com"])],
            "users create" => {
                let password = format!("{NEW_PASSWORD}\n");
                vec![
                    line(&["new@example.com", "--password-stdin"]).stdin(&password),
                    line(&["new@example.com", "--password-stdin", "-o", "json"]).stdin("short\n"),
                    line(&[user, "--password-stdin"]).stdin(&password),
                ]
            }
            "users update" => vec![
                line(&["me", "--change-password", "--password-stdin", "--yes"])
                    .stdin(format!("{password}{NEW_PASSWORD}\n")),
                line(&["me", "--change-password", "--password-stdin", "--yes"])
                    .stdin(format!("{NEW_PASSWORD}\n{NEW_PASSWORD}\n")),
                line(&["me", "--email", "other@example.com", "--password-stdin", "--yes"]).stdin(&password),
            ],
            "users delete" => vec![line(&[TWO_FACTOR.email, "--yes"]), line(&[TWO_FACTOR.email])],
            "artifacts upload" => vec![
                line(&["a.mender"]),
                Line { direct: true, ..line(&["--direct", "a.mender", "--description", "x"]) },
            ],
            "artifacts list" => vec![line(&[]), line(&["--raw"]), line(&["--all", "-o", "json"])],
            "artifacts show" => vec![line(&["r1"]), line(&[&self.artifact])],
            "artifacts download" => {
                vec![line(&["r1"]), line(&[&self.artifact, "-O", "out.mender", "-o", "json"])]
            }
            "artifacts delete" => vec![line(&[&self.artifact]), line(&["r1", "--yes"])],
            "artifacts update" => vec![line(&["r1", "--description", "x"])],
            "releases list" => vec![line(&[]), line(&["--sort", "modified", "-o", "json"])],
            "releases show" => vec![line(&["r1"]), line(&["r"]), line(&["a/b"])],
            "releases update" => vec![line(&["r1", "--tag", "x", "--notes", "words"])],
            "releases delete" => vec![line(&["r1", "--yes"]), line(&["--tag", "x", "--yes"])],
            "releases tags" | "releases types" => vec![line(&[])],
            "devices list" => vec![line(&[]), line(&["--raw"])],
            "api" => vec![
                line(&["useradm/users/me"]),
                line(&["PUT", "v2/useradm/users/me", "-f", "email=other@example.com"]),
                line(&["--paginate", "v2/deployments/artifacts?per_page=1"]),
                line(&["useradm/settings/tokens", "-f", "name=made", "-F", "expires_in=60"]).shows_token(),
                // Where a redirect leads is in the headers, and they were asked for.
                line(&["-i", "useradm/users/me"]).shows_token(),
                line(&["--dry-run", "useradm/users/me"]),
                line(&["useradm/users/me", "-H", &format!("Authorization: Bearer {}", self.token)]),
                line(&["useradm/users/me", "-H", &self.token]),
                line(&["useradm/users/me", "-f", &self.token]),
                line(&["https://127.0.0.1:1/login?jwt=in-the-link"]),
            ],
            "devices preauthorize" => vec![
                line(&["--identity", "mac=1", "--key", DEVICE_KEY]),
                line(&["--identity", "mac=1", "--key", "-"]).stdin(&self.device_key),
                line(&["--file", "coming.csv", "--yes"]),
            ],
            "devices wait" => {
                vec![line(&[ACCEPTED, "--for", "connected", "--timeout", "200ms", "--interval", "20ms"])]
            }
            _ if command.starts_with("deployments") => self.of_deployments(command),
            _ if command.starts_with("devices") || command.starts_with("groups") => of_devices(command),
            "status" => vec![line(&[]), line(&["--artifact", "r1"])],
            "profile list" => vec![line(&[]), line(&["-o", "json"])],
            "profile show" => vec![line(&[]), line(&["other"])],
            "profile use" => vec![line(&["other"])],
            "profile remove" => vec![line(&["other", "--yes"])],
            "completion" => vec![line(&["bash"])],
            "man" => vec![line(&[]), line(&["-O", "pages"])],
            _ => Vec::new(),
        }
    }
}

impl World {
    /// The lines of commands that work on a deployment that there is.
    fn of_deployments(&self, command: &str) -> Vec<Line> {
        let line = Line::new;
        let follow = ["--timeout", "200ms", "--interval", "20ms"];
        let followed = |args: &[&str]| line(&[args, &follow].concat());
        match command {
            "deployments create" => vec![
                line(&["--artifact", "r1", ACCEPTED, "--yes"]),
                followed(&["--artifact", "r1", "--all", "--yes", "--wait"]),
            ],
            "deployments list" => vec![line(&["--all"]), line(&["--device", ACCEPTED, "-o", "json"])],
            "deployments show" => vec![line(&[DEPLOYMENT]), line(&["nothing"])],
            "deployments watch" => vec![followed(&[DEPLOYMENT]), followed(&[DEPLOYMENT, "-o", "jsonl"])],
            "deployments devices" => vec![line(&[DEPLOYMENT])],
            "deployments log" => vec![line(&[DEPLOYMENT]), line(&[DEPLOYMENT, ACCEPTED, "-O", "logs"])],
            "deployments abort" => {
                vec![line(&[DEPLOYMENT, "--yes"]), line(&["--device", ACCEPTED, "--yes"])]
            }
            "deployments retry" => vec![followed(&[DEPLOYMENT, "--yes", "--wait"])],
            "deployments history" => vec![line(&[ACCEPTED])],
            _ => Vec::new(),
        }
    }
}

/// The lines of commands that work on devices that there are.
fn of_devices(command: &str) -> Vec<Line> {
    let line = Line::new;
    match command {
        "devices count" => vec![line(&["--by", "status"])],
        "devices show" => vec![line(&["one"])],
        "devices accept" | "devices reject" => vec![line(&["--all", "--yes"])],
        "devices dismiss" | "devices decommission" => vec![line(&[PENDING, "--yes"])],
        "devices tags list" => vec![line(&[ACCEPTED])],
        "devices tags set" => vec![line(&["one", "site=x"])],
        "devices tags remove" => vec![line(&[ACCEPTED, "name"])],
        "devices attributes" => vec![line(&[])],
        "devices configuration show" => vec![line(&["one"])],
        "devices configuration set" => vec![line(&[ACCEPTED, "key=value"])],
        "devices configuration deploy" => vec![line(&[ACCEPTED])],
        "devices revoke-token" | "devices check-update" | "devices send-inventory" => vec![line(&[ACCEPTED])],
        "groups list" => vec![line(&[])],
        "groups show" => vec![line(&["lab"])],
        "groups add" => vec![line(&["depot", ACCEPTED])],
        "groups remove" => vec![line(&["lab", ACCEPTED])],
        "groups delete" => vec![line(&["lab", "--yes"])],
        _ => Vec::new(),
    }
}
