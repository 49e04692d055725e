//! Releases: Artifacts of one name, with tags and notes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::artifacts::Record;
use crate::answer::{Refusal, Reply, empty, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::paging::{DEFAULT, MAX, Page};
use crate::state::{Data, time};

/// What a release has beside its Artifacts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(super) tags: Vec<String>,
    pub(super) notes: String,
    pub(super) modified: Timestamp,
}

/// A release as lists show it.
pub(super) struct Release {
    pub(super) name: String,
    pub(super) notes: Notes,
    pub(super) artifacts: Vec<Record>,
}

/// Notes a change of a release's Artifacts; with the last of them it goes.
pub(super) fn touch(data: &mut Data, name: &str, at: Timestamp) {
    data.notes.entry(name.into()).or_default().modified = at;
    sweep(data);
    // An Artifact about to be added is not in the list yet.
    data.notes.entry(name.into()).or_default().modified = at;
}

fn sweep(data: &mut Data) {
    let alive: BTreeSet<String> = data.artifacts.iter().map(|record| record.name().to_string()).collect();
    data.notes.retain(|name, _| alive.contains(name));
}

/// All releases, by name.
pub(super) fn all(data: &Data) -> Vec<Release> {
    let names: BTreeSet<&str> = data.artifacts.iter().map(Record::name).collect();
    let release = |name: &str| Release {
        name: name.into(),
        notes: data.notes.get(name).cloned().unwrap_or_default(),
        artifacts: data.artifacts.iter().filter(|record| record.name() == name).cloned().collect(),
    };
    names.into_iter().map(release).collect()
}

impl Release {
    fn shown(&self) -> Value {
        let artifacts: Vec<Value> = self.artifacts.iter().map(Record::shown).collect();
        json!({
            "name": self.name, "modified": time(self.notes.modified), "tags": self.notes.tags,
            "notes": self.notes.notes, "artifacts": artifacts, "artifacts_count": self.artifacts.len(),
        })
    }

    /// The first version of the API forgot to name its fields.
    fn shown_v1(&self) -> Value {
        let mut new = self.shown();
        let mut old = json!({ "tags": new["tags"].take(), "notes": new["notes"].take() });
        let names = [
            ("name", "Name"),
            ("modified", "Modified"),
            ("artifacts", "Artifacts"),
            ("artifacts_count", "ArtifactsCount"),
        ];
        for (key, name) in names {
            old[name] = new[key].take();
        }
        old
    }

    fn has_type(&self, wanted: Option<&str>) -> bool {
        let mut types = self.artifacts.iter().flat_map(|record| record.content.types.iter().flatten());
        wanted.is_none_or(|wanted| types.any(|own| own == wanted))
    }
}

fn named(call: &Call) -> Vec<Release> {
    let query = &call.query;
    let mut found = all(&call.state.data());
    found.retain(|release| {
        let part = query.filled("name").unwrap_or_default().to_lowercase();
        release.name.to_lowercase().contains(&part) && release.has_type(query.filled("update_type"))
    });
    found
}

fn named_v1(call: &Call) -> Vec<Release> {
    let query = &call.query;
    let mut found = named(call);
    found.retain(|release| {
        let mut types = release.artifacts.iter().flat_map(|record| record.content.device_types.iter());
        let device = query.filled("device_type").is_none_or(|wanted| types.any(|own| own == wanted));
        let mut texts = release.artifacts.iter().filter_map(|record| record.description.as_deref());
        let described = query
            .filled("description")
            .is_none_or(|part| texts.any(|text| text.to_lowercase().contains(&part.to_lowercase())));
        device && described
    });
    found
}

fn sort(releases: &mut [Release], sort: Option<&str>) {
    let Some((field, direction)) = sort.and_then(|sort| sort.split_once(':')) else { return };
    match field {
        "name" => releases.sort_by(|a, b| a.name.cmp(&b.name)),
        "modified" => releases.sort_by_key(|release| release.notes.modified),
        "artifacts_count" => releases.sort_by_key(|release| release.artifacts.len()),
        "tags" => releases.sort_by(|a, b| a.notes.tags.cmp(&b.notes.tags)),
        _ => return,
    }
    if direction == "desc" {
        releases.reverse();
    }
}

fn paged(call: &Call, mut found: Vec<Release>, show: fn(&Release) -> Value) -> Reply {
    let mut page = Page::lenient(&call.query);
    if page.size > MAX {
        page.size = DEFAULT;
    }
    sort(&mut found, call.query.first("sort"));
    let total = found.len() as u64;
    let listed: Vec<Value> = page.of(found).iter().map(show).collect();
    let mut answer = json_answer(200, &listed.into());
    page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
    Ok(answer)
}

pub(crate) async fn v1(call: Call) -> Reply {
    // There is no way to more than the first page.
    let listed: Vec<Value> = named_v1(&call).iter().take(DEFAULT as usize).map(Release::shown_v1).collect();
    Ok(json_answer(200, &listed.into()))
}

pub(crate) async fn v1_paged(call: Call) -> Reply {
    paged(&call, named_v1(&call), Release::shown_v1)
}

pub(crate) async fn v2(call: Call) -> Reply {
    let mut found = named(&call);
    let tags: Vec<String> = call.query.all("tag").iter().map(|tag| tag.to_lowercase()).collect();
    found.retain(|release| tags.is_empty() || release.notes.tags.iter().any(|own| tags.contains(own)));
    paged(&call, found, Release::shown)
}

pub(crate) async fn show(call: Call) -> Reply {
    let found = all(&call.state.data()).into_iter().find(|release| release.name == call.param(0));
    Ok(json_answer(200, &found.ok_or_else(unknown)?.shown()))
}

fn unknown() -> Refusal {
    Refusal::new(404, "release not found")
}

pub(crate) async fn note(mut call: Call) -> Reply {
    let body = call.json().await?;
    let prefix = "malformed JSON in request body: ";
    let map = call.object(&body, "model.ReleasePatch", &["notes"], prefix)?;
    let notes = gojson::text(&map, "ReleasePatch", "notes")
        .map_err(|text| Refusal::new(400, format!("{prefix}{text}")))?
        .unwrap_or_default();
    let invalid = |text: String| Refusal::new(400, format!("invalid request body: {text}"));
    if notes.len() > 1024 {
        return Err(invalid("release notes too long".into()));
    }
    if let Some((at, bad)) = notes.char_indices().find(|(at, c)| *at > 0 && c.is_control()) {
        return Err(invalid(format!("invalid character '{}' at offset {at}", bad)));
    }
    let mut data = call.state.data();
    data.notes.get_mut(call.param(0)).ok_or_else(unknown)?.notes = notes;
    Ok(empty(204))
}

pub(crate) async fn tag(mut call: Call) -> Reply {
    let body = call.json().await?;
    let malformed = |text| Refusal::new(400, format!("malformed JSON in request body: {text}"));
    let list = match gojson::parse(&body).map_err(malformed)? {
        Value::Null => Vec::new(),
        Value::Array(list) => list,
        other => {
            let kind = gojson::kind(&other);
            return Err(malformed(format!(
                "json: cannot unmarshal {kind} into Go value of type []model.Tag"
            )));
        }
    };
    let mut tags: Vec<String> = Vec::new();
    for tag in list.iter().filter_map(Value::as_str) {
        check_tag(tag).map_err(|text| Refusal::new(400, format!("invalid request body: {text}")))?;
        let tag = tag.to_lowercase();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > 20 {
        let text = "invalid request body: the total number of tags per exceeded maximum of 20";
        return Err(Refusal::new(400, text));
    }
    let mut data = call.state.data();
    data.notes.get_mut(call.param(0)).ok_or_else(unknown)?.tags = tags;
    Ok(empty(204))
}

fn check_tag(tag: &str) -> Result<(), String> {
    if tag.is_empty() {
        return Err("tag cannot be empty".into());
    }
    match tag.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_.".contains(*c)) {
        Some(bad) => Err(format!("invalid character '{bad}' in string \"{tag}\"")),
        None => Ok(()),
    }
}

pub(crate) async fn delete(call: Call) -> Reply {
    let names = call.query.all("name");
    if names.is_empty() {
        return Err(Refusal::new(400, "at least one release name has to be provided"));
    }
    let mut data = call.state.data();
    let named = |record: &Record| names.contains(&record.name());
    let ids: Vec<String> =
        data.artifacts.iter().filter(|record| named(record)).map(|record| record.id.clone()).collect();
    let used = data.deployments.iter().filter(|deployment| deployment.is_active());
    let used = used.filter(|deployment| ids.iter().any(|id| deployment.uses(id)));
    let active: Vec<String> = used.map(|deployment| deployment.id.clone()).collect();
    if !active.is_empty() {
        let refusal = Refusal::new(409, "release(s) used in active deployment");
        return Err(refusal.with("active_deployments", active.into()));
    }
    // As on the real server, the contents stay behind.
    data.artifacts.retain(|record| !named(record));
    sweep(&mut data);
    Ok(empty(204))
}

pub(crate) async fn all_tags(call: Call) -> Reply {
    let data = call.state.data();
    let tags: BTreeSet<&String> = data.notes.values().flat_map(|notes| &notes.tags).collect();
    Ok(json_answer(200, &json!(tags)))
}

pub(crate) async fn all_types(call: Call) -> Reply {
    let data = call.state.data();
    Ok(json_answer(200, &json!(data.types)))
}
