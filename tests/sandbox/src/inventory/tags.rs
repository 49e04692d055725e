//! Tags of a device.

use std::collections::BTreeMap;

use http::header::IF_MATCH;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::record::{Attribute, Record, Scope};
use super::value::Stored;
use super::{MAX_TAGS, TOO_MANY, check};
use crate::answer::{Refusal, Reply, empty};
use crate::call::Call;
use crate::gojson;
use crate::state::Data;

/// The tags of a device; none of one that is not known.
pub(crate) fn tags(data: &Data, id: &str) -> BTreeMap<String, Value> {
    let record = data.inventory.records().get(id);
    let tags = record.into_iter().flat_map(|record| record.of(Scope::Tags));
    tags.map(|tag| (tag.name.clone(), tag.value.json())).collect()
}

/// A tag as it is sent.
struct Tag {
    name: String,
    value: Value,
    description: Option<String>,
}

/// What becomes of the tags that are not named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Others {
    Go,
    Stay,
}

pub(crate) async fn replace(call: Call) -> Reply {
    change(call, Others::Go).await
}

pub(crate) async fn merge(call: Call) -> Reply {
    change(call, Others::Stay).await
}

async fn change(mut call: Call, others: Others) -> Reply {
    let body = call.json().await?;
    let tags = read(&call, &body)?;
    let condition = call.header(IF_MATCH).map(String::from);
    let mut data = call.state.data();
    let now = data.now();
    let record = data.inventory.change().get_mut(call.param(0));
    let has_tags = record.as_ref().is_some_and(|record| record.of(Scope::Tags).next().is_some());
    // Where there is nothing to do, conditions are not looked at.
    if tags.is_empty() && (others == Others::Stay || !has_tags) {
        return Ok(empty(200));
    }
    let etag = record.as_ref().and_then(|record| record.etag.clone());
    if condition.is_some() && condition != etag {
        return Err(Refusal::new(412, "ETag does not match"));
    }
    // Tags of a device that is not known are lost without a word.
    if let Some(record) = record {
        apply(record, tags, others, now)?;
    }
    Ok(empty(200))
}

fn read(call: &Call, body: &[u8]) -> Result<Vec<Tag>, Refusal> {
    let undecoded = |text: String| Refusal::new(400, format!("failed to decode request body: {text}"));
    let list = gojson::array(body, "[]model.DeviceAttribute").map_err(undecoded)?;
    let mut tags = Vec::new();
    for value in &list {
        let Value::Object(map) = value else {
            return Err(undecoded(gojson::mismatch(value, "model.DeviceAttribute")));
        };
        call.only(map, &["name", "value", "description"])?;
        tags.push(tag(map).map_err(undecoded)?);
    }
    for tag in &tags {
        check::name_and_value(&tag.name, &tag.value).map_err(|text| Refusal::new(400, text))?;
    }
    Ok(tags)
}

fn tag(map: &Map<String, Value>) -> Result<Tag, String> {
    let text = |field| gojson::text(map, "DeviceAttribute", field);
    Ok(Tag {
        name: text("name")?.unwrap_or_default(),
        value: map.get("value").cloned().unwrap_or_default(),
        description: text("description")?,
    })
}

fn apply(record: &mut Record, tags: Vec<Tag>, others: Others, now: Timestamp) -> Result<(), Refusal> {
    let is_named = |name: &str| tags.iter().any(|tag| tag.name == name);
    let mut names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let kept = match others {
        Others::Go => 0,
        Others::Stay => record.of(Scope::Tags).filter(|known| !is_named(&known.name)).count(),
    };
    if kept + names.len() > MAX_TAGS {
        return Err(Refusal::new(400, TOO_MANY));
    }
    if others == Others::Go {
        record.clear(Scope::Tags);
    }
    for tag in tags {
        let old = record.find(Scope::Tags, &tag.name).and_then(|known| known.description.clone());
        record.put(Attribute {
            description: tag.description.map(String::into_boxed_str).or(old),
            value: Stored::from(&tag.value),
            name: tag.name,
            scope: Scope::Tags,
            timestamp: Some(now),
        });
    }
    record.etag = Some(uuid::Uuid::new_v4().to_string());
    Ok(())
}
