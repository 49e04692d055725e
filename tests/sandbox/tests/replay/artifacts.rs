//! The Artifacts that the transcripts speak of.

use std::collections::BTreeMap;

use sandbox::artifact::Artifact;
use serde_json::Value;

use crate::template::Variables;

/// All of them by key.
pub(crate) fn build(definitions: &str, variables: &Variables) -> BTreeMap<String, Vec<u8>> {
    let list: Vec<Value> = serde_json::from_str(definitions).expect("artifacts.json");
    let mut built = BTreeMap::new();
    for definition in &list {
        let definition = variables.request(definition).expect("only ${run} in artifacts.json");
        built.insert(text(&definition["key"]).to_string(), one(&definition).build());
    }
    built
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn one(definition: &Value) -> Artifact {
    let mut artifact = Artifact::new(text(&definition["artifact_name"])).payload(text(&definition["type"]));
    for device_type in definition["device_types"].as_array().into_iter().flatten() {
        artifact = artifact.device_type(text(device_type));
    }
    for file in definition["files"].as_array().into_iter().flatten() {
        let content = match &file["fill"] {
            Value::Number(count) => (0..count.as_u64().expect("a count")).map(|byte| byte as u8).collect(),
            _ => text(&file["text"]).as_bytes().to_vec(),
        };
        artifact = artifact.file(text(&file["name"]), content);
    }
    let entries = |key: &str| definition[key].as_object().cloned().unwrap_or_default();
    for (key, value) in entries("provides") {
        artifact = artifact.provides(&key, text(&value));
    }
    for pattern in definition["clears"].as_array().into_iter().flatten() {
        artifact = artifact.clears(text(pattern));
    }
    for (key, value) in entries("meta_data") {
        artifact = artifact.meta_data(&key, value);
    }
    for (key, value) in entries("depends") {
        artifact = artifact.header_depends(&key, value);
    }
    for (key, value) in entries("group") {
        artifact = artifact.header_provides(&key, value);
    }
    artifact
}
