//! Search by words, in any letter case: one of them is enough.

use super::filter::Entry;
use super::record::Scope;
use crate::words::words;

/// Those with any of the words, those with the most of them first.
pub(super) fn best<'a>(found: Vec<Entry<'a>>, text: &str) -> Vec<Entry<'a>> {
    let wanted: Vec<String> = words(text).collect();
    let mut scored: Vec<(usize, Entry)> = found
        .into_iter()
        .map(|entry| (searched(entry).flat_map(words).filter(|word| wanted.contains(word)).count(), entry))
        .filter(|(score, _)| *score > 0)
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, entry)| entry).collect()
}

/// The texts of a device that are searched.
fn searched<'a>((id, record): Entry<'a>) -> impl Iterator<Item = &'a str> {
    let scopes = [Scope::Identity, Scope::Inventory, Scope::Tags];
    let values = scopes.into_iter().flat_map(|scope| record.of(scope));
    [Some(id.as_str()), record.group()]
        .into_iter()
        .flatten()
        .chain(values.filter_map(|attribute| attribute.value.text()))
}
