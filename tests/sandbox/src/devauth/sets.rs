//! Authentication sets: what is decided about a device's keys, and the tokens that hang on them.

use serde_json::json;

use super::settle;
use crate::answer::{Refusal, Reply, empty, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::state::{Data, State};

/// As on the real server, the device in the path is not looked at.
pub(crate) async fn status(call: Call) -> Reply {
    let data = call.state.data();
    let set = data.devices.owner(call.param(1)).and_then(|device| device.set(call.param(1)));
    let set = set.ok_or_else(unknown)?;
    Ok(json_answer(200, &json!({ "status": set.status })))
}

fn unknown() -> Refusal {
    Refusal::new(404, "authorization set not found")
}

pub(crate) async fn decide(mut call: Call) -> Reply {
    let body = call.json().await?;
    let prefix = "failed to decode status data: ";
    let map = call.object(&body, "http.DevAuthApiStatus", &["status"], prefix)?;
    let bad = |text| Refusal::new(400, format!("{prefix}{text}"));
    let status = gojson::text(&map, "DevAuthApiStatus", "status").map_err(bad)?.unwrap_or_default();
    if !["accepted", "rejected", "pending"].contains(&status.as_str()) {
        return Err(Refusal::new(400, "incorrect device status"));
    }
    let (id, set_id) = (call.param(0), call.param(1));
    let mut data = call.state.data();
    let owner = data.devices.owner(set_id).ok_or_else(unknown)?;
    if owner.id != id {
        return Err(Refusal::new(400, "dev auth: dev ID and auth ID mismatch"));
    }
    match owner.set(set_id).map(|set| set.status.as_str()) {
        Some(current) if current == status => return Ok(empty(204)),
        Some("preauthorized") => return Err(Refusal::new(400, "dev auth: bad request")),
        _ => {}
    }
    if status == "accepted" {
        if !has_room(&call.state, &data, id) {
            return Err(Refusal::new(422, "maximum number of accepted devices reached"));
        }
        accept(&mut data, id, set_id);
    } else {
        data.devices.drop_token(set_id);
        data.devices.change(id, |device| {
            if let Some(set) = device.set_mut(set_id) {
                set.status = status;
            }
        });
        settle(&mut data, id);
    }
    Ok(empty(204))
}

/// Whether this device may be among the accepted ones.
pub(super) fn has_room(state: &State, data: &Data, id: &str) -> bool {
    let accepted = data.devices.get(id).is_some_and(|device| device.status == "accepted");
    let count = data.devices.count(Some("accepted")) as u64;
    accepted || state.settings.max_devices.is_none_or(|limit| count < limit)
}

/// Accepts one set, which rejects the one that was accepted before.
pub(super) fn accept(data: &mut Data, id: &str, set_id: &str) {
    data.devices.drop_tokens(id);
    data.devices.change(id, |device| {
        for set in &mut device.auth_sets {
            if set.id == set_id {
                set.status = "accepted".into();
            } else if set.status == "accepted" {
                set.status = "rejected".into();
            }
        }
    });
    settle(data, id);
}

/// Goes by the set alone: the device in the path is believed to own it, and another owner's status stays as it was.
pub(crate) async fn dismiss(call: Call) -> Reply {
    let (id, set_id) = (call.param(0), call.param(1));
    let mut data = call.state.data();
    let Some(owner) = data.devices.owner(set_id) else { return Ok(empty(404)) };
    let owner_id = owner.id.clone();
    let was_preauthorized = owner.set(set_id).is_some_and(|set| set.status == "preauthorized");
    let was_only = owner.auth_sets.len() == 1;
    data.devices.drop_token(set_id);
    if was_preauthorized && was_only && owner_id == id {
        super::removal::remove(&mut data, id);
        return Ok(empty(204));
    }
    data.devices.change(&owner_id, |device| device.auth_sets.retain(|set| set.id != set_id));
    settle(&mut data, id);
    Ok(empty(204))
}

/// Ends a device's token, by its `jti`. The device may fetch another one.
pub(crate) async fn revoke(call: Call) -> Reply {
    let known = call.state.data().devices.drop_token(call.param(0));
    Ok(empty(if known { 204 } else { 404 }))
}
