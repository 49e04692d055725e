//! JSON bodies, refused in the words of the server's decoder.

use serde_json::error::Category;
use serde_json::{Map, Value};

/// Reads one JSON value.
pub(crate) fn parse(body: &[u8]) -> Result<Value, String> {
    if body.trim_ascii().is_empty() {
        return Err("EOF".into());
    }
    // The server's decoder stops after the first value; what follows is not looked at.
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) if error.classify() != Category::Eof => Err(invalid_character(body, &error)),
        _ => Err("unexpected EOF".into()),
    }
}

fn invalid_character(body: &[u8], error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let bad =
        line.chars().nth(error.column().saturating_sub(1)).or_else(|| line.chars().last()).unwrap_or(' ');
    format!("invalid character '{bad}' looking for beginning of value")
}

/// Reads one JSON object. `target` is the name of the server's type.
pub(crate) fn object(body: &[u8], target: &str) -> Result<Map<String, Value>, String> {
    match parse(body)? {
        Value::Object(map) => Ok(map),
        // A null leaves the server's structure as it was: empty.
        Value::Null => Ok(Map::new()),
        other => Err(mismatch(&other, target)),
    }
}

/// Reads one JSON array.
pub(crate) fn array(body: &[u8], target: &str) -> Result<Vec<Value>, String> {
    match parse(body)? {
        Value::Array(list) => Ok(list),
        Value::Null => Ok(Vec::new()),
        other => Err(mismatch(&other, target)),
    }
}

/// A value that is not of the server's type.
pub(crate) fn mismatch(value: &Value, target: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {target}", kind(value))
}

/// A text field; absent and null are both nothing.
pub(crate) fn text(map: &Map<String, Value>, structure: &str, field: &str) -> Result<Option<String>, String> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong(other, structure, field, "string")),
    }
}

pub(crate) fn boolean(map: &Map<String, Value>, structure: &str, field: &str) -> Result<bool, String> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(other) => Err(wrong(other, structure, field, "bool")),
    }
}

pub(crate) fn integer(map: &Map<String, Value>, structure: &str, field: &str) -> Result<Option<i64>, String> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong(value, structure, field, "int64")),
    }
}

/// A count. A number that is none is named in the refusal.
pub(crate) fn unsigned(
    map: &Map<String, Value>,
    structure: &str,
    field: &str,
) -> Result<Option<u64>, String> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_u64().map(Some).ok_or_else(|| {
            format!(
                "json: cannot unmarshal number {number} into Go struct field {structure}.{field} of type uint"
            )
        }),
        Some(other) => Err(wrong(other, structure, field, "uint")),
    }
}

/// An object; absent and null are both an empty one.
pub(crate) fn map(
    map: &Map<String, Value>,
    structure: &str,
    field: &str,
) -> Result<Map<String, Value>, String> {
    match map.get(field) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(inner)) => Ok(inner.clone()),
        Some(other) => Err(wrong(other, structure, field, "map[string]interface {}")),
    }
}

/// A list of texts; absent and null are both an empty one.
pub(crate) fn texts(map: &Map<String, Value>, structure: &str, field: &str) -> Result<Vec<String>, String> {
    let list = match map.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(wrong(other, structure, field, "[]string")),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong(other, structure, field, "string")),
    };
    list.iter().map(text).collect()
}

/// A field that is not of the server's type.
pub(crate) fn wrong(value: &Value, structure: &str, field: &str, wanted: &str) -> String {
    format!(
        "json: cannot unmarshal {} into Go struct field {structure}.{field} of type {wanted}",
        kind(value)
    )
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
