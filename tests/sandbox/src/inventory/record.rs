//! What inventory knows of one device.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::value::Stored;

/// Where an attribute comes from. In the order of their names, as lists of attributes want them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Scope {
    Identity,
    Inventory,
    Monitor,
    System,
    Tags,
}

impl Scope {
    pub(super) fn named(name: &str) -> Option<Scope> {
        Some(match name {
            "identity" => Scope::Identity,
            "inventory" => Scope::Inventory,
            "monitor" => Scope::Monitor,
            "system" => Scope::System,
            "tags" => Scope::Tags,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Attribute {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Box<str>>,
    pub(super) value: Stored,
    pub(super) scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    pub(super) timestamp: Option<Timestamp>,
}

fn time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.unwrap_or_default())
}

/// The attributes of a device, sorted by scope and name.
#[derive(Debug, Default)]
pub(crate) struct Record {
    attributes: Vec<Attribute>,
    /// Made anew with every change of the tags; there is none before the first.
    pub(super) etag: Option<String>,
}

impl Record {
    fn place(&self, scope: Scope, name: &str) -> Result<usize, usize> {
        self.attributes.binary_search_by(|known| (known.scope, known.name.as_str()).cmp(&(scope, name)))
    }

    pub(super) fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    pub(super) fn of(&self, scope: Scope) -> impl Iterator<Item = &Attribute> {
        let start = self.attributes.partition_point(|known| known.scope < scope);
        self.attributes[start..].iter().take_while(move |known| known.scope == scope)
    }

    pub(super) fn find(&self, scope: Scope, name: &str) -> Option<&Attribute> {
        self.place(scope, name).ok().map(|place| &self.attributes[place])
    }

    pub(super) fn text(&self, scope: Scope, name: &str) -> Option<&str> {
        self.find(scope, name).and_then(|attribute| attribute.value.text())
    }

    pub(super) fn group(&self) -> Option<&str> {
        self.text(Scope::System, "group")
    }

    pub(super) fn status(&self) -> Option<&str> {
        self.text(Scope::Identity, "status")
    }

    pub(super) fn set(&mut self, scope: Scope, name: &str, value: impl Into<Stored>) {
        self.put(Attribute {
            name: name.into(),
            description: None,
            value: value.into(),
            scope,
            timestamp: None,
        });
    }

    /// Notes that the device has just reported.
    pub(super) fn set_updated(&mut self, at: Timestamp) {
        let (scope, name) = UPDATED;
        self.set(scope, name, at);
    }

    /// When the device last reported.
    fn updated(&self) -> Option<&Stored> {
        let (scope, name) = UPDATED;
        self.find(scope, name).map(|attribute| &attribute.value)
    }

    pub(super) fn put(&mut self, attribute: Attribute) {
        match self.place(attribute.scope, &attribute.name) {
            Ok(place) => self.attributes[place] = attribute,
            Err(place) => self.attributes.insert(place, attribute),
        }
    }

    pub(super) fn remove(&mut self, scope: Scope, name: &str) {
        if let Ok(place) = self.place(scope, name) {
            self.attributes.remove(place);
        }
    }

    pub(super) fn clear(&mut self, scope: Scope) {
        self.attributes.retain(|known| known.scope != scope);
    }
}

/// A device as answers show it.
#[derive(Debug, Serialize)]
pub(super) struct Shown<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<&'a Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_ts: Option<&'a Stored>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identities: Vec<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn whole(id: &'a str, record: &'a Record) -> Shown<'a> {
        let name = record.text(Scope::Tags, "name");
        let identity = record.of(Scope::Identity).filter_map(|attribute| attribute.value.text());
        Shown {
            identities: name.into_iter().chain(identity).collect(),
            ..Shown::with(id, record, record.attributes.iter().collect())
        }
    }

    /// With some attributes only; identities are left out then.
    pub(super) fn part(id: &'a str, record: &'a Record, wanted: &[(Scope, String)]) -> Shown<'a> {
        let is_wanted = |known: &&Attribute| {
            (known.scope, known.name.as_str()) == UPDATED
                || wanted.iter().any(|(scope, name)| *scope == known.scope && *name == known.name)
        };
        Shown::with(id, record, record.attributes.iter().filter(is_wanted).collect())
    }

    fn with(id: &'a str, record: &'a Record, attributes: Vec<&'a Attribute>) -> Shown<'a> {
        Shown { id, attributes, updated_ts: record.updated(), identities: Vec::new() }
    }
}

/// The attribute that tells when the device last reported.
const UPDATED: (Scope, &str) = (Scope::System, "updated_ts");
