//! What tests do with inventory, without a request.

use std::collections::BTreeMap;

use serde_json::Value;

use super::news;
use super::record::Scope;
use crate::Sandbox;

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
        news::checked_report(&mut self.state.data(), id, &attributes)
    }

    /// Puts a device into a group.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn set_group(&self, id: &str, group: &str) {
        let mut data = self.state.data();
        assert!(data.inventory.0.contains_key(id), "no device {id}");
        news::set_group(&mut data, id, group);
    }

    /// Gives a device these tags, and takes all others.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn set_tags(&self, id: &str, tags: &[(&str, Value)]) {
        let mut data = self.state.data();
        assert!(data.inventory.0.contains_key(id), "no device {id}");
        news::set_tags(&mut data, id, tags);
    }

    /// The tags of a device; none of one that there is not.
    pub fn tags(&self, id: &str) -> BTreeMap<String, Value> {
        let data = self.state.data();
        let record = data.inventory.0.get(id);
        let tags = record.into_iter().flat_map(|record| record.of(Scope::Tags));
        tags.map(|tag| (tag.name.clone(), tag.value.json())).collect()
    }

    /// The group that a device is in.
    pub fn group(&self, id: &str) -> Option<String> {
        self.state.data().inventory.0.get(id).and_then(|record| record.group()).map(String::from)
    }
}
