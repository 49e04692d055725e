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

/// Those of which this holds, each once, the newest of a state first.
///
/// # Errors
///
/// Those of the calls.
pub async fn under_way(client: &Client, is_wanted: impl Fn(&Deployment) -> bool) -> Result<Vec<Deployment>> {
    let mut found: Vec<Deployment> = Vec::new();
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
            for deployment in page.items.into_iter().filter(&is_wanted) {
                // One that has begun meanwhile is in both lists.
                if found.iter().all(|known| known.id != deployment.id) {
                    found.push(deployment);
                }
            }
        }
    }
    Ok(found)
}

/// The same with their devices.
///
/// # Errors
///
/// Those of the calls.
pub async fn with_targets(client: &Client, is_wanted: impl Fn(&Deployment) -> bool) -> Result<Vec<UnderWay>> {
    let mut found = Vec::new();
    for deployment in under_way(client, is_wanted).await? {
        let targets = client.deployments().targets(&deployment.id).await?.into_iter().collect();
        found.push(UnderWay { deployment, targets });
    }
    Ok(found)
}

/// Those that are for a device.
///
/// # Errors
///
/// Those of the calls.
pub async fn for_device(client: &Client, device: &str) -> Result<Vec<Deployment>> {
    let all = with_targets(client, |_| true).await?;
    Ok(all.into_iter().filter(|it| it.targets.contains(device)).map(|it| it.deployment).collect())
}
