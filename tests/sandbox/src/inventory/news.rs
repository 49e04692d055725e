//! What inventory hears: from device authentication, from devices, and from tests.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::record::{Attribute, Record, Scope};
use super::store::CHECK_IN;
use super::value::Stored;
use super::{MAX_ATTRIBUTES, TOO_MANY};
use crate::state::Data;

fn record<'a>(data: &'a mut Data, id: &str) -> Option<&'a mut Record> {
    data.inventory.change().get_mut(id)
}

/// A device is new, or its identity or status changed.
pub(crate) fn identity(
    data: &mut Data,
    id: &str,
    identity: &Map<String, Value>,
    status: &str,
    created: Timestamp,
) {
    let record = data.inventory.change().entry(id.into()).or_default();
    record.clear(Scope::Identity);
    for (name, value) in identity {
        record.set(Scope::Identity, name, value);
    }
    record.set(Scope::Identity, "status", status);
    record.set(Scope::System, "created_ts", created);
}

/// The status of a device changed.
pub(crate) fn status(data: &mut Data, id: &str, status: &str) {
    if let Some(record) = record(data, id) {
        record.set(Scope::Identity, "status", status);
    }
}

/// A device got in touch.
pub(crate) fn seen(data: &mut Data, id: &str, at: Timestamp) {
    if let Some(record) = data.inventory.change_seen().get_mut(id) {
        record.set(Scope::System, CHECK_IN, at);
    }
}

/// A device is gone.
pub(crate) fn removed(data: &mut Data, id: &str) {
    data.inventory.change().remove(id);
}

/// A device reports its inventory: what it does not name stays.
pub(crate) fn report(data: &mut Data, id: &str, attributes: &Map<String, Value>, at: Timestamp) {
    if let Some(record) = record(data, id) {
        for (name, value) in attributes {
            record.set(Scope::Inventory, name, value);
        }
        record.set_updated(at);
    }
}

/// The same now, or why the server would refuse it.
pub(crate) fn try_report(data: &mut Data, id: &str, attributes: &Map<String, Value>) -> Result<(), String> {
    for (name, value) in attributes {
        super::check::name_and_value(name, value)?;
    }
    let known = data.inventory.records().get(id).ok_or("Device not found")?;
    let old = known.of(Scope::Inventory).filter(|attribute| !attributes.contains_key(&attribute.name));
    if old.count() + attributes.len() > MAX_ATTRIBUTES {
        return Err(TOO_MANY.into());
    }
    let now = data.now();
    report(data, id, attributes, now);
    Ok(())
}

/// A device gets into a group.
pub(crate) fn set_group(data: &mut Data, id: &str, group: &str) {
    if let Some(record) = record(data, id) {
        record.set(Scope::System, "group", group);
    }
}

/// A device has these tags, and no others.
pub(crate) fn set_tags(data: &mut Data, id: &str, tags: &[(&str, Value)]) {
    let now = data.now();
    if let Some(record) = record(data, id) {
        record.clear(Scope::Tags);
        for (name, value) in tags {
            record.put(Attribute {
                name: (*name).into(),
                description: None,
                value: Stored::from(value),
                scope: Scope::Tags,
                timestamp: Some(now),
            });
        }
        record.etag = Some(uuid::Uuid::new_v4().to_string());
    }
}
