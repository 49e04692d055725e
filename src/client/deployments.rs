//! Deployments, as far as they say how the fleet is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::Result;
use super::http::Transport;
use super::page::Pages;
use super::url::segment;

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// What somebody called it.
    #[serde(default)]
    pub name: String,
    /// The release.
    #[serde(default)]
    pub artifact_name: String,
    /// `pending`, `inprogress`, `finished` or `scheduled`.
    #[serde(default)]
    pub status: String,
    /// When it was made (RFC 3339).
    #[serde(default)]
    pub created: Option<String>,
    /// When it finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// How many devices it was made for.
    #[serde(default)]
    pub max_devices: Option<u64>,
    /// How far they are.
    #[serde(default)]
    pub statistics: Option<Statistics>,
    /// What else the server tells.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// How far the devices of a deployment are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Devices by status: `success`, `failure`, `pending`, ...
    #[serde(default)]
    pub status: Option<BTreeMap<String, u64>>,
}

/// What one device had to do with one deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Participation {
    /// The deployment, unless it is gone.
    pub deployment: Option<Deployment>,
    /// The device's part in it.
    pub device: Part,
}

/// How far a device is with a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Part {
    /// `success`, `failure`, `installing`, ...
    #[serde(default)]
    pub status: String,
    /// When it was done (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
}

/// How much of something is used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// 0 for no limit.
    pub limit: u64,
    /// Some servers do not count, and always say 0.
    pub usage: u64,
}

/// The calls. See [`Client::deployments`](crate::Client::deployments).
#[derive(Clone, Copy, Debug)]
pub struct Deployments<'c>(&'c Transport);

/// The most that [`Deployments::of_device`] gives at once: less than any other list.
pub const LARGEST_HISTORY_PAGE: u32 = 20;

const V1: [&str; 4] = ["api", "management", "v1", "deployments"];

impl<'c> Deployments<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Deployments(transport)
    }

    /// Those of a status (`pending`, `inprogress`, `finished`), the newest first.
    pub fn list(&self, status: &str) -> Pages<'c, Deployment> {
        Pages::new(self.0, &[&V1[..], &["deployments"]].concat(), vec![("status", status.to_owned())])
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

    /// How much the stored Artifacts take, in bytes.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn storage(&self) -> Result<Usage> {
        self.0.get(&[&V1[..], &["limits", "storage"]].concat()).send().await?.json()
    }
}
