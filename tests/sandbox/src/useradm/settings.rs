//! Saved settings: free-form, replaced as a whole, guarded by an entity tag.

use http::header::{ETAG, IF_MATCH};
use serde_json::{Map, Value};

use crate::answer::{Refusal, Reply, empty, header_value, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::state::Data;

const RESERVED: [&str; 4] = ["_id", "etag", "user_id", "tenant_id"];

pub(crate) async fn show_tenant(call: Call) -> Reply {
    show(&call, None)
}

pub(crate) async fn show_own(call: Call) -> Reply {
    show(&call, Some(call.session.user.clone()))
}

pub(crate) async fn save_tenant(call: Call) -> Reply {
    save(call, None).await
}

pub(crate) async fn save_own(call: Call) -> Reply {
    let owner = call.session.user.clone();
    save(call, Some(owner)).await
}

fn show(call: &Call, owner: Option<String>) -> Reply {
    let data = call.state.data();
    let Some((etag, map)) = data.saved.get(&owner) else {
        return Ok(json_answer(200, &Value::Object(Map::new())));
    };
    let mut answer = json_answer(200, &Value::Object(map.clone()));
    answer.headers_mut().insert(ETAG, header_value(etag));
    Ok(answer)
}

/// Saves one setting of the tenant beside the others.
pub(crate) fn set_tenant_setting(data: &mut Data, key: &str, value: Value) {
    let (etag, map) = data.saved.entry(None).or_default();
    *etag = uuid::Uuid::new_v4().to_string();
    map.insert(key.into(), value);
}

async fn save(mut call: Call, owner: Option<String>) -> Reply {
    let body = call.json().await?;
    let Ok(Value::Object(map)) = gojson::parse(&body) else {
        return Err(Refusal::new(400, "cannot parse request body as json"));
    };
    check(&map)?;
    let mut data = call.state.data();
    if let Some((etag, _)) = data.saved.get(&owner)
        && call.header(IF_MATCH).is_some_and(|wanted| wanted != etag)
    {
        return Err(Refusal::new(412, "ETag doesn't match"));
    }
    // The database refuses a second identity of the record; the other reserved keys are just dropped.
    if map.contains_key("_id") {
        return Err(Refusal::new(500, "internal error"));
    }
    let map = map.into_iter().filter(|(key, _)| !RESERVED.contains(&key.as_str())).collect();
    data.saved.insert(owner, (uuid::Uuid::new_v4().to_string(), map));
    Ok(empty(201))
}

fn check(map: &Map<String, Value>) -> Result<(), Refusal> {
    if map.len() > 1024 {
        return Err(Refusal::new(400, "Values: the length must be no more than 1024."));
    }
    if map.keys().any(|key| key.len() > 128) {
        return Err(Refusal::new(400, "Keys: the length must be no more than 128."));
    }
    let long = |value: &Value| value.as_str().is_some_and(|text| text.len() > 4096);
    match map.iter().find(|(_, value)| long(value)) {
        Some((key, _)) => {
            Err(Refusal::new(400, format!("Values: ({key}: the length must be no more than 4096.).")))
        }
        None => Ok(()),
    }
}
