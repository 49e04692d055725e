//! The header of an Artifact: what it is called, fits on, provides and needs.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::{Map, Value, json};
use tar::Archive;

use super::{Hashing, Verified, decompressed};
use crate::gojson;

/// Limit of every text of the header, in bytes.
const LONGEST: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Header {
    info: Map<String, Value>,
    payloads: BTreeMap<usize, Bucket>,
}

/// What the header says of one payload.
#[derive(Debug, Default, Clone)]
struct Bucket {
    type_info: Map<String, Value>,
    meta_data: Map<String, Value>,
}

impl Header {
    /// Reads the member `header.tar*`; returns its checksum too.
    pub(super) fn read(
        name: &str,
        member: &mut dyn Read,
        length: u64,
        version: i64,
    ) -> Result<(Header, String), String> {
        let mut raw = Hashing::new(member);
        let header = Header::parse(name, &mut raw, version)?;
        // The checksum covers the whole member, the archive inside may end before.
        Ok((header, raw.sum(length)?))
    }

    fn parse(name: &str, raw: &mut dyn Read, version: i64) -> Result<Header, String> {
        let suffix = name.rsplit('.').next().unwrap_or_default();
        let plain =
            decompressed(name, raw).map_err(|error| format!("error opening .{suffix} header: {error}"))?;
        let mut archive = Archive::new(plain);
        let mut header = Header::default();
        for (position, entry) in archive.entries().map_err(|error| error.to_string())?.enumerate() {
            let mut entry = entry.map_err(|error| error.to_string())?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|error| error.to_string())?;
            if (content.len() as u64) < entry.size() {
                return Err("unexpected EOF".into());
            }
            match (position, path.as_str()) {
                (0, "header-info") => header.info = parse_info(&content, version)?,
                (0, _) => return Err("invalid argument".into()),
                _ if path.starts_with("scripts/") && header.payloads.is_empty() => {}
                _ => header.bucket(&path, &content)?,
            }
        }
        if header.info.is_empty() {
            return Err("invalid argument".into());
        }
        if header.payloads.is_empty() {
            return Err("invalid header path \"\"".into());
        }
        Ok(header)
    }

    /// One member below `headers/`.
    fn bucket(&mut self, path: &str, content: &[u8]) -> Result<(), String> {
        let parts: Vec<&str> = path.split('/').collect();
        let &["headers", index, file] = parts.as_slice() else {
            return Err(format!("can not get payload order from {path}"));
        };
        let index: usize = index.parse().map_err(|_| format!("can not get payload order from {path}"))?;
        let payload = self.payloads.entry(index).or_default();
        match file {
            "type-info" => {
                payload.type_info = gojson::object(content, "artifact.TypeInfoV3")
                    .map_err(|text| format!("error reading type-info: {text}"))?;
            }
            "meta-data" if content.trim_ascii().is_empty() => {}
            "meta-data" => {
                let value =
                    gojson::parse(content).map_err(|text| format!("error reading meta-data: {text}"))?;
                let Value::Object(map) = value else { return Err("meta-data must be a JSON object".into()) };
                payload.meta_data = map;
            }
            "files" => {}
            other => return Err(format!("unsupported file: {other}")),
        }
        Ok(())
    }

    /// Puts together what the server keeps. `files` are those found in the payloads.
    pub(super) fn verified(
        self,
        version: i64,
        signed: bool,
        mut files: BTreeMap<usize, Vec<Value>>,
    ) -> Result<Verified, String> {
        let mut verified = Verified { version, signed, ..Verified::default() };
        let (provides, depends, payloads) = if version == 2 {
            (
                json!({ "artifact_name": self.info["artifact_name"] }),
                json!({ "device_type": self.info["device_types_compatible"] }),
                &self.info["updates"],
            )
        } else {
            let depends = self.info.get("artifact_depends").cloned().unwrap_or_default();
            (self.info["artifact_provides"].clone(), depends, &self.info["payloads"])
        };
        for key in ["artifact_name", "artifact_group"] {
            if let Some(text) = provides[key].as_str().filter(|text| !text.is_empty()) {
                verified.provides.insert(key.into(), text.into());
            }
        }
        for key in ["device_type", "artifact_name", "artifact_group"] {
            let values: Vec<String> = depends[key].as_array().map(|list| texts(list)).unwrap_or_default();
            if !values.is_empty() {
                verified.depends.insert(key.into(), values.into());
            }
        }
        verified.name = provides["artifact_name"].as_str().unwrap_or_default().into();
        verified.device_types = depends["device_type"].as_array().map(|list| texts(list)).unwrap_or_default();
        if verified.device_types.is_empty() || verified.device_types.len() > 200 {
            return Err("Metadata invalid".into());
        }
        for (index, payload) in payloads.as_array().into_iter().flatten().enumerate() {
            let bucket = self.payloads.get(&index).cloned().unwrap_or_default();
            merge(&mut verified, &bucket.type_info)?;
            verified.types.push(payload["type"].as_str().map(str::to_string));
            verified.updates.push(update(
                &payload["type"],
                files.remove(&index).unwrap_or_default(),
                bucket.meta_data,
            ));
        }
        Ok(verified)
    }
}

fn texts(list: &[Value]) -> Vec<String> {
    list.iter().filter_map(Value::as_str).map(str::to_string).collect()
}

fn update(kind: &Value, files: Vec<Value>, meta: Map<String, Value>) -> Value {
    let files = if files.is_empty() { Value::Null } else { files.into() };
    let mut update = json!({ "type_info": { "type": kind }, "files": files });
    if !meta.is_empty() {
        let pairs: Vec<Value> =
            meta.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        update["meta_data"] = pairs.into();
        update["metadata"] = meta.into();
    }
    update
}

/// Adds the payload's own keys; none of them may be the header's already.
fn merge(verified: &mut Verified, info: &Map<String, Value>) -> Result<(), String> {
    let both = [("artifact_provides", &mut verified.provides), ("artifact_depends", &mut verified.depends)];
    for (field, target) in both {
        for (key, value) in info.get(field).and_then(Value::as_object).into_iter().flatten() {
            let is_fit = value.is_string() || (field == "artifact_depends" && value.is_array());
            if !is_fit {
                return Err(format!(
                    "reading artifact error: error reading type-info: {field} of wrong type: {key}"
                ));
            }
            if target.insert(key.clone(), value.clone()).is_some() {
                return Err(format!(
                    "reading artifact error: Conflicting keys not allowed in the provides: {key}"
                ));
            }
        }
    }
    let clears = info.get("clears_artifact_provides").and_then(Value::as_array);
    verified.clears.extend(clears.map(|list| texts(list)).unwrap_or_default());
    Ok(())
}

fn parse_info(content: &[u8], version: i64) -> Result<Map<String, Value>, String> {
    let failed = |text: String| format!("could not parse header element header-info: {text}");
    let info = gojson::object(content, "artifact.HeaderInfoV3").map_err(failed)?;
    let known = ["payloads", "artifact_provides", "artifact_depends"];
    if version == 3
        && let Some(key) = info.keys().find(|key| !known.contains(&key.as_str()))
    {
        return Err(failed(format!("json: unknown field \"{key}\"")));
    }
    let (payloads, provides) = if version == 3 {
        (info.get("payloads"), info.get("artifact_provides").cloned())
    } else {
        (info.get("updates"), info.get("artifact_name").map(|name| json!({ "artifact_name": name })))
    };
    let mut missing = Vec::new();
    if payloads.and_then(Value::as_array).is_none_or(Vec::is_empty) {
        missing.push("No Payloads added");
    }
    match &provides {
        Some(Value::Object(provides)) => {
            if provides.get("artifact_name").and_then(Value::as_str).unwrap_or_default().is_empty() {
                missing.push("Artifact name");
            }
        }
        _ => missing.push("Empty Artifact provides"),
    }
    if !missing.is_empty() {
        return Err(failed(format!("validation failed with missing argument(s): {}", missing.join(", "))));
    }
    let depends = info.get("artifact_depends").cloned().unwrap_or_default();
    if depends.is_object() && depends["device_type"].as_array().is_none_or(Vec::is_empty) {
        return Err(failed("required field CompatibleDevices not found".into()));
    }
    for value in [&provides.unwrap_or_default(), &depends] {
        check_texts(value).map_err(failed)?;
    }
    Ok(info)
}

fn check_texts(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if text.len() > LONGEST => Err(format!("too many characters: {text}")),
        Value::String(text) if text.chars().any(char::is_control) => {
            Err("string contains invalid characters".into())
        }
        Value::Array(values) => values.iter().try_for_each(check_texts),
        Value::Object(map) => map.values().try_for_each(check_texts),
        _ => Ok(()),
    }
}
