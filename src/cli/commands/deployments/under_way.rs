//! Deployments that are not over.

use std::collections::HashSet;

use mender::Client;
use mender::deployments::{Deployment, Filter, State};

use crate::cli::error::Result;

/// A deployment that is not over, and the devices that it is for.
pub struct UnderWay {
    pub deployment: Deployment,
    pub targets: HashSet<String>,
}

/// Those of which this holds, the newest of a state first.
///
/// # Errors
///
/// Those of the calls.
pub async fn under_way(client: &Client, is_wanted: impl Fn(&Deployment) -> bool) -> Result<Vec<Deployment>> {
    let mut found = Vec::new();
    each(client, async |deployment| {
        found.extend(Some(deployment).filter(&is_wanted));
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Those of a release, with their devices.
///
/// # Errors
///
/// Those of the calls.
pub async fn of_release(client: &Client, release: &str) -> Result<Vec<UnderWay>> {
    let mut found = Vec::new();
    each(client, async |mut deployment| {
        if deployment.artifact_name == release {
            let targets = targets(client, &deployment).await?;
            // It may name all of them once more.
            deployment.more.clear();
            found.push(UnderWay { deployment, targets });
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Those that are for a device.
///
/// # Errors
///
/// Those of the calls.
pub async fn for_device(client: &Client, device: &str) -> Result<Vec<Deployment>> {
    let mut found = Vec::new();
    each(client, async |deployment| {
        if targets(client, &deployment).await?.contains(device) {
            found.push(deployment);
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn targets(client: &Client, deployment: &Deployment) -> Result<HashSet<String>> {
    Ok(client.deployments().targets(&deployment.id).await?.unwrap_or_default().into_iter().collect())
}

/// Hands out each once, as it comes: they may be large.
async fn each(client: &Client, mut take: impl AsyncFnMut(Deployment) -> Result<()>) -> Result<()> {
    let mut known = HashSet::new();
    // In the order in which one goes through them, so that none slips by.
    for state in [State::Scheduled, State::Pending, State::InProgress] {
        let mut pages = client.deployments().list(&Filter::of(state));
        loop {
            let page = match pages.next_page().await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // Only some servers know of a start to come.
                Err(error) if state == State::Scheduled && error.status() == Some(400) => break,
                Err(error) => return Err(error.into()),
            };
            for deployment in page.items {
                // One that has begun meanwhile is in both lists.
                if known.insert(deployment.id.clone()) {
                    take(deployment).await?;
                }
            }
        }
    }
    Ok(())
}
