//! The service of device connections, as far as it knows who is connected and wakes devices up.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Refusal, Reply, json_answer};
use crate::call::Call;
use crate::routes::{Route, route};
use crate::state::{Data, time};

pub(crate) const ROUTES: &[Route] = &[
    route!("GET" "/api/management/v1/deviceconnect/devices/{}" [] show),
    route!("POST" "/api/management/v1/deviceconnect/devices/{}/check-update" [] wake),
    route!("POST" "/api/management/v1/deviceconnect/devices/{}/send-inventory" [] wake),
];

/// Whether a device is connected.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) connected: bool,
    created: Timestamp,
    updated: Timestamp,
}

pub(crate) fn provision(data: &mut Data, id: &str) {
    let now = data.now();
    let fresh = Connection { connected: false, created: now, updated: now };
    data.connections.entry(id.into()).or_insert(fresh);
}

pub(crate) fn forget(data: &mut Data, id: &str) {
    data.connections.remove(id);
}

pub(crate) fn is_connected(data: &Data, id: &str) -> bool {
    data.connections.get(id).is_some_and(|known| known.connected)
}

/// A device connects or disconnects.
pub(crate) fn connect(data: &mut Data, id: &str, connected: bool) {
    provision(data, id);
    let now = data.now();
    if let Some(record) = data.connections.get_mut(id) {
        record.connected = connected;
        record.updated = now;
    }
}

async fn show(call: Call) -> Reply {
    let id = call.param(0);
    let data = call.state.data();
    let Some(record) = data.connections.get(id) else {
        // The one error here that does not carry the request id.
        return Ok(json_answer(404, &json!({ "error": "device not found" })));
    };
    let status = if record.connected { "connected" } else { "disconnected" };
    Ok(json_answer(
        200,
        &json!({
            "device_id": id, "status": status, "created_ts": time(record.created),
            "updated_ts": time(record.updated),
        }),
    ))
}

/// Sends word to the device; what it does about it is not known here.
async fn wake(mut call: Call) -> Reply {
    if call.state.settings.strict && !call.whole().await?.is_empty() {
        return Err(Refusal::new(400, "sandbox: superfluous body"));
    }
    if !is_connected(&call.state.data(), call.param(0)) {
        return Err(Refusal::new(404, "device not connected"));
    }
    Ok(json_answer(202, &Value::Null))
}
