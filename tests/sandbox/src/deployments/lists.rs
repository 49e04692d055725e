//! Lists of Artifacts: the old ones and the new one differ in nearly everything.

use serde_json::Value;

use super::artifacts::Record;
use crate::answer::{Refusal, Reply, json_answer};
use crate::call::Call;
use crate::paging::{DEFAULT, MAX, Page, Query};

fn contains(text: &str, part: Option<&str>) -> bool {
    part.is_none_or(|part| text.to_lowercase().contains(&part.to_lowercase()))
}

/// Old lists search for parts of texts, in any letter case.
fn v1_found(call: &Call) -> Vec<Record> {
    let query = &call.query;
    let mut found: Vec<Record> = call.state.data().artifacts.clone();
    found.retain(|record| {
        let types = &record.content.device_types;
        contains(record.name(), query.filled("name"))
            && contains(record.description.as_deref().unwrap_or_default(), query.filled("description"))
            && query
                .filled("device_type")
                .is_none_or(|part| types.iter().any(|own| contains(own, Some(part))))
    });
    found.sort_by(|a, b| (a.name(), &a.id).cmp(&(b.name(), &b.id)));
    found
}

pub(crate) async fn v1(call: Call) -> Reply {
    let listed: Vec<Value> = v1_found(&call).iter().map(Record::shown).collect();
    Ok(json_answer(200, &listed.into()))
}

pub(crate) async fn v1_paged(call: Call) -> Reply {
    let mut page = Page::lenient(&call.query);
    if page.size > MAX {
        page.size = DEFAULT;
    }
    let mut found = v1_found(&call);
    match call.query.first("sort").and_then(|sort| sort.split_once(':')) {
        Some(("modified", direction)) => {
            found.sort_by_key(|record| record.modified);
            if direction == "desc" {
                found.reverse();
            }
        }
        // These sort by a field that Artifacts do not have.
        Some(("name" | "artifacts_count" | "tags", _)) => found.sort_by(|a, b| a.id.cmp(&b.id)),
        _ => {}
    }
    let total = found.len() as u64;
    let listed: Vec<Value> = page.of(found).iter().map(Record::shown).collect();
    // Past the end the total is lost as well.
    let total = if listed.is_empty() { 0 } else { total };
    let mut answer = json_answer(200, &listed.into());
    page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
    Ok(answer)
}

/// What the new list can be asked for in one parameter.
#[derive(Debug)]
enum Wanted {
    Any,
    Exact(Vec<String>),
    Prefix(String),
}

impl Wanted {
    fn read(query: &Query, key: &str, field: &str) -> Result<Wanted, Refusal> {
        let values: Vec<&str> = query.all(key).into_iter().filter(|value| !value.is_empty()).collect();
        let (mut exact, mut prefixes) = (Vec::new(), Vec::new());
        for value in values {
            match (value.strip_suffix("\\*"), value.strip_suffix('*')) {
                (Some(start), _) => exact.push(format!("{start}*")),
                (None, Some(prefix)) => prefixes.push(prefix.to_lowercase()),
                (None, None) => exact.push(value.to_string()),
            }
        }
        let invalid = |text: String| Err(Refusal::new(400, format!("invalid filter: {text}")));
        match (exact.len(), prefixes.pop()) {
            (0, None) => Ok(Wanted::Any),
            (1.., Some(_)) => invalid(format!("cannot filter by both exact {field}s and {field} prefix")),
            (0, Some(_)) if !prefixes.is_empty() => {
                invalid(format!("{}Prefixes: the length must be no more than 1.", capitalized(field)))
            }
            (0, Some(prefix)) => Ok(Wanted::Prefix(prefix)),
            (101.., None) => {
                invalid(format!("{}s: the length must be no more than 100.", capitalized(field)))
            }
            (_, None) => Ok(Wanted::Exact(exact)),
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Wanted::Any => true,
            Wanted::Exact(values) => values.iter().any(|value| value == text),
            Wanted::Prefix(prefix) => text.to_lowercase().starts_with(prefix),
        }
    }
}

fn capitalized(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

pub(crate) async fn v2(call: Call) -> Reply {
    let page = Page::lenient(&call.query);
    if page.size > MAX {
        return Err(Refusal::new(400, format!("invalid filter: PerPage: must be no greater than {MAX}.")));
    }
    let name = Wanted::read(&call.query, "name", "name")?;
    let description = Wanted::read(&call.query, "description", "description")?;
    let device_type = Wanted::read(&call.query, "device_type", "type")?;
    let mut found: Vec<Record> = call.state.data().artifacts.clone();
    found.retain(|record| {
        let types = &record.content.device_types;
        name.fits(record.name())
            && description.fits(record.description.as_deref().unwrap_or_default())
            && (matches!(device_type, Wanted::Any) || types.iter().any(|own| device_type.fits(own)))
    });
    found.sort_by(|a, b| a.name().cmp(b.name()));
    let more = found.len() as u64 > page.number.saturating_mul(page.size);
    let listed: Vec<Value> = page.of(found).iter().map(Record::shown).collect();
    let mut answer = json_answer(200, &listed.into());
    page.link(answer.headers_mut(), call.path(), &call.query, more);
    Ok(answer)
}
