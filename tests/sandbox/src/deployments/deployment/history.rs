//! What one device went through.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::show::wanted_status;
use super::{Deployment, Part};
use crate::answer::{Refusal, Reply, empty, json_answer};
use crate::call::Call;
use crate::paging::{DEFAULT, Page};

pub(crate) async fn show(call: Call) -> Reply {
    let page = Page::strict(&call.query)?;
    if page.size > DEFAULT {
        let text = "invalid per_page query: value must be a non-zero positive integer";
        return Err(Refusal::new(400, text));
    }
    let wanted = wanted_status(&call)?;
    let data = call.state.data();
    let parts = data.deployments.iter().flat_map(|known| known.all_parts().map(move |part| (known, part)));
    let mut found: Vec<(&Deployment, &Part)> = parts
        .filter(|(_, part)| part.device == call.param(0))
        .filter(|(_, part)| wanted.is_none_or(|wanted| part.status.is_of(wanted)))
        .collect();
    found.sort_by_key(|(deployment, _)| Reverse(deployment.created));
    let total = found.len() as u64;
    let shown = |(deployment, part): (&Deployment, &Part)| json!({ "id": part.id, "deployment": deployment.shown(), "device": part.shown() });
    let listed: Vec<Value> = page.of(found).into_iter().map(shown).collect();
    let mut answer = json_answer(200, &listed.into());
    page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
    Ok(answer)
}

/// Forgets what is done, so that the device may be asked again. The history still shows it, as deleted.
pub(crate) async fn forget(call: Call) -> Reply {
    let mut data = call.state.data();
    let now = data.now();
    for deployment in &mut data.deployments {
        if deployment.parts.get(call.param(0)).is_some_and(|part| part.status.is_final())
            && let Some(part) = deployment.parts.remove(call.param(0))
        {
            deployment.forgotten.push(Part { deleted: Some(now), ..part });
        }
    }
    Ok(empty(204))
}
