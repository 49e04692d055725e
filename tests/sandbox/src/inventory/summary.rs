//! What there is on the whole: names of attributes, numbers of devices.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::record::Scope;
use crate::answer::{Reply, json_answer};
use crate::call::Call;

/// How many devices are looked at, and how many names are given.
const SAMPLE: usize = 5000;
const NAMES: usize = 500;

pub(crate) async fn attributes(call: Call) -> Reply {
    let data = call.state.data();
    let mut counts: BTreeMap<(Scope, &str), usize> = BTreeMap::new();
    for record in data.inventory.records().values().take(SAMPLE) {
        for attribute in record.attributes() {
            *counts.entry((attribute.scope, &attribute.name)).or_default() += 1;
        }
    }
    let mut counts: Vec<((Scope, &str), usize)> = counts.into_iter().collect();
    // Those of one count stay as they came, by scope and name.
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let shown = |((scope, name), count)| json!({ "name": name, "scope": scope, "count": count });
    Ok(json_answer(200, &counts.into_iter().take(NAMES).map(shown).collect::<Vec<Value>>().into()))
}

pub(crate) async fn statistics(call: Call) -> Reply {
    let data = call.state.data();
    let count = |status: &str| {
        let devices =
            data.inventory.records().values().filter(|record| record.status() == Some(status)).count();
        // All devices of the open-source server are of the standard tier.
        json!({ "standard": devices, "micro": 0, "system": 0 })
    };
    let body = json!({ "devices_by_status": { "accepted": count("accepted"), "pending": count("pending") } });
    Ok(json_answer(200, &body))
}
