//! Configuration of devices: what the user wants, and what the device says it has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::object_or_null;
use super::error::Result;
use super::http::Transport;
use super::url::segment;

/// A device's configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Configuration {
    /// The device.
    pub id: String,
    /// What is wanted.
    #[serde(default, deserialize_with = "object_or_null")]
    pub configured: Map<String, Value>,
    /// What the device last said it has.
    #[serde(default, deserialize_with = "object_or_null")]
    pub reported: Map<String, Value>,
    /// The last deployment of what is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// When what is wanted was last changed (RFC 3339).
    #[serde(default)]
    pub updated_ts: Option<String>,
    /// When the device last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_ts: Option<String>,
}

/// The calls. See [`Client::configurations`](crate::Client::configurations).
#[derive(Clone, Copy, Debug)]
pub struct Configurations<'c>(&'c Transport);

impl<'c> Configurations<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Configurations(transport)
    }

    /// One device's.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if the service does not know the device.
    pub async fn get(&self, device: &str) -> Result<Configuration> {
        self.0.get(&path(device)?).send().await?.json()
    }

    /// Replaces **all** that is wanted. Nothing reaches the device before [`Configurations::deploy`], or its own next
    /// look. The service knows no way to tell that somebody else wrote in between, and takes the ids of devices that
    /// do not exist.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 400 for keys and values beyond 4096 bytes, 500 for more than 100 keys.
    pub async fn replace(&self, device: &str, wanted: &BTreeMap<String, String>) -> Result<()> {
        self.0.put(&path(device)?).json(wanted).send().await?;
        Ok(())
    }

    /// Sends what is wanted to the device. Returns the id of the deployment, which may take a moment to appear.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if the service does not know the device.
    pub async fn deploy(&self, device: &str, retries: u32) -> Result<String> {
        #[derive(Deserialize)]
        struct Deployed {
            deployment_id: String,
        }
        let path = [&path(device)?[..], &["deploy"]].concat();
        let answer = self.0.post(&path).json(&json!({ "retries": retries })).send().await?;
        let id = answer.json::<Deployed>()?.deployment_id;
        // The service says yes with this one when it could not note the deployment.
        if id.is_empty() || id.chars().all(|c| matches!(c, '0' | '-')) {
            return Err(answer.unexpected("the server made no deployment of it".into()));
        }
        Ok(id)
    }
}

fn path(device: &str) -> Result<[&str; 7]> {
    Ok(["api", "management", "v1", "deviceconfig", "configurations", "device", segment(device)?])
}
