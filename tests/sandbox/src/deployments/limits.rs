//! Limits: the open-source server has none.

use serde_json::json;

use crate::answer::{Refusal, Reply, json_answer};
use crate::call::Call;

pub(crate) async fn show(call: Call) -> Reply {
    match call.param(0) {
        "storage" => Ok(json_answer(200, &json!({ "limit": 0, "usage": 0 }))),
        other => Err(Refusal::new(400, format!("unsupported limit {other}"))),
    }
}
