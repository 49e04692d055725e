//! Stored Artifacts, one by one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::reader::Verified;
use super::releases;
use crate::answer::{Refusal, Reply, empty, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::state::{Data, State, time};

/// An Artifact as the server knows it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// Absent after a direct upload.
    pub(crate) description: Option<String>,
    pub(crate) content: Verified,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
}

impl Record {
    pub(crate) fn name(&self) -> &str {
        &self.content.name
    }

    pub(crate) fn shown(&self) -> Value {
        let content = &self.content;
        let mut value = json!({
            "id": self.id, "name": content.name, "device_types_compatible": content.device_types,
            "info": { "format": "mender", "version": content.version }, "signed": content.signed,
            "updates": content.updates, "artifact_provides": content.provides, "artifact_depends": content.depends,
            "clears_artifact_provides": content.clears, "size": self.size, "modified": time(self.modified),
        });
        if let (Value::Object(map), Some(description)) = (&mut value, &self.description) {
            map.insert("description".into(), description.as_str().into());
        }
        if let Value::Object(map) = &mut value {
            let hollow = |value: &Value| value.as_array().is_some_and(Vec::is_empty) || *value == json!({});
            map.retain(|key, value| !OMITTED.contains(&key.as_str()) || !hollow(value));
        }
        value
    }
}

/// Left out when there is nothing in them.
const OMITTED: [&str; 3] = ["artifact_provides", "artifact_depends", "clears_artifact_provides"];

/// Adds the record of an Artifact whose content is in place; if it is refused, the content goes.
pub(crate) fn insert(state: &State, record: Record) -> Result<(), Refusal> {
    let result = try_insert(&mut state.data(), record.clone());
    if result.is_err() {
        // As on the real server, a refused id of somebody else's takes that one's content along.
        let _ = std::fs::remove_file(state.content(&record.id));
    }
    result
}

fn try_insert(data: &mut Data, mut record: Record) -> Result<(), Refusal> {
    if record.description.as_ref().is_some_and(|text| text.len() > 4096) {
        return Err(Refusal::new(500, "internal error"));
    }
    let taken = || Refusal::new(409, "an artifact with the same name and depends already exists");
    if data.artifacts.iter().any(|other| other.id == record.id) {
        return Err(taken());
    }
    let wanted = combinations(&record.content.depends).ok_or_else(|| Refusal::new(500, "internal error"))?;
    for other in data.artifacts.iter().filter(|other| other.name() == record.name()) {
        let others = combinations(&other.content.depends).unwrap_or_default();
        if let Some(conflict) = wanted.iter().find(|combination| others.contains(combination)) {
            return Err(taken().with("metadata", json!({ "conflict": conflict })));
        }
    }
    record.modified = data.tick();
    releases::touch(data, record.name(), record.modified);
    data.types.extend(record.content.types.iter().flatten().cloned());
    data.artifacts.push(record);
    Ok(())
}

/// Every combination of depends values; `None` above the limit, or when a list is empty.
fn combinations(depends: &Map<String, Value>) -> Option<Vec<BTreeMap<String, String>>> {
    let mut all = vec![BTreeMap::new()];
    for (key, value) in depends {
        let values: Vec<&str> = match value {
            Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
            other => vec![other.as_str().unwrap_or_default()],
        };
        all = all
            .iter()
            .flat_map(|base| {
                values.iter().map(move |value| {
                    let mut more = base.clone();
                    more.insert(key.clone(), value.to_string());
                    more
                })
            })
            .collect();
        if all.is_empty() || all.len() > 1024 {
            return None;
        }
    }
    Some(all)
}

/// The service takes lower-case UUIDs only.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36
        && uuid::Uuid::parse_str(text).is_ok()
        && !text.contains(|c: char| c.is_ascii_uppercase())
}

pub(crate) fn checked_id(call: &Call) -> Result<String, Refusal> {
    let id = call.param(0);
    if is_id(id) { Ok(id.to_string()) } else { Err(Refusal::new(400, "ID is not a valid UUID")) }
}

pub(crate) fn unknown() -> Refusal {
    Refusal::new(404, "Resource not found")
}

pub(crate) async fn show(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let data = call.state.data();
    let record = data.artifacts.iter().find(|record| record.id == id).ok_or_else(unknown)?;
    Ok(json_answer(200, &record.shown()))
}

pub(crate) async fn describe(mut call: Call) -> Reply {
    let body = call.json().await?;
    let id = checked_id(&call)?;
    let prefix = "Validating request body: ";
    let map = call.object(&body, "images.ImageMeta", &["description"], prefix)?;
    let description = gojson::text(&map, "ImageMeta", "description")
        .map_err(|text| Refusal::new(400, format!("{prefix}{text}")))?
        .unwrap_or_default();
    if description.len() > 4096 {
        return Err(Refusal::new(400, format!("{prefix}description: the length must be no more than 4096.")));
    }
    let mut data = call.state.data();
    if data.deployments.iter().any(|deployment| deployment.uses(&id)) {
        return Err(Refusal::new(422, "Image has already been used in deployment"));
    }
    let now = data.tick();
    let record = data.artifacts.iter_mut().find(|record| record.id == id).ok_or_else(unknown)?;
    record.description = Some(description);
    record.modified = now;
    let name = record.name().to_string();
    releases::touch(&mut data, &name, now);
    Ok(empty(204))
}

pub(crate) async fn delete(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let mut data = call.state.data();
    if data.deployments.iter().any(|deployment| deployment.is_active() && deployment.uses(&id)) {
        return Err(Refusal::new(409, "Artifact is used in active deployment"));
    }
    let index = data.artifacts.iter().position(|record| record.id == id).ok_or_else(unknown)?;
    let gone = data.artifacts.remove(index);
    let now = data.tick();
    releases::touch(&mut data, gone.name(), now);
    let _ = std::fs::remove_file(call.state.content(&id));
    Ok(empty(204))
}

pub(crate) async fn link(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let data = call.state.data();
    let record = data.artifacts.iter().find(|record| record.id == id).ok_or_else(unknown)?;
    if !call.state.content(&id).exists() {
        return Err(Refusal::new(500, "internal error"));
    }
    let (uri, expires) = call.state.links.download(&id, record.name(), call.state.settings.link_lifetime);
    Ok(json_answer(200, &json!({ "uri": uri, "expire": time(expires), "method": "GET" })))
}
