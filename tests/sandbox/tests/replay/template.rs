//! Variables and placeholders.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

#[derive(Debug, Default)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A text as it is sent: every placeholder has to have a value.
    pub(crate) fn text(&self, template: &str) -> Result<String, String> {
        pieces(template)
            .into_iter()
            .map(|piece| match piece {
                Piece::Literal(text) => Ok(text),
                Piece::Placeholder(name) => self.known(&name).ok_or(format!("no value for ${{{name}}}")),
            })
            .collect()
    }

    /// A variable, or one of them times a number.
    pub(crate) fn known(&self, name: &str) -> Option<String> {
        if let Some(value) = self.get(name) {
            return Some(value.to_string());
        }
        let (name, factor) = name.split_once('*')?;
        let value: u64 = self.get(name)?.parse().ok()?;
        Some((value * factor.parse::<u64>().ok()?).to_string())
    }

    /// A request's part, filled in and unfolded.
    pub(crate) fn request(&self, template: &Value) -> Result<Value, String> {
        match template {
            Value::String(text) => Ok(self.text(text)?.into()),
            Value::Array(list) => list.iter().map(|value| self.request(value)).collect(),
            Value::Object(map) => match repeated(map) {
                Some((what, times)) => self.request(&unfold(what, times)),
                None => map.iter().map(|(key, value)| Ok((key.clone(), self.request(value)?))).collect(),
            },
            other => Ok(other.clone()),
        }
    }
}

fn repeated(map: &Map<String, Value>) -> Option<(&Value, u64)> {
    if map.len() != 2 {
        return None;
    }
    Some((map.get("repeat")?, map.get("times")?.as_u64()?))
}

fn unfold(what: &Value, times: u64) -> Value {
    match what.as_str() {
        Some(text) if !text.contains('#') => text.repeat(usize::try_from(times).unwrap_or_default()).into(),
        _ => {
            let copy = |index: u64| {
                let text = what.to_string().replace('#', &index.to_string());
                serde_json::from_str::<Value>(&text).expect("a copy")
            };
            (0..times).map(copy).collect()
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Literal(String),
    Placeholder(String),
}

/// Cuts a text at its placeholders.
pub(crate) fn pieces(template: &str) -> Vec<Piece> {
    let mut cut = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').expect("a closed placeholder");
        cut.push(Piece::Literal(before.into()));
        cut.push(Piece::Placeholder(name.into()));
        rest = behind;
    }
    cut.push(Piece::Literal(rest.into()));
    cut
}
