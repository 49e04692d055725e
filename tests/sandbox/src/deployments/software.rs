//! Software: releases without their Artifacts.

use serde_json::{Value, json};

use super::releases::{self, Release};
use crate::answer::{Refusal, Reply, json_answer};
use crate::call::Call;
use crate::paging::Page;
use crate::state::time;

pub(crate) async fn list(call: Call) -> Reply {
    let query = &call.query;
    let (names, prefix) = (query.all("name"), query.filled("name_prefix"));
    if !names.is_empty() && prefix.is_some() {
        let text = "name: cannot be used with name_prefix; name_prefix: cannot be used with name.";
        return Err(Refusal::new(400, text));
    }
    let sort = query.filled("sort").unwrap_or("name:asc");
    let sorts = ["name", "modified", "tags"];
    let sort =
        sort.split_once(':').filter(|(field, way)| sorts.contains(field) && ["asc", "desc"].contains(way));
    let (field, way) = sort.ok_or_else(|| Refusal::new(400, "sort: must be a valid value."))?;
    if query.filled("kind").is_some_and(|kind| !["release", "manifest"].contains(&kind)) {
        return Err(Refusal::new(400, "kind: must be a valid value."));
    }
    let page = Page::strict(query)?;
    let tags: Vec<String> = query.all("tag").iter().map(|tag| tag.to_lowercase()).collect();

    let mut found = releases::all(&call.state.data());
    found.retain(|release| {
        let mut types = release.artifacts.iter().flat_map(|record| record.content.types.iter().flatten());
        (names.is_empty() || names.contains(&release.name.as_str()))
            && release.name.starts_with(prefix.unwrap_or_default())
            && query.filled("kind").is_none_or(|kind| kind == "release")
            && query.filled("update_type").is_none_or(|wanted| types.any(|own| own == wanted))
            && (tags.is_empty() || release.notes.tags.iter().any(|own| tags.contains(own)))
    });
    match field {
        "modified" => found.sort_by_key(|release| release.notes.modified),
        "tags" => found.sort_by(|a, b| a.notes.tags.cmp(&b.notes.tags)),
        _ => {}
    }
    if way == "desc" {
        found.reverse();
    }
    let total = found.len() as u64;
    let listed: Vec<Value> = page.of(found).iter().map(shown).collect();
    let mut answer = json_answer(200, &listed.into());
    page.link_with_total(answer.headers_mut(), call.path(), query, total);
    Ok(answer)
}

fn shown(release: &Release) -> Value {
    let types: Vec<&String> =
        release.artifacts.iter().flat_map(|record| record.content.device_types.iter()).collect();
    json!({
        "name": release.name, "modified": time(release.notes.modified), "tags": release.notes.tags,
        "notes": release.notes.notes, "kind": "release", "compatible_types": types,
    })
}
