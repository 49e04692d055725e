//! Devices, indexed for everything they are looked up by.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::device::Device;
use super::sorted::Sorted;

type Id = Arc<str>;

/// All devices of one sandbox. Changes go through [`Devices::change`], which keeps the indexes true.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    by_id: HashMap<Id, Device>,
    /// Sorted as lists are: by status, then by id.
    by_status: BTreeMap<String, Sorted<Id>>,
    by_identity: HashMap<String, Id>,
    /// Which device an authentication set belongs to.
    owners: HashMap<String, Id>,
    /// The authentication sets that a token was issued for.
    tokens: HashSet<String>,
}

/// What a list is asked for. Nothing named is everything.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) statuses: Vec<String>,
    pub(crate) ids: Vec<String>,
}

impl Wanted {
    fn has_status(&self, status: &str) -> bool {
        self.statuses.is_empty() || self.statuses.iter().any(|wanted| wanted == status)
    }
}

impl Devices {
    pub(crate) fn insert(&mut self, device: Device) {
        let id: Id = device.id.as_str().into();
        // Of two with one identity the first is found by it.
        self.by_identity.entry(device.identity_data.to_string()).or_insert_with(|| id.clone());
        self.index(&id, &device);
        self.by_id.insert(id, device);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Device> {
        let (id, device) = self.by_id.remove_entry(id)?;
        self.unindex(&id, &device);
        let identity = device.identity_data.to_string();
        if self.by_identity.get(&identity) == Some(&id) {
            self.by_identity.remove(&identity);
        }
        Some(device)
    }

    pub(crate) fn change<R>(&mut self, id: &str, change: impl FnOnce(&mut Device) -> R) -> Option<R> {
        let (id, mut device) = self.by_id.remove_entry(id)?;
        self.unindex(&id, &device);
        let result = change(&mut device);
        self.index(&id, &device);
        self.by_id.insert(id, device);
        Some(result)
    }

    fn index(&mut self, id: &Id, device: &Device) {
        for set in &device.auth_sets {
            self.owners.insert(set.id.clone(), id.clone());
        }
        self.by_status.entry(device.status.clone()).or_default().insert(id.clone());
    }

    fn unindex(&mut self, id: &Id, device: &Device) {
        for set in &device.auth_sets {
            if self.owners.get(&set.id) == Some(id) {
                self.owners.remove(&set.id);
            }
        }
        if let Some(ids) = self.by_status.get_mut(&device.status) {
            ids.remove::<str>(id);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Device> {
        self.by_id.get(id)
    }

    pub(crate) fn with_identity(&self, identity: &Value) -> Option<&Device> {
        self.get(self.by_identity.get(&identity.to_string())?)
    }

    /// The device that an authentication set belongs to.
    pub(crate) fn owner(&self, set: &str) -> Option<&Device> {
        self.get(self.owners.get(set)?)
    }

    /// Those wanted, in the order of lists, from `skip` on and `take` at most.
    pub(crate) fn list(&self, wanted: &Wanted, skip: usize, take: usize) -> Vec<&Device> {
        if wanted.ids.is_empty() {
            return self.page(wanted, skip).take(take).filter_map(|id| self.get(id)).collect();
        }
        let named: BTreeSet<&str> = wanted.ids.iter().map(String::as_str).collect();
        let mut found: Vec<&Device> = named.into_iter().filter_map(|id| self.get(id)).collect();
        found.retain(|device| wanted.has_status(&device.status));
        found.sort_by(|a, b| (&a.status, &a.id).cmp(&(&b.status, &b.id)));
        found.into_iter().skip(skip).take(take).collect()
    }

    fn page(&self, wanted: &Wanted, mut skip: usize) -> impl Iterator<Item = &Id> {
        let statuses = self.by_status.iter().filter(|(status, _)| wanted.has_status(status));
        statuses.flat_map(move |(_, ids)| {
            let within = skip.min(ids.len());
            skip -= within;
            ids.from(within)
        })
    }

    pub(crate) fn count(&self, status: Option<&str>) -> usize {
        match status {
            None => self.by_id.len(),
            Some(status) => self.by_status.get(status).map_or(0, Sorted::len),
        }
    }

    /// Those whose status is `accepted`.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Device> {
        let ids = self.by_status.get("accepted").into_iter().flat_map(|ids| ids.from(0));
        ids.filter_map(|id| self.get(id))
    }

    /// The ids of those that are being removed.
    pub(crate) fn leaving(&self) -> Vec<String> {
        let leaving = self.by_id.values().filter(|device| device.decommissioning);
        leaving.map(|device| device.id.clone()).collect()
    }

    pub(crate) fn note_token(&mut self, set: &str) {
        self.tokens.insert(set.to_string());
    }

    /// Whether there was one.
    pub(crate) fn drop_token(&mut self, set: &str) -> bool {
        self.tokens.remove(set)
    }

    pub(crate) fn has_token(&self, set: &str) -> bool {
        self.tokens.contains(set)
    }

    /// Forgets every token of a device.
    pub(crate) fn drop_tokens(&mut self, device: &str) {
        for set in self.by_id.get(device).into_iter().flat_map(|device| &device.auth_sets) {
            self.tokens.remove(&set.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, status: &str) -> Device {
        Device { id: id.into(), status: status.into(), ..Device::default() }
    }

    fn ids(devices: &Devices, wanted: &Wanted) -> Vec<String> {
        devices.list(wanted, 0, usize::MAX).iter().map(|device| device.id.clone()).collect()
    }

    #[test]
    fn indexes_follow_changes() {
        let mut devices = Devices::default();
        for (id, status) in [("c", "pending"), ("b", "accepted"), ("a", "pending")] {
            devices.insert(device(id, status));
        }
        assert_eq!(ids(&devices, &Wanted::default()), ["b", "a", "c"]);
        devices.change("a", |device| device.status = "accepted".into());
        assert_eq!(ids(&devices, &Wanted::default()), ["a", "b", "c"]);
        let accepted = Wanted { statuses: vec!["accepted".into()], ..Wanted::default() };
        assert_eq!(devices.list(&accepted, 1, 5)[0].id, "b");
        let named = Wanted { ids: vec!["c".into(), "a".into(), "a".into()], ..Wanted::default() };
        assert_eq!(ids(&devices, &named), ["a", "c"]);
        assert_eq!((devices.count(None), devices.count(Some("pending"))), (3, 1));
        let gone = devices.remove("c").expect("a device");
        assert_eq!((devices.count(Some("pending")), devices.with_identity(&gone.identity_data)), (0, None));
    }

    #[test]
    fn of_two_with_one_identity_the_first_is_found() {
        let mut devices = Devices::default();
        let twin = |id: &str| Device { identity_data: Value::Null, ..device(id, "pending") };
        devices.insert(twin("a"));
        devices.insert(twin("b"));
        devices.remove("b");
        assert_eq!(devices.with_identity(&Value::Null).map(|device| device.id.as_str()), Some("a"));
    }
}
