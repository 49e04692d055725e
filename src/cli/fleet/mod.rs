//! Naming devices, selecting them, and working on many: what all commands on devices share.

pub mod bulk;
mod columns;
mod file;
mod filter;
mod lookup;
mod names;
mod query;
mod row;
mod selection;
mod split;
mod target;
mod targets;
mod version;

use std::cell::OnceCell;

use mender::inventory::{self, AttributeName, KnownAttribute, Scope};
use mender::{Client, Preferences};

use super::error::{CliError, Result};
use super::output::Output;

pub use self::columns::{Columns, Wanted};
pub use self::file::Missing;
pub use self::filter::{Attribute, CONDITIONS_HELP, Condition};
pub use self::query::Query;
pub use self::row::{Row, last_seen, pairs, text};
pub use self::selection::SelectionArgs;
pub use self::target::Target;
pub use self::targets::{Chosen, DeviceArg, Known, TargetArgs};

/// The fleet of a server, and what has to be known to speak of its devices. That is asked for once, when it is needed.
pub struct Fleet<'c> {
    client: &'c Client,
    out: &'c Output,
    preferences: OnceCell<Preferences>,
    known: OnceCell<Vec<KnownAttribute>>,
}

impl<'c> Fleet<'c> {
    pub fn new(client: &'c Client, out: &'c Output) -> Self {
        Fleet { client, out, preferences: OnceCell::new(), known: OnceCell::new() }
    }

    pub fn client(&self) -> &'c Client {
        self.client
    }

    pub fn out(&self) -> &'c Output {
        self.out
    }

    /// The attribute that names devices, if the tenant chose one. A role that may not know is none the worse.
    pub async fn attribute(&self) -> Option<&AttributeName> {
        self.preferences().await.name_attribute.as_ref()
    }

    /// What the tenant chose.
    pub async fn preferences(&self) -> &Preferences {
        if let Some(known) = self.preferences.get() {
            return known;
        }
        let asked = self.client.preferences().await.unwrap_or_default();
        self.preferences.get_or_init(|| asked)
    }

    /// Where an attribute is that was named without its scope.
    ///
    /// # Errors
    ///
    /// If it is in several scopes.
    pub async fn locate(&self, attribute: &Attribute) -> Result<AttributeName> {
        let at = |scope| AttributeName::new(scope, &attribute.name);
        if let Some(scope) = attribute.scope {
            return Ok(at(scope));
        }
        match attribute.name.as_str() {
            "id" | "status" => return Ok(at(Scope::Identity)),
            "group" | "created_ts" | "updated_ts" | "check_in_time" => return Ok(at(Scope::System)),
            _ => {}
        }
        match self.scopes(&attribute.name).await?.as_slice() {
            [only] => Ok(at(*only)),
            [] => {
                let name = &attribute.name;
                self.out.warn(format_args!(
                    "the server knows no attribute {name:?}; looking for inventory/{name}"
                ));
                Ok(at(Scope::Inventory))
            }
            several => {
                let written: Vec<_> = several.iter().map(|&scope| at(scope).to_string()).collect();
                let text = format!("the attribute {:?} is in several scopes", attribute.name);
                Err(CliError::usage(text).hint(format!("name one of {}", written.join(", "))))
            }
        }
    }

    /// The attributes that the server knows in these scopes.
    pub async fn in_scopes(&self, scopes: &[Scope]) -> Result<Vec<AttributeName>> {
        let wanted = |known: &KnownAttribute| {
            // The server refuses to search for what has no name.
            let scope = scopes.iter().find(|scope| scope.name() == known.scope && !known.name.is_empty())?;
            Some(AttributeName::new(*scope, &known.name))
        };
        Ok(if scopes.is_empty() {
            Vec::new()
        } else {
            self.known().await?.iter().filter_map(wanted).collect()
        })
    }

    async fn known(&self) -> Result<&[KnownAttribute]> {
        if let Some(known) = self.known.get() {
            return Ok(known);
        }
        let asked = self.client.inventory().attributes().await?;
        Ok(self.known.get_or_init(|| asked))
    }

    /// The scopes that have an attribute of that name.
    async fn scopes(&self, name: &str) -> Result<Vec<Scope>> {
        let known = self.known().await?;
        let has = |scope: &Scope| known.iter().any(|it| it.name == name && it.scope == scope.name());
        Ok(Scope::ALL.into_iter().filter(has).collect())
    }
}

/// The sort that keeps pages from overlapping.
pub fn by_device_id() -> inventory::Sort {
    inventory::Sort { name: AttributeName::new(Scope::Identity, "id"), order: inventory::Order::Asc }
}
