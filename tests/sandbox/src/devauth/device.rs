//! What a device is.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// A device.
///
/// ```
/// let device = sandbox::Device { status: "pending".into(), ..sandbox::Device::default() };
/// assert!(!device.id.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its id; a new one by default.
    pub id: String,
    /// `accepted` (the default), `pending`, `rejected`, `preauthorized` or `noauth`.
    pub status: String,
    /// What it identifies itself by: an object; by default a `mac` made of the id.
    pub identity_data: Value,
    /// Its keys. If there are none, [`Sandbox::add_device`](crate::Sandbox::add_device) gives it one of the device's
    /// own status, unless that is `noauth`.
    pub auth_sets: Vec<AuthSet>,
    /// When it was first seen (RFC 3339); by default when it is added.
    pub created_ts: Option<String>,
    /// When it was last changed (RFC 3339); by default when it was first seen.
    pub updated_ts: Option<String>,
    /// When it was last seen (RFC 3339); by default never.
    pub check_in_time: Option<String>,
    /// Whether it is being removed.
    pub decommissioning: bool,
    /// Whether it holds a connection for terminals and triggers; not by default.
    pub connected: bool,
}

/// A key of a device, and what was decided about it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthSet {
    /// Its id.
    pub id: String,
    /// The public key, PEM.
    pub pubkey: String,
    /// As for devices.
    pub status: String,
    /// When it came in (RFC 3339); by default when the device is added.
    pub ts: Option<String>,
}

impl Default for Device {
    fn default() -> Device {
        let id = uuid::Uuid::new_v4();
        let [a, b, c, d, e, ..] = id.into_bytes();
        Device {
            id: id.to_string(),
            status: "accepted".into(),
            identity_data: json!({ "mac": format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}") }),
            auth_sets: Vec::new(),
            created_ts: None,
            updated_ts: None,
            check_in_time: None,
            decommissioning: false,
            connected: false,
        }
    }
}

impl Default for AuthSet {
    fn default() -> AuthSet {
        let key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
        AuthSet {
            id: uuid::Uuid::new_v4().to_string(),
            pubkey: format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n"),
            status: "accepted".into(),
            ts: None,
        }
    }
}

/// The statuses of devices, the one that counts most first.
pub(crate) const STATUSES: [&str; 5] = ["accepted", "preauthorized", "pending", "rejected", "noauth"];

impl Device {
    /// The status that its authentication sets give it.
    pub(crate) fn derived_status(&self) -> &'static str {
        let has = |status: &&&str| self.auth_sets.iter().any(|set| set.status == **status);
        STATUSES.iter().find(has).copied().unwrap_or("noauth")
    }

    pub(crate) fn set(&self, id: &str) -> Option<&AuthSet> {
        self.auth_sets.iter().find(|set| set.id == id)
    }

    pub(crate) fn set_mut(&mut self, id: &str) -> Option<&mut AuthSet> {
        self.auth_sets.iter_mut().find(|set| set.id == id)
    }

    /// The identity as other services hear of it.
    pub(crate) fn identity(&self) -> Map<String, Value> {
        self.identity_data.as_object().cloned().unwrap_or_default()
    }

    pub(crate) fn shown(&self) -> Shown<'_> {
        let sets = self.auth_sets.iter().map(|set| ShownSet {
            id: &set.id,
            identity_data: &self.identity_data,
            pubkey: &set.pubkey,
            ts: set.ts.as_deref(),
            status: &set.status,
        });
        Shown { auth_sets: Some(sets.collect()), ..self.shown_without_sets() }
    }

    /// The form that a conflict is answered with: the sets are not looked up for it.
    pub(crate) fn shown_without_sets(&self) -> Shown<'_> {
        Shown {
            id: &self.id,
            identity_data: &self.identity_data,
            status: &self.status,
            decommissioning: self.decommissioning,
            created_ts: self.created_ts.as_deref(),
            updated_ts: self.updated_ts.as_deref(),
            auth_sets: None,
            check_in_time: self.check_in_time.as_deref(),
        }
    }
}

/// A device as answers have it. It borrows, so that a list of many is written straight from the records.
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    id: &'a str,
    identity_data: &'a Value,
    status: &'a str,
    decommissioning: bool,
    created_ts: Option<&'a str>,
    updated_ts: Option<&'a str>,
    auth_sets: Option<Vec<ShownSet<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_in_time: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct ShownSet<'a> {
    id: &'a str,
    identity_data: &'a Value,
    pubkey: &'a str,
    ts: Option<&'a str>,
    status: &'a str,
}
