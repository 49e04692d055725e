//! The device's side: asking to be let in, and using the token.

use serde_json::Value;

use super::device::{AuthSet, Device};
use super::sets::{accept, has_room};
use super::{add, provision, settle};
use crate::inventory;
use crate::state::{Data, State};

/// A device asks to be let in. The first time it becomes a pending one; once it is accepted it gets a token.
pub(crate) fn authenticate(state: &State, identity: &Value, pubkey: &str) -> Option<String> {
    let pubkey = super::pubkey::normalized(pubkey).expect("a device's public key cannot be read");
    let mut data = state.data();
    let Some(known) = data.devices.with_identity(identity) else {
        let set = AuthSet { pubkey, status: "pending".into(), ..AuthSet::default() };
        let (status, identity_data) = (set.status.clone(), identity.clone());
        add(&mut data, Device { status, identity_data, auth_sets: vec![set], ..Device::default() });
        return None;
    };
    if known.decommissioning {
        return None;
    }
    let id = known.id.clone();
    provision(&mut data, &id);
    let known = data.devices.get(&id)?;
    let Some(set) = known.auth_sets.iter().find(|set| set.pubkey == pubkey) else {
        another_key(&mut data, &id, pubkey);
        return None;
    };
    let set_id = set.id.clone();
    match set.status.as_str() {
        "accepted" => {}
        "preauthorized" if has_room(state, &data, &id) => accept(&mut data, &id, &set_id),
        _ => return None,
    }
    data.devices.note_token(&set_id);
    check_in(&mut data, &id);
    let issued = data.now();
    Some(state.signer.sign_for_device(&set_id, &id, issued, issued + state.settings.jwt_lifetime))
}

fn another_key(data: &mut Data, id: &str, pubkey: String) {
    let ts = Some(data.now().to_string());
    let set = AuthSet { pubkey, status: "pending".into(), ts, ..AuthSet::default() };
    data.devices.change(id, |device| device.auth_sets.push(set));
    settle(data, id);
}

/// The device that a token was issued to, if it is still good. Using it counts as a sign of life.
pub(crate) fn device_of(state: &State, token: &str) -> Option<String> {
    let mut data = state.data();
    let claims = state.signer.verify(token, data.now()).ok()?;
    let good = data.devices.has_token(&claims.jti);
    let id = data.devices.owner(&claims.jti).filter(|device| good && device.id == claims.sub)?.id.clone();
    check_in(&mut data, &id);
    Some(id)
}

/// A device got in touch.
pub(crate) fn check_in(data: &mut Data, id: &str) {
    let now = data.now();
    data.devices.change(id, |device| device.check_in_time = Some(now.to_string()));
    inventory::seen(data, id, now);
}
