//! How far one release has got.

use std::collections::BTreeMap;

use mender::Client;
use mender::inventory::Scope;
use serde::Serialize;

use super::each_accepted;
use crate::cli::args::JobsArgs;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::Fleet;
use crate::cli::output::{Cell, View};

/// How far one release has got in a group.
#[derive(Debug, Serialize)]
struct Progress {
    /// `null` for devices of no group.
    group: Option<String>,
    done: u64,
    devices: u64,
}

/// Shows it by group.
pub async fn run(artifact: &str, jobs: JobsArgs, ctx: &Context, client: &Client) -> Result<()> {
    let fleet = Fleet::new(client, ctx.out());
    let mut groups: BTreeMap<Option<String>, Progress> = BTreeMap::new();
    each_accepted(&fleet, jobs, |device, release| {
        let group = device.text(Scope::System, "group").map(str::to_owned);
        let progress = groups.entry(group.clone()).or_insert(Progress { group, done: 0, devices: 0 });
        progress.devices += 1;
        progress.done += u64::from(release.as_deref() == Some(artifact));
    })
    .await?;
    if groups.values().all(|progress| progress.done == 0) {
        ctx.out().warn(format_args!("no accepted device reports {artifact:?}"));
    }
    let mut rows = ctx.out().rows(&ByGroup)?;
    rows.add(groups.into_values().collect())?;
    rows.end()
}

struct ByGroup;

impl View<Progress> for ByGroup {
    fn titles(&self) -> Vec<&str> {
        vec!["Group", "Done", "Devices", "Share"]
    }

    fn cells<'t>(&self, it: &'t Progress) -> Vec<Cell<'t>> {
        let group = it.group.as_deref().unwrap_or("(none)");
        let share = format!("{}%", it.done * 100 / it.devices.max(1));
        let number = |number: u64| Cell::Text(number.to_string().into());
        vec![Cell::text(group), number(it.done), number(it.devices), Cell::Text(share.into())]
    }

    fn id<'t>(&self, it: &'t Progress) -> &'t str {
        it.group.as_deref().unwrap_or_default()
    }

    fn json(&self, it: &Progress) -> String {
        serde_json::to_string(it).expect("our own types are JSON")
    }
}
