//! Devices that hold a connection to the server.

use serde::{Deserialize, Serialize};

use super::error::Result;
use super::http::Transport;
use super::url::segment;

/// Whether a device is connected.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// `connected`, `disconnected` or `unknown`.
    #[serde(default)]
    pub status: String,
    /// Since when (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_ts: Option<String>,
}

impl Connection {
    /// Whether it is.
    pub fn is_up(&self) -> bool {
        self.status == "connected"
    }
}

/// What a connected device can be told to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// To look for an update.
    CheckUpdate,
    /// To report its inventory.
    SendInventory,
}

/// The calls. See [`Client::connections`](crate::Client::connections).
#[derive(Clone, Copy, Debug)]
pub struct Connections<'c>(&'c Transport);

impl<'c> Connections<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Connections(transport)
    }

    /// One device's.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 for a device that the service does not know.
    pub async fn get(&self, device: &str) -> Result<Connection> {
        self.0.get(&path(device)?).send().await?.json()
    }

    /// Tells a device to do something. That the message went out is all that comes back.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if the device is not connected.
    pub async fn trigger(&self, device: &str, trigger: Trigger) -> Result<()> {
        let verb = match trigger {
            Trigger::CheckUpdate => "check-update",
            Trigger::SendInventory => "send-inventory",
        };
        self.0.post(&[&path(device)?[..], &[verb]].concat()).send().await?;
        Ok(())
    }
}

fn path(device: &str) -> Result<[&str; 6]> {
    Ok(["api", "management", "v1", "deviceconnect", "devices", segment(device)?])
}
