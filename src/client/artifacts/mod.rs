//! Artifacts on the server.

mod direct;
mod download;
mod upload;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::list_or_null;
use super::error::Result;
use super::http::Transport;
use super::page::{Keep, Older, Pages};
use super::url::segment;

pub use self::download::Target;
pub use self::upload::Availability;

/// An Artifact as the server describes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Artifact {
    /// Its id.
    pub id: String,
    /// The name of the Artifact, which is that of its release.
    pub name: String,
    /// What a person wrote about it; absent after a direct upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The device types that it is for.
    #[serde(default, deserialize_with = "list_or_null")]
    pub device_types_compatible: Vec<String>,
    /// Format and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<Info>,
    /// Whether it carries a signature; the server does not verify it.
    #[serde(default)]
    pub signed: bool,
    /// Its payloads.
    #[serde(default, deserialize_with = "list_or_null")]
    pub updates: Vec<Update>,
    /// What a device has once it is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_provides: Option<BTreeMap<String, Value>>,
    /// What a device must have for it: a text or a list of texts a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_depends: Option<BTreeMap<String, Value>>,
    /// What a device loses with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clears_artifact_provides: Option<Vec<String>>,
    /// Size of the file in bytes.
    #[serde(default)]
    pub size: u64,
    /// When it was uploaded or its description changed (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// What else the server tells.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The format of an Artifact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Info {
    /// `mender`.
    #[serde(default)]
    pub format: String,
    /// 2 or 3.
    #[serde(default)]
    pub version: i64,
}

/// A payload of an Artifact.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Update {
    /// Its type.
    #[serde(default)]
    pub type_info: TypeInfo,
    /// Its files.
    #[serde(default, deserialize_with = "list_or_null")]
    pub files: Vec<File>,
    /// Its meta-data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The same in the older form: a list of `{"Key", "Value"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta_data: Option<Value>,
    /// What else the server tells.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The type of a payload.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TypeInfo {
    /// `rootfs-image` or the name of an Update Module; none for an empty payload.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A file of a payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct File {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// SHA-256, hex.
    #[serde(default)]
    pub checksum: String,
    /// In bytes.
    #[serde(default)]
    pub size: u64,
    /// When it was last changed (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
}

/// Which Artifacts to list. Texts match exactly, or as a prefix where they end in `*`.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any of these names.
    pub names: Vec<String>,
    /// This description.
    pub description: Option<String>,
    /// For this device type.
    pub device_type: Option<String>,
}

impl Filter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let names = self.names.iter().map(|name| ("name", name.clone()));
        let description = self.description.iter().map(|text| ("description", text.clone()));
        let device_type = self.device_type.iter().map(|text| ("device_type", text.clone()));
        names.chain(description).chain(device_type).collect()
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.description.is_none() && self.device_type.is_none()
    }

    /// The filters of the older call, which look for a part in any letter case and take one name.
    fn older_query(&self) -> Vec<(&'static str, String)> {
        let name = if let [only] = self.names.as_slice() { Some(only) } else { None };
        let all = [
            ("name", name),
            ("description", self.description.as_ref()),
            ("device_type", self.device_type.as_ref()),
        ];
        let part = |(key, pattern): (_, Option<&String>)| Some((key, literal(pattern?)));
        all.into_iter().filter_map(part).filter(|(_, text)| !text.is_empty()).collect()
    }

    /// The same decision as the server's, for a server that does not know these filters.
    fn matches(&self, artifact: &Artifact) -> bool {
        let names = self.names.is_empty() || self.names.iter().any(|p| pattern_matches(p, &artifact.name));
        let description = self
            .description
            .as_deref()
            .is_none_or(|p| pattern_matches(p, artifact.description.as_deref().unwrap_or_default()));
        let device_type = self
            .device_type
            .as_deref()
            .is_none_or(|p| artifact.device_types_compatible.iter().any(|t| pattern_matches(p, t)));
        names && description && device_type
    }
}

/// The v2 filter rule: exact, or a prefix in any case with a trailing `*`; `\*` is a star.
fn pattern_matches(pattern: &str, text: &str) -> bool {
    if let Some(literal) = pattern.strip_suffix("\\*") {
        return text.strip_suffix('*') == Some(literal);
    }
    match pattern.strip_suffix('*') {
        Some(prefix) => text.to_lowercase().starts_with(&prefix.to_lowercase()),
        None => pattern == text,
    }
}

/// The text that whatever matches a pattern contains.
fn literal(pattern: &str) -> String {
    match (pattern.strip_suffix("\\*"), pattern.strip_suffix('*')) {
        (Some(rest), _) => format!("{rest}*"),
        (None, Some(prefix)) => prefix.to_owned(),
        (None, None) => pattern.to_owned(),
    }
}

/// A name as a filter that matches just it.
fn exactly(name: &str) -> String {
    match name.strip_suffix('*') {
        Some(rest) => format!("{rest}\\*"),
        None => name.to_owned(),
    }
}

/// The calls. See [`Client::artifacts`](crate::Client::artifacts).
#[derive(Clone, Copy, Debug)]
pub struct Artifacts<'c>(&'c Transport);

const V1: [&str; 5] = ["api", "management", "v1", "deployments", "artifacts"];
const V2: [&str; 5] = ["api", "management", "v2", "deployments", "artifacts"];

impl<'c> Artifacts<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Artifacts(transport)
    }

    /// The Artifacts that a filter lets through, by name. Servers before 4.1 are asked by their older call.
    pub fn list(&self, filter: &Filter) -> Pages<'c, Artifact> {
        let own = filter.clone();
        let keep: Keep<Artifact> = Box::new(move |artifact| own.matches(artifact));
        let older = Older {
            path: V1.into_iter().chain(["list"]).collect(),
            query: filter.older_query(),
            keep: (!filter.is_empty()).then_some(keep),
        };
        Pages::new(self.0, &V2, filter.query()).or_older(older)
    }

    /// One Artifact by its id.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 404 if there is none, 400 if that is no id.
    pub async fn get(&self, id: &str) -> Result<Artifact> {
        self.0.get(&one(id)?).send().await?.json()
    }

    /// The Artifacts of that name: several may be of one release, for different device types.
    pub async fn find(&self, name: &str) -> Result<Vec<Artifact>> {
        let filter = Filter { names: vec![exactly(name)], ..Filter::default() };
        let mut found = self.list(&filter).collect(None).await?;
        // What is deleted by name must have that name, whatever a server makes of the filter.
        found.retain(|artifact| artifact.name == name);
        Ok(found)
    }

    /// Removes an Artifact; a release's last one takes the release along.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 404 if there is none, 409 while an unfinished deployment uses it.
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.delete(&one(id)?).send().await?;
        Ok(())
    }

    /// Replaces the description.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 422 if any deployment, finished ones too, has used it.
    pub async fn describe(&self, id: &str, description: &str) -> Result<()> {
        let body = Map::from_iter([("description".to_owned(), description.into())]);
        self.0.put(&one(id)?).json(&body).send().await?;
        Ok(())
    }
}

fn one(id: &str) -> Result<Vec<&str>> {
    Ok(V1.into_iter().chain([segment(id)?]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_on_the_server() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "A", false),
            ("a", "ab", false),
            ("a*", "AB", true),
            ("*", "", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
        ] {
            assert_eq!(pattern_matches(pattern, text), expected, "{pattern} {text}");
        }
        assert_eq!([literal("a"), literal("a*"), literal("a\\*")], ["a", "a", "a*"]);
        assert!(pattern_matches(&exactly("star*"), "star*"));
        assert!(!pattern_matches(&exactly("star*"), "starry"));
    }
}
