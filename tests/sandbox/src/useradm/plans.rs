//! Plans: the open-source server has one.

use serde_json::{Value, json};

use crate::answer::{Reply, json_answer};
use crate::call::Call;
use crate::paging::Page;

fn plan() -> Value {
    json!({
        "name": "Mender_Open_Source",
        "display_name": "Mender",
        "features": {
            "rbac": false, "audit_logs": false, "dynamic_groups": false, "terminal": false, "file_transfer": false,
            "configuration": true, "monitoring": false, "reporting": false,
        },
    })
}

pub(crate) async fn list(call: Call) -> Reply {
    let page = Page::strict(&call.query)?;
    Ok(json_answer(200, &page.of(vec![plan()]).into()))
}

pub(crate) async fn binding(_call: Call) -> Reply {
    Ok(json_answer(200, &json!({ "plan": plan() })))
}
