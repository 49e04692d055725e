//! Whom a release can be deployed to.

use jiff::{SignedDuration, Timestamp};
use mender::inventory::{AttributeName, Filter, Scope};
use mender::{Client, artifacts};

use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::Unfit;
use crate::cli::fleet::{Chosen, Known, Target, last_seen, text};
use crate::cli::near::there_are;
use crate::cli::output::cell;

/// So many Artifacts are looked through for a name that may have been meant.
const MOST_LOOKED_THROUGH: usize = 2000;
/// So many devices that cannot get it are named.
const MOST_NAMED: usize = 10;

/// A release, as far as a deployment has to know it.
pub struct Release {
    pub name: String,
    /// The device types that its Artifacts are for.
    pub types: Vec<String>,
}

impl Release {
    /// The one of that name on the server.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn on_server(client: &Client, name: &str) -> Result<Self> {
        let types = types(client, name).await?;
        if !types.is_empty() {
            return Ok(Release { name: name.to_owned(), types });
        }
        let known = client.artifacts().list(&artifacts::Filter::default());
        let known = known.collect(Some(MOST_LOOKED_THROUGH)).await.unwrap_or_default();
        let error = CliError::from(mender::Error::NotFound { kind: "Artifact", name: name.to_owned() });
        let names = known.iter().map(|artifact| artifact.name.as_str());
        Err(error.hint(there_are(name, names, "artifacts list")))
    }

    /// One that is about to be uploaded, beside what the server has of it.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub async fn to_come(client: &Client, head: &mender::artifact::Head) -> Result<Self> {
        let mut types = types(client, &head.name).await?;
        types.extend(head.device_types.iter().cloned());
        Ok(Release { name: head.name.clone(), types })
    }

    fn is_for(&self, device_type: &str) -> bool {
        self.types.iter().any(|own| own == device_type)
    }
}

async fn types(client: &Client, name: &str) -> Result<Vec<String>> {
    let found = client.artifacts().find(name).await?;
    Ok(found.into_iter().flat_map(|artifact| artifact.device_types_compatible).collect())
}

/// Whom the server is told to deploy to.
pub enum Whom {
    /// The targets, one by one.
    Listed,
    All,
    Group(String),
    /// Whoever fits these conditions, now or later.
    Fitting {
        conditions: Vec<Filter>,
        described: String,
    },
}

/// A device that can get it.
pub struct Candidate {
    pub target: Target,
    /// What it runs.
    pub software: Option<String>,
    pub seen: Option<Timestamp>,
}

/// The devices of a line, sorted by whether they can get it.
#[derive(Default)]
pub struct Candidates {
    pub fit: Vec<Candidate>,
    pub unfit: Vec<Unfit>,
    /// Whether some of those that cannot would get it if the server chose the devices.
    pub needs_list: bool,
}

/// What has to be known of each device.
pub fn attributes() -> [AttributeName; 3] {
    [
        AttributeName::new(Scope::Inventory, "device_type"),
        AttributeName::new(Scope::Inventory, "artifact_name"),
        AttributeName::new(Scope::System, "check_in_time"),
    ]
}

impl Candidates {
    /// Sorts devices.
    pub fn of(known: Vec<Known>, release: &Release) -> Self {
        let mut sorted = Candidates::default();
        for Known { target, device } in known {
            let value = |name| {
                let value = device.as_ref()?.get(Scope::Inventory, name)?;
                Some(text(value).into_owned())
            };
            if target.status != "accepted" {
                let why = format!("it is {}, not accepted", cell(&target.status));
                sorted.unfit.push(Unfit { target, why });
                continue;
            }
            // One that has not told its type yet may be of the right one.
            match value("device_type").filter(|own| !release.is_for(own)) {
                Some(own) => {
                    let why = format!(
                        "no Artifact of {} is for its type {}, only for {}",
                        cell(&release.name),
                        cell(&own),
                        cell(&listed(&release.types))
                    );
                    sorted.needs_list = true;
                    sorted.unfit.push(Unfit { target, why });
                }
                None => {
                    let (software, seen) = (value("artifact_name"), device.as_ref().and_then(last_seen));
                    sorted.fit.push(Candidate { target, software, seen });
                }
            }
        }
        sorted
    }

    /// How many of those that can get it may be long in coming: they were seen once, and not for over a day.
    pub fn silent(&self) -> usize {
        let since = Timestamp::now() - SignedDuration::from_hours(24);
        self.fit.iter().filter(|it| it.seen.is_some_and(|seen| seen < since)).count()
    }

    /// That there are some, and that those who were named one by one can all get it.
    ///
    /// # Errors
    ///
    /// If not.
    pub fn check(&self, chosen: &Chosen) -> Result<()> {
        let is_named = *chosen == Chosen::Named;
        if self.unfit.is_empty() || (!is_named && !self.fit.is_empty()) {
            return if self.fit.is_empty() { Err(CliError::failed("no device fits")) } else { Ok(()) };
        }
        let line = |unfit: &Unfit| format!("{}: {}", unfit.target.label(), unfit.why);
        if let [only] = self.unfit.as_slice() {
            return Err(CliError::failed(line(only)));
        }
        let head = if is_named { "some of the devices" } else { "none of the devices" };
        let can = if is_named { "cannot" } else { "can" };
        let mut message = format!("{head} {can} get it:");
        for unfit in self.unfit.iter().take(MOST_NAMED) {
            message.push_str(&format!("\n  {}", line(unfit)));
        }
        if self.unfit.len() > MOST_NAMED {
            message.push_str(&format!("\n  and {} more", self.unfit.len() - MOST_NAMED));
        }
        Err(CliError::failed(message))
    }
}

fn listed(types: &[String]) -> String {
    let mut types: Vec<&str> = types.iter().map(String::as_str).collect();
    types.sort_unstable();
    types.dedup();
    types.join(", ")
}
