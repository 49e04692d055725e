//! Whether a deployment is there already, so that a line that is run twice makes one.

use std::collections::HashSet;

use mender::Client;
use mender::deployments::{Deployment, Filter};

use crate::cli::error::Result;

/// So many of one name are looked at, the newest first.
const MOST: usize = 50;

/// What is to be made, as far as it can be told from another.
pub struct Wanted<'w> {
    pub name: &'w str,
    pub artifact_name: &'w str,
    pub force: bool,
    /// Nothing if only the server can know them.
    pub devices: Option<&'w [String]>,
    /// Whether the name was chosen for this one: then one that succeeded is it, too.
    pub is_named: bool,
}

/// What there is of that name.
pub struct Found {
    /// The ids of all of them.
    pub ids: Vec<String>,
    /// The one that was to be made.
    pub same: Option<Deployment>,
    /// One under way for other devices, and how many of those wanted it lacks.
    pub other: Option<(Deployment, usize)>,
}

impl Wanted<'_> {
    /// Looks for it.
    ///
    /// # Errors
    ///
    /// Those of the calls.
    pub async fn look(&self, client: &Client) -> Result<Found> {
        let mut found = Found { ids: Vec::new(), same: None, other: None };
        for deployment in self.of_that_name(client).await? {
            found.ids.push(deployment.id.clone());
            let is_it =
                !deployment.is_finished() || (self.is_named && !self.force && deployment.has_succeeded());
            if found.same.is_some() || !is_it {
                continue;
            }
            match self.lacking(client, &deployment).await? {
                0 => found.same = Some(deployment),
                lacking if !deployment.is_finished() => found.other = Some((deployment, lacking)),
                _ => {}
            }
        }
        Ok(found)
    }

    /// One that was not there before.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub async fn newer(&self, client: &Client, known: &[String]) -> Result<Option<Deployment>> {
        let all = self.of_that_name(client).await?;
        Ok(all.into_iter().find(|it| !known.contains(&it.id)))
    }

    async fn of_that_name(&self, client: &Client) -> Result<Vec<Deployment>> {
        let filter = Filter { names: vec![self.name.to_owned()], ..Filter::default() };
        let mut all = client.deployments().list(&filter).collect(Some(MOST)).await?;
        all.retain(|it| {
            let is_same = it.name == self.name && it.artifact_name == self.artifact_name;
            is_same && it.force_installation == self.force
        });
        Ok(all)
    }

    /// How many of the wanted devices a deployment is not for.
    async fn lacking(&self, client: &Client, deployment: &Deployment) -> Result<usize> {
        let Some(devices) = self.devices else { return Ok(0) };
        let targets: HashSet<String> = match client.deployments().targets(&deployment.id).await {
            Ok(Some(targets)) => targets.into_iter().collect(),
            // Where the server does not say, as many are taken for the same.
            Ok(None) if deployment.max_devices == Some(devices.len() as u64) => return Ok(0),
            Ok(None) => return Ok(devices.len()),
            Err(error) if error.status() == Some(404) => return Ok(devices.len()),
            Err(error) => return Err(error.into()),
        };
        Ok(devices.iter().filter(|id| !targets.contains(*id)).count())
    }
}
