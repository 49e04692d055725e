//! Devices and their authentication sets.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::{list_or_null, object_or_null};
use super::error::{Error, Result};
use super::http::Transport;
use super::page::{LARGEST_PAGE, Pages};
use super::url::segment;
use crate::digest::sha256_hex;

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
    /// When it last spoke with the server (RFC 3339); absent if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in_time: Option<String>,
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

impl Device {
    /// Whether it has this status.
    pub fn is(&self, status: Status) -> bool {
        self.status == status.name()
    }

    /// Its authentication sets of this status.
    pub fn sets(&self, status: Status) -> impl Iterator<Item = &AuthSet> {
        self.auth_sets.iter().filter(move |set| set.is(status))
    }
}

impl AuthSet {
    /// Whether it has this status.
    pub fn is(&self, status: Status) -> bool {
        self.status == status.name()
    }

    /// What people compare instead of a key: the SHA-256 of its SubjectPublicKeyInfo, as
    /// `openssl pkey -pubin -outform der | sha256sum` prints it. `None` if the key is no PEM.
    pub fn fingerprint(&self) -> Option<String> {
        let lines = self.pubkey.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.collect::<String>()).ok().filter(|der| !der.is_empty())?;
        Some(sha256_hex(&der))
    }
}

/// What a device or an authentication set may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// It waits for a decision.
    Pending,
    /// It may speak with the server.
    Accepted,
    /// It may not.
    Rejected,
    /// It will be accepted once it comes.
    Preauthorized,
    /// It has no authentication set.
    NoAuth,
}

impl Status {
    /// All of them, those that want a decision first.
    pub const ALL: [Status; 5] =
        [Status::Pending, Status::Accepted, Status::Rejected, Status::Preauthorized, Status::NoAuth];

    /// As the server writes it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Accepted => "accepted",
            Status::Rejected => "rejected",
            Status::Preauthorized => "preauthorized",
            Status::NoAuth => "noauth",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is no status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no status of devices")]
pub struct ParseStatusError(pub String);

impl FromStr for Status {
    type Err = ParseStatusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Status::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or_else(|| ParseStatusError(text.to_owned()))
    }
}

/// What is decided about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// The device may speak with the server. Another set of it that was accepted is rejected by that.
    Accept,
    /// It may not; a token that it has ends at once.
    Reject,
}

/// What came of a preauthorization.
#[derive(Clone, Debug)]
pub enum Preauthorized {
    /// The id of the device that was made.
    Made(String),
    /// A device has that identity already; nothing was changed.
    Exists(Box<Device>),
}

/// The calls. See [`Client::devices`](crate::Client::devices).
#[derive(Clone, Copy, Debug)]
pub struct Devices<'c>(&'c Transport);

const DEVICES: [&str; 5] = ["api", "management", "v2", "devauth", "devices"];

impl<'c> Devices<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Devices(transport)
    }

    /// All devices, or those of one status.
    pub fn list(&self, status: Option<Status>) -> Pages<'c, Device> {
        let query = status.map(|status| ("status", status.name().to_owned()));
        Pages::new(self.0, &DEVICES, query.into_iter().collect())
    }

    /// Those of the devices that exist, in no particular order.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn get_many(&self, ids: &[&str]) -> Result<Vec<Device>> {
        let mut found = Vec::with_capacity(ids.len());
        let path = [&DEVICES[..], &["search"]].concat();
        for some in ids.chunks(LARGEST_PAGE as usize) {
            let call = self.0.post(&path).query("per_page", &LARGEST_PAGE.to_string());
            found.extend(call.json(&json!({ "id": some })).send().await?.list::<Device>()?);
        }
        Ok(found)
    }

    /// One device.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is none with that id.
    pub async fn get(&self, id: &str) -> Result<Device> {
        self.0.get(&device(id)?).send().await?.json()
    }

    /// How many there are.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn count(&self, status: Option<Status>) -> Result<u64> {
        #[derive(Deserialize)]
        struct Count {
            count: u64,
        }
        let call = self.0.get(&[&DEVICES[..], &["count"]].concat());
        let call = status.iter().fold(call, |call, status| call.query("status", status.name()));
        Ok(call.send().await?.json::<Count>()?.count)
    }

    /// Decides about one of a device's authentication sets. A decision that was made before is made again.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 400 for a set that is preauthorized or belongs to another device, 404 for an
    /// unknown one, 422 if the server has as many accepted devices as it may have.
    pub async fn decide(&self, id: &str, set: &str, decision: Decision) -> Result<()> {
        let status = match decision {
            Decision::Accept => Status::Accepted,
            Decision::Reject => Status::Rejected,
        };
        let path = [&device(id)?[..], &["auth", segment(set)?, "status"]].concat();
        self.0.put(&path).json(&json!({ "status": status.name() })).send().await?;
        Ok(())
    }

    /// Forgets an authentication set. The server looks at the id of the set alone: it has to be the device's.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is none with that id.
    pub async fn dismiss(&self, id: &str, set: &str) -> Result<()> {
        self.0.delete(&[&device(id)?[..], &["auth", segment(set)?]].concat()).send().await?;
        Ok(())
    }

    /// Begins to remove a device. It stays visible until the server is done with it.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is none with that id.
    pub async fn decommission(&self, id: &str) -> Result<()> {
        self.0.delete(&device(id)?).send().await?;
        Ok(())
    }

    /// Accepts a device before it comes: its identity and its public key (PEM, SubjectPublicKeyInfo).
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 400 for a key that the server cannot read.
    pub async fn preauthorize(&self, identity: &Map<String, Value>, pubkey: &str) -> Result<Preauthorized> {
        let body = json!({ "identity_data": identity, "pubkey": pubkey });
        match self.0.post(&DEVICES).json(&body).send().await {
            Ok(answer) => Ok(Preauthorized::Made(answer.created_id()?)),
            Err(Error::Refused(refusal)) if refusal.status == 409 => {
                // Here the body is that device instead of an error.
                match serde_json::from_str::<Device>(&refusal.body) {
                    Ok(device) => Ok(Preauthorized::Exists(Box::new(device))),
                    Err(_) => Err(Error::Refused(refusal)),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Accepts another key of a device that has that identity already. The server answers with an id that is not the
    /// device's, so that none is told: [`Devices::preauthorize`] tells it before.
    ///
    /// # Errors
    ///
    /// As [`Devices::preauthorize`].
    pub async fn add_preauthorized_key(&self, identity: &Map<String, Value>, pubkey: &str) -> Result<()> {
        let body = json!({ "identity_data": identity, "pubkey": pubkey, "force": true });
        self.0.post(&DEVICES).json(&body).send().await?;
        Ok(())
    }

    /// Ends a device's token: it has to authenticate again, its acceptance stays. The token's id is that of the
    /// accepted authentication set.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is no such token.
    pub async fn revoke_token(&self, id: &str) -> Result<()> {
        self.0.delete(&["api", "management", "v2", "devauth", "tokens", segment(id)?]).send().await?;
        Ok(())
    }

    /// How many devices may be accepted; `None` if there is no limit.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn limit(&self) -> Result<Option<u64>> {
        #[derive(Deserialize)]
        struct Limit {
            limit: i64,
        }
        let path = ["api", "management", "v2", "devauth", "limits", "max_devices"];
        // Below 0 there is none.
        Ok(u64::try_from(self.0.get(&path).send().await?.json::<Limit>()?.limit).ok())
    }
}

fn device(id: &str) -> Result<[&str; 6]> {
    let [api, management, version, service, devices] = DEVICES;
    Ok([api, management, version, service, devices, segment(id)?])
}
