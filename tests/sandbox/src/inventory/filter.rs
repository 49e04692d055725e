//! Filters and orders, as the database understands them.

use std::cmp::Ordering;

use jiff::Timestamp;
use regex_lite::Regex;
use serde_json::Value;

use super::record::{Record, Scope};
use super::value::Term;

/// What filters and orders are about.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Id,
    Attribute(Scope, String),
    /// Nothing is stored under a scope that does not exist.
    Nothing,
}

impl Field {
    fn of<'a>(&self, id: &'a str, record: &'a Record) -> Option<Term<'a>> {
        match self {
            Field::Id => Some(Term::Text(id)),
            Field::Attribute(scope, name) => {
                record.find(*scope, name).map(|attribute| attribute.value.term())
            }
            Field::Nothing => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum Test {
    Equal(Value),
    NotEqual(Value),
    /// One of these orders, among values of one type.
    Ordered(Value, &'static [Ordering]),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Exists(bool),
    Pattern(Regex),
    /// As old lists ask: the text, or what it may stand for.
    Means(String),
}

#[derive(Debug)]
pub(super) struct Filter {
    pub(super) field: Field,
    pub(super) test: Test,
}

fn equal(found: Option<Term>, wanted: &Value) -> bool {
    let wanted = Term::of(wanted);
    // What is absent equals null.
    found.unwrap_or(Term::Null).any(|term| term.within(wanted) == Some(Ordering::Equal))
}

impl Filter {
    pub(super) fn holds(&self, id: &str, record: &Record) -> bool {
        let found = self.field.of(id, record);
        match &self.test {
            Test::Equal(wanted) => equal(found, wanted),
            Test::NotEqual(wanted) => !equal(found, wanted),
            Test::Ordered(bound, orders) => found.is_some_and(|found| {
                let bound = Term::of(bound);
                found.any(|term| term.within(bound).is_some_and(|order| orders.contains(&order)))
            }),
            Test::In(list) => list.iter().any(|wanted| equal(found, wanted)),
            Test::NotIn(list) => !list.iter().any(|wanted| equal(found, wanted)),
            Test::Exists(wanted) => found.is_some() == *wanted,
            Test::Pattern(pattern) => found.is_some_and(|found| {
                found.any(|term| matches!(term, Term::Text(text) if pattern.is_match(text)))
            }),
            Test::Means(text) => found.is_some_and(|found| found.any(|term| means(text, term))),
        }
    }
}

/// A text that looks like a number or a time stands for those, too.
fn means(text: &str, term: Term) -> bool {
    match term {
        Term::Text(own) => own == text,
        Term::Number(own) => text.parse() == Ok(own),
        Term::Time(own) => text.ends_with('Z') && text.parse().is_ok_and(|at: Timestamp| at == own),
        _ => false,
    }
}

#[derive(Debug)]
pub(super) struct Sort {
    pub(super) field: Field,
    pub(super) descending: bool,
}

/// A device with its id.
pub(super) type Entry<'a> = (&'a String, &'a Record);

/// Whether an order is by id alone, and if so, whether it goes down. Without any it goes up.
pub(super) fn by_id(orders: &[Sort]) -> Option<bool> {
    match orders {
        [] => Some(false),
        // Ids are unique: what follows has no say.
        [Sort { field: Field::Id, descending }, ..] => Some(*descending),
        _ => None,
    }
}

/// Puts devices in order. They come sorted by id, and stay so among equals.
pub(super) fn sort<'a>(mut found: Vec<Entry<'a>>, orders: &[Sort]) -> Vec<Entry<'a>> {
    if let Some(descending) = by_id(orders) {
        if descending {
            found.reverse();
        }
        return found;
    }
    // What is absent sorts as null does.
    let key = |sort: &Sort, (id, record): Entry<'a>| {
        sort.field.of(id, record).unwrap_or(Term::Null).sort_key(sort.descending)
    };
    let mut keyed: Vec<(Vec<Term<'a>>, Entry<'a>)> = found
        .into_iter()
        .map(|entry| (orders.iter().map(|sort| key(sort, entry)).collect(), entry))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| {
        let compared = orders.iter().zip(a.iter().zip(b)).map(|(sort, (a, b))| {
            let order = a.order(*b);
            if sort.descending { order.reverse() } else { order }
        });
        compared.fold(Ordering::Equal, Ordering::then)
    });
    keyed.into_iter().map(|(_, entry)| entry).collect()
}
