//! `config.toml`: servers by name, and which of them is in use. No secrets; comments survive our edits.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use super::env::Env;
use super::files;

/// The profile of those who never name one.
pub const DEFAULT: &str = "default";

/// One profile, as it stands in the file. Unknown keys belong to a later version and are left alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Profile {
    pub server: Option<String>,
    pub username: Option<String>,
    pub ca_cert: Option<PathBuf>,
    pub client_cert: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub skip_verify: Option<bool>,
    /// A program and its arguments that print the token.
    pub token_command: Option<Vec<String>>,
    /// Of the token that was stored last, to notice when another program stored one since.
    pub token_digest: Option<String>,
    /// The server that this token belongs to.
    pub token_server: Option<String>,
}

/// A name that can be a file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(String);

impl ProfileName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ProfileName {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.len() > 64 || text.starts_with('.') || !text.chars().all(sound) {
            return Err(anyhow!(
                "a profile's name is made of up to 64 letters, digits, '-', '_' and '.', and does not begin with '.'"
            ));
        }
        Ok(ProfileName(text.to_owned()))
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The file.
pub struct Profiles {
    path: PathBuf,
    document: DocumentMut,
}

impl Profiles {
    /// Reads the file; one that is not there is empty.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is not TOML.
    pub fn load(env: &Env) -> anyhow::Result<Self> {
        let path = file(env)?;
        let text = match files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("failed to read {}", path.display())),
        };
        let document = text.parse().with_context(|| format!("{} is not TOML", path.display()))?;
        check(&document).with_context(|| format!("{} is faulty", path.display()))?;
        Ok(Profiles { path, document })
    }

    /// Reads the file, lets `change` work on it and writes it, while no other run may do so.
    ///
    /// # Errors
    ///
    /// If it cannot be read or written; then nothing was changed.
    pub fn edit<T>(env: &Env, change: impl FnOnce(&mut Profiles) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let _lock = files::lock(&file(env)?)?;
        let mut profiles = Profiles::load(env)?;
        let before = profiles.document.to_string();
        let outcome = change(&mut profiles)?;
        let mut after = profiles.document.to_string();
        if after != before {
            if !after.ends_with('\n') {
                after.push('\n');
            }
            files::write(&profiles.path, after.as_bytes())?;
        }
        Ok(outcome)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the profile in use, unless a flag or variable says otherwise.
    pub fn current(&self) -> &str {
        self.document.get("current").and_then(Item::as_str).unwrap_or(DEFAULT)
    }

    /// All names, `default` among them.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec![DEFAULT.to_owned()];
        if let Some(table) = self.document.get("profiles").and_then(Item::as_table_like) {
            names.extend(table.iter().map(|(name, _)| name.to_owned()).filter(|name| name != DEFAULT));
        }
        names
    }

    /// A profile by name. Relative paths in it start at the file's directory.
    ///
    /// # Errors
    ///
    /// If a value in it is of the wrong kind.
    pub fn get(&self, name: &str) -> anyhow::Result<Option<Profile>> {
        let Some(item) = self.document.get("profiles").and_then(|all| all.get(name)) else {
            return Ok((name == DEFAULT).then(Profile::default));
        };
        let table = item.clone().into_table().unwrap_or_default();
        let mut profile: Profile = toml_edit::de::from_document(DocumentMut::from(table))
            .with_context(|| format!("profile {name:?} in {} is faulty", self.path.display()))?;
        let directory = self.path.parent().unwrap_or(Path::new("."));
        for path in
            [&mut profile.ca_cert, &mut profile.client_cert, &mut profile.client_key].into_iter().flatten()
        {
            *path = directory.join(&*path);
        }
        Ok(Some(profile))
    }

    /// Keys of a profile that mean nothing to this version: a slip of the pen, or of a later version.
    pub fn unknown_keys(&self, name: &str) -> Vec<String> {
        const KNOWN: [&str; 9] = [
            "server",
            "username",
            "ca-cert",
            "client-cert",
            "client-key",
            "skip-verify",
            "token-command",
            "token-digest",
            "token-server",
        ];
        let profile =
            self.document.get("profiles").and_then(|all| all.get(name)).and_then(Item::as_table_like);
        let keys = profile.into_iter().flat_map(|profile| profile.iter().map(|(key, _)| key.to_owned()));
        keys.filter(|key| !KNOWN.contains(&key.as_str())).collect()
    }

    /// Sets a key of a profile, or removes it.
    pub fn set(&mut self, name: &ProfileName, key: &str, text: Option<&str>) {
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let profiles = profiles.as_table_like_mut().expect("checked when the file was read");
        let profile = profiles.entry(name.as_str()).or_insert_with(|| Item::Table(Table::new()));
        let profile = profile.as_table_like_mut().expect("checked when the file was read");
        match text {
            Some(text) => drop(profile.insert(key, value(text))),
            None => drop(profile.remove(key)),
        }
    }

    pub fn set_current(&mut self, name: &str) {
        self.document.insert("current", value(name));
    }

    /// Removes a profile, and tells whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        if self.document.get("current").and_then(Item::as_str) == Some(name) {
            self.document.remove("current");
        }
        let profiles = self.document.get_mut("profiles").and_then(Item::as_table_like_mut);
        profiles.is_some_and(|all| all.remove(name).is_some())
    }
}

/// What cannot be meant is an error, not something to pass over: a server could be forgotten with it.
fn check(document: &DocumentMut) -> anyhow::Result<()> {
    if document.get("current").is_some_and(|current| current.as_str().is_none()) {
        return Err(anyhow!("`current` must be the name of a profile, in quotes"));
    }
    let Some(profiles) = document.get("profiles") else { return Ok(()) };
    let profiles = profiles.as_table_like().context("`profiles` must be a table")?;
    for (name, profile) in profiles.iter() {
        if !profile.is_table_like() {
            return Err(anyhow!("profile {name:?} must be a table"));
        }
        name.parse::<ProfileName>().with_context(|| format!("{name:?}"))?;
    }
    Ok(())
}

/// The file with the profiles.
///
/// # Errors
///
/// If the user has no configuration directory.
pub fn file(env: &Env) -> anyhow::Result<PathBuf> {
    Ok(directory(env)?.join("config.toml"))
}

/// `mender-cli` in the user's configuration directory.
///
/// # Errors
///
/// If the user has none.
pub fn directory(env: &Env) -> anyhow::Result<PathBuf> {
    let config = env.config.as_ref().context("there is no configuration directory; set HOME")?;
    Ok(config.join("mender-cli"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env_with(text: &str) -> (tempfile::TempDir, Env) {
        let config = tempfile::tempdir().unwrap();
        std::fs::create_dir(config.path().join("mender-cli")).unwrap();
        std::fs::write(config.path().join("mender-cli/config.toml"), text).unwrap();
        let env = Env { config: Some(config.path().into()), ..Env::default() };
        (config, env)
    }

    #[test]
    fn an_edit_keeps_comments_and_unknown_keys() {
        let text = "# mine\ncurrent = \"prod\" # in use\n\n[profiles.prod]\nserver = \"https://p\" # ours\nfuture = 1\n";
        let (config, env) = env_with(text);
        let name: ProfileName = "prod".parse().unwrap();
        Profiles::edit(&env, |profiles| {
            profiles.set(&name, "username", Some("u"));
            Ok(())
        })
        .unwrap();
        let after = std::fs::read_to_string(config.path().join("mender-cli/config.toml")).unwrap();
        assert_eq!(after, format!("{text}username = \"u\"\n"));
    }

    #[test]
    fn a_profile_is_read_and_its_paths_start_at_the_file() {
        let (config, env) =
            env_with("[profiles.a]\nserver = \"s\"\nca-cert = \"ca.pem\"\nskip-verify = true\n");
        let profiles = Profiles::load(&env).unwrap();
        let profile = profiles.get("a").unwrap().unwrap();
        assert_eq!(profile.ca_cert, Some(config.path().join("mender-cli/ca.pem")));
        assert_eq!(profile.skip_verify, Some(true));
        assert!(profiles.get("b").unwrap().is_none());
        assert!(profiles.get(DEFAULT).unwrap().is_some());
        assert_eq!(profiles.names(), ["default", "a"]);
    }

    #[test]
    fn removing_the_profile_in_use_falls_back_to_default() {
        let (_config, env) = env_with("current = \"a\"\n[profiles.a]\nserver = \"s\"\n");
        Profiles::edit(&env, |profiles| {
            assert!(profiles.remove("a"));
            assert!(!profiles.remove("a"));
            Ok(())
        })
        .unwrap();
        assert_eq!(Profiles::load(&env).unwrap().current(), DEFAULT);
    }

    #[test]
    fn names_that_could_be_paths_are_refused() {
        for name in ["", ".", "..", "a/b", "../x", "a b", ".hidden"] {
            assert!(name.parse::<ProfileName>().is_err(), "{name}");
        }
        assert!("eu-prod_1.x".parse::<ProfileName>().is_ok());
    }

    #[test]
    fn what_cannot_be_meant_is_an_error() {
        for text in
            ["current = 5", "profiles = 3", "[profiles]\na = 1", "[profiles.\"../x\"]\nserver = \"s\""]
        {
            let (_config, env) = env_with(text);
            assert!(Profiles::load(&env).is_err(), "{text}");
        }
    }

    #[test]
    fn a_faulty_file_is_an_error_and_stays() {
        let (config, env) = env_with("current = ");
        let error = Profiles::edit(&env, |_| Ok(())).unwrap_err();
        assert!(format!("{error:#}").contains("is not TOML"));
        let after = std::fs::read_to_string(config.path().join("mender-cli/config.toml")).unwrap();
        assert_eq!(after, "current = ");
    }
}
