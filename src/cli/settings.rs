//! What counts, of all that flags, environment, profile and configuration file say. Pure, but for its inputs.

use std::fmt;
use std::path::PathBuf;

use mender::ServerUrl;
use secrecy::{ExposeSecret as _, SecretString};

use super::args::{GlobalArgs, SecretArg};
use super::clirc::Clirc;
use super::env::Env;
use super::error::{CliError, Result};
use super::profiles::Profile;

/// Where the official client goes unless told otherwise.
pub const DEFAULT_SERVER: &str = "https://hosted.mender.io";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    Profile(String),
    File(PathBuf),
    /// The server that the stored token belongs to.
    Login,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => f.write_str(name),
            Origin::Variable(name) => f.write_str(name),
            Origin::Profile(name) => write!(f, "profile {name}"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Login => f.write_str("last login"),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value that remembers where it comes from.
#[derive(Clone, Debug)]
pub struct Sourced<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Sourced<T> {
    pub fn new(value: T, origin: Origin) -> Self {
        Sourced { value, origin }
    }
}

/// Which token is to be used. It is read only when it is needed.
#[derive(Clone, Debug)]
pub enum TokenChoice {
    /// Two flags contradict each other; `login`, which needs no token, does not care.
    Contradiction,
    /// Given as a flag or a variable.
    Given(Sourced<SecretString>),
    /// In the file that `--token` names.
    File(PathBuf),
    /// Printed by a program.
    Command(Vec<String>),
    /// What `login` stored.
    Stored,
}

/// The settings of this run.
#[derive(Debug)]
pub struct Settings {
    pub profile: Sourced<String>,
    pub server: Sourced<ServerUrl>,
    pub username: Option<Sourced<String>>,
    pub password: Option<Sourced<SecretString>>,
    pub ca_cert: Option<Sourced<PathBuf>>,
    pub client_cert: Option<Sourced<PathBuf>>,
    pub client_key: Option<Sourced<PathBuf>>,
    pub skip_verify: Option<Origin>,
    pub token: TokenChoice,
}

/// What the settings are made of.
pub struct Inputs<'a> {
    pub flags: &'a GlobalArgs,
    pub env: &'a Env,
    pub profile_name: Sourced<String>,
    pub profile: Profile,
    pub clirc: Option<&'a Clirc>,
    /// The server that the stored token was got from, if that token is still the stored one.
    pub token_server: Option<String>,
}

/// Flag before environment before profile before configuration file before default.
///
/// # Errors
///
/// If the server's address is none.
pub fn resolve(inputs: Inputs<'_>) -> Result<Settings> {
    let Inputs { flags, env, profile_name, profile, clirc, token_server } = inputs;
    let in_profile = || Origin::Profile(profile_name.value.clone());
    let in_file = || Origin::File(clirc.map(|file| file.path.clone()).unwrap_or_default());
    let from_file = |pick: fn(&Clirc) -> Option<String>| clirc.and_then(pick).filter(|text| !text.is_empty());

    let server = first([
        flags.server.clone().map(|text| (text, Origin::Flag("--server"))),
        env.server.clone().map(|text| (text, Origin::Variable("MENDER_SERVER_URL"))),
        profile.server.clone().map(|text| (text, in_profile())),
        from_file(|file| file.server.clone()).map(|text| (text, in_file())),
        token_server.map(|text| (text, Origin::Login)),
        Some((DEFAULT_SERVER.to_owned(), Origin::Default)),
    ])
    .expect("the last one is always there");
    let path = |flag: &Option<PathBuf>, name, variable: &Option<PathBuf>, env_name, own: &Option<PathBuf>| {
        first([
            flag.clone().map(|path| (path, Origin::Flag(name))),
            variable.clone().map(|path| (path, Origin::Variable(env_name))),
            own.clone().map(|path| (path, in_profile())),
        ])
    };
    let skip_verify = if flags.skip_verify { Some(Origin::Flag("--skip-verify")) } else { None };
    Ok(Settings {
        server: parsed(server)?,
        username: first([
            env.username.clone().map(|text| (text, Origin::Variable("MENDER_USERNAME"))),
            profile.username.clone().map(|text| (text, in_profile())),
            from_file(|file| file.username.clone()).map(|text| (text, in_file())),
        ]),
        password: first([
            env.password.clone().map(|text| (text, Origin::Variable("MENDER_PASSWORD"))),
            clirc.and_then(|file| file.password.clone()).map(|text| (text, in_file())),
        ]),
        ca_cert: path(&flags.ca_cert, "--ca-cert", &env.ca_cert, "MENDER_CA_CERT", &profile.ca_cert),
        client_cert: path(
            &flags.client_cert,
            "--client-cert",
            &env.client_cert,
            "MENDER_CLIENT_CERT",
            &profile.client_cert,
        ),
        client_key: path(
            &flags.client_key,
            "--client-key",
            &env.client_key,
            "MENDER_CLIENT_KEY",
            &profile.client_key,
        ),
        skip_verify: skip_verify.or_else(|| profile.skip_verify.filter(|yes| *yes).map(|_| in_profile())),
        token: token(flags, env, &profile),
        profile: profile_name,
    })
}

fn token(flags: &GlobalArgs, env: &Env, profile: &Profile) -> TokenChoice {
    // An empty flag is none: the official client takes it for its default.
    let value = flags.token_value.as_ref().map(SecretArg::secret);
    let value = value.filter(|token| !token.expose_secret().is_empty());
    let file = flags.token_file();
    match (value, file) {
        (Some(_), Some(_)) => return TokenChoice::Contradiction,
        (Some(token), None) => {
            return TokenChoice::Given(Sourced::new(token.clone(), Origin::Flag("--token-value")));
        }
        (None, Some(path)) => return TokenChoice::File(path.to_owned()),
        (None, None) => {}
    }
    if let Some((name, token)) = &env.access_token {
        return TokenChoice::Given(Sourced::new(token.clone(), Origin::Variable(name)));
    }
    match &profile.token_command {
        Some(command) => TokenChoice::Command(command.clone()),
        None => TokenChoice::Stored,
    }
}

fn first<T, const N: usize>(candidates: [Option<(T, Origin)>; N]) -> Option<Sourced<T>> {
    candidates.into_iter().flatten().next().map(|(value, origin)| Sourced { value, origin })
}

fn parsed(server: Sourced<String>) -> Result<Sourced<ServerUrl>> {
    if server.value.trim().is_empty() {
        return Err(CliError::failed("No server").hint(format!("{} is empty", server.origin)));
    }
    match server.value.parse() {
        Ok(value) => Ok(Sourced { value, origin: server.origin }),
        Err(cause) => Err(CliError::from(cause).hint(format!("the address comes from {}", server.origin))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All five places that a server can come from, the first `skip` of them silent.
    fn server_without(skip: usize) -> (String, Origin) {
        let set = |index: usize, text: &str| (index >= skip).then(|| text.to_owned());
        let flags = GlobalArgs { server: set(0, "flag"), ..GlobalArgs::default() };
        let env = Env { server: set(1, "variable"), ..Env::default() };
        let profile = Profile { server: set(2, "profile"), ..Profile::default() };
        let clirc = Clirc {
            path: "/rc".into(),
            is_local: false,
            server: set(3, "file"),
            username: None,
            password: None,
        };
        let settings = resolve(Inputs {
            flags: &flags,
            env: &env,
            profile_name: Sourced::new("p".into(), Origin::Default),
            profile,
            clirc: Some(&clirc),
            token_server: set(4, "login"),
        })
        .unwrap();
        (settings.server.value.to_string(), settings.server.origin)
    }

    #[test]
    fn the_nearest_server_counts() {
        let expected = [
            ("https://flag", Origin::Flag("--server")),
            ("https://variable", Origin::Variable("MENDER_SERVER_URL")),
            ("https://profile", Origin::Profile("p".into())),
            ("https://file", Origin::File("/rc".into())),
            ("https://login", Origin::Login),
            (DEFAULT_SERVER, Origin::Default),
        ];
        for (skip, (server, origin)) in expected.into_iter().enumerate() {
            assert_eq!(server_without(skip), (server.to_owned(), origin));
        }
    }

    #[test]
    fn the_nearest_token_counts() {
        let mut flags = GlobalArgs { token_value: Some("t".to_owned().into()), ..GlobalArgs::default() };
        let mut env = Env { access_token: Some(("MENDER_ACCESS_TOKEN", "e".into())), ..Env::default() };
        let mut profile = Profile { token_command: Some(vec!["pass".into()]), ..Profile::default() };
        let mut seen = Vec::new();
        seen.push(token(&flags, &env, &profile));
        flags.token_value = None;
        flags.token = Some("/file".into());
        seen.push(token(&flags, &env, &profile));
        flags.token = None;
        seen.push(token(&flags, &env, &profile));
        env.access_token = None;
        seen.push(token(&flags, &env, &profile));
        profile.token_command = None;
        seen.push(token(&flags, &env, &profile));
        assert!(matches!(
            &seen[0],
            TokenChoice::Given(Sourced { origin: Origin::Flag("--token-value"), .. })
        ));
        assert!(matches!(&seen[1], TokenChoice::File(_)));
        assert!(matches!(&seen[2], TokenChoice::Given(Sourced { origin: Origin::Variable(_), .. })));
        assert!(matches!(&seen[3], TokenChoice::Command(_)));
        assert!(matches!(&seen[4], TokenChoice::Stored));
    }
}
