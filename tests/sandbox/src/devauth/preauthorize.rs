//! Devices that are let in before they come.

use serde_json::Value;

use super::device::{AuthSet, Device};
use super::{add, pubkey};
use crate::answer::{Refusal, Reply, created, serialized};
use crate::call::Call;
use crate::gojson;
use crate::state::Data;

const FIELDS: &[&str] = &["identity_data", "pubkey", "force"];

pub(crate) async fn preauthorize(mut call: Call) -> Reply {
    let body = call.json().await?;
    let prefix = "failed to decode preauth request: ";
    let map = call.object(&body, "http.preAuthReq", FIELDS, prefix)?;
    let bad = |text| Refusal::new(400, format!("{prefix}{text}"));
    let identity = gojson::map(&map, "preAuthReq", "identity_data").map_err(bad)?;
    let key = gojson::text(&map, "preAuthReq", "pubkey").map_err(bad)?.unwrap_or_default();
    let force = gojson::boolean(&map, "preAuthReq", "force").map_err(bad)?;
    let blank: Vec<&str> = [("identity_data", identity.is_empty()), ("pubkey", key.is_empty())]
        .iter()
        .filter_map(|(field, blank)| blank.then_some(*field))
        .collect();
    if !blank.is_empty() {
        return Err(bad(format!("{}: cannot be blank.", blank.join(": cannot be blank; "))));
    }
    let key = pubkey::normalized(&key).ok_or_else(|| bad("cannot decode public key".into()))?;

    let set = AuthSet { pubkey: key, status: "preauthorized".into(), ..AuthSet::default() };
    let identity_data = Value::Object(identity);
    let mut data = call.state.data();
    let Some(known) = data.devices.with_identity(&identity_data) else {
        let status = set.status.clone();
        let device = Device { status, identity_data, auth_sets: vec![set], ..Device::default() };
        return Ok(created(&format!("devices/{}", add(&mut data, device))));
    };
    if !force {
        return Ok(serialized(409, &known.shown_without_sets()));
    }
    let id = known.id.clone();
    enforce(&mut data, &id, set);
    // The real server made this id for a device that it then did not need.
    Ok(created(&format!("devices/{}", uuid::Uuid::new_v4())))
}

/// A further preauthorized set. The device's own status stays as it is.
fn enforce(data: &mut Data, id: &str, mut set: AuthSet) {
    set.ts = Some(data.now().to_string());
    data.devices.change(id, |device| {
        match device.auth_sets.iter_mut().find(|known| known.pubkey == set.pubkey) {
            Some(known) => known.status = set.status,
            None => device.auth_sets.push(set),
        }
    });
}
