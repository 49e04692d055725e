//! Fleets: any number of devices made of one number.

mod attributes;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

pub(crate) use self::attributes::attributes;
use crate::devauth::{self, AuthSet, Device};
use crate::inventory;
use crate::random::Random;
use crate::state::Data;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const GROUPS: [&str; 6] = ["production", "production", "production", "staging", "lab", "canary"];
const SITES: [&str; 5] = ["Oslo", "Hamburg", "Lyon", "Austin", "Osaka"];
const ROLES: [&str; 4] = ["gateway", "pump", "kiosk", "meter"];

/// Adds so many devices; returns their ids.
pub(crate) fn add(data: &mut Data, count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let now = data.now();
    let batch = random.bytes();
    (0..count).map(|index| add_one(data, &mut random, now, batch, index)).collect()
}

fn add_one(data: &mut Data, random: &mut Random, now: Timestamp, batch: [u8; 2], index: usize) -> String {
    let device = device(random, now, batch, index);
    // Whoever was let in once has told about itself.
    let reported = device.check_in_time.as_deref().and_then(|seen| seen.parse().ok());
    let accepted = device.status == "accepted";
    let id = devauth::add(data, device);
    if let Some(at) = reported {
        inventory::report(data, &id, &attributes(random), at);
    }
    if accepted && random.percent(75) {
        inventory::set_group(data, &id, random.pick(&GROUPS));
    }
    if accepted && random.percent(40) {
        let name = format!("{}-{index:05}", random.pick(&ROLES));
        inventory::set_tags(data, &id, &[("name", name.into()), ("site", random.pick(&SITES).into())]);
    }
    id
}

fn device(random: &mut Random, now: Timestamp, [a, b]: [u8; 2], index: usize) -> Device {
    let [.., x, y, z] = (index as u64).to_be_bytes();
    let status = status(random);
    let created = now - Duration::from_secs(HOUR + random.below(900 * DAY));
    let id = random.uuid();
    let auth_sets = auth_sets(random, status, created, now);
    let seen = last_seen(random, status).map(|ago| (now - ago).max(created));
    let recent = seen.is_some_and(|seen| now.duration_since(seen).as_secs() < 10 * MINUTE as i64);
    Device {
        id,
        status: status.into(),
        identity_data: json!({
            "mac": format!("02:{a:02x}:{b:02x}:{x:02x}:{y:02x}:{z:02x}"),
            "serial": format!("SN{a:02X}{b:02X}-{index:06}"),
        }),
        auth_sets,
        created_ts: Some(created.to_string()),
        updated_ts: Some(seen.unwrap_or(created).to_string()),
        check_in_time: seen.map(|seen| seen.to_string()),
        decommissioning: false,
        connected: status == "accepted" && recent,
    }
}

fn auth_sets(random: &mut Random, status: &str, created: Timestamp, now: Timestamp) -> Vec<AuthSet> {
    let mut sets = Vec::new();
    if status != "noauth" {
        sets.push(auth_set(random, status, created));
    }
    // A few came again with another key, as after a flash of their storage.
    if matches!(status, "accepted" | "pending") && random.percent(6) {
        let other = if status == "pending" || random.percent(50) { "pending" } else { "rejected" };
        let at = now - Duration::from_secs(random.below(HOUR));
        sets.push(auth_set(random, other, at));
    }
    sets
}

fn auth_set(random: &mut Random, status: &str, at: Timestamp) -> AuthSet {
    let (id, pubkey) = (random.uuid(), public_key(random));
    AuthSet { id, pubkey, status: status.into(), ts: Some(at.to_string()) }
}

fn status(random: &mut Random) -> &'static str {
    match random.below(100) {
        0..86 => "accepted",
        86..92 => "pending",
        92..96 => "rejected",
        96..98 => "preauthorized",
        _ => "noauth",
    }
}

/// How long ago a device was last seen; nothing if it never was.
fn last_seen(random: &mut Random, status: &str) -> Option<Duration> {
    let seconds = match (status, random.below(100)) {
        ("pending" | "preauthorized", _) | (_, 0..4) => return None,
        ("accepted", 4..70) => random.below(30 * MINUTE),
        ("accepted", 70..86) => 30 * MINUTE + random.below(DAY),
        ("accepted", 86..94) => DAY + random.below(6 * DAY),
        _ => 7 * DAY + random.below(60 * DAY),
    };
    Some(Duration::from_millis(seconds * 1000 + random.below(1000)))
}

/// An Ed25519 key: any 32 bytes are one.
fn public_key(random: &mut Random) -> String {
    const HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let point: [u8; 32] = random.bytes();
    devauth::encode_key(&[HEAD.as_slice(), &point].concat())
}
