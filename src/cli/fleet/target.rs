//! A device that a command works on.

use mender::devices;
use mender::inventory::{AttributeName, Scope};
use serde_json::{Map, Value};

use super::row::{Row, pairs, text};
use crate::cli::output::cell;

/// A device that was named or selected.
#[derive(Clone, Debug)]
pub struct Target {
    /// Empty if nobody can know it yet.
    pub id: String,
    pub name: Option<String>,
    pub status: String,
    pub identity: Map<String, Value>,
}

impl Target {
    /// A device as device authentication knows it: without its tags, so that it may have no name.
    pub fn of(device: &devices::Device, naming: Option<&AttributeName>) -> Self {
        let named = naming.filter(|name| name.scope == Scope::Identity);
        let name = named.and_then(|name| device.identity_data.get(&name.attribute));
        Target {
            id: device.id.clone(),
            name: name.map(|value| text(value).into_owned()),
            status: device.status.clone(),
            identity: device.identity_data.clone(),
        }
    }

    /// What tells it from others: its id, or what stands for that while nobody can know it.
    pub fn key(&self) -> &str {
        if self.id.is_empty() { self.name.as_deref().unwrap_or_default() } else { &self.id }
    }

    /// For people: the name if it has one, and the id.
    pub fn label(&self) -> String {
        let label = match &self.name {
            Some(name) if self.id.is_empty() => name.clone(),
            Some(name) if *name != self.id => format!("{name} ({})", self.id),
            _ => self.id.clone(),
        };
        // A line break in a name may not begin a line of ours.
        cell(&label).into_owned()
    }

    /// All that tells it from others, in a line.
    pub fn described(&self) -> String {
        if self.id.is_empty() {
            return self.label();
        }
        let name = self.name.as_deref().unwrap_or("-");
        // Nobody may slip in a line that looks like another device.
        cell(&format!("{}  {name}  {}  {}", self.id, self.status, pairs(&self.identity))).into_owned()
    }
}

impl From<Row> for Target {
    fn from(row: Row) -> Self {
        let status = row.status.unwrap_or_default();
        Target { id: row.id, name: row.name, status, identity: row.identity_data }
    }
}
