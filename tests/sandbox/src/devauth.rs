//! Devices, as far as lists of them go. They are made through the library.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Refusal, Reply, json_answer};
use crate::call::Call;
use crate::inventory;
use crate::paging::Page;
use crate::routes::{Route, route};
use crate::state::Data;

pub(crate) const ROUTES: &[Route] = &[
    route!("GET" "/api/management/v2/devauth/devices" ["status", "id", "page", "per_page"] list),
    route!("GET" "/api/management/v2/devauth/devices/count" ["status"] count),
    route!("GET" "/api/management/v2/devauth/devices/{}" [] show),
    route!("GET" "/api/management/v2/devauth/limits/max_devices" [] limit),
];

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
    /// own status.
    pub auth_sets: Vec<AuthSet>,
    /// When it was first seen (RFC 3339); by default when it is added.
    pub created_ts: Option<String>,
    /// When it was last seen (RFC 3339); by default never.
    pub check_in_time: Option<String>,
    /// Whether it is being removed.
    pub decommissioning: bool,
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
            check_in_time: None,
            decommissioning: false,
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

/// Adds a device, its gaps filled; returns its id.
pub(crate) fn add(data: &mut Data, mut device: Device) -> String {
    let now = data.tick().to_string();
    if device.auth_sets.is_empty() {
        device.auth_sets.push(AuthSet { status: device.status.clone(), ..AuthSet::default() });
    }
    device.created_ts.get_or_insert_with(|| now.clone());
    for set in &mut device.auth_sets {
        set.ts.get_or_insert_with(|| now.clone());
    }
    let id = device.id.clone();
    let read = |time: &String| time.parse::<Timestamp>().ok();
    let created = device.created_ts.as_ref().and_then(read).unwrap_or_default();
    let identity = device.identity_data.as_object().cloned().unwrap_or_default();
    inventory::identity(data, &id, &identity, &device.status, created);
    if let Some(at) = device.check_in_time.as_ref().and_then(read) {
        inventory::seen(data, &id, at);
    }
    data.devices.push(device);
    id
}

fn shown(device: &Device) -> Value {
    let sets: Vec<Value> = device
        .auth_sets
        .iter()
        .map(|set| {
            json!({
                "id": set.id, "identity_data": device.identity_data, "pubkey": set.pubkey, "ts": set.ts,
                "status": set.status,
            })
        })
        .collect();
    let mut value = json!({
        "id": device.id, "identity_data": device.identity_data, "status": device.status,
        "decommissioning": device.decommissioning, "created_ts": device.created_ts, "updated_ts": device.created_ts,
        "auth_sets": sets,
    });
    if let Some(seen) = &device.check_in_time {
        value["check_in_time"] = seen.as_str().into();
    }
    value
}

const STATUSES: [&str; 5] = ["accepted", "pending", "rejected", "preauthorized", "noauth"];

async fn list(call: Call) -> Reply {
    let page = Page::strict(&call.query)?;
    let (statuses, ids) = (call.query.all("status"), call.query.all("id"));
    if statuses.iter().any(|status| !STATUSES.contains(status)) {
        let text = "filter status must be one of: accepted, pending, rejected, preauthorized or noauth";
        return Err(Refusal::new(400, text));
    }
    let data = call.state.data();
    let mut found: Vec<&Device> = data
        .devices
        .iter()
        .filter(|device| statuses.is_empty() || statuses.contains(&device.status.as_str()))
        .filter(|device| ids.is_empty() || ids.contains(&device.id.as_str()))
        .collect();
    found.sort_by(|a, b| (&a.status, &a.id).cmp(&(&b.status, &b.id)));
    let more = found.len() as u64 > page.number.saturating_mul(page.size);
    let listed: Vec<Value> = page.of(found).into_iter().map(shown).collect();
    let mut answer = json_answer(200, &listed.into());
    page.link(answer.headers_mut(), call.path(), &call.query, more);
    Ok(answer)
}

async fn count(call: Call) -> Reply {
    let statuses = call.query.all("status");
    if statuses.iter().any(|status| !STATUSES.contains(status)) {
        let text = "status must be one of: pending, accepted, rejected, preauthorized, noauth";
        return Err(Refusal::new(400, text));
    }
    let data = call.state.data();
    let fits = |device: &&Device| statuses.is_empty() || statuses.contains(&device.status.as_str());
    Ok(json_answer(200, &json!({ "count": data.devices.iter().filter(fits).count() })))
}

async fn show(call: Call) -> Reply {
    let data = call.state.data();
    let device = data.devices.iter().find(|device| device.id == call.param(0));
    let device = device.ok_or_else(|| Refusal::new(404, "device not found"))?;
    Ok(json_answer(200, &shown(device)))
}

async fn limit(_call: Call) -> Reply {
    Ok(json_answer(200, &json!({ "limit": 0 })))
}
