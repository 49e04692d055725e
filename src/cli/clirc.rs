//! `.mender-clirc`, the official client's configuration file. It is read, never written.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::env::Env;
use super::files;

const NAME: &str = ".mender-clirc";
/// The official client's library tries these first, and reads all of them as JSON.
const EXTENSIONS: [&str; 12] =
    ["json", "toml", "yaml", "yml", "properties", "props", "prop", "hcl", "tfvars", "dotenv", "env", "ini"];

/// What the file says.
pub struct Clirc {
    pub path: PathBuf,
    /// Whether it lies in the working directory, which may be anybody's checkout.
    pub is_local: bool,
    pub server: Option<String>,
    pub username: Option<String>,
    pub password: Option<SecretString>,
}

/// Reads the first file that there is: `/etc/mender-cli`, the home directory, the working directory.
///
/// # Errors
///
/// If that file cannot be read or is no JSON object.
pub fn read(env: &Env) -> anyhow::Result<Option<Clirc>> {
    let Some((path, is_local)) = find(env) else { return Ok(None) };
    let text =
        files::read_text(&path).with_context(|| format!("Failed to read config: {}", path.display()))?;
    let keys = parse(&text).with_context(|| format!("Failed to read config: {}", path.display()))?;
    let key = |wanted: &str| {
        let found = keys.iter().find(|(name, _)| name.to_lowercase() == wanted);
        found.map(|(_, value)| value.clone())
    };
    let (server, username, password) = (key("server"), key("username"), key("password"));
    Ok(Some(Clirc { path, is_local, server, username, password: password.map(SecretString::from) }))
}

fn find(env: &Env) -> Option<(PathBuf, bool)> {
    places(env).into_iter().find_map(|(directory, is_local)| Some((in_directory(&directory?)?, is_local)))
}

/// Where to look, and whether that is the working directory. The whole machine's file goes before the user's.
fn places(env: &Env) -> [(Option<PathBuf>, bool); 3] {
    let system = Some(PathBuf::from("/etc/mender-cli"));
    [(system, false), (env.home.clone(), false), (env.working_directory.clone(), true)]
}

fn in_directory(directory: &Path) -> Option<PathBuf> {
    let extended = EXTENSIONS.iter().map(|extension| directory.join(format!("{NAME}.{extension}")));
    extended.chain([directory.join(NAME)]).find(|path| path.is_file())
}

/// The texts of a JSON object. No value is ever repeated in an error: one of them is a password.
fn parse(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    let fault = |error: serde_json::Error| {
        anyhow::anyhow!("it is not JSON: error in line {}, column {}", error.line(), error.column())
    };
    let object: Map<String, Value> = match serde_json::from_str(text).map_err(fault)? {
        Value::Object(object) => object,
        _ => bail!("it must be a JSON object"),
    };
    let simple = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    Ok(object.into_iter().filter_map(|(key, value)| Some((key, simple(value)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn home_with(files: &[(&str, &str)]) -> (tempfile::TempDir, Env) {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        let env = Env { home: Some(home.path().into()), ..Env::default() };
        (home, env)
    }

    #[test]
    fn the_system_goes_before_the_home_and_that_before_the_working_directory() {
        let env =
            Env { home: Some("/home/u".into()), working_directory: Some("/work".into()), ..Env::default() };
        let expected = [("/etc/mender-cli", false), ("/home/u", false), ("/work", true)];
        assert_eq!(places(&env), expected.map(|(place, is_local)| (Some(place.into()), is_local)));
    }

    #[test]
    fn keys_are_read_in_any_case_and_others_ignored() {
        let text = r#"{"Server": "a.example", "USERNAME": "u", "password": 123, "token": "x"}"#;
        let (_home, env) = home_with(&[(NAME, text)]);
        let found = read(&env).unwrap().unwrap();
        assert_eq!(found.server.as_deref(), Some("a.example"));
        assert_eq!(found.username.as_deref(), Some("u"));
        assert_eq!(found.password.unwrap().expose_secret(), "123");
        assert!(!found.is_local);
    }

    #[test]
    fn an_extension_goes_before_the_bare_name_and_a_directory_is_passed_over() {
        let (home, env) = home_with(&[(NAME, "{}"), (".mender-clirc.json", r#"{"server": "b"}"#)]);
        assert_eq!(read(&env).unwrap().unwrap().server.as_deref(), Some("b"));
        std::fs::remove_file(home.path().join(".mender-clirc.json")).unwrap();
        std::fs::create_dir(home.path().join(".mender-clirc.json")).unwrap();
        assert_eq!(read(&env).unwrap().unwrap().server, None);
    }

    #[test]
    fn what_is_no_json_object_is_an_error_without_its_content() {
        for text in ["", "[1]", "server: x", r#"{"password": "geheim""#, "\"geheim\""] {
            let (_home, env) = home_with(&[(NAME, text)]);
            let Err(error) = read(&env) else { panic!("{text:?} was taken") };
            let shown = format!("{error:#}");
            assert!(shown.starts_with("Failed to read config: "), "{shown}");
            assert!(!shown.contains("geheim"), "{shown}");
        }
    }
}
