//! The inventory: what devices, users and the server say of each device, and the search over it.

mod groups;
mod saved;
mod tags;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::list_or_null;
use super::error::Result;
use super::http::Transport;
use super::page::Pages;
use super::url::segment;

pub use self::groups::{Change, Groups};
pub use self::saved::{Saved, SavedFilter};
pub use self::tags::{Tag, Tags};

/// A device as the inventory knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Device {
    /// Its id, the same in all services.
    pub id: String,
    /// What is known of it; in a search only what was asked for.
    #[serde(default, deserialize_with = "list_or_null")]
    pub attributes: Vec<Attribute>,
    /// When it last reported its inventory (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_ts: Option<String>,
}

impl Device {
    /// The value of an attribute.
    pub fn get(&self, scope: Scope, name: &str) -> Option<&Value> {
        let is_it = |it: &&Attribute| it.name == name && it.scope == scope.name();
        self.attributes.iter().find(is_it).map(|it| &it.value)
    }

    /// The value of an attribute that is text.
    pub fn text(&self, scope: Scope, name: &str) -> Option<&str> {
        self.get(scope, name)?.as_str()
    }
}

/// One thing that is known of a device.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name within the scope.
    pub name: String,
    /// See [`Scope`]; other servers may have more.
    pub scope: String,
    /// Text, a number, a boolean, or a list of texts or numbers.
    #[serde(default)]
    pub value: Value,
    /// In words; mostly of tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was set; only tags have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// Who an attribute is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// What the device authenticates with, its status and its id.
    Identity,
    /// What the device reports.
    Inventory,
    /// What the server notes: `group`, `created_ts`, `updated_ts`, `check_in_time`.
    System,
    /// What the monitoring add-on reports.
    Monitor,
    /// What users set.
    Tags,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 5] =
        [Scope::Identity, Scope::Inventory, Scope::System, Scope::Monitor, Scope::Tags];

    /// As the server writes it.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Identity => "identity",
            Scope::Inventory => "inventory",
            Scope::System => "system",
            Scope::Monitor => "monitor",
            Scope::Tags => "tags",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope; there are identity, inventory, system, monitor and tags")]
pub struct ParseScopeError(pub String);

impl FromStr for Scope {
    type Err = ParseScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Scope::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| ParseScopeError(text.to_owned()))
    }
}

/// Which attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct AttributeName {
    /// Where.
    pub scope: Scope,
    /// Its name there. `id` in the scope identity is the device's id.
    pub attribute: String,
}

impl AttributeName {
    /// The attribute `attribute` of `scope`.
    pub fn new(scope: Scope, attribute: impl Into<String>) -> Self {
        AttributeName { scope, attribute: attribute.into() }
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.scope, self.attribute)
    }
}

/// How a search compares. Types never mix: the text `"5"` is not the number 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Operator {
    /// The same; of a list, one of its elements.
    #[serde(rename = "$eq")]
    Equal,
    /// Not the same, or not there.
    #[serde(rename = "$ne")]
    NotEqual,
    /// Texts are compared character by character. A stored time is never found by any of the four.
    #[serde(rename = "$lt")]
    Less,
    /// See [`Operator::Less`].
    #[serde(rename = "$lte")]
    LessOrEqual,
    /// See [`Operator::Less`].
    #[serde(rename = "$gt")]
    Greater,
    /// See [`Operator::Less`].
    #[serde(rename = "$gte")]
    GreaterOrEqual,
    /// One of a list of values.
    #[serde(rename = "$in")]
    In,
    /// None of a list of values, or not there.
    #[serde(rename = "$nin")]
    NotIn,
    /// With `true` what has the attribute, with `false` what lacks it.
    #[serde(rename = "$exists")]
    Exists,
    /// Matches a pattern. Some servers anchor it at the beginning, others do not.
    #[serde(rename = "$regex")]
    Matches,
}

/// A condition of a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filter {
    /// Which attribute.
    #[serde(flatten)]
    pub name: AttributeName,
    /// How it is compared.
    #[serde(rename = "type")]
    pub operator: Operator,
    /// With what.
    pub value: Value,
}

/// What a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sort {
    /// Which attribute.
    #[serde(flatten)]
    pub name: AttributeName,
    /// Which way. What lacks the attribute comes before all else.
    pub order: Order,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The smallest first.
    Asc,
    /// The largest first.
    Desc,
}

/// What to search for. What is empty does not limit the search.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Search {
    /// All of these have to hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// The first key counts most. Without any the order is not defined, and pages may overlap.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<Sort>,
    /// The attributes to fetch; all if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<AttributeName>,
    /// Only these devices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_ids: Vec<String>,
    /// Words to be found in ids, identities, inventory texts, tags and the group; then the best come first, whatever
    /// `sort` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// An attribute that the server has seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KnownAttribute {
    /// Its name.
    pub name: String,
    /// Its scope.
    pub scope: String,
    /// How many devices have it, of a sample of at most 5000.
    #[serde(default)]
    pub count: u64,
}

/// The calls. See [`Client::inventory`](crate::Client::inventory).
#[derive(Clone, Copy, Debug)]
pub struct Inventory<'c>(&'c Transport);

const V1: [&str; 4] = ["api", "management", "v1", "inventory"];
const V2: [&str; 4] = ["api", "management", "v2", "inventory"];

impl<'c> Inventory<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Inventory(transport)
    }

    /// The devices that a search finds, of every status.
    pub fn search(&self, search: &Search) -> Pages<'c, Device> {
        let Ok(Value::Object(body)) = serde_json::to_value(search) else {
            unreachable!("a search is an object")
        };
        Pages::search(self.0, &[&V2[..], &["filters", "search"]].concat(), body)
    }

    /// All that is known of one device.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is none with that id.
    pub async fn get(&self, id: &str) -> Result<Device> {
        self.0.get(&device(id)?).send().await?.json()
    }

    /// The names of attributes that the server has seen, the most frequent first; at most 500.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn attributes(&self) -> Result<Vec<KnownAttribute>> {
        self.0.get(&[&V2[..], &["filters", "attributes"]].concat()).send().await?.list()
    }

    /// Groups of devices.
    pub fn groups(&self) -> Groups<'c> {
        Groups(self.0)
    }

    /// Saved filters, where the server has them.
    pub fn saved(&self) -> Saved<'c> {
        Saved(self.0)
    }

    /// The tags of one device.
    pub fn tags<'d>(&self, device: &'d str) -> Tags<'c, 'd> {
        Tags { transport: self.0, device }
    }
}

fn device(id: &str) -> Result<[&str; 6]> {
    let [api, management, version, service] = V1;
    Ok([api, management, version, service, "devices", segment(id)?])
}
