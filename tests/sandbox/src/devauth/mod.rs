//! The service of device authentication: who may come in.

mod agent;
mod device;
mod lists;
mod preauthorize;
mod pubkey;
mod removal;
mod sets;
mod sorted;
mod store;

pub(crate) use agent::{authenticate, check_in, device_of};
pub use device::{AuthSet, Device};
pub(crate) use pubkey::encode as encode_key;
pub(crate) use removal::finish;
pub(crate) use store::Devices;

use jiff::Timestamp;

use crate::routes::{Route, route};
use crate::state::Data;
use crate::{deviceconfig, deviceconnect, inventory};

pub(crate) const ROUTES: &[Route] = &[
    route!("GET" "/api/management/v2/devauth/devices" ["status", "id", "page", "per_page"] lists::list),
    route!("POST" "/api/management/v2/devauth/devices" [] preauthorize::preauthorize),
    route!("POST" "/api/management/v2/devauth/devices/search" ["page", "per_page"] lists::search),
    route!("GET" "/api/management/v2/devauth/devices/count" ["status"] lists::count),
    route!("GET" "/api/management/v2/devauth/devices/{}" [] lists::show),
    route!("DELETE" "/api/management/v2/devauth/devices/{}" [] removal::decommission),
    route!("DELETE" "/api/management/v2/devauth/devices/{}/auth/{}" [] sets::dismiss),
    route!("GET" "/api/management/v2/devauth/devices/{}/auth/{}/status" [] sets::status),
    route!("PUT" "/api/management/v2/devauth/devices/{}/auth/{}/status" [] sets::decide),
    route!("GET" "/api/management/v2/devauth/limits/{}" [] lists::limit),
    route!("DELETE" "/api/management/v2/devauth/tokens/{}" [] sets::revoke),
];

/// Adds a device, its gaps filled, and tells the other services; returns its id.
pub(crate) fn add(data: &mut Data, mut device: Device) -> String {
    let now = data.now().to_string();
    if device.auth_sets.is_empty() && device.status != "noauth" {
        device.auth_sets.push(AuthSet { status: device.status.clone(), ..AuthSet::default() });
    }
    let created = device.created_ts.get_or_insert_with(|| now.clone()).clone();
    device.updated_ts.get_or_insert(created);
    for set in &mut device.auth_sets {
        set.ts.get_or_insert_with(|| now.clone());
    }
    let id = device.id.clone();
    let connected = std::mem::take(&mut device.connected);
    let seen = device.check_in_time.as_deref().and_then(|seen| seen.parse().ok());
    // The other services hear of a preauthorized device when it comes.
    if device.status != "preauthorized" {
        provision(data, &id);
    }
    data.devices.insert(device);
    introduce(data, &id);
    if let Some(seen) = seen {
        inventory::seen(data, &id, seen);
    }
    if connected {
        deviceconnect::connect(data, &id, true);
    }
    id
}

/// Makes the records of the services that have one for each device.
fn provision(data: &mut Data, id: &str) {
    deviceconfig::provision(data, id);
    deviceconnect::provision(data, id);
}

/// Tells the inventory who a device is.
fn introduce(data: &mut Data, id: &str) {
    let Some(device) = data.devices.get(id) else { return };
    let (identity, status) = (device.identity(), device.status.clone());
    let created: Option<Timestamp> = device.created_ts.as_deref().and_then(|created| created.parse().ok());
    let created = created.unwrap_or_else(|| data.now());
    inventory::identity(data, id, &identity, &status, created);
}

/// Works the status of a device out of its sets, and tells the inventory.
fn settle(data: &mut Data, id: &str) {
    let now = data.now().to_string();
    let status = data.devices.change(id, |device| {
        device.status = device.derived_status().into();
        device.updated_ts = Some(now);
        device.status.clone()
    });
    if let Some(status) = status {
        inventory::status(data, id, &status);
    }
}
