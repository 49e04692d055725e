//! Removing devices: begun by a call, done in the background.

use crate::answer::{Reply, empty};
use crate::call::Call;
use crate::state::Data;
use crate::{deployments, deviceconfig, deviceconnect, inventory};

pub(crate) async fn decommission(call: Call) -> Reply {
    let id = call.param(0).to_string();
    let mut data = call.state.data();
    data.devices.drop_tokens(&id);
    let now = data.now().to_string();
    let begun = data.devices.change(&id, |device| {
        device.decommissioning = true;
        device.updated_ts = Some(now);
    });
    drop(data);
    if begun.is_none() {
        return Ok(empty(404));
    }
    if let Some(delay) = call.state.settings.decommission_after {
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            remove(&mut call.state.data(), &id);
        });
    }
    Ok(empty(204))
}

/// Removes every device whose removal was begun.
pub(crate) fn finish(data: &mut Data) {
    for id in data.devices.leaving() {
        remove(data, &id);
    }
}

/// Takes a device out of all services.
pub(super) fn remove(data: &mut Data, id: &str) {
    data.devices.drop_tokens(id);
    data.devices.remove(id);
    deviceconfig::forget(data, id);
    deviceconnect::forget(data, id);
    deployments::decommissioned(data, id);
    inventory::removed(data, id);
}
