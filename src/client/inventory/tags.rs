//! What users note on a device.

use reqwest::header::{HeaderValue, IF_MATCH};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Attribute, Device, Scope, device};
use crate::client::error::{Error, Result};
use crate::client::http::Transport;

/// A tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name, 1 to 1024 characters.
    pub name: String,
    /// Text; the server takes numbers and lists too.
    pub value: Value,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// So often tags that somebody else has changed meanwhile are read again.
const MOST_TRIES: usize = 3;

/// The calls. See [`Inventory::tags`](super::Inventory::tags).
#[derive(Clone, Copy, Debug)]
pub struct Tags<'c, 'd> {
    pub(super) transport: &'c Transport,
    pub(super) device: &'d str,
}

impl Tags<'_, '_> {
    /// The tags, by name.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is no such device.
    pub async fn list(&self) -> Result<Vec<Tag>> {
        Ok(self.read().await?.0)
    }

    /// Adds tags, or gives them another value and description; the others stay. Returns all of them.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 400 for more than 20 tags, 404 for an unknown device, 412 if somebody else
    /// changed them each time in between.
    pub async fn set(&self, tags: &[Tag]) -> Result<Vec<Tag>> {
        self.change(|all| {
            for tag in tags {
                match all.iter_mut().find(|known| known.name == tag.name) {
                    Some(known) => *known = tag.clone(),
                    None => all.push(tag.clone()),
                }
            }
        })
        .await
    }

    /// Removes tags; those that are not there are passed over. Returns what is left.
    ///
    /// # Errors
    ///
    /// As [`Tags::set`].
    pub async fn remove(&self, names: &[&str]) -> Result<Vec<Tag>> {
        self.change(|all| all.retain(|tag| !names.contains(&tag.name.as_str()))).await
    }

    /// Reads the tags, changes them, and writes them if nobody else has done so in between.
    async fn change(&self, edit: impl Fn(&mut Vec<Tag>)) -> Result<Vec<Tag>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (before, etag) = self.read().await?;
            let mut after = before.clone();
            edit(&mut after);
            after.sort_by(|a, b| a.name.cmp(&b.name));
            if after == before {
                return Ok(after);
            }
            let path = [&device(self.device)?[..], &["tags"]].concat();
            let call = match &etag {
                Some(etag) => self.transport.put(&path).header(IF_MATCH, etag.clone()),
                // Nobody ever set one. What somebody sets in between has to stay too.
                None => self.transport.patch(&path),
            };
            match call.json(&after).send().await {
                Err(Error::Refused(refusal)) if refusal.status == 412 && tries < MOST_TRIES => {}
                outcome => return outcome.map(|_| after),
            }
        }
    }

    async fn read(&self) -> Result<(Vec<Tag>, Option<HeaderValue>)> {
        let answer = self.transport.get(&device(self.device)?).send().await?;
        let etag = answer.headers().get("etag").cloned();
        let tags =
            answer.json::<Device>()?.attributes.into_iter().filter(|it| it.scope == Scope::Tags.name());
        let mut tags: Vec<Tag> = tags.map(Tag::from).collect();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((tags, etag))
    }
}

impl From<Attribute> for Tag {
    fn from(attribute: Attribute) -> Self {
        Tag { name: attribute.name, value: attribute.value, description: attribute.description }
    }
}
