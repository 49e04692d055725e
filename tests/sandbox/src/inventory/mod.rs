//! What other services tell the inventory.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::state::Data;

/// A device is new, or its identity or status changed.
pub(crate) fn identity(
    _data: &mut Data,
    _id: &str,
    _identity: &Map<String, Value>,
    _status: &str,
    _created: Timestamp,
) {
}

/// A device's status changed.
pub(crate) fn status(_data: &mut Data, _id: &str, _status: &str) {}

/// A device gave a sign of life.
pub(crate) fn seen(_data: &mut Data, _id: &str, _at: Timestamp) {}

/// A device was decommissioned.
pub(crate) fn removed(_data: &mut Data, _id: &str) {}

/// A device reports attributes.
pub(crate) fn report(_data: &mut Data, _id: &str, _attributes: &Map<String, Value>) {}

/// Puts a device into a group.
pub(crate) fn set_group(_data: &mut Data, _id: &str, _group: &str) {}

/// Sets a device's tags.
pub(crate) fn set_tags(_data: &mut Data, _id: &str, _tags: &[(&str, Value)]) {}
