//! Making deployments.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::staged::{self, Staged};
use super::status::Counts;
use super::{Aim, Deployment, Status};
use crate::answer::{Refusal, Reply, created};
use crate::call::Call;
use crate::deployments::Record;
use crate::inventory::SavedFilter;
use crate::state::Data;
use crate::{gojson, inventory};

const FIELDS: &[&str] = &["name", "artifact_name", "devices", "all_devices", "force_installation"];
const STRUCTURE: &str = "DeploymentConstructor";
const PREFIX: &str = "Validating request body: ";

/// What is asked for.
struct Wanted {
    name: String,
    artifact_name: String,
    devices: Vec<String>,
    all_devices: bool,
    force: bool,
    staged: Staged,
}

fn bad(text: impl std::fmt::Display) -> Refusal {
    Refusal::new(400, format!("{PREFIX}{text}"))
}

impl Wanted {
    /// What the open-source server takes, and Mender Enterprise besides.
    async fn read(call: &mut Call) -> Result<Wanted, Refusal> {
        let body = call.json().await?;
        let enterprise = if call.state.settings.enterprise { staged::FIELDS } else { &[] };
        let fields = [FIELDS, enterprise].concat();
        let map = call.object(&body, "model.DeploymentConstructor", &fields, PREFIX)?;
        let wanted = Wanted::decode(&map).map_err(bad)?.checked()?;
        let staged = match enterprise {
            [] => Staged::default(),
            _ => Staged::read(call, &map, STRUCTURE, bad)?,
        };
        Ok(Wanted { staged, ..wanted })
    }

    fn checked(self) -> Result<Wanted, Refusal> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self) } else { Err(bad(format!("{}.", problems.join("; ")))) }
    }

    fn decode(map: &Map<String, Value>) -> Result<Wanted, String> {
        let text = |field| Ok::<_, String>(gojson::text(map, STRUCTURE, field)?.unwrap_or_default());
        Ok(Wanted {
            name: text("name")?,
            artifact_name: text("artifact_name")?,
            devices: gojson::texts(map, STRUCTURE, "devices")?,
            all_devices: gojson::boolean(map, STRUCTURE, "all_devices")?,
            force: gojson::boolean(map, STRUCTURE, "force_installation")?,
            staged: Staged::default(),
        })
    }

    /// What is wrong with the fields one by one, by their names.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |field: &str, value: &str, limit: usize| {
            if value.is_empty() {
                problems.push(format!("{field}: cannot be blank"));
            } else if value.len() > limit {
                problems.push(format!("{field}: the length must be no more than {limit}"));
            }
        };
        check("artifact_name", &self.artifact_name, 4096);
        check("name", &self.name, 256);
        let blank = self.devices.iter().enumerate().filter(|(_, id)| id.is_empty());
        let blank: Vec<String> = blank.map(|(index, _)| format!("{index}: cannot be blank")).collect();
        if !blank.is_empty() {
            problems.insert(problems.len().min(1), format!("devices: ({}.)", blank.join("; ")));
        }
        problems
    }
}

pub(crate) async fn for_devices(mut call: Call) -> Reply {
    let wanted = Wanted::read(&mut call).await?;
    let invalid = |text| Err(bad(format!("Invalid deployments definition: {text}")));
    match (wanted.devices.is_empty(), wanted.all_devices) {
        (true, false) => return invalid("provide list of devices or set all_devices flag"),
        (false, true) => return invalid("list of devices provided togheter with all_devices flag"),
        _ => {}
    }
    let mut data = call.state.data();
    let (aim, targets) = if wanted.all_devices {
        (Aim::All, inventory::accepted(&data, None))
    } else {
        (Aim::Devices(wanted.devices.clone()), wanted.devices.clone())
    };
    let group = |id: &String| inventory::group(&data, id).map(String::from);
    let groups = if let [one] = targets.as_slice() { group(one) } else { None };
    answer(make(&mut data, wanted, aim, targets, groups.into_iter().collect()))
}

/// Makes one for these devices, without a request; returns its id.
pub(crate) fn deploy(
    data: &mut Data,
    name: &str,
    artifact_name: &str,
    devices: Vec<String>,
) -> Result<String, Refusal> {
    let (name, artifact_name) = (name.into(), artifact_name.into());
    let aim = Aim::Devices(devices.clone());
    let staged = Staged::default();
    let wanted =
        Wanted { name, artifact_name, devices: Vec::new(), all_devices: false, force: false, staged };
    make(data, wanted, aim, devices, Vec::new())
}

fn answer(id: Result<String, Refusal>) -> Reply {
    Ok(created(&format!("/api/management/v1/deployments/deployments/{}", id?)))
}

pub(crate) async fn for_group(mut call: Call) -> Reply {
    let wanted = Wanted::read(&mut call).await?;
    if wanted.all_devices || !wanted.devices.is_empty() {
        let text = "The deployment for group constructor should have neither list of devices nor all_devices flag set";
        return Err(bad(text));
    }
    let group = call.param(0).to_string();
    let mut data = call.state.data();
    let targets = inventory::accepted(&data, Some(&group));
    answer(make(&mut data, wanted, Aim::Group(group.clone()), targets, vec![group]))
}

/// A dynamic deployment. Those that will fit the filter later do not get it.
pub(crate) async fn for_filter(mut call: Call) -> Reply {
    let body = call.json().await?;
    let fields = [&["name", "artifact_name", "force_installation", "filter_id"], staged::FIELDS].concat();
    let map = call.object(&body, "model.DeploymentConstructor", &fields, PREFIX)?;
    let id = gojson::text(&map, STRUCTURE, "filter_id").map_err(bad)?.unwrap_or_default();
    let wanted = Wanted::decode(&map).map_err(bad)?.checked()?;
    let staged = Staged::read(&call, &map, STRUCTURE, bad)?;
    if id.is_empty() {
        return Err(bad("filter_id: cannot be blank."));
    }
    let mut data = call.state.data();
    let filter = SavedFilter::find(&data, &id).cloned();
    let filter = filter.ok_or_else(|| bad(format!("filter_id: no filter {id}.")))?;
    let targets = inventory::fitting(&data, &filter)?;
    answer(make(&mut data, Wanted { staged, ..wanted }, Aim::Filter(filter), targets, Vec::new()))
}

fn make(
    data: &mut Data,
    wanted: Wanted,
    aim: Aim,
    mut targets: Vec<String>,
    groups: Vec<String>,
) -> Result<String, Refusal> {
    targets.truncate(wanted.staged.limit(targets.len()));
    // Devices may come to fit a filter.
    if targets.is_empty() && !matches!(aim, Aim::Filter(_)) {
        return Err(Refusal::new(400, "No devices for the deployment"));
    }
    let fitting = data.artifacts.iter().filter(|record| record.name() == wanted.artifact_name);
    let artifacts: Vec<Arc<Record>> = fitting.cloned().map(Arc::new).collect();
    if artifacts.is_empty() {
        return Err(Refusal::new(422, "No artifact for the deployment"));
    }
    let is_same = |known: &Deployment| {
        let (name, artifact_name) = (&wanted.name, &wanted.artifact_name);
        known.is_active()
            && (&known.name, &known.artifact_name, known.force) == (name, artifact_name, wanted.force)
            && known.aim == aim
    };
    if data.deployments.iter().any(is_same) {
        let text = "there is already an active deployment with the same parameters";
        return Err(Refusal::new(409, format!("Invalid deployment definition: {text}")));
    }
    let id = uuid::Uuid::new_v4().to_string();
    let deployment = Deployment::new(data, id.clone(), wanted.name, wanted.artifact_name, aim, targets);
    let (force, staged) = (wanted.force, wanted.staged);
    data.deployments.push(Deployment { artifacts, force, groups, staged, ..deployment });
    Ok(id)
}

impl Deployment {
    fn new(
        data: &mut Data,
        id: String,
        name: String,
        artifact_name: String,
        aim: Aim,
        targets: Vec<String>,
    ) -> Deployment {
        let mut counts = Counts::default();
        counts.add(Status::Pending, targets.len());
        Deployment {
            id,
            name,
            artifact_name,
            artifacts: Vec::new(),
            force: false,
            aim,
            staged: Staged::default(),
            members: targets.iter().cloned().collect(),
            targets,
            groups: Vec::new(),
            created: data.tick(),
            finished: None,
            counts,
            total_size: 0,
            parts: BTreeMap::new(),
            forgotten: Vec::new(),
        }
    }
}

/// Sends a configuration to a device; returns the id of the deployment that does.
pub(crate) fn configure(data: &mut Data, device: &str, configuration: &Map<String, Value>) -> String {
    let id = uuid::Uuid::new_v4().to_string();
    let name = format!("configuration-{id}");
    let aim = Aim::Configuration(STANDARD.encode(veiled(configuration)));
    let deployment = Deployment::new(data, id.clone(), name.clone(), name, aim, vec![device.into()]);
    data.deployments.push(deployment);
    id
}

/// A configuration as deployments show it: of longer values only the beginning, as they may be secrets.
fn veiled(configuration: &Map<String, Value>) -> String {
    let veil = |value: &Value| match value.as_str() {
        Some(text) if text.chars().count() > 3 => {
            let start: String = text.chars().take(3).collect();
            format!("{start}...<omitted>").into()
        }
        _ => value.clone(),
    };
    let veiled: Map<String, Value> =
        configuration.iter().map(|(key, value)| (key.clone(), veil(value))).collect();
    // The server's encoder escapes what HTML would take for its own.
    let json = Value::Object(veiled).to_string();
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
