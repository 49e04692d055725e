//! Making deployments.

use serde::Serialize;
use serde_json::json;

use super::{Deployments, V1, V2};
use crate::client::error::Result;
use crate::client::request::RequestError;
use crate::client::url::segment;

/// The longest body that the service takes, in bytes: about 26,800 ids of devices.
pub const LARGEST_BODY: usize = 1 << 20;
/// The longest name of a deployment, in bytes.
pub const LONGEST_NAME: usize = 256;

/// A deployment to be made.
#[derive(Clone, Debug)]
pub struct New {
    /// What to call it.
    pub name: String,
    /// The release: the name of its Artifacts.
    pub artifact_name: String,
    /// Whom it is for.
    pub aim: Aim,
    /// Whether devices that have the release already install it again.
    pub force: bool,
    /// What only some servers take.
    pub enterprise: Enterprise,
}

/// Whom a deployment is for. The server takes the devices that there are when it is made; only those of a filter may
/// come later.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aim {
    /// All accepted devices.
    All,
    /// The accepted devices of a group.
    Group(String),
    /// These devices, by id. One that is named twice would keep the deployment from ever finishing.
    Devices(Vec<String>),
    /// The devices of a saved filter, by its id; only where there are such.
    Filter(String),
}

/// What Mender Enterprise takes. The open-source server ignores all of it without a word (api-deployments 6.2), and
/// would roll out to everybody at once: ask first whether the server is one that
/// [has saved filters](crate::inventory::Saved::are_there).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Enterprise {
    /// Batches, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<Phase>,
    /// How often a device that failed tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// At most so many devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_devices: Option<u64>,
}

impl Enterprise {
    /// Whether nothing of it is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Enterprise::default()
    }
}

/// A batch of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// Its share of the devices, in percent; the last phase takes the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u8>,
    /// When it begins (RFC 3339); the first one at once, if not said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ts: Option<String>,
}

#[derive(Serialize)]
struct Body<'n> {
    name: &'n str,
    artifact_name: &'n str,
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<&'n [String]>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    all_devices: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_id: Option<&'n str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    force_installation: bool,
    #[serde(flatten)]
    enterprise: &'n Enterprise,
}

impl New {
    fn body(&self) -> Body<'_> {
        let devices = if let Aim::Devices(ids) = &self.aim { Some(ids.as_slice()) } else { None };
        let filter_id = if let Aim::Filter(id) = &self.aim { Some(id.as_str()) } else { None };
        Body {
            name: &self.name,
            artifact_name: &self.artifact_name,
            devices,
            all_devices: self.aim == Aim::All,
            filter_id,
            force_installation: self.force,
            enterprise: &self.enterprise,
        }
    }

    /// Whether the server can take it.
    ///
    /// # Errors
    ///
    /// If its name is empty or too long, or the list of devices is.
    pub fn check(&self) -> Result<(), RequestError> {
        if self.name.is_empty() || self.name.len() > LONGEST_NAME {
            return Err(RequestError::Name { most: LONGEST_NAME });
        }
        let given = json!(self.body()).to_string().len();
        if given > LARGEST_BODY {
            return Err(RequestError::TooLarge { given, most: LARGEST_BODY });
        }
        Ok(())
    }
}

impl Deployments<'_> {
    /// Makes a deployment; returns its id.
    ///
    /// # Errors
    ///
    /// Those of [`New::check`], before anything is sent. [`Refused`](crate::Error::Refused): 409 while another one
    /// with the same name, release and devices is under way, 422 if there is no such release, 400 if there is no
    /// device, 405 for a filter where the server has none.
    pub async fn create(&self, new: &New) -> Result<String> {
        new.check()?;
        let collection = |version: &[&'static str]| [version, &["deployments"]].concat();
        let call = match &new.aim {
            Aim::All | Aim::Devices(_) => self.0.post(&collection(&V1)),
            Aim::Group(group) => self.0.post(&[&V1[..], &["deployments", "group", segment(group)?]].concat()),
            Aim::Filter(_) => self.0.post(&collection(&V2)),
        };
        let answer = call.json(&new.body()).send().await?;
        let id = answer.created_id()?;
        // The server makes no others; what else stands there was made up on the way.
        let is_id = id.len() == 36 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if is_id { Ok(id) } else { Err(answer.unexpected("it does not tell the id of what was made".into())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(aim: Aim) -> New {
        let (name, artifact_name) = ("n".to_owned(), "r1".to_owned());
        New { name, artifact_name, aim, force: false, enterprise: Enterprise::default() }
    }

    #[test]
    fn a_body_has_what_was_asked_for_and_nothing_else() {
        let plain = new(Aim::Devices(vec!["d".into()]));
        assert_eq!(json!(plain.body()), json!({"name": "n", "artifact_name": "r1", "devices": ["d"]}));
        assert_eq!(json!(new(Aim::Group("g".into())).body()), json!({"name": "n", "artifact_name": "r1"}));
        let enterprise = Enterprise {
            phases: vec![
                Phase { batch_size: Some(10), start_ts: None },
                Phase { batch_size: None, start_ts: Some("t".into()) },
            ],
            retries: Some(2),
            max_devices: None,
        };
        let rich = New { force: true, enterprise, ..new(Aim::All) };
        assert_eq!(
            json!(rich.body()),
            json!({"name": "n", "artifact_name": "r1", "all_devices": true, "force_installation": true,
                "retries": 2, "phases": [{"batch_size": 10}, {"start_ts": "t"}]})
        );
    }

    #[test]
    fn what_the_server_would_not_take_is_known_before() {
        let ids = |count| Aim::Devices(vec!["0".repeat(36); count]);
        assert!(new(ids(26_000)).check().is_ok());
        assert!(matches!(new(ids(27_000)).check(), Err(RequestError::TooLarge { .. })));
        for name in [String::new(), "x".repeat(257)] {
            assert_eq!(New { name, ..new(Aim::All) }.check(), Err(RequestError::Name { most: 256 }));
        }
    }
}
