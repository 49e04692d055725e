//! Which device a word means.

use std::cell::OnceCell;

use mender::inventory::{self, Filter, Known, Name, Operator, Scope, Search};
use mender::{Client, Preferences, devices};
use serde_json::{Map, Value};

use super::filter::{Attribute, Operand};
use super::row::{Row, pairs};
use super::split::one_of;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Output, cell};

/// So many candidates are shown.
const MOST_SHOWN: usize = 20;
/// Fewer characters of an id would too often mean a word.
const SHORTEST_PREFIX: usize = 8;
/// So many names are asked for at once; the service takes bodies of up to 1 MiB.
const AT_ONCE: usize = 200;

/// A device that was named or selected.
#[derive(Clone, Debug)]
pub struct Target {
    pub id: String,
    pub name: Option<String>,
    pub status: String,
    pub identity: Map<String, Value>,
}

impl Target {
    /// A device as device authentication knows it: without its tags, so that it may have no name.
    pub fn of(device: &devices::Device, naming: Option<&Name>) -> Self {
        let named = naming.filter(|name| name.scope == Scope::Identity);
        let name = named.and_then(|name| device.identity_data.get(&name.attribute));
        Target {
            id: device.id.clone(),
            name: name.map(|value| super::row::text(value).into_owned()),
            status: device.status.clone(),
            identity: device.identity_data.clone(),
        }
    }

    /// For people: the name if it has one, and the id.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) if *name != self.id => format!("{name} ({})", self.id),
            _ => self.id.clone(),
        }
    }

    /// All that tells it from others, in a line.
    pub fn described(&self) -> String {
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

/// Finds devices by what people call them. What it asks the server for its own use it asks once.
pub struct Names<'c> {
    client: &'c Client,
    out: Output,
    preferences: OnceCell<Preferences>,
    known: OnceCell<Vec<Known>>,
}

/// What came of looking for several.
#[derive(Default)]
pub struct Found {
    /// Each once, in the order of the words.
    pub targets: Vec<Target>,
    /// Words that mean nothing.
    pub missing: Vec<String>,
}

impl<'c> Names<'c> {
    pub fn new(client: &'c Client, out: &Output) -> Self {
        Names { client, out: out.clone(), preferences: OnceCell::new(), known: OnceCell::new() }
    }

    /// The attribute that names devices, if the tenant chose one. A role that may not know is none the worse.
    pub async fn attribute(&self) -> Option<&Name> {
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
    pub async fn locate(&self, attribute: &Attribute) -> Result<Name> {
        let at = |scope| Name::new(scope, &attribute.name);
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
    pub async fn in_scopes(&self, scopes: &[Scope]) -> Result<Vec<Name>> {
        let wanted = |known: &Known| {
            let scope = scopes.iter().find(|scope| scope.name() == known.scope)?;
            Some(Name::new(*scope, &known.name))
        };
        Ok(if scopes.is_empty() {
            Vec::new()
        } else {
            self.known().await?.iter().filter_map(wanted).collect()
        })
    }

    async fn known(&self) -> Result<&[Known]> {
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

    /// The one device that a word means.
    ///
    /// # Errors
    ///
    /// If there is none, or there are several.
    pub async fn one(&self, word: &str) -> Result<Target> {
        let mut found = self.find(&[word.to_owned()]).await?;
        found.targets.pop().ok_or_else(|| self.nothing(&found.missing))
    }

    /// The devices that words mean.
    ///
    /// # Errors
    ///
    /// If one of them means none, or several.
    pub async fn all(&self, words: &[String]) -> Result<Vec<Target>> {
        let found = self.find(words).await?;
        if found.missing.is_empty() { Ok(found.targets) } else { Err(self.nothing(&found.missing)) }
    }

    /// The devices that words mean, and the words that mean none.
    ///
    /// # Errors
    ///
    /// If one of them means several.
    pub async fn find(&self, words: &[String]) -> Result<Found> {
        let mut meant: Vec<Vec<Target>> = vec![Vec::new(); words.len()];
        if words.iter().any(|word| word.trim().is_empty()) {
            return Err(CliError::usage("the name of the device is empty"));
        }
        self.by_id(words, &mut meant).await?;
        for (word, meant) in words.iter().zip(&mut meant).filter(|(word, _)| !is_id(word)) {
            if let Some((attribute, value)) = word.split_once('=') {
                *meant = self.by_attribute(attribute, value).await?;
            }
        }
        self.by_prefix(words, &mut meant).await?;
        self.by_name(words, &mut meant).await?;
        let mut found = Found::default();
        for (word, mut meant) in words.iter().zip(meant) {
            match meant.len() {
                0 => found.missing.push(word.clone()),
                1 => {
                    let target = meant.remove(0);
                    found.targets.push(target);
                }
                _ => return Err(several(word, &meant)),
            }
        }
        let mut seen = std::collections::HashSet::new();
        found.targets.retain(|target| seen.insert(target.id.clone()));
        Ok(found)
    }

    /// Whole ids are looked up where devices come first: the inventory learns of them later.
    async fn by_id(&self, words: &[String], meant: &mut [Vec<Target>]) -> Result<()> {
        let words: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let ids: Vec<&str> = words.iter().map(String::as_str).filter(|word| is_id(word)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let devices = self.client.devices().get_many(&ids).await?;
        let by_id: std::collections::HashMap<&str, &devices::Device> =
            devices.iter().map(|device| (device.id.as_str(), device)).collect();
        let naming = self.attribute().await;
        for (word, meant) in words.iter().zip(meant) {
            meant.extend(by_id.get(word.as_str()).map(|device| Target::of(device, naming)));
        }
        Ok(())
    }

    async fn by_prefix(&self, words: &[String], meant: &mut [Vec<Target>]) -> Result<()> {
        let at: Vec<usize> = (0..words.len()).filter(|&at| is_prefix(&words[at])).collect();
        for some in at.chunks(AT_ONCE) {
            let prefixes: Vec<String> = some.iter().map(|&at| words[at].to_ascii_lowercase()).collect();
            let name = Name::new(Scope::Identity, "id");
            let pattern = format!("^(?:{})", prefixes.join("|"));
            let filter = Filter { name, operator: Operator::Matches, value: pattern.into() };
            for target in self.search(vec![filter], usize::MAX).await? {
                let begins = some.iter().zip(&prefixes).filter(|(_, prefix)| target.id.starts_with(*prefix));
                begins.for_each(|(&at, _)| meant[at].push(target.clone()));
            }
        }
        Ok(())
    }

    async fn by_attribute(&self, attribute: &str, value: &str) -> Result<Vec<Target>> {
        let attribute: Attribute = attribute.parse().map_err(CliError::usage)?;
        let names = match attribute.scope {
            Some(_) => vec![self.locate(&attribute).await?],
            None => match self.scopes(&attribute.name).await?.as_slice() {
                [] => vec![self.locate(&attribute).await?],
                scopes => scopes.iter().map(|&scope| Name::new(scope, &attribute.name)).collect(),
            },
        };
        let mut found: Vec<Target> = Vec::new();
        for name in names {
            let filter = one_of(&name, &[operand(value)]);
            for target in self.search(filter.into_iter().collect(), MOST_SHOWN + 1).await? {
                if found.iter().all(|known| known.id != target.id) {
                    found.push(target);
                }
            }
        }
        Ok(found)
    }

    /// Bare words: the attribute that the tenant chose, and where that finds nothing the tag `name`.
    async fn by_name(&self, words: &[String], meant: &mut [Vec<Target>]) -> Result<()> {
        // What looks like an old id may be a serial number.
        let is_bare = |word: &str| !is_uuid(word) && !word.contains('=');
        if !words.iter().any(|word| is_bare(word)) {
            return Ok(());
        }
        let tag = Name::new(Scope::Tags, "name");
        let chosen = self.attribute().await.filter(|chosen| **chosen != tag).cloned();
        let names = chosen.into_iter().chain([tag]);
        for name in names.collect::<Vec<_>>() {
            // What begins an id may be another device's name.
            let open: Vec<usize> = (0..words.len())
                .filter(|&at| is_bare(&words[at]) && (meant[at].is_empty() || is_prefix(&words[at])))
                .collect();
            for some in open.chunks(AT_ONCE) {
                let operands: Vec<Operand> = some.iter().map(|&at| operand(&words[at])).collect();
                let filter = one_of(&name, &operands);
                for row in self.rows(filter.into_iter().collect(), usize::MAX).await? {
                    let value = row.get(&name).map(|value| super::row::text(&value).into_owned());
                    let target = Target::from(row);
                    for &at in some.iter().filter(|&&at| value.as_deref() == Some(&words[at])) {
                        if meant[at].iter().all(|known| known.id != target.id) {
                            meant[at].push(target.clone());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    async fn search(&self, filters: Vec<Filter>, most: usize) -> Result<Vec<Target>> {
        Ok(self.rows(filters, most).await?.into_iter().map(Target::from).collect())
    }

    async fn rows(&self, filters: Vec<Filter>, most: usize) -> Result<Vec<Row>> {
        let search = Search { filters, sort: vec![by_device_id()], ..Search::default() };
        let devices: Vec<inventory::Device> =
            self.client.inventory().search(&search).collect(Some(most)).await?;
        let naming = self.attribute().await;
        Ok(devices.into_iter().map(|device| Row::of(device, naming)).collect())
    }

    /// That words mean no device.
    fn nothing(&self, words: &[String]) -> CliError {
        let named: Vec<_> = words.iter().take(MOST_SHOWN).map(|word| format!("{word:?}")).collect();
        let more = words.len().saturating_sub(MOST_SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let error = CliError::failed(format!("no device is named {}{more}", named.join(", ")));
        let chosen = self.preferences.get().and_then(|it| it.name_attribute.as_ref());
        error.hint(match chosen {
            Some(name) => format!(
                "a device is named by its {name}, its tag name, its id or the first 8 characters of that, or by any attribute=value"
            ),
            None => "a device is named by its tag name, its id or the first 8 characters of that, or by any attribute=value such as mac=..."
                .into(),
        })
    }
}

/// The sort that keeps pages from overlapping.
pub fn by_device_id() -> inventory::Sort {
    inventory::Sort { name: Name::new(Scope::Identity, "id"), order: inventory::Order::Asc }
}

/// What looks like a number may be kept as one.
fn operand(value: &str) -> Operand {
    match value.parse() {
        Ok(number) => Operand::Number { text: value.to_owned(), number },
        Err(_) => Operand::Text(value.to_owned()),
    }
}

fn several(word: &str, meant: &[Target]) -> CliError {
    let mut text = format!("{word:?} means several devices:");
    for target in meant.iter().take(MOST_SHOWN) {
        text.push_str(&format!("\n  {}", target.described()));
    }
    if meant.len() > MOST_SHOWN {
        text.push_str("\n  and more");
    }
    CliError::failed(text).hint("name the one you mean by its id")
}

/// A whole id: a UUID, or the 24 hexadecimal digits of old servers.
fn is_id(word: &str) -> bool {
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    is_uuid(word) || (word.len() == 24 && is_hex(word))
}

fn is_uuid(word: &str) -> bool {
    let fits = |(at, c): (usize, char)| {
        if matches!(at, 8 | 13 | 18 | 23) { c == '-' } else { c.is_ascii_hexdigit() }
    };
    word.len() == 36 && word.char_indices().all(fits)
}

fn is_prefix(word: &str) -> bool {
    word.len() >= SHORTEST_PREFIX && !is_id(word) && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_their_beginnings_are_told_from_words() {
        for id in ["8f14e45f-ceea-467f-a0e6-1b0f3a1c2d3e", "5f1e3c2b4a5d6e7f8091a2b3"] {
            assert!(is_id(id), "{id}");
        }
        for word in ["8f14e45f", "8f14e45f-ceea-467f-a0e6-1b0f3a1c2d3g", "gateway", ""] {
            assert!(!is_id(word), "{word}");
        }
        assert!(is_prefix("8f14e45f") && is_prefix("8f14e45f-ce"));
        for word in ["8f14e45", "deadbeeg", "gateway-7"] {
            assert!(!is_prefix(word), "{word}");
        }
    }
}
