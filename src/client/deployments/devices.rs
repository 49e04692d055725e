//! The devices of a deployment, and stopping it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Deployments, LARGEST_HISTORY_PAGE, Participation, V1};
use crate::client::error::Result;
use crate::client::page::Pages;
use crate::client::refusal::Refusal;
use crate::client::url::segment;

/// How far a device is with a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// The device.
    #[serde(default)]
    pub id: String,
    /// A name of a [`Status`](super::Status), or another one of a newer server.
    #[serde(default)]
    pub status: String,
    /// When it began (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it was done (RFC 3339); not there for what was aborted as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// Whether there is a log of it.
    #[serde(default)]
    pub log: bool,
    /// In the device's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substate: Option<String>,
    /// What else the server tells, such as the Artifact.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Part {
    /// A device and its status, of which nothing else is known.
    pub fn new(id: impl Into<String>, status: impl Into<String>) -> Self {
        let (id, status) = (id.into(), status.into());
        Part { id, status, started: None, finished: None, log: false, substate: None, more: Map::new() }
    }
}

impl<'c> Deployments<'c> {
    /// The devices that have asked for a deployment, those that failed first. `status` is a status, or `pause`,
    /// `active`, `finished` for several of them.
    ///
    /// # Errors
    ///
    /// [`Id`](crate::Error::Id) for what cannot be an id; the list then begins with
    /// [`Refused`](crate::Error::Refused) with 404 if there is none of it.
    pub fn devices(&self, id: &str, status: Option<&str>) -> Result<Pages<'c, Part>> {
        let path = [&V1[..], &["deployments", segment(id)?, "devices", "list"]].concat();
        let query = status.map(|status| ("status", status.to_owned()));
        Ok(Pages::new(self.0, &path, query.into_iter().collect()))
    }

    /// The ids of all devices that it is for, whether they have asked or not; nothing where the server lacks the call.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is no such deployment.
    pub async fn targets(&self, id: &str) -> Result<Option<Vec<String>>> {
        let path = [&V1[..], &["deployments", segment(id)?, "device_list"]].concat();
        match self.0.get(&path).send().await {
            Ok(answer) => answer.list().map(Some),
            Err(error) if error.refusal().is_some_and(Refusal::is_from_elsewhere) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a device wrote down while it installed, a line an entry: the bytes as they are.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if it sent nothing.
    pub async fn log(&self, id: &str, device: &str) -> Result<Bytes> {
        let path = [&V1[..], &["deployments", segment(id)?, "devices", segment(device)?, "log"]].concat();
        Ok(self.0.get(&path).send().await?.body().clone())
    }

    /// What a device took part in, the newest first, in pages of at most [`LARGEST_HISTORY_PAGE`]. Nothing for an
    /// unknown one.
    ///
    /// # Errors
    ///
    /// [`Id`](crate::Error::Id) for what cannot be an id.
    pub fn of_device(&self, device: &str) -> Result<Pages<'c, Participation>> {
        let path = [&V1[..], &["deployments", "devices", segment(device)?]].concat();
        Ok(Pages::new(self.0, &path, Vec::new()).at_most(LARGEST_HISTORY_PAGE))
    }

    /// Ends a deployment: devices that are at it stop when they next ask. Tells whether that was still to be done: the
    /// server says of one that has finished, and of an unknown id, that there is nothing to abort.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn abort(&self, id: &str) -> Result<bool> {
        // Any other status is refused, and aborts all the same (server-observed).
        let path = [&V1[..], &["deployments", segment(id)?, "status"]].concat();
        match self.0.put(&path).json(&json!({ "status": "aborted" })).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(422) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends what a device is at, and one further deployment that waits for it. What it never asked for can then not
    /// finish any more by itself (server-observed).
    ///
    /// # Errors
    ///
    /// Those of any call: the server says yes to any id.
    pub async fn abort_for_device(&self, device: &str) -> Result<()> {
        let path = [&V1[..], &["deployments", "devices", segment(device)?]].concat();
        self.0.delete(&path).send().await?;
        Ok(())
    }
}
