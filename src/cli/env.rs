//! Every environment variable, and the only reader of them.
#![allow(clippy::disallowed_methods, reason = "the one home of these calls")]

use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::SecretString;

/// The variables that users set, with what they are for; the end of `--help` shows them.
pub const VARIABLES: [(&str, &str); 12] = [
    ("MENDER_SERVER_URL", "address of the server"),
    ("MENDER_ACCESS_TOKEN", "token to use (also MENDER_SERVER_ACCESS_TOKEN)"),
    ("MENDER_USERNAME", "user to log in as"),
    ("MENDER_PASSWORD", "password of that user"),
    ("MENDER_PROFILE", "profile to use"),
    ("MENDER_CA_CERT", "file with further certificate authorities, PEM"),
    ("MENDER_CLIENT_CERT", "file with the client certificate, PEM"),
    ("MENDER_CLIENT_KEY", "file with its key, PEM"),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "proxies, and where to do without"),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "certificate authorities in place of the system's"),
    ("NO_COLOR", "no colours"),
    (
        "GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITLAB_CI, CI_PROJECT_DIR",
        "set in jobs there; see deployments watch",
    ),
];

/// What the environment says. An empty variable counts as one that is not set.
#[derive(Default)]
pub struct Env {
    pub server: Option<String>,
    /// The token and the name of the variable that it came from.
    pub access_token: Option<(&'static str, SecretString)>,
    pub username: Option<String>,
    pub password: Option<SecretString>,
    pub profile: Option<String>,
    pub ca_cert: Option<PathBuf>,
    pub client_cert: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub ssl_cert_file: Option<PathBuf>,
    pub ssl_cert_dir: Option<PathBuf>,
    /// Whether colours are unwanted: `NO_COLOR`, or a terminal that calls itself `dumb`.
    pub no_color: bool,
    /// Whether the terminal can only add lines.
    pub is_dumb: bool,
    pub home: Option<PathBuf>,
    /// Where the token of the default profile lies, as the official client computes it.
    pub cache: Option<PathBuf>,
    /// The user's configuration directory.
    pub config: Option<PathBuf>,
    pub working_directory: Option<PathBuf>,
    /// Whether this is a job of GitHub's, and the file that it shows with the job.
    pub github: bool,
    pub github_summary: Option<PathBuf>,
    /// Where the files of a job of GitLab's are, if this is one.
    pub gitlab: Option<PathBuf>,
}

impl Env {
    /// Reads all of it, once.
    pub fn read() -> Self {
        let home = path("HOME").or_else(dirs::home_dir);
        // Not `dirs::cache_dir`: the official client uses this place on every system, relative or not.
        let cache = path("XDG_CACHE_HOME").or_else(|| home.as_ref().map(|home| home.join(".cache")));
        let token = |name| secret(name).map(|token| (name, token));
        Env {
            server: text("MENDER_SERVER_URL"),
            access_token: token("MENDER_ACCESS_TOKEN").or_else(|| token("MENDER_SERVER_ACCESS_TOKEN")),
            username: text("MENDER_USERNAME"),
            password: secret("MENDER_PASSWORD"),
            profile: text("MENDER_PROFILE"),
            ca_cert: path("MENDER_CA_CERT"),
            client_cert: path("MENDER_CLIENT_CERT"),
            client_key: path("MENDER_CLIENT_KEY"),
            ssl_cert_file: path("SSL_CERT_FILE"),
            ssl_cert_dir: path("SSL_CERT_DIR"),
            no_color: value("NO_COLOR").is_some() || is_dumb(),
            is_dumb: is_dumb(),
            home,
            cache,
            // The system's own call there does not look at the variable, which tests and portable set-ups set.
            config: if cfg!(windows) { path("APPDATA") } else { None }.or_else(dirs::config_dir),
            working_directory: std::env::current_dir().ok(),
            github: is_true("GITHUB_ACTIONS"),
            github_summary: path("GITHUB_STEP_SUMMARY"),
            gitlab: is_true("GITLAB_CI").then(|| path("CI_PROJECT_DIR").unwrap_or_else(|| ".".into())),
        }
    }
}

fn is_dumb() -> bool {
    value("TERM").is_some_and(|term| term == "dumb")
}

fn is_true(name: &str) -> bool {
    value(name).is_some_and(|value| value == "true")
}

fn value(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    value(name).map(PathBuf::from)
}

/// Bytes that are no text become characters that no address, name or token may hold, so that its check speaks up.
fn text(name: &str) -> Option<String> {
    value(name).map(|value| value.to_string_lossy().into_owned())
}

fn secret(name: &str) -> Option<SecretString> {
    text(name).map(SecretString::from)
}
