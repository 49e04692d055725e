//! Deployments, as far as they keep Artifacts from being changed or deleted.

use serde_json::Value;

use crate::answer::{Refusal, Reply, created, empty};
use crate::call::Call;
use crate::gojson;

#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) artifacts: Vec<String>,
    pub(crate) finished: bool,
}

const FIELDS: &[&str] = &["name", "artifact_name", "devices", "all_devices", "force_installation"];

pub(crate) async fn create(mut call: Call) -> Reply {
    let body = call.json().await?;
    let prefix = "Validating request body: ";
    let map = call.object(&body, "model.DeploymentConstructor", FIELDS, prefix)?;
    let bad = |text| Refusal::new(400, format!("{prefix}{text}"));
    let field = |field| gojson::text(&map, "DeploymentConstructor", field).map_err(bad);
    let (artifact, name) = (field("artifact_name")?.unwrap_or_default(), field("name")?.unwrap_or_default());
    let blank: Vec<String> = [("artifact_name", &artifact), ("name", &name)]
        .iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(field, _)| format!("{field}: cannot be blank"))
        .collect();
    if !blank.is_empty() {
        return Err(bad(format!("{}.", blank.join("; "))));
    }
    let listed = map.get("devices").and_then(Value::as_array).is_some_and(|devices| !devices.is_empty());
    if !listed && map.get("all_devices") != Some(&Value::Bool(true)) {
        return Err(bad(
            "Invalid deployments definition: provide list of devices or set all_devices flag".into()
        ));
    }
    let mut data = call.state.data();
    let fitting = data.artifacts.iter().filter(|record| record.name() == artifact);
    let artifacts: Vec<String> = fitting.map(|record| record.id.clone()).collect();
    if artifacts.is_empty() {
        return Err(Refusal::new(422, "No artifact for the deployment"));
    }
    let id = uuid::Uuid::new_v4().to_string();
    data.deployments.push(Deployment { id: id.clone(), artifacts, finished: false });
    Ok(created(&format!("/api/management/v1/deployments/deployments/{id}")))
}

pub(crate) async fn abort(mut call: Call) -> Reply {
    let body = call.json().await?;
    let map = call.object(&body, "status", &["status"], "")?;
    let mut data = call.state.data();
    let running = data.deployments.iter_mut().find(|known| known.id == call.param(0) && !known.finished);
    let running = running.ok_or_else(|| Refusal::new(422, "Deployment already finished"))?;
    // As on the real server, another status is refused and aborts all the same.
    running.finished = true;
    if map.get("status") != Some(&Value::from("aborted")) {
        return Err(Refusal::new(400, "Unexpected deployment status"));
    }
    Ok(empty(204))
}
