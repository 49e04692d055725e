//! The columns of a list of devices.

use std::borrow::Cow;
use std::str::FromStr;

use mender::inventory::{AttributeName, Scope};
use serde_json::{Map, Value};

use super::filter::Attribute;
use super::row::{Row, pairs, text};
use super::{Fleet, Query};
use crate::cli::error::{CliError, Result as CliResult};
use crate::cli::output::{Cell, Form, View};

/// A column that has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Id,
    Name,
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

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Id,
        Kind::Name,
        Kind::Status,
        Kind::Type,
        Kind::Software,
        Kind::Group,
        Kind::Seen,
        Kind::Created,
        Kind::Updated,
        Kind::Identity,
        Kind::Tags,
    ];

    /// On the command line and in JSON.
    fn key(self) -> &'static str {
        match self {
            Kind::Id => "id",
            Kind::Name => "name",
            Kind::Status => "status",
            Kind::Type => "type",
            Kind::Software => "software",
            Kind::Group => "group",
            Kind::Seen => "seen",
            Kind::Created => "created",
            Kind::Updated => "updated",
            Kind::Identity => "identity",
            Kind::Tags => "tags",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Id => "ID",
            Kind::Name => "Name",
            Kind::Status => "Status",
            Kind::Type => "Type",
            Kind::Software => "Software",
            Kind::Group => "Group",
            Kind::Seen => "Last check-in",
            Kind::Created => "Created",
            Kind::Updated => "Updated",
            Kind::Identity => "Identity",
            Kind::Tags => "Tags",
        }
    }

    /// The attribute that it shows and is sorted by; `None` if that is a whole scope.
    fn attribute(self, naming: Option<&AttributeName>) -> Option<AttributeName> {
        Some(match self {
            Kind::Id => AttributeName::new(Scope::Identity, "id"),
            Kind::Name => naming.cloned().unwrap_or_else(|| AttributeName::new(Scope::Tags, "name")),
            Kind::Status => AttributeName::new(Scope::Identity, "status"),
            Kind::Type => AttributeName::new(Scope::Inventory, "device_type"),
            Kind::Software => AttributeName::new(Scope::Inventory, "artifact_name"),
            Kind::Group => AttributeName::new(Scope::System, "group"),
            Kind::Seen => AttributeName::new(Scope::System, "check_in_time"),
            Kind::Created => AttributeName::new(Scope::System, "created_ts"),
            Kind::Updated => AttributeName::new(Scope::System, "updated_ts"),
            Kind::Identity | Kind::Tags => return None,
        })
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

/// A column as users name it: one of ours, or any attribute.
#[derive(Clone, Debug)]
pub enum Wanted {
    Ours(Kind),
    Attribute(Attribute),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Kind::ALL.into_iter().find(|kind| kind.key() == text) {
            Some(kind) => Ok(Wanted::Ours(kind)),
            None => text.parse().map(Wanted::Attribute),
        }
    }
}

impl Wanted {
    /// The attribute to sort by.
    ///
    /// # Errors
    ///
    /// If that is a whole scope, or in several.
    pub async fn sort_key(&self, fleet: &Fleet<'_>) -> CliResult<AttributeName> {
        let kind = match self {
            Wanted::Attribute(attribute) => return fleet.locate(attribute).await,
            Wanted::Ours(kind) => kind,
        };
        let key = kind.attribute(fleet.attribute().await);
        key.ok_or_else(|| CliError::usage("a list is sorted by one attribute, such as identity/mac"))
    }
}

/// A column of a list of devices.
#[derive(Clone, Debug)]
enum Column {
    Ours(Kind),
    Attribute {
        /// As the user wrote it.
        title: String,
        name: AttributeName,
    },
}

impl Column {
    fn title(&self) -> &str {
        match self {
            Column::Ours(kind) => kind.title(),
            Column::Attribute { title, .. } => title,
        }
    }

    fn key(&self) -> &str {
        match self {
            Column::Ours(kind) => kind.key(),
            Column::Attribute { title, .. } => title,
        }
    }

    fn value(&self, row: &Row) -> Option<Value> {
        match self {
            Column::Attribute { name, .. } => row.get(name).map(Cow::into_owned),
            Column::Ours(Kind::Identity) => Some(row.identity_data.clone().into()),
            Column::Ours(Kind::Tags) => Some(row.tags.clone().into()),
            Column::Ours(kind) => match kind.cell(row) {
                Cell::Text(text) if !text.is_empty() => Some(text.into_owned().into()),
                Cell::Time(time) => time.map(Value::from),
                _ => None,
            },
        }
    }
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
    pub fn usual(naming: Option<&AttributeName>) -> Self {
        let usual = Kind::ALL.into_iter().filter(|kind| match kind {
            Kind::Created | Kind::Updated | Kind::Tags => false,
            Kind::Identity => naming.is_none(),
            _ => true,
        });
        Columns { columns: usual.map(Column::Ours).collect(), are_chosen: false }
    }

    /// What the user chose; what people need if that is nothing.
    ///
    /// # Errors
    ///
    /// If an attribute is in several scopes.
    pub async fn chosen(
        wanted: &[Wanted],
        naming: Option<&AttributeName>,
        fleet: &Fleet<'_>,
    ) -> CliResult<Self> {
        if wanted.is_empty() {
            return Ok(Self::usual(naming));
        }
        let mut columns = Vec::new();
        for wanted in wanted {
            columns.push(match wanted {
                Wanted::Ours(kind) => Column::Ours(*kind),
                Wanted::Attribute(attribute) => {
                    Column::Attribute { title: attribute.to_string(), name: fleet.locate(attribute).await? }
                }
            });
        }
        Ok(Columns { columns, are_chosen: true })
    }

    /// Makes a search fetch what a list of these shows in this form.
    ///
    /// # Errors
    ///
    /// If the server does not tell which attributes there are.
    pub async fn limit(&self, query: &mut Query, form: Form, fleet: &Fleet<'_>) -> CliResult<()> {
        match form {
            Form::Ids => query.fetch_ids(),
            // All of it, unless the user wants less.
            Form::Json | Form::Jsonl if !self.are_chosen => {}
            _ => {
                let (mut names, scopes) = self.needs(fleet.attribute().await);
                names.extend(fleet.in_scopes(&scopes).await?);
                query.fetch_only(names);
            }
        }
        Ok(())
    }

    /// The attributes that are needed to fill them, and the scopes of which all are.
    fn needs(&self, naming: Option<&AttributeName>) -> (Vec<AttributeName>, Vec<Scope>) {
        // An empty list would mean all.
        let (mut names, mut scopes) = (vec![AttributeName::new(Scope::Identity, "status")], Vec::new());
        for column in &self.columns {
            match column {
                Column::Attribute { name, .. } => names.push(name.clone()),
                Column::Ours(Kind::Identity) => scopes.push(Scope::Identity),
                Column::Ours(Kind::Tags) => scopes.push(Scope::Tags),
                // What lacks the attribute that was chosen is called by its tag.
                Column::Ours(Kind::Name) => {
                    names.extend(
                        [Kind::Name.attribute(naming), Kind::Name.attribute(None)].into_iter().flatten(),
                    );
                }
                Column::Ours(kind) => names.extend(kind.attribute(naming)),
            }
        }
        (names, scopes)
    }
}

impl View<Row> for Columns {
    fn titles(&self) -> Vec<&str> {
        self.columns.iter().map(Column::title).collect()
    }

    fn cells<'t>(&self, row: &'t Row) -> Vec<Cell<'t>> {
        let cell = |column: &Column| match column {
            Column::Ours(kind) => kind.cell(row),
            Column::Attribute { name, .. } => {
                Cell::Text(row.get(name).map(|value| text(&value).into_owned()).unwrap_or_default().into())
            }
        };
        self.columns.iter().map(cell).collect()
    }

    fn keeps_all(&self) -> bool {
        self.are_chosen
    }

    fn id<'t>(&self, row: &'t Row) -> &'t str {
        &row.id
    }

    fn json(&self, row: &Row) -> String {
        let written = if self.are_chosen {
            let chosen =
                self.columns.iter().map(|it| (it.key().to_owned(), it.value(row).unwrap_or_default()));
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
        let ipv4 = AttributeName::new(Scope::Inventory, "ipv4");
        let attribute = Column::Attribute { title: "inventory/ipv4".into(), name: ipv4 };
        let columns = vec![Column::Ours(Kind::Name), attribute, Column::Ours(Kind::Tags)];
        let columns = Columns { columns, are_chosen: true };
        assert!(matches!("seen".parse(), Ok(Wanted::Ours(Kind::Seen))));
        assert!(matches!("kernel".parse(), Ok(Wanted::Attribute(_))));
        let row = row(None);
        assert_eq!(columns.titles(), ["Name", "inventory/ipv4", "Tags"]);
        assert_eq!(
            columns.json(&row),
            r#"{"inventory/ipv4":["10.0.0.1","10.0.0.2"],"name":"gateway","tags":{"name":"gateway"}}"#
        );
        assert_eq!(columns.needs(None).1, [Scope::Tags]);
        let (names, scopes) = Columns::usual(Some(&AttributeName::new(Scope::Identity, "mac"))).needs(None);
        assert!(
            names.contains(&AttributeName::new(Scope::System, "check_in_time")) && scopes.is_empty(),
            "{names:?}"
        );
    }
}
