//! Compares an answer with the recorded one.

use serde_json::Value;

use crate::template::{Piece, Variables, pieces};

/// Where order does not matter, and where there may be more.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) unordered: Vec<String>,
    pub(crate) subset: Vec<String>,
}

/// Says what differs, if anything.
pub(crate) fn differs(
    wanted: &Value,
    found: &Value,
    rules: &Rules,
    variables: &Variables,
    at: &str,
) -> Option<String> {
    let difference = |what: &str| Some(format!("at '{at}': {what}: wanted {wanted}, found {found}"));
    match (wanted, found) {
        (Value::String(template), _) => {
            if value_fits(template, found, variables) {
                None
            } else {
                difference("value")
            }
        }
        (Value::Object(wanted_map), Value::Object(found_map)) => {
            if wanted_map.keys().ne(found_map.keys()) {
                return difference("keys");
            }
            wanted_map.iter().find_map(|(key, value)| {
                differs(value, &found_map[key], rules, variables, &format!("{at}/{key}"))
            })
        }
        (Value::Array(wanted_list), Value::Array(found_list)) => {
            let subset = rules.subset.iter().any(|pointer| points(pointer, at));
            let unordered =
                subset || at.ends_with("/meta_data") || rules.unordered.iter().any(|p| points(p, at));
            if wanted_list.len() > found_list.len() || (!subset && wanted_list.len() < found_list.len()) {
                return difference("length");
            }
            if unordered {
                let fits = |wanted: &Value, index: usize| {
                    differs(wanted, &found_list[index], rules, variables, &format!("{at}/{index}")).is_none()
                };
                let mut free = vec![true; found_list.len()];
                return if assign(wanted_list, &mut free, &fits) { None } else { difference("unordered") };
            }
            wanted_list.iter().zip(found_list).enumerate().find_map(|(index, (wanted, found))| {
                differs(wanted, found, rules, variables, &format!("{at}/{index}"))
            })
        }
        _ if wanted == found => None,
        _ => difference("value"),
    }
}

/// Finds a partner for each.
fn assign(wanted: &[Value], free: &mut [bool], fits: &dyn Fn(&Value, usize) -> bool) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    for index in 0..free.len() {
        if free[index] && fits(first, index) {
            free[index] = false;
            if assign(rest, free, fits) {
                return true;
            }
            free[index] = true;
        }
    }
    false
}

/// Whether a pointer with `*` for any segment names this place.
fn points(pointer: &str, at: &str) -> bool {
    let (pointer, at): (Vec<&str>, Vec<&str>) = (pointer.split('/').collect(), at.split('/').collect());
    pointer.len() == at.len()
        && pointer.iter().zip(at).all(|(wanted, segment)| *wanted == "*" || *wanted == segment)
}

fn value_fits(template: &str, found: &Value, variables: &Variables) -> bool {
    if template == "${any}" {
        return true;
    }
    match found {
        Value::String(text) => text_fits(template, text, variables),
        Value::Number(number) if template == "${int}" => number.is_u64() || number.is_i64(),
        Value::Number(number) => {
            let is_size = template.starts_with("${size:") && template.ends_with('}');
            is_size && variables.text(template).is_ok_and(|text| text == number.to_string())
        }
        _ => false,
    }
}

pub(crate) fn text_fits(template: &str, text: &str, variables: &Variables) -> bool {
    fits(&pieces(template), text, variables)
}

fn fits(rest: &[Piece], text: &str, variables: &Variables) -> bool {
    match rest.split_first() {
        None => text.is_empty(),
        Some((Piece::Literal(literal), rest)) => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| fits(rest, text, variables))
        }
        Some((Piece::Placeholder(name), rest)) => match (class(name), variables.known(name)) {
            (None, Some(value)) => text.strip_prefix(&value).is_some_and(|text| fits(rest, text, variables)),
            (Some(class), None) => text
                .char_indices()
                .map(|(index, _)| index)
                .chain([text.len()])
                .rev()
                .any(|end| class(&text[..end]) && fits(rest, &text[end..], variables)),
            // `jwt` is both: the kind of a text, and the name it is saved under.
            (Some(class), Some(_)) => {
                rest.iter().all(|piece| matches!(piece, Piece::Literal(text) if text.is_empty()))
                    && class(text)
            }
            (None, None) => false,
        },
    }
}

fn class(name: &str) -> Option<fn(&str) -> bool> {
    Some(match name {
        "uuid" => {
            |text| uuid::Uuid::parse_str(text).is_ok() && text.len() == 36 && text == text.to_lowercase()
        }
        "time" => |text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
        "jwt" => |text| text.split('.').count() == 3 && text.len() > 20,
        "url" => |text| text.starts_with("http://") || text.starts_with("https://"),
        "request_id" => |text| !text.is_empty(),
        "int" => |text| text.parse::<i64>().is_ok(),
        "any" => |_| true,
        _ => return None,
    })
}

/// A comparison that finds nothing is worth nothing.
#[test]
fn differences_are_found() {
    use serde_json::json;
    let mut variables = Variables::default();
    variables.set("run", "r1");
    variables.set("size:a", "7");
    let rules = Rules { unordered: vec!["/*/list".into()], subset: vec!["/all".into()] };
    let check = |wanted: Value, found: Value| differs(&wanted, &found, &rules, &variables, "").is_none();
    assert!(check(json!("${run}-x"), json!("r1-x")));
    assert!(!check(json!("${run}-x"), json!("r2-x")));
    assert!(!check(json!("${nobody}"), json!("x")));
    assert!(check(json!({ "a": "${time}" }), json!({ "a": "2026-01-02T03:04:05.1Z" })));
    assert!(!check(json!({ "a": "${time}" }), json!({ "a": "yesterday" })));
    assert!(!check(json!({ "a": 1 }), json!({ "a": 1, "b": 2 })));
    assert!(!check(json!({ "a": 1, "b": 2 }), json!({ "a": 1 })));
    assert!(check(json!("${size:a}"), json!(7)));
    assert!(!check(json!("${size:a}"), json!(8)));
    assert!(!check(json!([1, 2]), json!([2, 1])));
    assert!(check(json!([{ "list": [1, 2] }]), json!([{ "list": [2, 1] }])));
    assert!(!check(json!([{ "list": [1, 2] }]), json!([{ "list": [2, 2] }])));
    assert!(check(json!({ "all": [2] }), json!({ "all": [1, 2] })));
    assert!(!check(json!({ "all": [3] }), json!({ "all": [1, 2] })));
}
