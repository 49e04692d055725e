//! What a sandbox can be asked to do with its inventory.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Sandbox;
use crate::inventory;

impl Sandbox {
    /// A device reports its inventory, an object; what it does not name stays.
    ///
    /// # Panics
    ///
    /// If the server would refuse it.
    pub fn report_inventory(&self, id: &str, attributes: Value) {
        self.try_report_inventory(id, attributes).unwrap_or_else(|text| panic!("report refused: {text}"));
    }

    /// The same, or what the server says when it refuses.
    ///
    /// # Errors
    ///
    /// When there is no such device, an attribute has no name or a value of the wrong kind, or there are too many.
    pub fn try_report_inventory(&self, id: &str, attributes: Value) -> Result<(), String> {
        let Value::Object(attributes) = attributes else { return Err("not an object".into()) };
        inventory::try_report(&mut self.state.data(), id, &attributes)
    }

    /// Puts a device into a group.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn set_group(&self, id: &str, group: &str) {
        let mut data = self.state.data();
        assert!(inventory::knows(&data, id), "no device {id}");
        inventory::set_group(&mut data, id, group);
    }

    /// Gives a device these tags, and takes all others.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn set_tags(&self, id: &str, tags: &[(&str, Value)]) {
        let mut data = self.state.data();
        assert!(inventory::knows(&data, id), "no device {id}");
        inventory::set_tags(&mut data, id, tags);
    }

    /// The tags of a device; none of one that there is not.
    pub fn tags(&self, id: &str) -> BTreeMap<String, Value> {
        inventory::tags(&self.state.data(), id)
    }

    /// The group that a device is in.
    pub fn group(&self, id: &str) -> Option<String> {
        inventory::group(&self.state.data(), id).map(String::from)
    }
}
