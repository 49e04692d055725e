//! Queries, pages and the `Link` headers between them.

use http::HeaderMap;
use http::header::LINK;

use crate::answer::{Refusal, header_value};

/// A query, decoded, in the order sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(raw: &str) -> Query {
        Query(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    pub(crate) fn first(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first value, where an empty one counts as none.
    pub(crate) fn filled(&self, key: &str) -> Option<&str> {
        self.first(key).filter(|value| !value.is_empty())
    }

    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Encoded as the server does: keys sorted, other parameters kept, the page's own two replaced.
    fn for_page(&self, page: u64, per_page: u64) -> String {
        let mut pairs: Vec<(String, String)> =
            self.0.iter().filter(|(key, _)| key != "page" && key != "per_page").cloned().collect();
        pairs.push(("page".into(), page.to_string()));
        pairs.push(("per_page".into(), per_page.to_string()));
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let encoded: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
        encoded.join("&")
    }
}

/// Escapes as the server's language does: like a form, but with `~` plain and `*` not.
fn escape(text: &str) -> String {
    let form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    form.replace('*', "%2A").replace("%7E", "~")
}

pub(crate) const DEFAULT: u64 = 20;
pub(crate) const MAX: u64 = 500;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) number: u64,
    pub(crate) size: u64,
}

impl Page {
    /// The strict form: what cannot be a page is refused.
    pub(crate) fn strict(query: &Query) -> Result<Page, Refusal> {
        let read = |key: &str, default: u64| match query.filled(key).map(str::parse::<i64>) {
            None => Ok(default),
            Some(Err(_)) => {
                let value = query.first(key).unwrap_or_default();
                Err(Refusal::new(400, format!("invalid {key} query: \"{value}\"")))
            }
            Some(Ok(value)) if value < 1 => Err(Refusal::new(
                400,
                format!("invalid {key} query: value must be a non-zero positive integer"),
            )),
            Some(Ok(value)) => Ok(value.unsigned_abs()),
        };
        let page = Page { number: read("page", 1)?, size: read("per_page", DEFAULT)? };
        if page.size > MAX {
            return Err(Refusal::new(400, format!("parameter \"per_page\" above limit (max: {MAX})")));
        }
        Ok(page)
    }

    /// The lenient form: what cannot be a page silently becomes the default.
    pub(crate) fn lenient(query: &Query) -> Page {
        let read = |key: &str, default: u64| {
            query
                .first(key)
                .and_then(|value| value.parse().ok())
                .filter(|value| *value >= 1)
                .unwrap_or(default)
        };
        Page { number: read("page", 1), size: read("per_page", DEFAULT) }
    }

    /// How many items stand before this page.
    pub(crate) fn offset(self) -> usize {
        usize::try_from((self.number - 1).saturating_mul(self.size)).unwrap_or(usize::MAX)
    }

    /// How many items it has, if there are enough.
    pub(crate) fn length(self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    /// This page's part of all items, which need not be there yet.
    pub(crate) fn of<T>(self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        items.into_iter().skip(self.offset()).take(self.length()).collect()
    }

    /// `Link` lines without a total: no `last`.
    pub(crate) fn link(self, headers: &mut HeaderMap, path: &str, query: &Query, more: bool) {
        self.write(headers, path, query, more, None);
    }

    /// `Link` lines and `X-Total-Count`.
    pub(crate) fn link_with_total(self, headers: &mut HeaderMap, path: &str, query: &Query, total: u64) {
        headers.insert("x-total-count", header_value(&total.to_string()));
        let last = total.div_ceil(self.size);
        self.write(headers, path, query, self.number < last, Some(last).filter(|last| *last > 0));
    }

    fn write(self, headers: &mut HeaderMap, path: &str, query: &Query, next: bool, last: Option<u64>) {
        let mut relation = |name: &str, page: u64| {
            let target = query.for_page(page, self.size);
            headers.append(LINK, header_value(&format!("<{path}?{target}>; rel=\"{name}\"")));
        };
        relation("first", 1);
        if self.number > 1 {
            relation("prev", self.number - 1);
        }
        if next {
            relation("next", self.number + 1);
        }
        if let Some(last) = last {
            relation("last", last);
        }
    }
}
