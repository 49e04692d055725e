//! The service of device configurations.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::{Refusal, Reply, empty, json_answer};
use crate::call::Call;
use crate::deployments;
use crate::gojson;
use crate::routes::{Route, route};
use crate::state::{Data, time};

pub(crate) const ROUTES: &[Route] = &[
    route!("GET" "/api/management/v1/deviceconfig/configurations/device/{}" [] show),
    route!("PUT" "/api/management/v1/deviceconfig/configurations/device/{}" [] configure),
    route!("POST" "/api/management/v1/deviceconfig/configurations/device/{}/deploy" [] deploy),
];

/// How many keys a configuration may have, and how long a key or a value may be.
const MAX_KEYS: usize = 100;
const MAX_LENGTH: usize = 4096;

/// The configuration of one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configuration {
    configured: Map<String, Value>,
    reported: Map<String, Value>,
    updated: Timestamp,
    reported_at: Option<Timestamp>,
    deployment: Option<String>,
}

impl Configuration {
    fn shown(&self, id: &str) -> Value {
        let mut value = json!({
            "id": id, "configured": self.configured, "reported": self.reported, "updated_ts": time(self.updated),
        });
        if let Some(deployment) = &self.deployment {
            value["deployment_id"] = deployment.as_str().into();
        }
        if let Some(at) = self.reported_at {
            value["reported_ts"] = time(at);
        }
        value
    }
}

/// Every device that came has a configuration.
pub(crate) fn provision(data: &mut Data, id: &str) {
    let now = data.now();
    let fresh = || Configuration { updated: now, ..Configuration::default() };
    data.configurations.entry(id.into()).or_insert_with(fresh);
}

pub(crate) fn forget(data: &mut Data, id: &str) {
    data.configurations.remove(id);
}

/// What a device is to be configured to.
pub(crate) fn wanted(data: &Data, id: &str) -> Map<String, Value> {
    data.configurations.get(id).map(|known| known.configured.clone()).unwrap_or_default()
}

/// A device says how it is configured.
pub(crate) fn report(data: &mut Data, id: &str, reported: Map<String, Value>) {
    provision(data, id);
    let now = data.now();
    if let Some(record) = data.configurations.get_mut(id) {
        record.reported = reported;
        record.reported_at = Some(now);
    }
}

fn unknown() -> Refusal {
    Refusal::new(404, "device does not exist")
}

async fn show(call: Call) -> Reply {
    let data = call.state.data();
    let record = data.configurations.get(call.param(0)).ok_or_else(unknown)?;
    Ok(json_answer(200, &record.shown(call.param(0))))
}

/// Replaces what is wanted, for any id at all.
async fn configure(mut call: Call) -> Reply {
    let body = call.whole().await?;
    let map = gojson::object(&body, "map[string]interface {}")
        .map_err(|text| Refusal::new(400, format!("malformed request body: {text}")))?;
    check(&map)?;
    let mut data = call.state.data();
    let now = data.now();
    let record = data.configurations.entry(call.param(0).into()).or_default();
    record.configured = map;
    record.updated = now;
    Ok(empty(204))
}

fn check(map: &Map<String, Value>) -> Result<(), Refusal> {
    let invalid = |text: String| Err(Refusal::new(400, format!("invalid request body: {text}")));
    for (key, value) in map {
        let Some(value) = value.as_str() else {
            return invalid(format!("value: invalid type: {}.", go_type(value)));
        };
        if key.is_empty() {
            return invalid("key: cannot be blank.".into());
        }
        for (what, text) in [("key", key.as_str()), ("value", value)] {
            if text.len() > MAX_LENGTH {
                return invalid(format!("{what}: the length must be no more than {MAX_LENGTH}."));
            }
        }
    }
    // The caller's mistake; the real server has no word for it and calls it its own.
    if map.len() > MAX_KEYS {
        return Err(Refusal::new(500, "Internal Server Error"));
    }
    Ok(())
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Sends the wanted configuration to the device by a deployment of its own.
async fn deploy(mut call: Call) -> Reply {
    let id = call.param(0).to_string();
    if !call.state.data().configurations.contains_key(&id) {
        return Err(unknown());
    }
    let body = call.whole().await?;
    let prefix = "malformed request body: ";
    let structure = "DeployConfigurationRequest";
    let map =
        call.object(&body, "model.DeployConfigurationRequest", &["retries", "update_control_map"], prefix)?;
    let bad = |text| Refusal::new(400, format!("{prefix}{text}"));
    gojson::unsigned(&map, structure, "retries").map_err(bad)?;
    if !gojson::map(&map, structure, "update_control_map").map_err(bad)?.is_empty() {
        let text = "forbidden: update control map is available only for Enterprise customers";
        return Err(Refusal::new(403, text));
    }
    let mut data = call.state.data();
    // The device may have gone while the body came.
    let configured = data.configurations.get(&id).ok_or_else(unknown)?.configured.clone();
    let deployment = deployments::configure(&mut data, &id, &configured);
    data.configurations.get_mut(&id).ok_or_else(unknown)?.deployment = Some(deployment.clone());
    Ok(json_answer(200, &json!({ "deployment_id": deployment })))
}
