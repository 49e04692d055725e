//! Reading calls: lists, counts, one device, limits.

use serde_json::{Value, json};

use super::device::{Device, STATUSES};
use super::store::Wanted;
use crate::answer::{Refusal, Reply, json_answer, serialized};
use crate::call::Call;
use crate::paging::Page;

pub(crate) async fn list(call: Call) -> Reply {
    let page = Page::strict(&call.query)?;
    let texts = |key: &str| call.query.all(key).into_iter().map(str::to_string).collect();
    let wanted = Wanted { statuses: texts("status"), ids: texts("id") };
    if wanted.statuses.iter().any(|status| !STATUSES.contains(&status.as_str())) {
        let text = "filter status must be one of: accepted, pending, rejected, preauthorized or noauth";
        return Err(Refusal::new(400, text));
    }
    paged(&call, page, &wanted)
}

pub(crate) async fn search(mut call: Call) -> Reply {
    call.expect_type(&["application/json"])?;
    let given = call.header(http::header::CONTENT_TYPE).unwrap_or_default();
    if given != "application/json" {
        return Err(Refusal::new(415, format!("Content-Type '{given}' not supported")));
    }
    let page = Page::strict(&call.query)?;
    let body = call.json().await?;
    let prefix = "api: malformed request body: ";
    let map = call.object(&body, "model.DeviceFilter", &["status", "id"], prefix)?;
    let field = |name: &str| {
        texts(map.get(name)).ok_or_else(|| {
            let text = format!("invalid JSON type for '{name}': must be string or []string");
            Refusal::new(400, format!("{prefix}{text}"))
        })
    };
    let wanted = Wanted { statuses: field("status")?, ids: field("id")? };
    paged(&call, page, &wanted)
}

/// A text or a list of texts; nothing if it is another thing.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(text)) => Some(vec![text.clone()]),
        Some(Value::Array(list)) => list.iter().map(|value| value.as_str().map(String::from)).collect(),
        Some(_) => None,
    }
}

fn paged(call: &Call, page: Page, wanted: &Wanted) -> Reply {
    let data = call.state.data();
    // One more than asked for tells whether there is a next page.
    let mut found = data.devices.list(wanted, page.offset(), page.length() + 1);
    let more = found.len() > page.length();
    found.truncate(page.length());
    let listed: Vec<_> = found.into_iter().map(Device::shown).collect();
    let mut answer = serialized(200, &listed);
    page.link(answer.headers_mut(), call.path(), &call.query, more);
    Ok(answer)
}

pub(crate) async fn count(call: Call) -> Reply {
    let statuses = call.query.all("status");
    if call.state.settings.strict && statuses.len() > 1 {
        // Of several the real server looks at the first alone.
        return Err(Refusal::new(400, "sandbox: superfluous query parameter \"status\""));
    }
    let status = call.query.filled("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        let text = "status must be one of: pending, accepted, rejected, preauthorized, noauth";
        return Err(Refusal::new(400, text));
    }
    Ok(json_answer(200, &json!({ "count": call.state.data().devices.count(status) })))
}

pub(crate) async fn show(call: Call) -> Reply {
    let data = call.state.data();
    let device = data.devices.get(call.param(0));
    let device = device.ok_or_else(|| Refusal::new(404, "device not found"))?;
    Ok(serialized(200, &device.shown()))
}

pub(crate) async fn limit(call: Call) -> Reply {
    if call.param(0) != "max_devices" {
        return Err(Refusal::new(400, format!("unsupported limit {}", call.param(0))));
    }
    let limit = call.state.settings.max_devices.map_or(json!(-1), Value::from);
    Ok(json_answer(200, &json!({ "limit": limit })))
}
