//! Deployments: which devices are to get which release, and how far they are.

mod create;
mod devices;
mod status;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::list_or_null;
use super::error::Result;
use super::http::Transport;
use super::page::{Keep, Older, Pages};
use super::url::segment;

pub use self::create::{Aim, Enterprise, LARGEST_BODY, LONGEST_NAME, New, Phase};
pub use self::devices::Part;
pub use self::status::{Counts, ParseStatusError, Status};

/// A deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// What somebody called it.
    #[serde(default)]
    pub name: String,
    /// The release.
    #[serde(default)]
    pub artifact_name: String,
    /// A name of a [`State`].
    #[serde(default)]
    pub status: String,
    /// When it was made (RFC 3339).
    #[serde(default)]
    pub created: Option<String>,
    /// When it finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// How many devices it was made for; those of a filter may come one by one, up to this number.
    #[serde(default)]
    pub max_devices: Option<u64>,
    /// How many devices have asked for it.
    #[serde(default)]
    pub device_count: Option<u64>,
    /// The group that it is for, or the group of its only device.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// `software`, or `configuration` for what a device configuration makes.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether devices install what they have already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_installation: bool,
    /// How far they are.
    #[serde(default)]
    pub statistics: Option<Statistics>,
    /// What else the server tells: `filter` with the ids of all devices if they were named, `phases`, ...
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Deployment {
    /// One that was made just now, for so many devices, as far as that can be known without asking.
    pub fn begun(id: &str, name: &str, artifact_name: &str, devices: Option<u64>) -> Self {
        Deployment {
            id: id.to_owned(),
            name: name.to_owned(),
            artifact_name: artifact_name.to_owned(),
            status: State::Pending.name().to_owned(),
            created: None,
            finished: None,
            max_devices: devices,
            device_count: None,
            groups: Vec::new(),
            kind: None,
            force_installation: false,
            statistics: None,
            more: Map::new(),
        }
    }

    /// Whether it has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.status == State::Finished.name()
    }

    /// Whether all its devices have what they were to get, by the server's count.
    pub fn has_succeeded(&self) -> bool {
        let counts = self.counts();
        self.max_devices.is_some_and(|all| all > 0 && counts.good() == all && counts.total() == all)
    }

    /// How many devices are how far, by the server's count.
    pub fn counts(&self) -> Counts {
        self.statistics.as_ref().map(|it| it.status.clone()).unwrap_or_default()
    }
}

/// How far a deployment is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It begins later; only on some servers.
    Scheduled,
    /// No device has told anything yet.
    Pending,
    /// Some have.
    InProgress,
    /// All have, or somebody ended it. That says nothing of success.
    Finished,
}

impl State {
    /// All of them.
    pub const ALL: [State; 4] = [State::Scheduled, State::Pending, State::InProgress, State::Finished];

    /// As the server writes it.
    pub fn name(self) -> &'static str {
        match self {
            State::Scheduled => "scheduled",
            State::Pending => "pending",
            State::InProgress => "inprogress",
            State::Finished => "finished",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is no state of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no state of a deployment; there are pending, inprogress, finished and scheduled")]
pub struct ParseStateError(pub String);

impl FromStr for State {
    type Err = ParseStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = State::ALL.into_iter().find(|state| state.name() == text);
        known.ok_or_else(|| ParseStateError(text.to_owned()))
    }
}

/// How far the devices of a deployment are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Devices by status.
    #[serde(default)]
    pub status: Counts,
    /// Bytes of the Artifacts that were handed out.
    #[serde(default)]
    pub total_size: u64,
}

/// What one device had to do with one deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Participation {
    /// The deployment, unless it is gone.
    pub deployment: Option<Deployment>,
    /// The device's part in it.
    pub device: Part,
}

/// How much of something is used.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// 0 for no limit.
    pub limit: u64,
    /// Some servers do not count, and always say 0.
    pub usage: u64,
}

/// Which deployments to list. What is empty does not limit the list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this state.
    pub state: Option<State>,
    /// With any of these names.
    pub names: Vec<String>,
    /// Any of these.
    pub ids: Vec<String>,
    /// Made at this time or later, in seconds since 1970.
    pub created_after: Option<i64>,
    /// Made at this time or earlier, in seconds since 1970.
    pub created_before: Option<i64>,
    /// The oldest first, in place of the newest.
    pub oldest_first: bool,
}

impl Filter {
    /// Those of a state.
    pub fn of(state: State) -> Self {
        Filter { state: Some(state), ..Filter::default() }
    }

    /// What both calls take.
    fn common(&self) -> Vec<(&'static str, String)> {
        let state = self.state.map(|state| ("status", state.name().to_owned()));
        let after = self.created_after.map(|time| ("created_after", time.to_string()));
        let before = self.created_before.map(|time| ("created_before", time.to_string()));
        let sort = self.oldest_first.then(|| ("sort", "asc".to_owned()));
        [state, after, before, sort].into_iter().flatten().collect()
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let names = self.names.iter().map(|name| ("name", name.clone()));
        let ids = self.ids.iter().map(|id| ("id", id.clone()));
        self.common().into_iter().chain(names).chain(ids).collect()
    }
}

/// The calls. See [`Client::deployments`](crate::Client::deployments).
#[derive(Clone, Copy, Debug)]
pub struct Deployments<'c>(&'c Transport);

/// So many deployments are asked for at once: one that was made for a list of devices names all of them, in up to a MiB.
pub const PER_PAGE: u32 = 50;
/// The most that [`Deployments::of_device`] gives at once: less than any other list.
pub const LARGEST_HISTORY_PAGE: u32 = 20;

const V1: [&str; 4] = ["api", "management", "v1", "deployments"];
const V2: [&str; 4] = ["api", "management", "v2", "deployments"];

impl<'c> Deployments<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Deployments(transport)
    }

    /// Those that a filter lets through, the newest first, in pages of at most [`PER_PAGE`]. Servers that lack the call
    /// are asked by their older one.
    pub fn list(&self, filter: &Filter) -> Pages<'c, Deployment> {
        let Filter { names, ids, .. } = filter.clone();
        let is_wanted = |all: &[String], own: &str| all.is_empty() || all.iter().any(|one| one == own);
        let has_more = !names.is_empty() || !ids.is_empty();
        let keep: Keep<Deployment> =
            Box::new(move |it| is_wanted(&names, &it.name) && is_wanted(&ids, &it.id));
        let path: Vec<&str> = V1.into_iter().chain(["deployments"]).collect();
        let older = Older { path, query: filter.common(), keep: has_more.then_some(keep) };
        Pages::new(self.0, &[&V2[..], &["deployments"]].concat(), filter.query())
            .at_most(PER_PAGE)
            .or_older(older)
    }

    /// One deployment.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 404 if there is none, 400 if that is no id.
    pub async fn get(&self, id: &str) -> Result<Deployment> {
        self.0.get(&[&V1[..], &["deployments", segment(id)?]].concat()).send().await?.json()
    }

    /// How many of its devices are how far: the same few bytes, however many there are.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is no such deployment.
    pub async fn statistics(&self, id: &str) -> Result<Counts> {
        self.0.get(&[&V1[..], &["deployments", segment(id)?, "statistics"]].concat()).send().await?.json()
    }

    /// A deployment, if it has ended: while it has not, no list of its devices is sent.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn finished(&self, id: &str) -> Result<Option<Deployment>> {
        let filter = Filter { ids: vec![id.to_owned()], ..Filter::of(State::Finished) };
        let found = self.list(&filter).from(1, 1).collect(Some(1)).await?;
        // Whatever a server makes of the filter.
        Ok(found.into_iter().find(|it| it.id == id && it.is_finished()))
    }

    /// How much the stored Artifacts take, in bytes.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn storage(&self) -> Result<Usage> {
        self.0.get(&[&V1[..], &["limits", "storage"]].concat()).send().await?.json()
    }
}
