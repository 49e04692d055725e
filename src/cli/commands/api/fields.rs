//! `-f` and `-F`: parameters of a query, or a JSON object that grows with each of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::input::Inputs;
use crate::cli::error::{CliError, Result};

/// The fields of a line: first those of `-f`, then those of `-F`.
#[derive(Default)]
pub struct Fields(Vec<(String, Option<Value>)>);

enum Value {
    Text(String),
    /// A number, true, false or null, as it was written.
    Literal(Box<RawValue>),
}

impl Fields {
    /// Reads the flags, and the files that they name.
    ///
    /// # Errors
    ///
    /// If one is no field, or a file cannot be read.
    pub async fn read(texts: &[String], values: &[String], inputs: &mut Inputs) -> Result<Self> {
        let mut fields = Fields::default();
        for field in texts {
            let (key, text) = split(field)?;
            fields.0.push((key.to_owned(), text.map(|text| Value::Text(text.to_owned()))));
        }
        for field in values {
            let (key, text) = split(field)?;
            let value = match text {
                None => None,
                Some(text) => Some(match text.strip_prefix('@') {
                    Some(file) => Value::Text(inputs.text(file).await?),
                    None => literal(text).map_or_else(|| Value::Text(text.to_owned()), Value::Literal),
                }),
            };
            fields.0.push((key.to_owned(), value));
        }
        Ok(fields)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As parameters; brackets in a key stay part of it.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| match value {
            Some(Value::Text(text)) => (key.as_str(), text.as_str()),
            Some(Value::Literal(text)) => (key.as_str(), text.get()),
            None => (key.as_str(), ""),
        })
    }

    /// As the JSON object that they make together.
    ///
    /// # Errors
    ///
    /// If a key is none, or contradicts one before it.
    pub fn into_json(self) -> Result<Vec<u8>> {
        let mut object = Node::Object(BTreeMap::new());
        for (key, value) in self.0 {
            let steps =
                steps(&key).ok_or_else(|| CliError::usage(format!("{key:?} is no key of a field")))?;
            let leaf = value.map(|value| match value {
                Value::Text(text) => Node::Text(text),
                Value::Literal(text) => Node::Literal(text),
            });
            object
                .put(&steps, leaf)
                .map_err(|fault| CliError::usage(format!("the field {key:?} {fault}")))?;
        }
        Ok(serde_json::to_vec(&object).expect("it is JSON"))
    }
}

/// Key and value; the value may be a secret and is not repeated.
fn split(field: &str) -> Result<(&str, Option<&str>)> {
    match field.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, Some(value))),
        None if field.ends_with("[]") => Ok((field, None)),
        _ => Err(CliError::usage("a field has the form KEY=VALUE; this one has no key or no '='")),
    }
}

/// A number keeps all its digits.
fn literal(text: &str) -> Option<Box<RawValue>> {
    let is_number = || text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    let is_one = matches!(text, "true" | "false" | "null") || is_number();
    is_one.then(|| RawValue::from_string(text.to_owned()).ok()).flatten().filter(|raw| raw.get() == text)
}

/// A part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'k> {
    Name(&'k str),
    /// `[]`: a further item of a list.
    Item,
}

/// `a[b][]` in its parts.
fn steps(key: &str) -> Option<Vec<Step<'_>>> {
    let start = key.find('[').unwrap_or(key.len());
    let (name, mut rest) = key.split_at(start);
    let mut steps = vec![Step::Name(name)];
    while !rest.is_empty() {
        let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
        steps.push(if inner.is_empty() { Step::Item } else { Step::Name(inner) });
        rest = after;
    }
    (!name.is_empty()).then_some(steps)
}

/// A value that is still growing.
#[derive(Serialize)]
#[serde(untagged)]
enum Node {
    Object(BTreeMap<String, Node>),
    List(Vec<Node>),
    Text(String),
    Literal(Box<RawValue>),
}

impl Node {
    /// What the next step can be taken in.
    fn for_step(step: Step<'_>) -> Self {
        match step {
            Step::Name(_) => Node::Object(BTreeMap::new()),
            Step::Item => Node::List(Vec::new()),
        }
    }

    fn lacks(&self, step: Step<'_>) -> bool {
        matches!((self, step), (Node::Object(fields), Step::Name(name)) if !fields.contains_key(name))
    }

    /// Puts a value where the steps lead; a list that ends in no value stays empty.
    fn put(&mut self, steps: &[Step<'_>], value: Option<Node>) -> Result<(), &'static str> {
        let Some((step, rest)) = steps.split_first() else { return Ok(()) };
        match (self, step, rest.first()) {
            (Node::Object(fields), Step::Name(name), Some(next)) => {
                fields.entry((*name).to_owned()).or_insert_with(|| Node::for_step(*next)).put(rest, value)
            }
            (Node::Object(fields), Step::Name(name), None) => {
                let is_new = !fields.contains_key(*name);
                fields.extend(value.filter(|_| is_new).map(|value| ((*name).to_owned(), value)));
                if is_new { Ok(()) } else { Err("is there twice") }
            }
            (Node::List(items), Step::Item, Some(next)) => {
                // `a[][x]=1 a[][y]=2 a[][x]=3` are two items.
                if !items.last().is_some_and(|last| last.lacks(*next)) {
                    items.push(Node::for_step(*next));
                }
                items.last_mut().expect("one was just made").put(rest, value)
            }
            (Node::List(items), Step::Item, None) => {
                items.extend(value);
                Ok(())
            }
            (_, Step::Name(_), _) => Err("goes into what is no object"),
            (_, Step::Item, _) => Err("goes into what is no list"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str], values: &[&str]) -> Result<Fields> {
        let owned = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(Fields::read(&owned(texts), &owned(values), &mut Inputs::default()))
    }

    fn json(texts: &[&str], values: &[&str]) -> String {
        String::from_utf8(read(texts, values).unwrap().into_json().unwrap()).unwrap()
    }

    #[test]
    fn texts_stay_texts_and_values_have_types() {
        assert_eq!(json(&["a=1", "b=x=y", "c=", "d=@f"], &[]), r#"{"a":"1","b":"x=y","c":"","d":"@f"}"#);
        assert_eq!(
            json(&[], &["a=true", "b=null", "c=-1.50e3", "d=12345678901234567890123", "e=x", "f=False"]),
            r#"{"a":true,"b":null,"c":-1.50e3,"d":12345678901234567890123,"e":"x","f":"False"}"#
        );
        assert_eq!(
            json(&[], &["a=01", "b=-", "c=1 ", "d=1.2.3", "e=NaN"]),
            r#"{"a":"01","b":"-","c":"1 ","d":"1.2.3","e":"NaN"}"#
        );
    }

    #[test]
    fn brackets_go_deeper() {
        assert_eq!(
            json(&["a[b][c]=x", "a[b][d]=y", "l[]=1"], &["l[]=2", "e[]"]),
            r#"{"a":{"b":{"c":"x","d":"y"}},"e":[],"l":["1",2]}"#
        );
        assert_eq!(
            json(&["f[][n]=a", "f[][v]=b", "f[][n]=c", "g[][]=d"], &[]),
            r#"{"f":[{"n":"a","v":"b"},{"n":"c"}],"g":[["d"]]}"#
        );
    }

    #[test]
    fn fields_that_are_none_or_contradict_each_other() {
        for field in ["a", "=a", "", "secret"] {
            let error = read(&[field], &[]).err().unwrap().message();
            assert!(!error.contains("secret"), "{error}");
        }
        for fields in [
            &["[a]=1"][..],
            &["a[=1"],
            &["a]=1", "a]=1"],
            &["a[b]c=1"],
            &["a=1", "a=2"],
            &["a=1", "a[b]=2"],
            &["a=1", "a[]=2"],
            &["a[]=1", "a[b]=2"],
            &["a[b]=1", "a[]=2"],
            &["a[b]=1", "a=2"],
        ] {
            assert!(read(fields, &[]).unwrap().into_json().is_err(), "{fields:?}");
        }
    }

    #[test]
    fn in_a_query_keys_are_left_alone() {
        let fields = read(&["a[]=x", "b=ü"], &["c=true", "d[]"]).unwrap();
        let parameters: Vec<_> = fields.parameters().collect();
        assert_eq!(parameters, [("a[]", "x"), ("b", "ü"), ("c", "true"), ("d[]", "")]);
    }
}
