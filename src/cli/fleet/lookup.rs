//! What the inventory says of devices that are known by their ids.

use std::collections::HashMap;

use mender::inventory::{AttributeName, Device, Scope};

use super::{Fleet, Known, Query, Row, Target};
use crate::cli::error::Result;

/// So many names are asked for; who reads more than that reads ids.
const MOST_NAMES: usize = 5000;

impl Fleet<'_> {
    /// What devices of these ids are called. Without a word nothing of those that have no name, or if the user may
    /// not know.
    pub async fn called(&self, ids: &[&str]) -> HashMap<String, String> {
        let naming = self.attribute().await.cloned();
        let mut wanted = vec![AttributeName::new(Scope::Tags, "name")];
        wanted.extend(naming.clone());
        let ids = &ids[..ids.len().min(MOST_NAMES)];
        let found = self.look_up(ids, wanted, 1).await.unwrap_or_default();
        let named = |device| {
            let row = Row::of(device, naming.as_ref());
            Some((row.id, row.name?))
        };
        found.into_iter().filter_map(named).collect()
    }

    /// The same devices with what the inventory says of them, which also may know a name.
    ///
    /// # Errors
    ///
    /// Those of the search.
    pub async fn known_of(
        &self,
        targets: Vec<Target>,
        wanted: &[AttributeName],
        at_once: usize,
    ) -> Result<Vec<Known>> {
        let ids: Vec<&str> = targets.iter().map(|target| target.id.as_str()).collect();
        let naming = self.attribute().await.cloned();
        let mut attributes = wanted.to_vec();
        attributes.push(AttributeName::new(Scope::Tags, "name"));
        attributes.extend(naming.clone());
        let found = self.look_up(&ids, attributes, at_once).await?;
        let mut by_id: HashMap<String, Device> =
            found.into_iter().map(|device| (device.id.clone(), device)).collect();
        let known = |mut target: Target| {
            let device = by_id.remove(&target.id);
            if target.name.is_none() {
                target.name = device.clone().and_then(|device| Row::of(device, naming.as_ref()).name);
            }
            Known { target, device }
        };
        Ok(targets.into_iter().map(known).collect())
    }

    async fn look_up(&self, ids: &[&str], wanted: Vec<AttributeName>, at_once: usize) -> Result<Vec<Device>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::default();
        query.only_these(ids);
        query.fetch_only(wanted);
        query.run(self, at_once).all().await
    }
}
