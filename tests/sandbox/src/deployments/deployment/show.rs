//! One deployment, and its devices.

use serde_json::{Value, json};

use super::{Part, find, status};
use crate::answer::{Refusal, Reply, json_answer, text};
use crate::call::Call;
use crate::deployments::artifacts::{checked_id, is_id, unknown};
use crate::gojson;
use crate::paging::Page;

fn deployment_unknown() -> Refusal {
    Refusal::new(404, "Deployment not found")
}

pub(crate) async fn show(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let data = call.state.data();
    Ok(json_answer(200, &find(&data, &id).ok_or_else(unknown)?.shown()))
}

pub(crate) async fn statistics(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let data = call.state.data();
    Ok(json_answer(200, &find(&data, &id).ok_or_else(unknown)?.counts.shown()))
}

pub(crate) async fn statistics_list(mut call: Call) -> Reply {
    let body = call.json().await?;
    let map = call.object(&body, "model.DeploymentIDs", &["deployment_ids"], "")?;
    let bad = |text: String| Refusal::new(400, text);
    let ids = gojson::texts(&map, "DeploymentIDs", "deployment_ids").map_err(bad)?;
    if ids.is_empty() {
        return Ok(json_answer(200, &json!({})));
    }
    if ids.len() > 100 {
        return Err(bad("the length must be between 1 and 100".into()));
    }
    let wrong = ids.iter().enumerate().filter(|(_, id)| !is_id(id));
    let wrong: Vec<String> = wrong.map(|(index, _)| format!("{index}: must be a valid UUID")).collect();
    if !wrong.is_empty() {
        return Err(bad(format!("{}.", wrong.join("; "))));
    }
    let data = call.state.data();
    let known = data.deployments.iter().filter(|known| ids.contains(&known.id));
    let shown: Vec<Value> =
        known.map(|known| json!({ "id": known.id, "stats": known.counts.shown() })).collect();
    if shown.is_empty() { Err(deployment_unknown()) } else { Ok(json_answer(200, &shown.into())) }
}

pub(crate) async fn devices(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let data = call.state.data();
    let deployment = find(&data, &id).ok_or_else(deployment_unknown)?;
    Ok(json_answer(200, &deployment.parts.values().map(Part::shown).collect()))
}

/// The status that devices are asked for by.
pub(super) fn wanted_status(call: &Call) -> Result<Option<&str>, Refusal> {
    match call.query.filled("status") {
        Some(name) if !status::is_filter(name) => Err(Refusal::new(400, "status: must be a valid value")),
        name => Ok(name),
    }
}

pub(crate) async fn devices_list(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let page = Page::strict(&call.query)?;
    let wanted = wanted_status(&call)?;
    let data = call.state.data();
    let deployment = find(&data, &id).ok_or_else(deployment_unknown)?;
    let parts = deployment.parts.values();
    let mut found: Vec<&Part> =
        parts.filter(|part| wanted.is_none_or(|wanted| part.status.is_of(wanted))).collect();
    // Within a status they stay in the order of their ids.
    found.sort_by_key(|part| part.status);
    let total = found.len() as u64;
    let mut answer = json_answer(200, &page.of(found).into_iter().map(Part::shown).collect());
    page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
    Ok(answer)
}

pub(crate) async fn device_list(call: Call) -> Reply {
    let id = checked_id(&call)?;
    let data = call.state.data();
    Ok(json_answer(200, &json!(find(&data, &id).ok_or_else(unknown)?.targets)))
}

pub(crate) async fn log(call: Call) -> Reply {
    let data = call.state.data();
    let part = find(&data, call.param(0)).and_then(|known| known.parts.get(call.param(1)));
    let log = part.and_then(|part| part.log.clone()).ok_or_else(unknown)?;
    Ok(text(200, "text/plain", log))
}
