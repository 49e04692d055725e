//! Aborting: a deployment as a whole, or for one device.

use jiff::Timestamp;
use serde_json::Value;

use super::status::Counts;
use super::{Deployment, Status, find_mut};
use crate::answer::{Refusal, Reply, empty};
use crate::call::Call;
use crate::deployments::artifacts::checked_id;
use crate::gojson;

pub(crate) async fn whole(mut call: Call) -> Reply {
    let body = call.json().await?;
    let id = checked_id(&call)?;
    let map = call.object(&body, "status", &["status"], "")?;
    let bad = |text: String| Refusal::new(400, text);
    let wanted = gojson::text(&map, "status", "status").map_err(bad)?.unwrap_or_default();
    if !wanted.is_empty() && Status::named(&wanted).is_none() {
        return Err(bad(format!("invalid status for device '{wanted}'")));
    }
    let mut data = call.state.data();
    let now = data.now();
    let running = find_mut(&mut data, &id).filter(|known| known.is_active());
    let running = running.ok_or_else(|| Refusal::new(422, "Deployment already finished"))?;
    // As on the real server, another status is refused and aborts all the same.
    abort(running, now);
    if map.get("status") != Some(&Value::from("aborted")) {
        return Err(bad("Unexpected deployment status".into()));
    }
    Ok(empty(204))
}

/// Who never asked vanishes from the numbers.
fn abort(deployment: &mut Deployment, now: Timestamp) {
    let mut counts = Counts::default();
    for part in deployment.parts.values_mut() {
        if !part.status.is_final() {
            part.reach(Status::Aborted, now);
        }
        counts.add(part.status, 1);
    }
    for part in &deployment.forgotten {
        counts.add(part.status, 1);
    }
    deployment.counts = counts;
    deployment.finished = Some(now);
}

/// Aborts what the device is at, and the next that it has not asked for.
pub(crate) async fn for_device(call: Call) -> Reply {
    let mut data = call.state.data();
    let now = data.now();
    let device = call.param(0);
    let mut active: Vec<&mut Deployment> = data
        .deployments
        .iter_mut()
        .filter(|known| known.is_active() && known.members.contains(device))
        .collect();
    if let Some(at) = active.iter_mut().find(|known| known.is_at(device)) {
        at.drop_out(device, Status::Aborted, now);
    }
    if let Some(next) = active.iter_mut().find(|known| !known.parts.contains_key(device)) {
        next.drop_out(device, Status::Aborted, now);
    }
    Ok(empty(204))
}
