//! Upload through the server: is the name free, then the file in one multipart body.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::{Artifact, Artifacts, V1};
use crate::artifact::Head;
use crate::client::error::Result;
use crate::client::transfer::{Progress, Source};

/// What the server has under the name of an Artifact that is to be uploaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum Availability {
    /// Nothing is in the way.
    Free,
    /// The name is taken for one of the device types, by these.
    Taken(Vec<Artifact>),
    /// The token may not read Artifacts, so that only the upload itself will tell.
    Hidden,
}

impl Artifacts<'_> {
    /// Whether an Artifact with that head could be stored. One small request that saves a long upload:
    /// the server notices a conflict only after the last byte.
    pub async fn availability(&self, head: &Head) -> Result<Availability> {
        let same_name = match self.find(&head.name).await {
            Err(error) if error.status() == Some(403) => return Ok(Availability::Hidden),
            found => found?,
        };
        let wanted: BTreeMap<String, BTreeSet<String>> =
            head.depends.iter().map(|(key, list)| (key.clone(), list.iter().cloned().collect())).collect();
        let taken: Vec<_> = same_name.into_iter().filter(|other| collides(&wanted, other)).collect();
        Ok(if taken.is_empty() { Availability::Free } else { Availability::Taken(taken) })
    }

    /// Sends an Artifact and tells the id that the server gave it. Never sent twice by itself.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 400 for what is no valid Artifact, 409 if name and device types are taken,
    /// 413 if it is too large; [`Source`](crate::Error::Source) if the file cannot be read to its end.
    pub async fn upload(
        &self,
        source: &Source,
        description: &str,
        progress: Arc<dyn Progress>,
    ) -> Result<String> {
        let (body, watch) = source.body(progress)?;
        let part = match source.length() {
            Some(length) => Part::stream_with_length(body, length),
            None => Part::stream(body),
        };
        let part = part
            // The server makes nothing of it; an end of line would end the header.
            .file_name(source.name().replace(char::is_control, "_"))
            .mime_str("application/octet-stream")
            .expect("that is a media type");
        // The server reads the parts in order and stops at `artifact`.
        let mut form = Form::new();
        if let Some(length) = source.length() {
            form = form.text("size", length.to_string());
        }
        let form = form.text("description", description.to_owned()).part("artifact", part);
        self.0.post(&V1).form(form).send_watched(&watch).await?.created_id()
    }
}

/// The server's rule: same name, and some combination of the depends in common.
fn collides(wanted: &BTreeMap<String, BTreeSet<String>>, other: &Artifact) -> bool {
    let mut theirs: BTreeMap<String, BTreeSet<String>> =
        other.artifact_depends.iter().flatten().map(|(key, value)| (key.clone(), texts(value))).collect();
    theirs
        .entry("device_type".into())
        .or_insert_with(|| other.device_types_compatible.iter().cloned().collect());
    theirs.keys().eq(wanted.keys()) && wanted.iter().all(|(key, list)| !list.is_disjoint(&theirs[key]))
}

fn texts(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => BTreeSet::from([text.clone()]),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(depends: Value) -> Artifact {
        serde_json::from_value(serde_json::json!({
            "id": "1", "name": "n", "device_types_compatible": ["a", "b"], "artifact_depends": depends,
        }))
        .unwrap()
    }

    fn wanted(depends: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
        let set = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        depends.iter().map(|(key, list)| ((*key).to_owned(), set(list))).collect()
    }

    #[test]
    fn one_common_device_type_is_enough_when_the_rest_is_alike() {
        let plain = stored(serde_json::json!({"device_type": ["a", "b"]}));
        assert!(collides(&wanted(&[("device_type", &["b", "c"])]), &plain));
        assert!(!collides(&wanted(&[("device_type", &["c"])]), &plain));
        assert!(collides(&wanted(&[("device_type", &["a"])]), &stored(Value::Null)));
    }

    #[test]
    fn other_depends_keep_artifacts_apart() {
        let bound = stored(serde_json::json!({"device_type": ["a"], "rootfs-image.checksum": "x"}));
        assert!(!collides(&wanted(&[("device_type", &["a"])]), &bound));
        assert!(!collides(&wanted(&[("device_type", &["a"]), ("rootfs-image.checksum", &["y"])]), &bound));
        assert!(collides(
            &wanted(&[("device_type", &["a"]), ("rootfs-image.checksum", &["x", "y"])]),
            &bound
        ));
    }
}
