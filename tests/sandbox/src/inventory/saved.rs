//! Saved filters, also called dynamic groups. Only Mender Enterprise has them: this is from its documentation.

use serde_json::{Map, Value, json};

use super::criteria::{self, PREDICATE};
use super::filter::Filter;
use crate::answer::{Refusal, Reply, created, empty, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::paging::Page;
use crate::state::Data;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedFilter {
    pub(crate) id: String,
    name: String,
    terms: Vec<Map<String, Value>>,
}

impl SavedFilter {
    /// The filter of this id.
    pub(crate) fn find<'a>(data: &'a Data, id: &str) -> Option<&'a SavedFilter> {
        data.filters.iter().find(|known| known.id == id)
    }

    pub(crate) fn shown(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "terms": self.terms })
    }

    /// All of them have to hold.
    pub(super) fn filters(&self) -> Result<Vec<Filter>, Refusal> {
        self.terms.iter().map(|term| criteria::predicate(term)?.filter()).collect()
    }
}

fn unknown() -> Refusal {
    Refusal::new(404, "filter not found")
}

pub(crate) async fn list(call: Call) -> Reply {
    let page = Page::strict(&call.query)?;
    let data = call.state.data();
    let listed: Vec<Value> = page.of(&data.filters).into_iter().map(SavedFilter::shown).collect();
    let mut answer = json_answer(200, &listed.into());
    let total = data.filters.len() as u64;
    page.link_with_total(answer.headers_mut(), call.path(), &call.query, total);
    Ok(answer)
}

pub(crate) async fn create(mut call: Call) -> Reply {
    let body = call.json().await?;
    let filter = read(&call, &body)?;
    // What no search could be made of is refused here already.
    for term in &filter.terms {
        let unusable = |_| Refusal::new(400, "terms: the value does not go with the type.");
        criteria::predicate(term)?.filter().map_err(unusable)?;
    }
    let mut data = call.state.data();
    if data.filters.iter().any(|known| known.name == filter.name) {
        return Err(Refusal::new(409, "filter with the same name already exists"));
    }
    let location = format!("/api/management/v2/inventory/filters/{}", filter.id);
    data.filters.push(filter);
    Ok(created(&location))
}

fn read(call: &Call, body: &[u8]) -> Result<SavedFilter, Refusal> {
    let prefix = "failed to decode request body: ";
    let undecoded = |text: String| Refusal::new(400, format!("{prefix}{text}"));
    let map = call.object(body, "model.Filter", &["name", "terms"], prefix)?;
    let name = gojson::text(&map, "Filter", "name").map_err(undecoded)?.unwrap_or_default();
    let list = match map.get("terms") {
        None | Some(Value::Null) => &Vec::new(),
        Some(Value::Array(list)) => list,
        Some(other) => {
            return Err(undecoded(gojson::wrong(other, "Filter", "terms", "[]model.FilterPredicate")));
        }
    };
    let term = |value: &Value| match value {
        Value::Object(map) => call.only(map, PREDICATE).map(|()| map.clone()),
        other => Err(undecoded(gojson::wrong(other, "Filter", "terms", "model.FilterPredicate"))),
    };
    let terms: Vec<Map<String, Value>> = list.iter().map(term).collect::<Result<_, _>>()?;
    for (field, is_blank) in [("name", name.is_empty()), ("terms", terms.is_empty())] {
        if is_blank {
            return Err(Refusal::new(400, format!("{field}: cannot be blank.")));
        }
    }
    Ok(SavedFilter { id: uuid::Uuid::new_v4().to_string(), name, terms })
}

pub(crate) async fn show(call: Call) -> Reply {
    let data = call.state.data();
    let filter = SavedFilter::find(&data, call.param(0)).ok_or_else(unknown)?;
    Ok(json_answer(200, &filter.shown()))
}

pub(crate) async fn delete(call: Call) -> Reply {
    let mut data = call.state.data();
    let before = data.filters.len();
    data.filters.retain(|known| known.id != call.param(0));
    if data.filters.len() == before { Err(unknown()) } else { Ok(empty(204)) }
}
