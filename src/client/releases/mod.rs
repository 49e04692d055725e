//! Releases: all Artifacts of one name, with tags and notes.

mod deletion;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::list_or_null;
use super::artifacts::Artifact;
use super::error::{Error, Result};
use super::http::Transport;
use super::inventory::Order;
use super::page::Pages;
use super::request::RequestError;
use super::url::segment;

pub use self::deletion::Deletion;

/// A release. It is there while it has an Artifact, and cannot be made by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// Its name, which all its Artifacts have.
    pub name: String,
    /// When an Artifact was added, removed or described (RFC 3339). Tags and notes do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Its Artifacts, in full.
    #[serde(default, deserialize_with = "list_or_null")]
    pub artifacts: Vec<Artifact>,
    /// How many there are, where the server says so; see [`Release::count`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts_count: Option<u64>,
    /// Its tags, in lower case.
    #[serde(default, deserialize_with = "list_or_null")]
    pub tags: Vec<String>,
    /// What a person wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// What else the server tells.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Release {
    /// How many Artifacts it has.
    pub fn count(&self) -> u64 {
        self.artifacts_count.unwrap_or(self.artifacts.len() as u64)
    }

    /// The device types that any of its Artifacts is for, sorted, each once.
    pub fn device_types(&self) -> Vec<String> {
        let all = self.artifacts.iter().flat_map(|artifact| &artifact.device_types_compatible);
        let mut types: Vec<String> = all.cloned().collect();
        types.sort();
        types.dedup();
        types
    }
}

/// Which releases to list, and in which order. What is empty does not limit the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A part of the name, in any letter case. There are no patterns.
    pub name: Option<String>,
    /// Any of these tags, in any letter case.
    pub tags: Vec<String>,
    /// With a payload of exactly this type.
    pub update_type: Option<String>,
    /// By name if not given, which is the only order that is the same for each page: the server puts releases that
    /// are alike in anything else as it likes, so that a list of several pages may repeat some and lack others.
    pub sort: Option<Sort>,
}

/// An order of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Which way.
    pub order: Order,
}

/// What releases can be sorted by. The server passes over anything else without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// Their names.
    Name,
    /// When they changed.
    Modified,
    /// The number of their Artifacts.
    Artifacts,
    /// Their tags.
    Tags,
}

impl Sort {
    fn text(self) -> String {
        let by = match self.by {
            SortBy::Name => "name",
            SortBy::Modified => "modified",
            SortBy::Artifacts => "artifacts_count",
            SortBy::Tags => "tags",
        };
        let order = match self.order {
            Order::Asc => "asc",
            Order::Desc => "desc",
        };
        format!("{by}:{order}")
    }
}

impl Filter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let name = self.name.iter().map(|part| ("name", part.clone()));
        let tags = self.tags.iter().map(|tag| ("tag", tag.clone()));
        let update_type = self.update_type.iter().map(|kind| ("update_type", kind.clone()));
        let sort = self.sort.map(|sort| ("sort", sort.text()));
        name.chain(tags).chain(update_type).chain(sort).collect()
    }
}

/// The calls. See [`Client::releases`](crate::Client::releases).
///
/// Servers that are too old, and those whose operator has switched releases off, refuse all of them with 404 or 405.
#[derive(Clone, Copy, Debug)]
pub struct Releases<'c>(&'c Transport);

// The word comes twice but in the catalogues.
const PATH: [&str; 6] = ["api", "management", "v2", "deployments", "deployments", "releases"];
const CATALOGUES: [&str; 6] = ["api", "management", "v2", "deployments", "releases", "all"];
/// How many releases a page has. Each comes with all its Artifacts, so that one of the usual size might be very large.
pub const PER_PAGE: u32 = 100;

impl<'c> Releases<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Releases(transport)
    }

    /// The releases that a filter lets through, [`PER_PAGE`] a page unless [`Pages::from`] says otherwise.
    pub fn list(&self, filter: &Filter) -> Pages<'c, Release> {
        Pages::new(self.0, &PATH, filter.query()).from(1, PER_PAGE)
    }

    /// One release by its name.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) with 404 if there is none. [`Request`](Error::Request) and [`Id`](Error::Id) for a
    /// name that no path can hold: one with a `/`, which the server takes for the end of it, or with control
    /// characters. [`Releases::find`] finds those too.
    pub async fn get(&self, name: &str) -> Result<Release> {
        self.0.get(&[&PATH[..], &[part(name)?]].concat()).send().await?.json()
    }

    /// The release of that name, whatever the name is; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`].
    pub async fn find(&self, name: &str) -> Result<Option<Release>> {
        if part(name).is_ok() {
            return match self.get(name).await {
                Err(Error::Refused(refusal)) if refusal.is_unknown() => Ok(None),
                outcome => outcome.map(Some),
            };
        }
        let mut pages = self.list(&Filter { name: Some(name.to_owned()), ..Filter::default() });
        while let Some(page) = pages.next_page().await? {
            if let Some(release) = page.items.into_iter().find(|release| release.name == name) {
                return Ok(Some(release));
            }
        }
        Ok(None)
    }

    /// Replaces all tags. The server makes them lower case.
    ///
    /// # Errors
    ///
    /// As [`Releases::get`]; [`Refused`](Error::Refused) also with 400 for more than 20 tags, or one that is not of 1 to
    /// 1024 of the characters `A-Z a-z 0-9 - _ .`, and with 409 if all releases together would have more than 100
    /// different tags.
    pub async fn set_tags(&self, name: &str, tags: &[impl AsRef<str>]) -> Result<()> {
        let tags: Vec<&str> = tags.iter().map(AsRef::as_ref).collect();
        self.0.put(&[&PATH[..], &[part(name)?, "tags"]].concat()).json(&tags).send().await?;
        Ok(())
    }

    /// Replaces the notes; an empty text removes them.
    ///
    /// # Errors
    ///
    /// As [`Releases::get`]; [`Refused`](Error::Refused) also with 400 for more than 1024 bytes, and for line breaks,
    /// tabs and other characters that nobody sees.
    pub async fn set_notes(&self, name: &str, notes: &str) -> Result<()> {
        let body = Map::from_iter([("notes".to_owned(), notes.into())]);
        self.0.patch(&[&PATH[..], &[part(name)?]].concat()).json(&body).send().await?;
        Ok(())
    }

    /// Removes releases with all their Artifacts, in as few requests as take their names. The server says yes to any
    /// name, so look first; its storage may keep the files, which [`Artifacts::delete`] removes too.
    ///
    /// [`Artifacts::delete`]: super::artifacts::Artifacts::delete
    pub fn delete<'n>(&self, names: &'n [&'n str]) -> Deletion<'c, 'n> {
        Deletion::new(self.0, names)
    }

    /// All tags that any release has, sorted.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`].
    pub async fn tags(&self) -> Result<Vec<String>> {
        self.catalogue("tags").await
    }

    /// The types of all payloads that were ever uploaded, sorted. They stay when the Artifacts are gone.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`].
    pub async fn types(&self) -> Result<Vec<String>> {
        self.catalogue("types").await
    }

    async fn catalogue(&self, of: &str) -> Result<Vec<String>> {
        let mut all: Vec<String> = self.0.get(&[&CATALOGUES[..], &[of]].concat()).send().await?.list()?;
        all.sort();
        Ok(all)
    }
}

/// A name as a part of a path. The server would take a `/` for the end of it, however it is written.
fn part(name: &str) -> Result<&str> {
    if name.contains('/') {
        return Err(RequestError::Slash(name.to_owned()).into());
    }
    Ok(segment(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_release_is_read_whatever_is_null_or_lacking() {
        let bare: Release = serde_json::from_value(json!({ "name": "r" })).unwrap();
        assert_eq!((bare.count(), bare.device_types().len(), bare.notes), (0, 0, None));
        let artifact = |types: Value| json!({ "id": "i", "name": "r", "device_types_compatible": types });
        let text = json!({
            "name": "r", "modified": null, "tags": null, "notes": null, "artifacts_count": null, "new": [1],
            "artifacts": [artifact(json!(["b", "a"])), artifact(json!(null)), artifact(json!(["b", "c"]))],
        });
        let release: Release = serde_json::from_value(text).unwrap();
        assert_eq!((release.count(), release.device_types()), (3, vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(serde_json::to_value(&release).unwrap()["new"], json!([1]));
        let counted: Release = serde_json::from_value(json!({ "name": "r", "artifacts_count": 7 })).unwrap();
        assert_eq!(counted.count(), 7);
    }

    #[test]
    fn names_that_no_path_holds_are_told() {
        for name in ["a/b", "/", "", ".", "..", "a\nb", "a\tb"] {
            assert!(part(name).is_err(), "{name:?}");
        }
        for name in ["a%2Fb", "a b", "...", "ä", "a\\b", "?#*"] {
            assert_eq!(part(name).unwrap(), name);
        }
    }
}
