//! Values as the database holds and orders them: by type first, then within the type.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// A value of an attribute. The server's own times are times, whatever they look like in JSON.
#[derive(Debug, Clone)]
pub(super) enum Stored {
    Json(Value),
    Time(Timestamp),
}

impl Stored {
    pub(super) fn term(&self) -> Term<'_> {
        match self {
            Stored::Json(value) => Term::of(value),
            Stored::Time(at) => Term::Time(*at),
        }
    }

    pub(super) fn json(&self) -> Value {
        match self {
            Stored::Json(value) => value.clone(),
            Stored::Time(at) => at.to_string().into(),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Stored::Json(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

impl From<&Value> for Stored {
    fn from(value: &Value) -> Stored {
        Stored::Json(plain(value))
    }
}

impl From<&str> for Stored {
    fn from(text: &str) -> Stored {
        Stored::Json(text.into())
    }
}

impl From<Timestamp> for Stored {
    fn from(at: Timestamp) -> Stored {
        Stored::Time(at)
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Stored::Json(value) => value.serialize(serializer),
            Stored::Time(at) => serializer.collect_str(at),
        }
    }
}

/// The server knows one kind of number and writes whole ones without a fraction.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number).unwrap_or_else(|| number.clone())),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

fn whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    (float.abs() < 1e15).then(|| Number::from(float as i64))
}

/// What values are compared as.
#[derive(Debug, Clone, Copy)]
pub(super) enum Term<'a> {
    Null,
    Number(f64),
    Text(&'a str),
    Object(&'a Map<String, Value>),
    List(&'a [Value]),
    Bool(bool),
    Time(Timestamp),
}

impl<'a> Term<'a> {
    pub(super) fn of(value: &'a Value) -> Term<'a> {
        match value {
            Value::Null => Term::Null,
            Value::Number(number) => Term::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Term::Text(text),
            Value::Object(map) => Term::Object(map),
            Value::Array(list) => Term::List(list),
            Value::Bool(value) => Term::Bool(*value),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Term::Null => 0,
            Term::Number(_) => 1,
            Term::Text(_) => 2,
            Term::Object(_) => 3,
            Term::List(_) => 4,
            Term::Bool(_) => 5,
            Term::Time(_) => 6,
        }
    }

    /// The order of sorting: all values of one type before those of the next.
    pub(super) fn order(self, other: Term) -> Ordering {
        self.within(other).unwrap_or_else(|| self.rank().cmp(&other.rank()))
    }

    /// The order of two values of one type; there is none between types.
    pub(super) fn within(self, other: Term) -> Option<Ordering> {
        Some(match (self, other) {
            (Term::Null, Term::Null) => Ordering::Equal,
            (Term::Number(a), Term::Number(b)) => a.partial_cmp(&b)?,
            (Term::Text(a), Term::Text(b)) => a.cmp(b),
            (Term::Object(a), Term::Object(b)) => {
                let pairs = |map: &Map<String, Value>| -> Vec<Value> {
                    map.iter().flat_map(|(key, value)| [Value::from(key.as_str()), value.clone()]).collect()
                };
                elements(&pairs(a), &pairs(b))
            }
            (Term::List(a), Term::List(b)) => elements(a, b),
            (Term::Bool(a), Term::Bool(b)) => a.cmp(&b),
            (Term::Time(a), Term::Time(b)) => a.cmp(&b),
            _ => return None,
        })
    }

    /// What a value is sorted by: of a list its least element, or its greatest where the order is turned round.
    pub(super) fn sort_key(self, descending: bool) -> Term<'a> {
        let Term::List(list) = self else { return self };
        let elements = list.iter().map(Term::of);
        let key = if descending {
            elements.max_by(|a, b| a.order(*b))
        } else {
            elements.min_by(|a, b| a.order(*b))
        };
        key.unwrap_or(Term::Null)
    }

    /// A filter holds for a value if it holds for the value or, of a list, for any element.
    pub(super) fn any(self, mut holds: impl FnMut(Term) -> bool) -> bool {
        holds(self) || matches!(self, Term::List(list) if list.iter().map(Term::of).any(holds))
    }
}

fn elements(a: &[Value], b: &[Value]) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| Term::of(a).order(Term::of(b)));
    pairs.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
}
