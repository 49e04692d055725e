//! The columns of a list of devices.

use std::borrow::Cow;

use mender::inventory::{Name, Scope};
use serde_json::{Map, Value};

use super::filter::Attribute;
use super::row::{Row, pairs, text};
use crate::cli::output::{Cell, View};

/// Columns that have a name of their own.
const NAMED: [(&str, &str, Kind); 11] = [
    ("name", "Name", Kind::Name),
    ("id", "ID", Kind::Id),
    ("status", "Status", Kind::Status),
    ("type", "Type", Kind::Type),
    ("software", "Software", Kind::Software),
    ("group", "Group", Kind::Group),
    ("seen", "Last check-in", Kind::Seen),
    ("created", "Created", Kind::Created),
    ("updated", "Updated", Kind::Updated),
    ("identity", "Identity", Kind::Identity),
    ("tags", "Tags", Kind::Tags),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    Id,
    Status,
    Type,
    Software,
    Group,
    Seen,
    Created,
    Updated,
    Identity,
    Tags,
}

/// A column as users name it: one of ours, or any attribute.
#[derive(Clone, Debug)]
pub enum Wanted {
    Ours(&'static str),
    Attribute(Attribute),
}

impl std::str::FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match NAMED.iter().find(|(name, ..)| *name == text) {
            Some((name, ..)) => Ok(Wanted::Ours(name)),
            None => text.parse().map(Wanted::Attribute),
        }
    }
}

/// A column of a list of devices.
#[derive(Clone, Debug)]
struct Column {
    /// In a table.
    title: String,
    /// In JSON.
    key: String,
    show: Show,
}

#[derive(Clone, Debug)]
enum Show {
    Ours(Kind),
    Attribute(Name),
}

/// The columns of a list of devices.
#[derive(Clone, Debug)]
pub struct Columns {
    columns: Vec<Column>,
    /// Whether the user chose them: then JSON has them too, and nothing else.
    are_chosen: bool,
}

impl Columns {
    /// What people need. Where no attribute names devices, they are known by their identity.
    pub fn usual(naming: Option<&Name>) -> Self {
        const USUAL: [&str; 8] = ["id", "name", "status", "type", "software", "group", "seen", "identity"];
        let wanted = if naming.is_some() { &USUAL[..7] } else { &USUAL[..] };
        Columns { columns: wanted.iter().map(|name| Column::ours(name)).collect(), are_chosen: false }
    }

    /// What the user chose; `names` are the attributes among them, in their order.
    pub fn chosen(wanted: &[Wanted], names: Vec<Name>) -> Self {
        let mut names = names.into_iter();
        let columns = wanted.iter().filter_map(|wanted| match wanted {
            Wanted::Ours(name) => Some(Column::ours(name)),
            Wanted::Attribute(attribute) => names.next().map(|name| Column {
                title: attribute.to_string(),
                key: attribute.to_string(),
                show: Show::Attribute(name),
            }),
        });
        Columns { columns: columns.collect(), are_chosen: true }
    }

    /// Whether JSON has these alone.
    pub fn are_chosen(&self) -> bool {
        self.are_chosen
    }

    /// The attributes that are needed to fill them, and the scopes of which all are.
    pub fn needs(&self, naming: Option<&Name>) -> (Vec<Name>, Vec<Scope>) {
        // An empty list would mean all.
        let (mut names, mut scopes) = (vec![Name::new(Scope::Identity, "status")], Vec::new());
        for column in &self.columns {
            match &column.show {
                Show::Attribute(name) => names.push(name.clone()),
                Show::Ours(Kind::Identity) => scopes.push(Scope::Identity),
                Show::Ours(Kind::Tags) => scopes.push(Scope::Tags),
                Show::Ours(kind) => names.extend(kind.attributes(naming)),
            }
        }
        (names, scopes)
    }
}

impl Column {
    fn ours(name: &str) -> Self {
        let known = NAMED.iter().find(|(known, ..)| *known == name);
        let (name, title, kind) = *known.expect("only names of the table come here");
        Column { title: title.into(), key: name.into(), show: Show::Ours(kind) }
    }

    fn value(&self, row: &Row) -> Option<Value> {
        match &self.show {
            Show::Attribute(name) => row.get(name).map(Cow::into_owned),
            Show::Ours(Kind::Identity) => Some(row.identity_data.clone().into()),
            Show::Ours(Kind::Tags) => Some(row.tags.clone().into()),
            Show::Ours(kind) => match kind.cell(row) {
                Cell::Text(text) if !text.is_empty() => Some(text.into_owned().into()),
                Cell::Time(time) => time.map(Value::from),
                _ => None,
            },
        }
    }
}

impl Kind {
    fn attributes(self, naming: Option<&Name>) -> Vec<Name> {
        let one = |scope, name: &str| vec![Name::new(scope, name)];
        match self {
            Kind::Name => naming.into_iter().cloned().chain([Name::new(Scope::Tags, "name")]).collect(),
            Kind::Type => one(Scope::Inventory, "device_type"),
            Kind::Software => one(Scope::Inventory, "artifact_name"),
            Kind::Group => one(Scope::System, "group"),
            Kind::Seen => one(Scope::System, "check_in_time"),
            Kind::Created => one(Scope::System, "created_ts"),
            Kind::Updated => one(Scope::System, "updated_ts"),
            Kind::Id | Kind::Status | Kind::Identity | Kind::Tags => Vec::new(),
        }
    }

    fn cell(self, row: &Row) -> Cell<'_> {
        let inventory = |name: &str| Cell::Text(row.inventory.get(name).map(text).unwrap_or_default());
        match self {
            Kind::Id => Cell::text(&row.id),
            Kind::Name => Cell::maybe(row.name.as_deref()),
            Kind::Status => Cell::maybe(row.status.as_deref()),
            Kind::Type => inventory("device_type"),
            Kind::Software => inventory("artifact_name"),
            Kind::Group => Cell::maybe(row.group.as_deref()),
            Kind::Seen => Cell::Time(row.check_in_time.as_deref()),
            Kind::Created => Cell::Time(row.created_ts.as_deref()),
            Kind::Updated => Cell::Time(row.updated_ts.as_deref()),
            Kind::Identity => Cell::Text(pairs(&row.identity_data).into()),
            Kind::Tags => Cell::Text(pairs(&row.tags).into()),
        }
    }
}

impl View<Row> for Columns {
    fn titles(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.title.as_str()).collect()
    }

    fn cells<'t>(&self, row: &'t Row) -> Vec<Cell<'t>> {
        let cell = |column: &Column| match &column.show {
            Show::Ours(kind) => kind.cell(row),
            Show::Attribute(name) => {
                Cell::Text(row.get(name).map(|value| text(&value).into_owned()).unwrap_or_default().into())
            }
        };
        self.columns.iter().map(cell).collect()
    }

    fn id<'t>(&self, row: &'t Row) -> &'t str {
        &row.id
    }

    fn json(&self, row: &Row) -> String {
        let written = if self.are_chosen {
            let chosen = self.columns.iter().map(|it| (it.key.clone(), it.value(row).unwrap_or_default()));
            serde_json::to_string(&chosen.collect::<Map<String, Value>>())
        } else {
            serde_json::to_string(row)
        };
        written.expect("our own types are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::row;
    use super::*;

    #[test]
    fn columns_are_ours_or_any_attribute() {
        let wanted: Vec<Wanted> =
            ["name", "inventory/ipv4", "tags"].iter().map(|it| it.parse().unwrap()).collect();
        let columns = Columns::chosen(&wanted, vec![Name::new(Scope::Inventory, "ipv4")]);
        let row = row(None);
        assert_eq!(columns.titles(), ["Name", "inventory/ipv4", "Tags"]);
        assert_eq!(
            columns.json(&row),
            r#"{"inventory/ipv4":["10.0.0.1","10.0.0.2"],"name":"gateway","tags":{"name":"gateway"}}"#
        );
        assert_eq!(columns.needs(None).1, [Scope::Tags]);
        let (names, scopes) = Columns::usual(Some(&Name::new(Scope::Identity, "mac"))).needs(None);
        assert!(names.contains(&Name::new(Scope::System, "check_in_time")) && scopes.is_empty(), "{names:?}");
    }
}
