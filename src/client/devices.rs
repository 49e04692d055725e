//! Devices and their authentication sets.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::http::Transport;
use super::page::Pages;

/// A device as device authentication knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Device {
    /// Its id.
    pub id: String,
    /// `pending`, `accepted`, `rejected`, `preauthorized` or `noauth`.
    #[serde(default)]
    pub status: String,
    /// What it identifies itself by: `mac`, `sn` or whatever its integrator chose.
    #[serde(default, deserialize_with = "object_or_null")]
    pub identity_data: Map<String, Value>,
    /// When it was first seen (RFC 3339).
    #[serde(default)]
    pub created_ts: String,
    /// When it was last changed.
    #[serde(default)]
    pub updated_ts: String,
    /// Whether its removal is under way.
    #[serde(default)]
    pub decommissioning: bool,
    /// Its keys, one a set.
    #[serde(default, deserialize_with = "list_or_null")]
    pub auth_sets: Vec<AuthSet>,
    /// What else the server tells.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// An authentication set: a device's identity with one of its keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuthSet {
    /// Its id.
    pub id: String,
    /// The public key, PEM.
    #[serde(default)]
    pub pubkey: String,
    /// The identity that was sent with that key.
    #[serde(default, deserialize_with = "object_or_null")]
    pub identity_data: Map<String, Value>,
    /// As of the device.
    #[serde(default)]
    pub status: String,
    /// When it was first seen.
    #[serde(default)]
    pub ts: String,
    /// What else the server tells.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The calls. See [`Client::devices`](crate::Client::devices).
#[derive(Clone, Copy, Debug)]
pub struct Devices<'c>(&'c Transport);

impl<'c> Devices<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Devices(transport)
    }

    /// All devices.
    pub fn list(&self) -> Pages<'c, Device> {
        Pages::new(self.0, vec!["api", "management", "v2", "devauth", "devices"], Vec::new())
    }
}

/// Go sends `null` for an empty map.
fn object_or_null<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Go sends `null` for an empty list.
pub(super) fn list_or_null<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
