//! The data of one sandbox.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::deployments::{Deployment, Notes, Record, Upload};
use crate::devauth::Devices;
use crate::deviceconfig::Configuration;
use crate::deviceconnect::Connection;
use crate::faults::Faults;
use crate::inventory::{Inventory, SavedFilter};
use crate::jwt::Signer;
use crate::limiter::{Limiter, RateLimit};
use crate::recorder::Recorder;
use crate::simulation::Conduct;
use crate::storage::Links;
use crate::useradm::{Token, User};

/// What the builder decides.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) strict: bool,
    pub(crate) direct_upload: bool,
    /// Whether the calls and fields of Mender Enterprise are known.
    pub(crate) enterprise: bool,
    pub(crate) extra_accounts: bool,
    pub(crate) jwt_lifetime: Duration,
    pub(crate) link_lifetime: Duration,
    pub(crate) token_limit: usize,
    pub(crate) session_limit: usize,
    pub(crate) max_artifact_size: u64,
    /// How many devices may be accepted; any number without one.
    pub(crate) max_devices: Option<u64>,
    /// How long the removal of a device takes; without one it waits to be finished by hand.
    pub(crate) decommission_after: Option<Duration>,
    /// Services that this server lacks.
    pub(crate) lacking: Vec<String>,
    pub(crate) rate_limit: Option<RateLimit>,
    /// Whether requests are kept for those who ask for them.
    pub(crate) records: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            strict: true,
            direct_upload: false,
            enterprise: false,
            extra_accounts: true,
            jwt_lifetime: Duration::from_hours(7 * 24),
            link_lifetime: Duration::from_mins(15),
            token_limit: 10,
            session_limit: 10,
            max_artifact_size: 10 << 30,
            max_devices: None,
            decommission_after: Some(Duration::from_millis(5)),
            lacking: Vec::new(),
            rate_limit: None,
            records: true,
        }
    }
}

pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) signer: Signer,
    pub(crate) links: Links,
    pub(crate) limiter: Limiter,
    pub(crate) recorder: Recorder,
    pub(crate) faults: Faults,
    folder: PathBuf,
    data: Mutex<Data>,
}

#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) users: Vec<User>,
    /// Login tokens and personal access tokens, in order of issue.
    pub(crate) tokens: Vec<Token>,
    /// Saved settings with their entity tags: of the tenant (no user) and of users.
    pub(crate) saved: HashMap<Option<String>, (String, Map<String, Value>)>,
    pub(crate) artifacts: Vec<Record>,
    pub(crate) notes: BTreeMap<String, Notes>,
    /// Payload types ever uploaded: they outlive their Artifacts.
    pub(crate) types: BTreeSet<String>,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) uploads: HashMap<String, Upload>,
    pub(crate) devices: Devices,
    pub(crate) inventory: Inventory,
    /// In order of their creation.
    pub(crate) filters: Vec<SavedFilter>,
    /// By device.
    pub(crate) configurations: HashMap<String, Configuration>,
    /// By device.
    pub(crate) connections: HashMap<String, Connection>,
    pub(crate) conduct: Conduct,
    last_time: Timestamp,
}

impl Data {
    /// Now, in milliseconds as the server stores them.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The same, but never the same twice: sorting by it is then stable. Each call takes a millisecond for itself, so
    /// it is not for what is done in bulk.
    pub(crate) fn tick(&mut self) -> Timestamp {
        let next = self.last_time + Duration::from_millis(1);
        self.last_time = self.now().max(next);
        self.last_time
    }
}

impl State {
    pub(crate) fn new(settings: Settings, folder: &Path, storage_url: &str) -> State {
        State {
            signer: Signer::generate(),
            links: Links::new(storage_url),
            limiter: Limiter::default(),
            recorder: Recorder::new(settings.records),
            settings,
            faults: Faults::default(),
            folder: folder.to_path_buf(),
            data: Mutex::default(),
        }
    }

    pub(crate) fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the content of an Artifact lies.
    pub(crate) fn content(&self, id: &str) -> PathBuf {
        self.folder.join("objects").join(id)
    }

    /// Where something is written that is not an Artifact yet.
    pub(crate) fn incoming(&self, id: &str) -> PathBuf {
        self.folder.join("incoming").join(id)
    }
}

/// Times as the server writes them.
pub(crate) fn time(at: Timestamp) -> Value {
    at.to_string().into()
}
