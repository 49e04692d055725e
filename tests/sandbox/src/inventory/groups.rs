//! Groups: a group is there as long as a device is in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::check;
use super::devices::not_found;
use super::record::Scope;
use crate::answer::{Refusal, Reply, empty, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::paging::Page;
use crate::state::Data;

/// The group that a device is in.
pub(crate) fn group<'a>(data: &'a Data, id: &str) -> Option<&'a str> {
    data.inventory.records().get(id).and_then(|record| record.group())
}

pub(crate) async fn of_device(call: Call) -> Reply {
    let data = call.state.data();
    let record = data.inventory.records().get(call.param(0)).ok_or_else(not_found)?;
    Ok(json_answer(200, &json!({ "group": record.group() })))
}

pub(crate) async fn assign(mut call: Call) -> Reply {
    let body = call.json().await?;
    let prefix = "failed to decode device group data: ";
    let map = call.object(&body, "inventory.InventoryApiGroup", &["group"], prefix)?;
    let group = match map.get("group") {
        None | Some(Value::Null) => "",
        Some(Value::String(group)) => group,
        Some(other) => {
            let text = gojson::wrong(other, "InventoryApiGroup", "group", "model.GroupName");
            return Err(Refusal::new(400, format!("{prefix}{text}")));
        }
    };
    check::group(group).map_err(|text| Refusal::new(400, format!("group: {text}.")))?;
    let mut data = call.state.data();
    let record = data.inventory.change().get_mut(call.param(0)).ok_or_else(not_found)?;
    record.set(Scope::System, "group", group);
    Ok(empty(204))
}

pub(crate) async fn leave(call: Call) -> Reply {
    let mut data = call.state.data();
    let record = data.inventory.change().get_mut(call.param(0));
    let record = record.filter(|record| record.group() == Some(call.param(1))).ok_or_else(not_found)?;
    record.remove(Scope::System, "group");
    Ok(empty(204))
}

pub(crate) async fn list(call: Call) -> Reply {
    let status = call.query.filled("status");
    let data = call.state.data();
    let fitting =
        data.inventory.records().values().filter(|record| status.is_none() || record.status() == status);
    let groups: BTreeSet<&str> = fitting.filter_map(|record| record.group()).collect();
    Ok(json_answer(200, &json!(groups)))
}

/// Ids of the devices in a group.
fn ids(data: &Data, group: &str) -> Vec<String> {
    let records = data.inventory.records().iter().filter(|(_, record)| record.group() == Some(group));
    records.map(|(id, _)| id.clone()).collect()
}

pub(crate) async fn members(call: Call) -> Reply {
    let page = Page::strict(&call.query)?;
    let ids = ids(&call.state.data(), call.param(0));
    if ids.is_empty() {
        return Err(Refusal::new(404, "group not found"));
    }
    let total = ids.len() as u64;
    let mut answer = json_answer(200, &page.of(ids).into());
    page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
    Ok(answer)
}

/// Counters that are zero are left out.
fn counted(matched: usize, updated: usize) -> Reply {
    let counters = [("matched_count", matched), ("updated_count", updated)];
    let counters = counters.into_iter().filter(|(_, count)| *count > 0);
    Ok(json_answer(200, &counters.map(|(name, count)| (name, Value::from(count))).collect()))
}

fn listed(body: &[u8]) -> Result<BTreeSet<String>, Refusal> {
    let invalid = |text: String| Refusal::new(400, format!("invalid payload schema: {text}"));
    let list = gojson::array(body, "[]model.DeviceID").map_err(invalid)?;
    if list.is_empty() {
        return Err(Refusal::new(400, "no device IDs present in payload"));
    }
    let id = |value: &Value| match value {
        Value::String(id) => Ok(id.clone()),
        other => Err(invalid(gojson::mismatch(other, "model.DeviceID"))),
    };
    list.iter().map(id).collect()
}

pub(crate) async fn add(mut call: Call) -> Reply {
    let body = call.json().await?;
    let ids = listed(&body)?;
    let group = call.param(0);
    check::group(group).map_err(|text| Refusal::new(400, text))?;
    let mut data = call.state.data();
    let (mut matched, mut updated) = (0, 0);
    for id in &ids {
        if let Some(record) = data.inventory.change().get_mut(id) {
            matched += 1;
            if record.group() != Some(group) {
                updated += 1;
                record.set(Scope::System, "group", group);
            }
        }
    }
    counted(matched, updated)
}

pub(crate) async fn remove(mut call: Call) -> Reply {
    let body = call.whole().await?;
    let ids = listed(&body)?;
    let mut data = call.state.data();
    let removed = removed(&mut data, call.param(0), |id| ids.contains(id));
    counted(removed, removed)
}

pub(crate) async fn dissolve(call: Call) -> Reply {
    let mut data = call.state.data();
    let removed = removed(&mut data, call.param(0), |_| true);
    counted(removed, removed)
}

/// Takes devices out of a group; returns how many.
fn removed(data: &mut Data, group: &str, goes: impl Fn(&str) -> bool) -> usize {
    let leaving: Vec<String> = ids(data, group).into_iter().filter(|id| goes(id)).collect();
    for id in &leaving {
        if let Some(record) = data.inventory.change().get_mut(id) {
            record.remove(Scope::System, "group");
        }
    }
    leaving.len()
}
