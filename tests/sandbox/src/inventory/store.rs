//! All records, and what the latest search found.

use std::collections::BTreeMap;

use super::record::Record;

/// The attribute that tells when a device last got in touch.
pub(super) const CHECK_IN: &str = "check_in_time";

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

    /// The same, to be given another time of the last sign of life. Those of a large fleet come all the time: only
    /// searches that ask for it start anew.
    pub(super) fn change_seen(&mut self) -> &mut BTreeMap<String, Record> {
        self.latest.take_if(|(key, _)| key.contains(CHECK_IN));
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
