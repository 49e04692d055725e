//! Reads where all devices of a deployment are: once, for a verdict or a list, never while it is watched.

use std::collections::BTreeMap;

use mender::deployments::{Deployment, Status};
use mender::{Client, Error};

use super::judge::{NEVER_ASKED, Outcome, Standing};
use crate::cli::error::Result;

/// Where the devices of a deployment are.
///
/// # Errors
///
/// Those of the calls.
pub async fn standing(client: &Client, deployment: &Deployment, wants_all: bool) -> Result<Standing> {
    let told = deployment.max_devices.unwrap_or_default();
    if !wants_all && is_all_good(client, deployment, told).await? {
        return Ok(Standing::all_good(told));
    }
    let targets = client.deployments().targets(&deployment.id).await?.unwrap_or_default();
    Ok(Standing::of(&targets, parts(client, &deployment.id).await?, told, wants_all))
}

/// The ids of the devices that have not asked yet.
///
/// # Errors
///
/// Those of the calls.
pub async fn silent(client: &Client, deployment: &Deployment) -> Result<Vec<String>> {
    if deployment.max_devices.zip(deployment.device_count).is_some_and(|(all, asked)| asked >= all) {
        return Ok(Vec::new());
    }
    let others = standing(client, deployment, false).await?.others.into_iter();
    Ok(others.filter(|outcome| outcome.status == NEVER_ASKED).map(|outcome| outcome.id).collect())
}

/// Whether the counters say so, and the devices too: counters alone also count what a device did twice.
async fn is_all_good(client: &Client, deployment: &Deployment, told: u64) -> Result<bool> {
    if !deployment.has_succeeded() {
        return Ok(false);
    }
    let mut good: u64 = 0;
    for status in [Status::Success, Status::AlreadyInstalled] {
        match count(client, &deployment.id, status.name()).await? {
            Some(count) => good = good.saturating_add(count),
            None => return Ok(false),
        }
    }
    Ok(good == told)
}

/// How many of the devices that have asked are in such a status, or in one of such a group of them.
///
/// # Errors
///
/// Those of the call.
pub async fn count(client: &Client, id: &str, status: &str) -> Result<Option<u64>, Error> {
    let mut pages = client.deployments().devices(id, Some(status))?.from(1, 1);
    pages.next_page().await?;
    Ok(pages.total())
}

async fn parts(client: &Client, id: &str) -> Result<BTreeMap<String, Outcome>> {
    let mut parts = BTreeMap::new();
    let mut pages = client.deployments().devices(id, None)?;
    while let Some(page) = pages.next_page().await? {
        for part in page.items {
            let outcome = Outcome { id: part.id.clone(), name: None, status: part.status, log: part.log };
            parts.insert(part.id, outcome);
        }
    }
    Ok(parts)
}
