//! Which part of a condition the server compares, and which is compared here. Pure.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use mender::inventory::{AttributeName, Device, Filter, Operator, Scope};
use serde_json::Value;

use super::filter::{Comparison, Condition, Operand, Test};
use super::version;

/// Times that the server keeps as such: no comparison with a text ever finds them.
const TIMES: [&str; 3] = ["check_in_time", "created_ts", "updated_ts"];

/// What is left to compare here.
#[derive(Clone, Debug)]
pub struct Local {
    pub name: AttributeName,
    check: Check,
}

#[derive(Clone, Debug)]
enum Check {
    /// Numbers as numbers, text as text, each as the server would.
    Typed(Comparison, Operand),
    Version(Comparison, String),
    Time(Comparison, Timestamp),
}

/// A condition on a known attribute, in two halves. What the server compares never leaves out what fulfils the whole.
pub fn split(condition: &Condition, name: AttributeName) -> Result<(Option<Filter>, Option<Local>), String> {
    let shown = condition.to_string();
    let filter = |operator, value| Some(Filter { name: name.clone(), operator, value });
    let local = |check| Some(Local { name: name.clone(), check });
    // What lacks the attribute fulfils nothing but "not the same".
    let there = |comparison| {
        if comparison == Comparison::NotEqual { None } else { filter(Operator::Exists, true.into()) }
    };
    let is_time = name.scope == Scope::System && TIMES.contains(&name.attribute.as_str());
    Ok(match &condition.test {
        Test::Compare(comparison, operand) if is_time => {
            let time = time(operand.text()).ok_or_else(|| {
                format!(
                    "{shown}: {:?} is no time such as 2026-01-31 or 2026-01-31T12:00:00Z; for ages there are --inactive and --seen-within",
                    operand.text()
                )
            })?;
            (there(*comparison), local(Check::Time(*comparison, time)))
        }
        Test::In(_) | Test::NotIn(_) | Test::Matches(_) | Test::Version(..) if is_time => {
            return Err(format!(
                "{shown}: the server keeps {name} as a time, which has only = != < <= > >= and exists"
            ));
        }
        Test::Compare(Comparison::Equal, operand) => (one_of(&name, std::slice::from_ref(operand)), None),
        Test::Compare(Comparison::NotEqual, operand) => (none_of(&name, std::slice::from_ref(operand)), None),
        Test::Compare(comparison, Operand::Text(text)) => {
            (filter(order(*comparison), text.as_str().into()), None)
        }
        // It may be a number to one device and text to the next, and the server would find only one of them.
        Test::Compare(comparison, operand) => {
            (there(*comparison), local(Check::Typed(*comparison, operand.clone())))
        }
        Test::Version(comparison, version) => {
            (there(*comparison), local(Check::Version(*comparison, version.clone())))
        }
        Test::In(operands) => (one_of(&name, operands), None),
        Test::NotIn(operands) => (none_of(&name, operands), None),
        Test::Matches(pattern) => (filter(Operator::Matches, anchored(pattern).into()), None),
        Test::Exists(yes) => (filter(Operator::Exists, (*yes).into()), None),
    })
}

/// The filter that finds what is one of these.
pub fn one_of(name: &AttributeName, operands: &[Operand]) -> Option<Filter> {
    Some(among(name, operands, Operator::Equal, Operator::In))
}

fn none_of(name: &AttributeName, operands: &[Operand]) -> Option<Filter> {
    Some(among(name, operands, Operator::NotEqual, Operator::NotIn))
}

fn among(name: &AttributeName, operands: &[Operand], one: Operator, many: Operator) -> Filter {
    let mut values: Vec<Value> = operands.iter().flat_map(Operand::values).collect();
    let is_one = values.len() == 1;
    let (operator, value) = if is_one { (one, values.remove(0)) } else { (many, Value::Array(values)) };
    Filter { name: name.clone(), operator, value }
}

fn order(comparison: Comparison) -> Operator {
    match comparison {
        Comparison::Less => Operator::Less,
        Comparison::LessOrEqual => Operator::LessOrEqual,
        Comparison::Greater => Operator::Greater,
        Comparison::GreaterOrEqual => Operator::GreaterOrEqual,
        Comparison::Equal => Operator::Equal,
        Comparison::NotEqual => Operator::NotEqual,
    }
}

/// A pattern that means the same on servers that anchor it at the beginning and on those that do not.
fn anchored(pattern: &str) -> String {
    if pattern.starts_with('^') && !pattern.contains('|') {
        return pattern.to_owned();
    }
    format!("^.*(?:{pattern})")
}

/// A time, or a day: that is its beginning here.
fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let zone = TimeZone::system();
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Date::into)).ok()?;
    local.to_zoned(zone).ok().map(|zoned| zoned.timestamp())
}

impl Local {
    /// Whether it holds.
    pub fn holds(&self, device: &Device) -> bool {
        let Some(value) = device.get(self.name.scope, &self.name.attribute) else {
            return self.comparison() == Comparison::NotEqual;
        };
        // Of a list one element is enough, as on the server.
        let mut values = match value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        }
        .into_iter();
        match self.comparison() {
            Comparison::NotEqual => values.all(|value| self.order(value) != Some(Ordering::Equal)),
            comparison => values.any(|value| self.order(value).is_some_and(|order| fits(comparison, order))),
        }
    }

    /// Whether a device has text there that was compared with something that looks like a number.
    pub fn is_number_as_text(&self, device: &Device) -> bool {
        matches!(self.check, Check::Typed(..))
            && device.get(self.name.scope, &self.name.attribute).is_some_and(Value::is_string)
    }

    fn comparison(&self) -> Comparison {
        match self.check {
            Check::Typed(comparison, _) | Check::Version(comparison, _) | Check::Time(comparison, _) => {
                comparison
            }
        }
    }

    fn order(&self, value: &Value) -> Option<Ordering> {
        match &self.check {
            Check::Version(_, wanted) => match value {
                Value::String(text) => version::compare(text, wanted),
                Value::Number(number) => version::compare(&number.to_string(), wanted),
                _ => None,
            },
            Check::Time(_, wanted) => Some(value.as_str()?.parse::<Timestamp>().ok()?.cmp(wanted)),
            Check::Typed(_, wanted) => match (value, wanted) {
                (Value::Number(number), Operand::Number { number: wanted, .. }) => {
                    number.as_f64()?.partial_cmp(&wanted.as_f64()?)
                }
                (Value::Bool(flag), Operand::Flag(wanted)) => Some(flag.cmp(wanted)),
                (Value::String(text), wanted) => Some(text.as_str().cmp(wanted.text())),
                _ => None,
            },
        }
    }
}

fn fits(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn halves(text: &str) -> (Value, Option<Local>) {
        let condition: Condition = text.parse().unwrap();
        let name = AttributeName::new(condition.attribute.scope.unwrap(), condition.attribute.name.clone());
        let (server, local) = split(&condition, name).unwrap_or_else(|error| panic!("{text}: {error}"));
        (serde_json::to_value(server).unwrap(), local)
    }

    fn device(attributes: &[(&str, &str, Value)]) -> Device {
        let attributes: Vec<Value> = attributes
            .iter()
            .map(|(scope, name, value)| json!({"scope": scope, "name": name, "value": value}))
            .collect();
        serde_json::from_value(json!({"id": "d", "attributes": attributes})).unwrap()
    }

    #[test]
    fn the_server_compares_what_it_can() {
        let of = |operator: &str, value: Value| json!({"scope": "inventory", "attribute": "a", "type": operator, "value": value});
        for (text, filter) in [
            ("inventory/a = x", of("$eq", json!("x"))),
            ("inventory/a = 5", of("$in", json!(["5", 5]))),
            ("inventory/a = \"5\"", of("$eq", json!("5"))),
            ("inventory/a != x", of("$ne", json!("x"))),
            ("inventory/a != 5", of("$nin", json!(["5", 5]))),
            ("inventory/a < x", of("$lt", json!("x"))),
            ("inventory/a <= x", of("$lte", json!("x"))),
            ("inventory/a > x", of("$gt", json!("x"))),
            ("inventory/a >= \"5\"", of("$gte", json!("5"))),
            ("inventory/a in x,5", of("$in", json!(["x", "5", 5]))),
            ("inventory/a not in x,y", of("$nin", json!(["x", "y"]))),
            ("inventory/a exists", of("$exists", json!(true))),
            ("inventory/a !exists", of("$exists", json!(false))),
            ("inventory/a ~ ^x", of("$regex", json!("^x"))),
            ("inventory/a ~ x|y", of("$regex", json!("^.*(?:x|y)"))),
            ("inventory/a ~ ^x|y", of("$regex", json!("^.*(?:^x|y)"))),
        ] {
            let (server, local) = halves(text);
            assert_eq!(server, filter, "{text}");
            assert!(local.is_none(), "{text}");
        }
    }

    #[test]
    fn the_rest_is_compared_here() {
        let exists = |scope: &str, name: &str| json!({"scope": scope, "attribute": name, "type": "$exists", "value": true});
        let with = |value: Value| device(&[("inventory", "a", value)]);
        for (text, holding, failing) in [
            (
                "inventory/a < 5",
                vec![json!(4), json!("4"), json!([9, 4])],
                vec![json!(5), json!("6"), json!(true)],
            ),
            ("inventory/a >= 5", vec![json!(5), json!(5.5), json!("9")], vec![json!(4), json!("10")]),
            (
                "inventory/a ver< 2.10",
                vec![json!("2.9"), json!(2.9)],
                vec![json!("2.10"), json!("x"), json!(true)],
            ),
            ("inventory/a ver= 2.9", vec![json!("2.9.0"), json!(["1", "2.9"])], vec![json!("2.10")]),
        ] {
            let (server, local) = halves(text);
            assert_eq!(server, exists("inventory", "a"), "{text}");
            let local = local.unwrap();
            for value in holding {
                assert!(local.holds(&with(value.clone())), "{text} {value}");
            }
            for value in failing {
                assert!(!local.holds(&with(value.clone())), "{text} {value}");
            }
            assert!(!local.holds(&device(&[])), "{text}: what lacks it");
        }
        let (server, local) = halves("inventory/a ver!= 2.9");
        assert_eq!(server, Value::Null, "the server must not leave out what lacks it");
        let local = local.unwrap();
        assert!(
            local.holds(&device(&[])) && local.holds(&with(json!("x"))) && !local.holds(&with(json!("2.9")))
        );
    }

    #[test]
    fn times_are_times() {
        let seen = |time: &str| device(&[("system", "check_in_time", json!(time))]);
        let (server, local) = halves("system/check_in_time < 2026-03-01T00:00:00Z");
        assert_eq!(server["type"], "$exists");
        let local = local.unwrap();
        assert!(local.holds(&seen("2026-02-28T23:59:59.999Z")));
        assert!(!local.holds(&seen("2026-03-01T01:00:00+01:00")));
        assert!(!local.holds(&device(&[])));
        assert!(halves("system/created_ts >= 2026-03-01").1.is_some(), "a day will do");
        for wrong in
            ["system/check_in_time < yesterday", "system/check_in_time ~ 2026", "system/created_ts in 1"]
        {
            let condition: Condition = wrong.parse().unwrap();
            let name = AttributeName::new(Scope::System, condition.attribute.name.clone());
            assert!(split(&condition, name).is_err(), "{wrong}");
        }
    }

    #[test]
    fn text_that_met_a_number_is_noticed() {
        let local = halves("inventory/a < 5").1.unwrap();
        assert!(local.is_number_as_text(&device(&[("inventory", "a", json!("10"))])));
        assert!(!local.is_number_as_text(&device(&[("inventory", "a", json!(10))])));
    }
}
