//! The body of a search.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::BTreeSet;

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::filter::{Field, Filter, Sort, Test};
use super::record::Scope;
use crate::answer::Refusal;
use crate::call::Call;
use crate::gojson;
use crate::paging::{DEFAULT, MAX, Page};

/// What is asked for.
pub(super) struct Criteria {
    /// One text for all pages of one search.
    pub(super) key: String,
    pub(super) page: Page,
    pub(super) filters: Vec<Filter>,
    pub(super) orders: Vec<Sort>,
    /// None: all of them.
    pub(super) attributes: Vec<(Scope, String)>,
    /// None: any.
    pub(super) ids: BTreeSet<String>,
    pub(super) text: String,
}

const FIELDS: &[&str] = &["page", "per_page", "filters", "sort", "attributes", "device_ids", "text"];
/// The fields of a filter.
pub(super) const PREDICATE: &[&str] = &["scope", "attribute", "type", "value"];
const OPERATORS: &[&str] =
    &["$eq", "$gt", "$gte", "$in", "$lt", "$lte", "$ltne", "$ne", "$nin", "$exists", "$regex"];

/// The server's name for the body.
const PARAMS: &str = "SearchParams";

pub(super) fn read(call: &Call, body: &[u8]) -> Result<Criteria, Refusal> {
    let prefix = "failed to decode request body: ";
    let undecoded = |text: String| Refusal::new(400, format!("{prefix}{text}"));
    let map = call.object(body, "model.SearchParams", FIELDS, prefix)?;
    let objects =
        |field, kind, fields: &'static [&'static str]| -> Result<Vec<&Map<String, Value>>, Refusal> {
            let objects = objects(&map, field, kind).map_err(undecoded)?;
            objects.iter().try_for_each(|object| call.only(object, fields))?;
            Ok(objects)
        };
    let filters = objects("filters", "FilterPredicate", PREDICATE)?;
    let orders = objects("sort", "SortCriteria", &["scope", "attribute", "order"])?;
    let attributes = objects("attributes", "SelectAttribute", &["scope", "attribute"])?;
    let number = |field| number(&map, field).map_err(undecoded);
    let (page, per_page) = (number("page")?, number("per_page")?);
    let ids = gojson::texts(&map, PARAMS, "device_ids").map_err(undecoded)?.into_iter().collect();
    let text = gojson::text(&map, PARAMS, "text").map_err(undecoded)?.unwrap_or_default();

    if call.state.settings.strict && !text.is_empty() && !orders.is_empty() {
        // What is found by its text comes in the order of its score.
        return Err(Refusal::new(400, "sandbox: superfluous field \"sort\""));
    }
    let predicates: Vec<Predicate> = filters.into_iter().map(predicate).collect::<Result<_, _>>()?;
    let orders = orders.into_iter().map(order).collect::<Result<_, _>>()?;
    let attributes =
        attributes.into_iter().map(|map| Reference::read(map, "attributes")?.checked(Vec::new()));
    let attributes = attributes.collect::<Result<_, _>>()?;
    let size = per_page.unwrap_or(DEFAULT);
    if size > MAX {
        return Err(Refusal::new(400, format!("per_page: must be no greater than {MAX}.")));
    }
    let filters = predicates.into_iter().map(Predicate::filter).collect::<Result<_, _>>()?;
    let page = Page { number: page.unwrap_or(1), size };
    Ok(Criteria { key: key(map), page, filters, orders, attributes, ids, text })
}

/// The body without what differs between the pages of a search.
fn key(mut map: Map<String, Value>) -> String {
    for field in ["page", "per_page", "attributes"] {
        map.remove(field);
    }
    Value::Object(map).to_string()
}

/// A field that is a list of objects.
fn objects<'a>(
    map: &'a Map<String, Value>,
    field: &str,
    kind: &str,
) -> Result<Vec<&'a Map<String, Value>>, String> {
    let list = match map.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(gojson::wrong(other, PARAMS, field, &format!("[]model.{kind}"))),
    };
    let object = |value: &'a Value| match value {
        Value::Object(map) => Ok(map),
        other => Err(gojson::wrong(other, PARAMS, field, &format!("model.{kind}"))),
    };
    list.iter().map(object).collect()
}

/// A number that means something: below 1 it silently becomes the default.
fn number(map: &Map<String, Value>, field: &str) -> Result<Option<u64>, String> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_i64() {
            Some(number) => Ok(u64::try_from(number).ok().filter(|number| *number > 0)),
            None => Err(gojson::wrong(value, PARAMS, field, "int")),
        },
    }
}

/// What is wrong with a field.
type Problem = (&'static str, &'static str);

const BLANK: &str = "cannot be blank";
const INVALID: &str = "must be a valid value";

/// A scope and the name of an attribute in it.
struct Reference {
    scope: String,
    name: String,
}

impl Reference {
    fn read(map: &Map<String, Value>, list: &str) -> Result<Reference, Refusal> {
        Ok(Reference { scope: text(map, list, "scope")?, name: text(map, list, "attribute")? })
    }

    /// The reference, unless something is wrong with it or was with what came with it.
    fn checked(self, mut problems: Vec<Problem>) -> Result<(Scope, String), Refusal> {
        let scope = Scope::named(&self.scope);
        if self.name.is_empty() {
            problems.push(("attribute", BLANK));
        }
        if self.scope.is_empty() {
            problems.push(("scope", BLANK));
        } else if scope.is_none() {
            problems.push(("scope", "must be one of system, identity, inventory, monitor, tags"));
        }
        problems.sort_unstable();
        match scope {
            Some(scope) if problems.is_empty() => Ok((scope, self.name)),
            _ => {
                let texts: Vec<String> =
                    problems.iter().map(|(field, text)| format!("{field}: {text}")).collect();
                Err(Refusal::new(400, format!("{}.", texts.join("; "))))
            }
        }
    }
}

fn text(map: &Map<String, Value>, list: &str, field: &str) -> Result<String, Refusal> {
    let text = gojson::text(map, &format!("{PARAMS}.{list}"), field);
    let undecoded = |text| Refusal::new(400, format!("failed to decode request body: {text}"));
    Ok(text.map_err(undecoded)?.unwrap_or_default())
}

fn field((scope, name): (Scope, String)) -> Field {
    if scope == Scope::Identity && name == "id" { Field::Id } else { Field::Attribute(scope, name) }
}

/// A filter that the service lets pass; the database may still refuse it.
pub(super) struct Predicate {
    field: Field,
    operator: String,
    value: Value,
}

pub(super) fn predicate(map: &Map<String, Value>) -> Result<Predicate, Refusal> {
    let reference = Reference::read(map, "filters")?;
    let operator = text(map, "filters", "type")?;
    let value = map.get("value").cloned().unwrap_or_default();
    let mut problems = Vec::new();
    if operator.is_empty() {
        problems.push(("type", BLANK));
    } else if !OPERATORS.contains(&operator.as_str()) {
        problems.push(("type", INVALID));
    }
    if value.is_null() {
        problems.push(("value", "is required"));
    }
    Ok(Predicate { field: field(reference.checked(problems)?), operator, value })
}

impl Predicate {
    pub(super) fn filter(self) -> Result<Filter, Refusal> {
        let broken = || Refusal::new(500, "internal error");
        let bad = |text: String| {
            Refusal::new(400, format!("failed to fetch devices: failed to search devices: (BadValue) {text}"))
        };
        let list = |value: Value| match value {
            Value::Array(list) => Ok(list),
            _ => Err(broken()),
        };
        let value = self.value;
        let test = match self.operator.as_str() {
            "$eq" => Test::Equal(value),
            "$ne" => Test::NotEqual(value),
            "$gt" => Test::Ordered(value, &[Greater]),
            "$gte" => Test::Ordered(value, &[Greater, Equal]),
            "$lt" => Test::Ordered(value, &[Less]),
            "$lte" => Test::Ordered(value, &[Less, Equal]),
            "$in" => Test::In(list(value)?),
            "$nin" => Test::NotIn(list(value)?),
            "$exists" => Test::Exists(is_true(&value)),
            "$regex" => match value.as_str().map(Regex::new) {
                Some(pattern) => Test::Pattern(pattern.map_err(|_| broken())?),
                None => return Err(bad("$regex has to be a string".into())),
            },
            other => return Err(bad(format!("unknown operator: {other}"))),
        };
        Ok(Filter { field: self.field, test })
    }
}

/// What the database takes for true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        other => !other.is_null(),
    }
}

fn order(map: &Map<String, Value>) -> Result<Sort, Refusal> {
    let reference = Reference::read(map, "sort")?;
    let direction = text(map, "sort", "order")?;
    let problems = match direction.as_str() {
        "asc" | "desc" => Vec::new(),
        "" => vec![("order", BLANK)],
        _ => vec![("order", INVALID)],
    };
    Ok(Sort { field: field(reference.checked(problems)?), descending: direction == "desc" })
}
