//! A device as lists show it.

use std::borrow::Cow;

use jiff::Timestamp;
use mender::inventory::{self, AttributeName, Scope};
use serde::Serialize;
use serde_json::{Map, Value};

/// What is known of a device, by scope. Its JSON is part of the program's interface.
#[derive(Debug, Serialize)]
pub struct Row {
    pub id: String,
    /// What the tenant chose as the name of its devices, or the tag `name`.
    pub name: Option<String>,
    pub status: Option<String>,
    pub identity_data: Map<String, Value>,
    pub group: Option<String>,
    pub tags: Map<String, Value>,
    pub inventory: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub monitor: Map<String, Value>,
    pub created_ts: Option<String>,
    pub updated_ts: Option<String>,
    pub check_in_time: Option<String>,
    /// What else the server notes.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub system: Map<String, Value>,
}

impl Row {
    /// The device, called by the attribute that the tenant chose.
    pub fn of(device: inventory::Device, naming: Option<&AttributeName>) -> Self {
        let mut scopes: [Map<String, Value>; 5] = Default::default();
        for it in device.attributes {
            if let Some(scope) = Scope::ALL.iter().position(|scope| scope.name() == it.scope) {
                scopes[scope].insert(it.name, it.value);
            }
        }
        let [mut identity, inventory, mut system, monitor, tags] = scopes;
        let status = take(&mut identity, "status");
        let maps = |scope| match scope {
            Scope::Identity => &identity,
            Scope::Inventory => &inventory,
            Scope::System => &system,
            Scope::Monitor => &monitor,
            Scope::Tags => &tags,
        };
        let named = |name: &AttributeName| {
            maps(name.scope).get(&name.attribute).map(|value| text(value).into_owned())
        };
        let name = naming.and_then(named).or_else(|| tags.get("name").map(|value| text(value).into_owned()));
        Row {
            name,
            status,
            group: take(&mut system, "group"),
            created_ts: take(&mut system, "created_ts"),
            updated_ts: device.updated_ts.or_else(|| take(&mut system, "updated_ts")),
            check_in_time: take(&mut system, "check_in_time"),
            system: system.into_iter().filter(|(name, _)| name != "updated_ts").collect(),
            id: device.id,
            identity_data: identity,
            tags,
            inventory,
            monitor,
        }
    }

    /// The value of an attribute.
    pub fn get(&self, name: &AttributeName) -> Option<Cow<'_, Value>> {
        let owned = |text: &Option<String>| text.as_deref().map(|text| Cow::Owned(Value::from(text)));
        let map = match (name.scope, name.attribute.as_str()) {
            (Scope::Identity, "id") => return Some(Cow::Owned(self.id.as_str().into())),
            (Scope::Identity, "status") => return owned(&self.status),
            (Scope::System, "group") => return owned(&self.group),
            (Scope::System, "created_ts") => return owned(&self.created_ts),
            (Scope::System, "updated_ts") => return owned(&self.updated_ts),
            (Scope::System, "check_in_time") => return owned(&self.check_in_time),
            (Scope::Identity, _) => &self.identity_data,
            (Scope::Inventory, _) => &self.inventory,
            (Scope::System, _) => &self.system,
            (Scope::Monitor, _) => &self.monitor,
            (Scope::Tags, _) => &self.tags,
        };
        map.get(&name.attribute).map(Cow::Borrowed)
    }
}

fn take(map: &mut Map<String, Value>, name: &str) -> Option<String> {
    map.remove(name).map(|value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// When a device last spoke with the server, if it ever did.
pub fn last_seen(device: &inventory::Device) -> Option<Timestamp> {
    device.text(Scope::System, "check_in_time")?.parse().ok()
}

/// A value in words: text as it is, the elements of a list side by side.
pub fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => {
            Cow::Owned(items.iter().map(|item| text(item).into_owned()).collect::<Vec<_>>().join(", "))
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// `mac=..., sn=...`.
pub fn pairs(map: &Map<String, Value>) -> String {
    map.iter().map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A device with something in each scope.
    pub(in crate::cli::fleet) fn row(naming: Option<&AttributeName>) -> Row {
        let attribute =
            |scope: &str, name: &str, value: Value| json!({"scope": scope, "name": name, "value": value});
        let device = json!({"id": "d1", "updated_ts": "2026-01-02T03:04:05Z", "attributes": [
            attribute("identity", "status", json!("accepted")),
            attribute("identity", "mac", json!("02:00")),
            attribute("inventory", "ipv4", json!(["10.0.0.1", "10.0.0.2"])),
            attribute("inventory", "artifact_name", json!("release-1")),
            attribute("system", "group", json!("lab")),
            attribute("system", "tier", json!("standard")),
            attribute("system", "updated_ts", json!("2026-01-02T03:04:05Z")),
            attribute("tags", "name", json!("gateway")),
            attribute("later", "x", json!(1)),
        ]});
        Row::of(serde_json::from_value(device).unwrap(), naming)
    }

    #[test]
    fn attributes_are_sorted_into_their_scopes() {
        let row = serde_json::to_value(row(None)).unwrap();
        assert_eq!(
            row,
            json!({"id": "d1", "name": "gateway", "status": "accepted", "identity_data": {"mac": "02:00"},
                "group": "lab", "tags": {"name": "gateway"}, "system": {"tier": "standard"},
                "inventory": {"artifact_name": "release-1", "ipv4": ["10.0.0.1", "10.0.0.2"]},
                "created_ts": null, "updated_ts": "2026-01-02T03:04:05Z", "check_in_time": null})
        );
    }

    #[test]
    fn the_tenants_choice_names_a_device() {
        assert_eq!(row(Some(&AttributeName::new(Scope::Identity, "mac"))).name.as_deref(), Some("02:00"));
        assert_eq!(row(Some(&AttributeName::new(Scope::Identity, "sn"))).name.as_deref(), Some("gateway"));
    }
}
