//! The language of `--filter`: one condition, read from text. Pure.

use std::fmt;
use std::str::FromStr;

use mender::inventory::Scope;
use serde_json::{Number, Value};

/// Help for every command that takes conditions.
pub const CONDITIONS_HELP: &str = "\
Conditions of --filter, all of which have to hold:
  [SCOPE/]ATTRIBUTE OPERATOR VALUE
Operators:
  =  !=            the same or not; of a list, one of its elements
  <  <=  >  >=     numbers as numbers, times as times,
                   text character by character
  ver< ver<= ver> ver>= ver= ver!=
                   versions: 2.9 before 2.10, 2.0-rc1 before 2.0
  in  not in       one of several: 'device_type in rpi4,rpi5'
  ~                has the pattern in it; ^ is the beginning, $ the end
  exists  !exists  without a value
A VALUE in quotes is text, even if it looks like a number.
What lacks the attribute fulfils !=, not in and !exists alone.
Scopes: identity, inventory, system, monitor, tags. Without one
the server is asked where the attribute is. What there is:
  mender-cli devices attributes";

/// An attribute as users name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub scope: Option<Scope>,
    pub name: String,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub attribute: Attribute,
    pub test: Test,
}

/// What has to hold of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Compare(Comparison, Operand),
    Version(Comparison, String),
    In(Vec<Operand>),
    NotIn(Vec<Operand>),
    Matches(String),
    Exists(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value to compare with. Devices report numbers as text or as numbers: both are meant unless it is quoted.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Text(String),
    Number { text: String, number: Number },
    Flag(bool),
}

impl Operand {
    fn read(text: &str) -> Result<Self, String> {
        if let Some(quoted) = quoted(text)? {
            return Ok(Operand::Text(quoted));
        }
        Ok(match text {
            "true" => Operand::Flag(true),
            "false" => Operand::Flag(false),
            _ => match text.parse::<Number>() {
                Ok(number) => Operand::Number { text: text.to_owned(), number },
                Err(_) => Operand::Text(text.to_owned()),
            },
        })
    }

    /// As written.
    pub fn text(&self) -> &str {
        match self {
            Operand::Text(text) | Operand::Number { text, .. } => text,
            Operand::Flag(true) => "true",
            Operand::Flag(false) => "false",
        }
    }

    /// All the values that it may stand for.
    pub fn values(&self) -> Vec<Value> {
        match self {
            Operand::Text(text) => vec![text.as_str().into()],
            Operand::Number { text, number } => vec![text.as_str().into(), Value::Number(number.clone())],
            Operand::Flag(flag) => vec![self.text().into(), Value::Bool(*flag)],
        }
    }
}

/// Text in quotes, without them.
fn quoted(text: &str) -> Result<Option<String>, String> {
    let Some(quote @ ('"' | '\'')) = text.chars().next() else { return Ok(None) };
    let inner = text[1..].strip_suffix(quote).filter(|_| text.len() > 1);
    let inner = inner.ok_or_else(|| format!("the quote of {text} is not closed"))?;
    if quote == '\'' {
        return Ok(Some(inner.to_owned()));
    }
    serde_json::from_str(text).map(Some).map_err(|_| format!("{text} is not a text in quotes"))
}

impl FromStr for Attribute {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (scope, name) = match text.split_once('/') {
            // A slash may be part of the name.
            Some((scope, name)) => match scope.parse() {
                Ok(scope) => (Some(scope), name),
                Err(_) => (None, text),
            },
            None => (None, text),
        };
        let unquoted = quoted(name)?;
        if unquoted.is_none() && name.contains(char::is_whitespace) {
            return Err(format!("{name:?} is no attribute; one with a blank in its name is quoted"));
        }
        let name = unquoted.unwrap_or_else(|| name.to_owned());
        if name.is_empty() {
            return Err("the attribute has no name".into());
        }
        Ok(Attribute { scope, name })
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            Some(scope) => write!(f, "{scope}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Operators that are words, and what has to follow them.
const WORDS: [(&str, bool); 4] = [("not in", true), ("!exists", false), ("exists", false), ("in", true)];
const SIGNS: [(&str, Comparison); 7] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (attribute, operator, value) = split(text).ok_or_else(|| {
            format!("{text:?} has no operator: [SCOPE/]ATTRIBUTE OPERATOR VALUE, such as device_type=rpi4")
        })?;
        let attribute = attribute.parse()?;
        if value.starts_with(['=', '<', '>', '~', '!']) {
            return Err(format!("{text:?} has an operator that is none; a value that begins so is quoted"));
        }
        let test = match operator {
            Operator::Sign(comparison) => Test::Compare(comparison, Operand::read(value)?),
            Operator::Version(comparison) => {
                let version = quoted(value)?.unwrap_or_else(|| value.to_owned());
                if !version.contains(|c: char| c.is_ascii_digit()) {
                    return Err(format!("{version:?} is no version"));
                }
                Test::Version(comparison, version)
            }
            Operator::Matches => Test::Matches(quoted(value)?.unwrap_or_else(|| value.to_owned())),
            Operator::Word("in") => Test::In(list(value)?),
            Operator::Word("not in") => Test::NotIn(list(value)?),
            Operator::Word(word) => Test::Exists(word == "exists"),
        };
        if let Test::Matches(pattern) = &test
            && pattern.is_empty()
        {
            return Err("the pattern is empty".into());
        }
        Ok(Condition { attribute, test })
    }
}

enum Operator {
    Sign(Comparison),
    Version(Comparison),
    Matches,
    Word(&'static str),
}

/// Attribute, operator and value, where the first operator is.
fn split(text: &str) -> Option<(&str, Operator, &str)> {
    let mut is_quoted = None;
    for (at, c) in text.char_indices() {
        match (is_quoted, c) {
            (Some(quote), _) if c == quote => is_quoted = None,
            (Some(_), _) => continue,
            (None, '"' | '\'') => is_quoted = Some(c),
            (None, _) => {}
        }
        let (before, rest) = text.split_at(at);
        let is_word_start = before.ends_with(char::is_whitespace);
        if is_word_start && let Some((operator, value)) = word(rest) {
            return Some((before, operator, value));
        }
        if c == '~' {
            return Some((before, Operator::Matches, rest[1..].trim()));
        }
        if let Some((comparison, value)) = sign(rest) {
            return Some((before, Operator::Sign(comparison), value.trim()));
        }
    }
    None
}

fn sign(text: &str) -> Option<(Comparison, &str)> {
    SIGNS.iter().find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)))
}

fn word(text: &str) -> Option<(Operator, &str)> {
    if let Some((comparison, value)) = text.strip_prefix("ver").and_then(sign) {
        return Some((Operator::Version(comparison), value.trim()));
    }
    WORDS.iter().find_map(|&(word, takes_value)| {
        let value = text.strip_prefix(word)?;
        let is_whole =
            if takes_value { value.starts_with([' ', '\t', '(', '[']) } else { value.trim().is_empty() };
        is_whole.then(|| (Operator::Word(word), value.trim()))
    })
}

/// `a, b`, `(a, b)` or a JSON array.
fn list(text: &str) -> Result<Vec<Operand>, String> {
    if text.starts_with('[') {
        let values: Vec<Value> =
            serde_json::from_str(text).map_err(|error| format!("{text} is no list: {error}"))?;
        let operands = values.into_iter().map(|value| match value {
            Value::String(text) => Ok(Operand::Text(text)),
            Value::Number(number) => Ok(Operand::Number { text: number.to_string(), number }),
            Value::Bool(flag) => Ok(Operand::Flag(flag)),
            other => Err(format!("{other} is neither text nor number")),
        });
        return operands.collect();
    }
    let inner = match text.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')').ok_or_else(|| format!("the bracket of {text} is not closed"))?,
        None => text,
    };
    let operands: Result<Vec<_>, _> = inner.split(',').map(|item| Operand::read(item.trim())).collect();
    match operands?.as_slice() {
        [Operand::Text(only)] if only.is_empty() => Err("there is nothing to be in".into()),
        operands => Ok(operands.to_vec()),
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attribute = &self.attribute;
        let joined = |list: &[Operand]| list.iter().map(Operand::text).collect::<Vec<_>>().join(", ");
        match &self.test {
            Test::Compare(comparison, value) => write!(f, "{attribute} {comparison} {}", value.text()),
            Test::Version(comparison, version) => write!(f, "{attribute} ver{comparison} {version}"),
            Test::In(list) => write!(f, "{attribute} in ({})", joined(list)),
            Test::NotIn(list) => write!(f, "{attribute} not in ({})", joined(list)),
            Test::Matches(pattern) => write!(f, "{attribute} ~ {pattern}"),
            Test::Exists(true) => write!(f, "{attribute} exists"),
            Test::Exists(false) => write!(f, "{attribute} !exists"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Operand {
        Operand::Text(text.into())
    }

    fn number(text: &str) -> Operand {
        Operand::Number { text: text.into(), number: text.parse().unwrap() }
    }

    #[test]
    fn every_form_of_a_condition() {
        use Comparison::*;
        use Test::*;
        for (given, shown, test) in [
            ("device_type=rpi4", "device_type = rpi4", Compare(Equal, text("rpi4"))),
            ("tags/site = berlin mitte", "tags/site = berlin mitte", Compare(Equal, text("berlin mitte"))),
            ("a==b", "a = b", Compare(Equal, text("b"))),
            ("a!=b", "a != b", Compare(NotEqual, text("b"))),
            ("mac=02:00:00=x", "mac = 02:00:00=x", Compare(Equal, text("02:00:00=x"))),
            ("cpus >= 4", "cpus >= 4", Compare(GreaterOrEqual, number("4"))),
            ("cpus<=4", "cpus <= 4", Compare(LessOrEqual, number("4"))),
            ("cpus>\"4\"", "cpus > 4", Compare(Greater, text("4"))),
            ("version<2.10", "version < 2.10", Compare(Less, number("2.10"))),
            ("sn=007", "sn = 007", Compare(Equal, text("007"))),
            ("a=", "a = ", Compare(Equal, text(""))),
            ("a='x y'", "a = x y", Compare(Equal, text("x y"))),
            ("system/test=true", "system/test = true", Compare(Equal, Operand::Flag(true))),
            ("rootfs-image.version ver< 2.9", "rootfs-image.version ver< 2.9", Version(Less, "2.9".into())),
            ("v ver>=2.9", "v ver>= 2.9", Version(GreaterOrEqual, "2.9".into())),
            ("v ver!=2.9", "v ver!= 2.9", Version(NotEqual, "2.9".into())),
            ("type in a, b", "type in (a, b)", In(vec![text("a"), text("b")])),
            ("type in (a,5)", "type in (a, 5)", In(vec![text("a"), number("5")])),
            ("type in [\"a,b\", 5]", "type in (a,b, 5)", In(vec![text("a,b"), number("5")])),
            ("type not in a", "type not in (a)", NotIn(vec![text("a")])),
            ("host ~ ^web", "host ~ ^web", Matches("^web".into())),
            ("host~a=b", "host ~ a=b", Matches("a=b".into())),
            ("tags/site exists", "tags/site exists", Exists(true)),
            ("tags/site !exists", "tags/site !exists", Exists(false)),
            ("\"my = attr\" = 1", "my = attr = 1", Compare(Equal, number("1"))),
            ("inventory/a/b = 1", "inventory/a/b = 1", Compare(Equal, number("1"))),
            ("a/b = 1", "a/b = 1", Compare(Equal, number("1"))),
            ("in = x", "in = x", Compare(Equal, text("x"))),
            ("main in x", "main in (x)", In(vec![text("x")])),
        ] {
            let condition: Condition = given.parse().unwrap_or_else(|error| panic!("{given}: {error}"));
            assert_eq!(condition.test, test, "{given}");
            assert_eq!(condition.to_string(), shown, "{given}");
        }
    }

    #[test]
    fn a_scope_is_one_of_five() {
        let attribute: Attribute = "tags/site".parse().unwrap();
        assert_eq!(attribute, Attribute { scope: Some(Scope::Tags), name: "site".into() });
        let attribute: Attribute = "other/site".parse().unwrap();
        assert_eq!(attribute, Attribute { scope: None, name: "other/site".into() });
    }

    #[test]
    fn what_is_no_condition_is_refused_with_a_reason() {
        for (given, reason) in [
            ("device_type", "has no operator"),
            ("", "has no operator"),
            ("=x", "has no name"),
            ("tags/=x", "has no name"),
            ("a=\"x", "is not closed"),
            ("a='x", "is not closed"),
            ("a='", "is not closed"),
            ("a in (x", "is not closed"),
            ("a in ", "nothing to be in"),
            ("a in ()", "nothing to be in"),
            ("a in [{}]", "neither text nor number"),
            ("a ver< x", "is no version"),
            ("a ~ ", "pattern is empty"),
            ("a exists x", "has no operator"),
            ("a <> x", "operator that is none"),
            ("a => x", "operator that is none"),
            ("a === x", "operator that is none"),
            ("a ver = 3", "is quoted"),
            ("my attr = 3", "is quoted"),
        ] {
            let error = given.parse::<Condition>().unwrap_err();
            assert!(error.contains(reason), "{given}: {error}");
        }
    }

    #[test]
    fn what_looks_like_a_number_may_be_text_too() {
        assert_eq!(number("5").values(), [Value::from("5"), Value::from(5)]);
        assert_eq!(text("5").values(), [Value::from("5")]);
        assert_eq!(Operand::Flag(false).values(), [Value::from("false"), Value::from(false)]);
    }
}
