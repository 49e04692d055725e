//! What attributes, tags and group names may be, in the server's words.

use serde_json::Value;

const KINDS: &str = "value: supported types are string, float64, and arrays thereof.";

/// An attribute or a tag.
pub(super) fn name_and_value(name: &str, value: &Value) -> Result<(), String> {
    if name.is_empty() {
        return Err("name: cannot be blank.".into());
    }
    if name.len() > 1024 {
        return Err("name: the length must be between 1 and 1024.".into());
    }
    match value {
        Value::String(_) | Value::Number(_) => Ok(()),
        Value::Array(list) => elements(list),
        _ => Err(KINDS.into()),
    }
}

fn elements(list: &[Value]) -> Result<(), String> {
    let wrong =
        |kind: &str| Err(format!("value: array values must be either string or float64, not: {kind}."));
    let mut texts = None;
    for element in list {
        let is_text = match element {
            Value::String(_) => true,
            Value::Number(_) => false,
            Value::Array(_) => return wrong("slice"),
            Value::Object(_) => return wrong("map"),
            Value::Bool(_) => return wrong("bool"),
            Value::Null => return wrong("invalid"),
        };
        if texts.is_some_and(|texts| texts != is_text) {
            return Err("value: array values must be of consistent type: string or float64.".into());
        }
        texts = Some(is_text);
    }
    Ok(())
}

/// A group that a device is to get into.
pub(super) fn group(name: &str) -> Result<(), &'static str> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match name.len() {
        0 => Err("cannot be blank"),
        257.. => Err("the length must be no more than 256"),
        _ if name.bytes().all(fine) => Ok(()),
        _ => Err("group name can only contain: upper/lowercase alphanum, -(dash), _(underscore)"),
    }
}
