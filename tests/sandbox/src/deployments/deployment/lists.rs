//! Lists of deployments.

use jiff::Timestamp;
use serde_json::Value;

use super::Deployment;
use crate::answer::{Refusal, Reply, json_answer};
use crate::call::Call;
use crate::inventory;
use crate::paging::{Page, Query};
use crate::state::Data;
use crate::words::words;

/// What both versions can be asked for.
struct Wanted<'a> {
    page: Page,
    status: Option<&'a str>,
    kind: Option<&'a str>,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
    ascending: bool,
}

impl Wanted<'_> {
    fn read(query: &Query) -> Result<Wanted<'_>, Refusal> {
        let page = Page::strict(query)?;
        let status = match query.filled("status") {
            Some("aborted") => Some("finished"),
            None | Some("inprogress" | "finished" | "pending") => query.filled("status"),
            Some(other) => return Err(Refusal::new(400, format!("unknown status {other}"))),
        };
        let kind = query.filled("type");
        if let Some(other) = kind.filter(|kind| !["software", "configuration"].contains(kind)) {
            return Err(Refusal::new(400, format!("unknown deployment type {other}")));
        }
        let ascending = match query.filled("sort").map(str::to_lowercase).as_deref() {
            Some("asc") => true,
            None | Some("desc") => false,
            _ => {
                return Err(Refusal::new(400, "invalid form value: must be one of \"asc\" or \"desc\""));
            }
        };
        let (before, after) = (seconds(query, "created_before")?, seconds(query, "created_after")?);
        Ok(Wanted { page, status, kind, before, after, ascending })
    }

    fn fits(&self, deployment: &Deployment) -> bool {
        self.status.is_none_or(|status| status == deployment.status())
            && self.kind.is_none_or(|kind| kind == deployment.kind())
            && self.before.is_none_or(|before| deployment.created <= before)
            && self.after.is_none_or(|after| deployment.created >= after)
    }

    /// The page of those that fit. They are kept in order of their creation.
    fn answer<'a>(&self, call: &Call, found: impl Iterator<Item = &'a Deployment>) -> Reply {
        let mut found: Vec<&Deployment> = found.filter(|deployment| self.fits(deployment)).collect();
        if !self.ascending {
            found.reverse();
        }
        let total = found.len() as u64;
        let listed: Vec<Value> = self.page.of(found).into_iter().map(Deployment::shown).collect();
        let mut answer = json_answer(200, &listed.into());
        self.page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
        Ok(answer)
    }
}

fn seconds(query: &Query, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = query.filled(name) else { return Ok(None) };
    let at = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let failed = || format!("timestamp parsing failed {name} parameter: invalid timestamp: {text}");
    at.map(Some).ok_or_else(|| Refusal::new(400, failed()))
}

pub(crate) async fn v1(call: Call) -> Reply {
    let wanted = Wanted::read(&call.query)?;
    let phrase = call.query.filled("search");
    let data = call.state.data();
    let found = data.deployments.iter().filter(|deployment| {
        let texts = [&deployment.name, &deployment.artifact_name];
        phrase.is_none_or(|phrase| texts.iter().any(|text| holds(text, phrase)))
    });
    wanted.answer(&call, found)
}

/// Whether a text holds a phrase, and a word of it as a whole.
fn holds(text: &str, phrase: &str) -> bool {
    text.to_lowercase().contains(&phrase.to_lowercase())
        && words(text).any(|own| words(phrase).any(|wanted| wanted == own))
}

pub(crate) async fn v2(call: Call) -> Reply {
    let query = &call.query;
    let wanted = Wanted::read(query)?;
    let (ids, names) = (query.all("id"), query.all("name"));
    let attribute = query.filled("id_attribute");
    let scope = scope(query, attribute)?;
    if call.state.settings.strict && names.is_empty() && attribute.is_some() {
        return Err(Refusal::new(400, "sandbox: superfluous query parameter \"id_attribute\""));
    }
    let data = call.state.data();
    let is_one = |deployment: &&Deployment| ids.is_empty() || ids.contains(&deployment.id.as_str());
    let is_named = |deployment: &&Deployment| names.is_empty() || names.contains(&deployment.name.as_str());
    let found = || data.deployments.iter().filter(is_one);
    let by_name = || found().filter(is_named);
    match (attribute, names.first()) {
        (Some(attribute), Some(value)) if !by_name().any(|deployment| wanted.fits(deployment)) => {
            let targeting = targeting(&data, scope, attribute, value);
            wanted.answer(&call, found().filter(targeting))
        }
        _ => wanted.answer(&call, by_name()),
    }
}

fn scope<'a>(query: &'a Query, attribute: Option<&str>) -> Result<&'a str, Refusal> {
    let named = attribute == Some("name");
    let scope = query.filled("id_scope").unwrap_or(if named { "tags" } else { "identity" });
    match scope {
        "identity" => Ok(scope),
        "tags" if named => Ok(scope),
        other => {
            let text = format!("invalid id_scope \"{other}\": must be \"identity\" or \"tags\"");
            Err(Refusal::new(400, text))
        }
    }
}

/// Whether a deployment is meant for the device with this attribute.
fn targeting(data: &Data, scope: &str, attribute: &str, value: &str) -> impl Fn(&&Deployment) -> bool {
    let device = inventory::with(data, scope, attribute, value);
    move |deployment| device.as_ref().is_some_and(|id| deployment.members.contains(id))
}
