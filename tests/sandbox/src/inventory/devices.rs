//! Devices in the first version: the list, one of them, and forgetting what it reported.

use http::header::ETAG;
use percent_encoding::percent_decode_str;

use super::filter::{Entry, Field, Filter, Sort, Test, sort};
use super::record::{Scope, Shown};
use crate::answer::{Refusal, Reply, empty, header_value, serialized};
use crate::call::Call;
use crate::paging::{Page, Query};

pub(super) fn not_found() -> Refusal {
    Refusal::new(404, "Device not found")
}

/// Parameters with a meaning of their own; all others are filters.
const KNOWN: [&str; 5] = ["page", "per_page", "sort", "has_group", "group"];

pub(crate) async fn list(call: Call) -> Reply {
    let query = &call.query;
    let page = Page::strict(query)?;
    let mut filters = Vec::new();
    let group = || Field::Attribute(Scope::System, "group".into());
    if let Some(has_group) = has_group(query)? {
        filters.push(Filter { field: group(), test: Test::Exists(has_group) });
    }
    let orders = order(query)?;
    let wanted = decoded(query, "group")?;
    if !wanted.is_empty() {
        filters.push(Filter { field: group(), test: Test::Equal(wanted.into()) });
    }
    for name in query.keys().filter(|name| !KNOWN.contains(name)) {
        filters.push(filter(&call, name)?);
    }
    let data = call.state.data();
    let fits = |(id, record): &Entry| filters.iter().all(|filter| filter.holds(id, record));
    let found: Vec<Entry> = data.inventory.records().iter().filter(fits).collect();
    let total = found.len() as u64;
    let listed = page.of(sort(found, &orders)).into_iter().map(|(id, record)| Shown::whole(id, record));
    let mut answer = serialized(200, &listed.collect::<Vec<Shown>>());
    page.link_with_total(answer.headers_mut(), call.path(), query, total);
    Ok(answer)
}

fn has_group(query: &Query) -> Result<Option<bool>, Refusal> {
    match query.filled("has_group") {
        None => Ok(None),
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(Some(true)),
        Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(Some(false)),
        Some(other) => Err(Refusal::new(400, format!("invalid has_group query: \"{other}\""))),
    }
}

/// The service decodes once more what is decoded already.
fn decoded(query: &Query, name: &str) -> Result<String, Refusal> {
    let value = query.first(name).unwrap_or_default();
    let invalid = || Refusal::new(400, format!("invalid {name} query: \"\""));
    let hex = |text: &str| text.len() >= 2 && text.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !value.split('%').skip(1).all(hex) {
        return Err(invalid());
    }
    let spaced = value.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(String::from).map_err(|_| invalid())
}

/// `[scope/]name`.
fn field(name: &str) -> Field {
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [scope, name] => match Scope::named(scope) {
            Some(scope) => Field::Attribute(scope, (*name).into()),
            None => Field::Nothing,
        },
        _ => Field::Attribute(Scope::Inventory, name.into()),
    }
}

/// `[scope/]name[:asc|desc]`, one of them; without a direction it goes down.
fn order(query: &Query) -> Result<Vec<Sort>, Refusal> {
    let sort = decoded(query, "sort")?;
    if sort.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = sort.split(':').collect();
    let descending = match parts.as_slice() {
        [_, "asc"] => false,
        [_, "desc"] => true,
        [_, _] => return Err(Refusal::new(400, "invalid sort order")),
        _ => true,
    };
    Ok(vec![Sort { field: field(parts[0]), descending }])
}

fn filter(call: &Call, name: &str) -> Result<Filter, Refusal> {
    let field = field(name);
    if call.state.settings.strict {
        if matches!(field, Field::Nothing) {
            return Err(Refusal::new(400, format!("sandbox: unknown scope in the filter \"{name}\"")));
        }
        if call.query.all(name).len() > 1 {
            return Err(Refusal::new(400, format!("sandbox: superfluous query parameter \"{name}\"")));
        }
    }
    let value = decoded(&call.query, name)?;
    let value = value.strip_prefix("eq:").filter(|rest| !rest.is_empty()).unwrap_or(&value);
    Ok(Filter { field, test: Test::Means(value.into()) })
}

pub(crate) async fn show(call: Call) -> Reply {
    let data = call.state.data();
    let (id, record) = data.inventory.records().get_key_value(call.param(0)).ok_or_else(not_found)?;
    let mut answer = serialized(200, &Shown::whole(id, record));
    if let Some(etag) = &record.etag {
        answer.headers_mut().insert(ETAG, header_value(etag));
    }
    Ok(answer)
}

/// Clears what the device reported, and nothing else. A device that is not known is known from then on.
pub(crate) async fn forget(call: Call) -> Reply {
    let mut data = call.state.data();
    let now = data.now();
    let records = data.inventory.change();
    let is_new = !records.contains_key(call.param(0));
    let record = records.entry(call.param(0).into()).or_default();
    record.clear(Scope::Inventory);
    record.set_updated(now);
    if is_new {
        record.set(Scope::System, "created_ts", now);
    }
    Ok(empty(204))
}
