//! Upload through the server: is the name free, then the file in one multipart body.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use reqwest::multipart::{Form, Part};
use serde_json::Value;

use super::{Artifact, Artifacts, V1};
use crate::artifact::Head;
use crate::client::error::Result;
use crate::client::http::Streamed;
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
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error). That the user may not list Artifacts is none: [`Availability::Hidden`].
    pub async fn availability(&self, head: &Head) -> Result<Availability> {
        let same_name = match self.find(&head.name).await {
            Err(error) if error.status() == Some(403) => return Ok(Availability::Hidden),
            found => found?,
        };
        let wanted = depends_of_head(head);
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
        self.0.post(&V1).send_watched(Streamed::Form(form), &watch).await?.created_id()
    }
}

impl Artifact {
    /// Whether it is the Artifact with that head, of that length if it is known: what the server tells of an
    /// Artifact is alike. State scripts and the signature itself it does not tell.
    pub fn is_same_as(&self, head: &Head, length: Option<u64>) -> bool {
        let theirs = self.updates.iter().map(|payload| {
            let files = payload.files.iter().map(|file| (&file.name, &file.checksum));
            (&payload.type_info.kind, files.collect::<BTreeSet<_>>())
        });
        let ours = head.payloads.iter().map(|payload| {
            let files = payload.files.iter().map(|file| (&file.name, &file.checksum));
            (&payload.kind, files.collect::<BTreeSet<_>>())
        });
        length.is_none_or(|length| length == self.size)
            && self.name == head.name
            && self.signed == head.signed
            && depends_of(self) == depends_of_head(head)
            && self.artifact_provides.as_ref().is_none_or(|map| is_same_map(map, &head.provides))
            && set(self.clears_artifact_provides.iter().flatten()) == set(head.clears_provides.iter())
            && theirs.eq(ours)
            && self.updates.iter().zip(&head.payloads).all(|(theirs, ours)| is_same_metadata(theirs, ours))
    }
}

fn is_same_map(theirs: &BTreeMap<String, Value>, ours: &BTreeMap<String, String>) -> bool {
    theirs.len() == ours.len()
        && ours.iter().all(|(key, text)| theirs.get(key).and_then(Value::as_str) == Some(text))
}

/// Servers before 4.1 send it in another form only; then nothing speaks against it.
fn is_same_metadata(theirs: &super::Update, ours: &crate::artifact::Payload) -> bool {
    match &theirs.metadata {
        Some(Value::Object(theirs)) => ours.metadata.as_ref().is_some_and(|ours| ours == theirs),
        Some(_) => false,
        None => ours.metadata.is_none() || theirs.meta_data.is_some(),
    }
}

fn set<'a>(texts: impl Iterator<Item = &'a String>) -> BTreeSet<&'a String> {
    texts.collect()
}

/// The server's rule: same name, and some combination of the depends in common.
fn collides(wanted: &Depends, other: &Artifact) -> bool {
    let theirs = depends_of(other);
    theirs.keys().eq(wanted.keys()) && wanted.iter().all(|(key, list)| !list.is_disjoint(&theirs[key]))
}

/// What an Artifact depends on: any of the texts, a key.
type Depends = BTreeMap<String, BTreeSet<String>>;

fn depends_of_head(head: &Head) -> Depends {
    head.depends.iter().map(|(key, list)| (key.clone(), list.iter().cloned().collect())).collect()
}

fn depends_of(artifact: &Artifact) -> Depends {
    let listed = artifact.artifact_depends.iter().flatten();
    let mut depends: Depends = listed.map(|(key, value)| (key.clone(), texts(value))).collect();
    let types = || artifact.device_types_compatible.iter().cloned().collect();
    depends.entry("device_type".into()).or_insert_with(types);
    depends
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

    /// An Artifact, and the server's description of it.
    fn twins() -> (Head, Value) {
        let payload = crate::artifact::Payload {
            kind: Some("single-file".into()),
            metadata: Some(serde_json::from_str(r#"{"a": 1}"#).unwrap()),
            files: vec![crate::artifact::PayloadFile { name: "f".into(), checksum: "c".into() }],
            augmented_files: Vec::new(),
        };
        let head = Head {
            format_version: 3,
            name: "n".into(),
            group: None,
            device_types: vec!["b".into(), "a".into()],
            depends: BTreeMap::from([("device_type".into(), vec!["b".into(), "a".into()])]),
            provides: BTreeMap::from([("artifact_name".into(), "n".into())]),
            clears_provides: vec!["x.*".into()],
            payloads: vec![payload],
            has_scripts: false,
            signed: false,
            compression: crate::artifact::Compression::None,
        };
        let description = serde_json::json!({
            "id": "1", "name": "n", "device_types_compatible": ["a", "b"], "signed": false, "size": 7,
            "artifact_depends": {"device_type": ["a", "b"]}, "artifact_provides": {"artifact_name": "n"},
            "clears_artifact_provides": ["x.*"],
            "updates": [{
                "type_info": {"type": "single-file"}, "metadata": {"a": 1},
                "files": [{"name": "f", "checksum": "c", "size": 1}],
            }],
        });
        (head, description)
    }

    #[test]
    fn the_same_artifact_is_recognised_whether_its_length_is_known_or_not() {
        let (head, description) = twins();
        let same: Artifact = serde_json::from_value(description).unwrap();
        assert!(same.is_same_as(&head, Some(7)));
        assert!(same.is_same_as(&head, None));
        assert!(!same.is_same_as(&head, Some(8)));
    }

    #[test]
    fn any_difference_makes_it_another_artifact() {
        for (place, value) in [
            ("/signed", serde_json::json!(true)),
            ("/artifact_depends/device_type", serde_json::json!(["a"])),
            ("/artifact_provides", serde_json::json!({"artifact_name": "n", "k": "v"})),
            ("/artifact_provides/artifact_name", serde_json::json!("m")),
            ("/clears_artifact_provides", serde_json::json!([])),
            ("/updates/0/type_info/type", serde_json::json!("other")),
            ("/updates/0/metadata", serde_json::json!({"a": 2})),
            ("/updates/0/files/0/checksum", serde_json::json!("d")),
            ("/updates", serde_json::json!([])),
        ] {
            let (head, mut description) = twins();
            *description.pointer_mut(place).unwrap() = value;
            let other: Artifact = serde_json::from_value(description).unwrap();
            assert!(!other.is_same_as(&head, None), "{place}");
        }
    }
}
