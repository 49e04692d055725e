//! Which device a word means.

use std::collections::{HashMap, HashSet};

use mender::devices;
use mender::inventory::{AttributeName, Filter, Operator, Scope, Search};

use super::filter::{Attribute, Operand};
use super::row::{Row, text};
use super::split::one_of;
use super::target::Target;
use super::{Fleet, by_device_id};
use crate::cli::error::{CliError, Result};
use crate::cli::ids::is_uuid;

/// So many candidates are shown.
const MOST_SHOWN: usize = 20;
/// Fewer characters of an id would too often mean a word.
const SHORTEST_PREFIX: usize = 8;
/// So many names are asked for at once; the service takes bodies of up to 1 MiB.
const AT_ONCE: usize = 200;

/// What came of looking for several.
#[derive(Default)]
pub struct Named {
    /// Each once, in the order of the words.
    pub targets: Vec<Target>,
    /// Words that mean nothing.
    pub missing: Vec<String>,
}

/// A word, and the devices that it means.
struct Word<'w> {
    text: &'w str,
    form: Form,
    meant: Vec<Target>,
}

/// What a word may be, by its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A UUID: a whole id, and nothing else.
    Id,
    /// The 24 hexadecimal digits of old servers: a whole id, or a name.
    OldId,
    /// The beginning of an id, or a name.
    Prefix,
    /// `attribute=value`
    Pair,
    Name,
}

impl Form {
    fn of(word: &str) -> Self {
        let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
        if word.contains('=') {
            Form::Pair
        } else if is_uuid(word) {
            Form::Id
        } else if word.len() == 24 && is_hex(word) {
            Form::OldId
        } else if word.len() >= SHORTEST_PREFIX && is_hex(&word.replace('-', "")) {
            Form::Prefix
        } else {
            Form::Name
        }
    }

    fn may_be_a_name(self) -> bool {
        matches!(self, Form::OldId | Form::Prefix | Form::Name)
    }
}

impl Word<'_> {
    fn means(&mut self, target: &Target) {
        if self.meant.iter().all(|known| known.id != target.id) {
            self.meant.push(target.clone());
        }
    }
}

impl Fleet<'_> {
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
        let named = self.find(words).await?;
        if named.missing.is_empty() { Ok(named.targets) } else { Err(self.nothing(&named.missing)) }
    }

    /// The devices that words mean, and the words that mean none.
    ///
    /// # Errors
    ///
    /// If one of them means several.
    pub async fn find(&self, words: &[String]) -> Result<Named> {
        if words.iter().any(|word| word.trim().is_empty()) {
            return Err(CliError::usage("the name of the device is empty"));
        }
        let mut words: Vec<Word<'_>> =
            words.iter().map(|text| Word { text, form: Form::of(text), meant: Vec::new() }).collect();
        self.by_id(&mut words).await?;
        self.by_attribute(&mut words).await?;
        self.by_prefix(&mut words).await?;
        self.by_name(&mut words).await?;
        named(words)
    }

    /// The devices of these ids, and those that are no device's.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub async fn of_ids(&self, ids: &[String]) -> Result<Named> {
        let word = |text| Word { text, form: Form::Id, meant: Vec::new() };
        let mut words: Vec<Word<'_>> = ids.iter().map(String::as_str).map(word).collect();
        self.by_id(&mut words).await?;
        named(words)
    }

    /// Whole ids are looked up where devices come first: the inventory learns of them later.
    async fn by_id(&self, words: &mut [Word<'_>]) -> Result<()> {
        let mut at: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, word) in words.iter().enumerate() {
            if matches!(word.form, Form::Id | Form::OldId) {
                at.entry(word.text.to_ascii_lowercase()).or_default().push(index);
            }
        }
        if at.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = at.keys().map(String::as_str).collect();
        let devices: Vec<devices::Device> = self.client.devices().get_many(&ids).await?;
        let naming = self.attribute().await;
        for device in devices {
            for &index in at.get(&device.id).into_iter().flatten() {
                words[index].means(&Target::of(&device, naming));
            }
        }
        Ok(())
    }

    async fn by_prefix(&self, words: &mut [Word<'_>]) -> Result<()> {
        let mut open: Vec<&mut Word<'_>> =
            words.iter_mut().filter(|word| word.form == Form::Prefix).collect();
        for some in open.chunks_mut(AT_ONCE) {
            let prefixes: Vec<String> = some.iter().map(|word| word.text.to_ascii_lowercase()).collect();
            let name = AttributeName::new(Scope::Identity, "id");
            let pattern = format!("^(?:{})", prefixes.join("|"));
            let filter = Filter { name, operator: Operator::Matches, value: pattern.into() };
            for row in self.rows(Some(filter), usize::MAX).await? {
                let target = Target::from(row);
                for (word, prefix) in some.iter_mut().zip(&prefixes) {
                    if target.id.starts_with(prefix) {
                        word.means(&target);
                    }
                }
            }
        }
        Ok(())
    }

    async fn by_attribute(&self, words: &mut [Word<'_>]) -> Result<()> {
        for word in words.iter_mut().filter(|word| word.form == Form::Pair) {
            let (attribute, value) = word.text.split_once('=').unwrap_or((word.text, ""));
            let attribute: Attribute = attribute.parse().map_err(CliError::usage)?;
            for name in self.places(&attribute).await? {
                for row in self.rows(one_of(&name, &[operand(value)]), MOST_SHOWN + 1).await? {
                    word.means(&Target::from(row));
                }
            }
        }
        Ok(())
    }

    /// Everywhere that an attribute is, if its scope is not named.
    async fn places(&self, attribute: &Attribute) -> Result<Vec<AttributeName>> {
        if attribute.scope.is_none() {
            let scopes = self.scopes(&attribute.name).await?;
            if !scopes.is_empty() {
                return Ok(scopes
                    .into_iter()
                    .map(|scope| AttributeName::new(scope, &attribute.name))
                    .collect());
            }
        }
        Ok(vec![self.locate(attribute).await?])
    }

    /// Bare words: the attribute that the tenant chose, and where that finds nothing the tag `name`.
    async fn by_name(&self, words: &mut [Word<'_>]) -> Result<()> {
        // What begins an id may be another device's name.
        let is_open = |word: &Word<'_>| {
            word.form.may_be_a_name() && (word.meant.is_empty() || word.form == Form::Prefix)
        };
        if !words.iter().any(is_open) {
            return Ok(());
        }
        let tag = AttributeName::new(Scope::Tags, "name");
        let chosen = self.attribute().await.filter(|chosen| **chosen != tag).cloned();
        for name in chosen.into_iter().chain([tag]) {
            let mut open: Vec<&mut Word<'_>> = words.iter_mut().filter(|word| is_open(word)).collect();
            for some in open.chunks_mut(AT_ONCE) {
                let operands: Vec<Operand> = some.iter().map(|word| operand(word.text)).collect();
                for row in self.rows(one_of(&name, &operands), usize::MAX).await? {
                    let value = row.get(&name).map(|value| text(&value).into_owned());
                    let target = Target::from(row);
                    for word in some.iter_mut().filter(|word| value.as_deref() == Some(word.text)) {
                        word.means(&target);
                    }
                }
            }
        }
        Ok(())
    }

    async fn rows(&self, filter: Option<Filter>, most: usize) -> Result<Vec<Row>> {
        let filters = filter.into_iter().collect();
        let search = Search { filters, sort: vec![by_device_id()], ..Search::default() };
        let devices = self.client.inventory().search(&search).collect(Some(most)).await?;
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

/// Each device once, if no word means several.
fn named(words: Vec<Word<'_>>) -> Result<Named> {
    let mut named = Named::default();
    let mut seen = HashSet::new();
    for mut word in words {
        match (word.meant.pop(), word.meant.is_empty()) {
            (None, _) => named.missing.push(word.text.to_owned()),
            (Some(only), true) if seen.insert(only.id.clone()) => named.targets.push(only),
            (Some(_), true) => {}
            (Some(last), false) => {
                word.meant.push(last);
                return Err(several(word.text, &word.meant));
            }
        }
    }
    Ok(named)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_be_several_things_by_its_looks() {
        for (word, form) in [
            ("8f14e45f-ceea-467f-a0e6-1b0f3a1c2d3e", Form::Id),
            ("8F14E45F-CEEA-467F-A0E6-1B0F3A1C2D3E", Form::Id),
            ("5f1e3c2b4a5d6e7f8091a2b3", Form::OldId),
            ("8f14e45f", Form::Prefix),
            ("8f14e45f-ce", Form::Prefix),
            ("8f14e45", Form::Name),
            ("deadbeeg", Form::Name),
            ("8f14e45f-ceea-467f-a0e6-1b0f3a1c2d3g", Form::Name),
            ("gateway-7", Form::Name),
            ("mac=8f14e45f", Form::Pair),
        ] {
            assert_eq!(Form::of(word), form, "{word}");
        }
    }
}
