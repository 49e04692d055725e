//! All records, and what the latest search found.

use std::collections::BTreeMap;

use super::record::Record;

/// All records by device id.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    records: BTreeMap<String, Record>,
    /// A search and the ids that it found, until something changes: its further pages are quick.
    latest: Option<(String, Vec<String>)>,
}

impl Inventory {
    pub(super) fn records(&self) -> &BTreeMap<String, Record> {
        &self.records
    }

    /// The records, to be changed.
    pub(super) fn change(&mut self) -> &mut BTreeMap<String, Record> {
        self.latest = None;
        &mut self.records
    }

    /// Makes a search the latest one, unless it is.
    pub(super) fn search(&mut self, key: &str, found: impl FnOnce(&BTreeMap<String, Record>) -> Vec<String>) {
        if self.latest.as_ref().is_none_or(|(latest, _)| latest != key) {
            self.latest = Some((key.into(), found(&self.records)));
        }
    }

    /// What the latest search found.
    pub(super) fn found(&self) -> &[String] {
        self.latest.as_ref().map_or(&[], |(_, ids)| ids)
    }
}
