//! One way to read every list, whatever its service makes of paging.
//!
//! Most lists go on while their answer has a `Link` to the next page; services that do not page send everything at
//! once and none. Only the number of that page is taken from the link, since the path in it lacks the prefix that a
//! server may be reached under. The search of the inventory has no links: it takes the page in the body, and says how
//! much there is.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, StreamExt as _};
use reqwest::header::{HeaderMap, LINK};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::{Error, Result};
use super::http::Transport;

/// The most that any service gives at once.
pub const LARGEST_PAGE: u32 = 500;

/// Decides in place of the server whether an item belongs to the list.
pub(crate) type Keep<T> = Box<dyn Fn(&T) -> bool + Send + Sync>;

/// A list that is fetched page by page, as far as somebody asks.
pub struct Pages<'c, T> {
    transport: &'c Transport,
    place: Place,
    per_page: u32,
    next: Option<u32>,
    total: Option<u64>,
    at_once: usize,
    /// Pages that were asked for ahead of their turn.
    coming: FuturesOrdered<BoxFuture<'c, (u32, Result<Answer>)>>,
    older: Option<Older<T>>,
    keep: Option<Keep<T>>,
    /// What was kept of the whole list and is still to be handed out, in the server's form and in ours.
    kept: Option<VecDeque<(Value, T)>>,
}

/// Where a list is, and how it takes the number of the page.
#[derive(Clone)]
enum Place {
    /// A GET with parameters.
    Path { path: Vec<String>, query: Vec<(&'static str, String)> },
    /// A POST with everything in its body.
    Search { path: Vec<String>, body: Map<String, Value> },
}

/// Where a server that lacks the call has the same list.
pub(crate) struct Older<T> {
    pub(crate) path: Vec<&'static str>,
    /// Its filters mean something else: they give all that belongs to the list, but more besides.
    pub(crate) query: Vec<(&'static str, String)>,
    /// What of that belongs to the list, unless all of it does.
    pub(crate) keep: Option<Keep<T>>,
}

/// One page of a list.
#[non_exhaustive]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The body that they came in, as it came.
    pub body: Bytes,
    /// Whether there is more.
    pub more: bool,
}

impl<'c, T: DeserializeOwned> Pages<'c, T> {
    pub(crate) fn new(transport: &'c Transport, path: &[&str], query: Vec<(&'static str, String)>) -> Self {
        Self::at(transport, Place::Path { path: owned(path), query })
    }

    pub(crate) fn search(transport: &'c Transport, path: &[&str], body: Map<String, Value>) -> Self {
        Self::at(transport, Place::Search { path: owned(path), body })
    }

    fn at(transport: &'c Transport, place: Place) -> Self {
        Pages {
            transport,
            place,
            per_page: LARGEST_PAGE,
            next: Some(1),
            total: None,
            at_once: 1,
            coming: FuturesOrdered::new(),
            older: None,
            keep: None,
            kept: None,
        }
    }

    pub(crate) fn or_older(mut self, older: Older<T>) -> Self {
        self.older = Some(older);
        self
    }

    /// Starts at another page, or with pages of another size.
    ///
    /// # Panics
    ///
    /// If a number is 0, or `per_page` more than [`LARGEST_PAGE`].
    pub fn from(mut self, page: u32, per_page: u32) -> Self {
        assert!(page > 0 && (1..=LARGEST_PAGE).contains(&per_page));
        self.next = Some(page);
        self.per_page = per_page;
        self
    }

    /// Asks for so many pages at once where the server says how many there are. They are handed out in order.
    pub fn at_once(mut self, count: usize) -> Self {
        self.at_once = count.max(1);
        self
    }

    /// How many items the whole list has, if the server said so with a page that was handed out.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Fetches the next page; `None` after the last.
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>> {
        let Some(number) = self.next else { return Ok(None) };
        if self.keep.is_some() {
            return self.kept_page(number).await.map(Some);
        }
        let answer = match self.turn(number).await {
            Err(Error::Refused(refusal)) if matches!(refusal.status, 404 | 405) && self.older.is_some() => {
                let older = self.older.take().expect("just seen");
                self.place = Place::Path { path: owned(&older.path), query: older.query };
                self.keep = older.keep;
                if self.keep.is_some() {
                    return self.kept_page(number).await.map(Some);
                }
                self.turn(number).await?
            }
            other => other?,
        };
        let items: Vec<T> = answer.list()?;
        self.total = total(&answer);
        self.next = self.after(&answer, number, items.len());
        Ok(Some(Page { items, body: answer.body().clone(), more: self.next.is_some() }))
    }

    /// The page whose turn it is. Those behind it are asked for meanwhile.
    async fn turn(&mut self, number: u32) -> Result<Answer> {
        let last = self.total.map_or(number, |total| {
            u32::try_from(total.div_ceil(u64::from(self.per_page))).unwrap_or(u32::MAX)
        });
        let ahead = u32::try_from(self.coming.len()).unwrap_or(u32::MAX);
        let mut wanted = number.saturating_add(ahead);
        while self.coming.len() < self.at_once && wanted <= last.max(number) {
            let ask = self.place.clone().page(self.transport, wanted, self.per_page);
            self.coming.push_back(Box::pin(async move { (wanted, ask.await) }));
            wanted += 1;
        }
        match self.coming.next().await {
            Some((came, Ok(answer))) if came == number => Ok(answer),
            Some((_, outcome)) => {
                self.coming = FuturesOrdered::new();
                outcome
            }
            None => unreachable!("the page itself is always asked for"),
        }
    }

    /// The number of the page behind this one, if there is one.
    fn after(&self, answer: &Answer, number: u32, items: usize) -> Option<u32> {
        match (&self.place, self.total) {
            (Place::Path { .. }, _) => later(answer, number),
            (Place::Search { .. }, Some(total)) => {
                let is_more = u64::from(number) * u64::from(self.per_page) < total;
                number.checked_add(1).filter(|_| is_more && items > 0)
            }
            (Place::Search { .. }, None) => {
                number.checked_add(1).filter(|_| items as u64 >= u64::from(self.per_page))
            }
        }
    }

    /// A page of what belongs to the list, which only the whole list can tell.
    async fn kept_page(&mut self, number: u32) -> Result<Page<T>> {
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => {
                let mut all = self.keep_of_all().await?;
                let before = (number as usize - 1).saturating_mul(self.per_page as usize);
                all.drain(..before.min(all.len()));
                all
            }
        };
        let (values, items): (Vec<Value>, Vec<T>) =
            kept.drain(..kept.len().min(self.per_page as usize)).unzip();
        let more = !kept.is_empty();
        self.next = if more { number.checked_add(1) } else { None };
        self.kept = Some(kept);
        Ok(Page { items, body: Value::from(values).to_string().into(), more })
    }

    async fn keep_of_all(&self) -> Result<VecDeque<(Value, T)>> {
        let mut kept = VecDeque::new();
        let mut next = Some(1);
        while let Some(number) = next {
            let answer = self.place.clone().page(self.transport, number, LARGEST_PAGE).await?;
            for value in answer.list::<Value>()? {
                let item = T::deserialize(&value).map_err(|error| {
                    answer.unexpected(format!("the server's answer is not what was expected: {error}"))
                })?;
                if self.keep.as_ref().is_none_or(|keep| keep(&item)) {
                    kept.push_back((value, item));
                }
            }
            next = later(&answer, number);
        }
        Ok(kept)
    }

    /// Fetches up to `limit` items, or all.
    pub async fn collect(mut self, limit: Option<usize>) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let enough = |count: usize| limit.is_some_and(|limit| count >= limit);
        while !enough(found.len())
            && let Some(page) = self.next_page().await?
        {
            found.extend(page.items);
        }
        found.truncate(limit.unwrap_or(found.len()));
        Ok(found)
    }
}

impl Place {
    async fn page(self, transport: &Transport, number: u32, per_page: u32) -> Result<Answer> {
        match self {
            Place::Path { path, query } => {
                let call = transport
                    .get(&borrowed(&path))
                    .query("page", &number.to_string())
                    .query("per_page", &per_page.to_string());
                query.iter().fold(call, |call, (name, value)| call.query(name, value)).send().await
            }
            Place::Search { path, mut body } => {
                body.insert("page".into(), number.into());
                body.insert("per_page".into(), per_page.into());
                transport.post(&borrowed(&path)).json(&body).send().await
            }
        }
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&segment| segment.to_owned()).collect()
}

fn borrowed(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

impl<T> fmt::Debug for Pages<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Place::Path { path, .. } | Place::Search { path, .. }) = &self.place;
        f.debug_struct("Pages").field("path", path).field("next", &self.next).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (items, more) = (self.items.len(), self.more);
        f.debug_struct("Page").field("items", &items).field("more", &more).finish_non_exhaustive()
    }
}

/// How many items there are, where a service says so.
fn total(answer: &Answer) -> Option<u64> {
    answer.header("x-total-count")?.trim().parse().ok()
}

/// The number of the next page. One that is no later one would never end.
fn later(answer: &Answer, number: u32) -> Option<u32> {
    next_number(answer.headers()).filter(|next| *next > number)
}

/// `page` of the link `<path?query>; rel="next"`, of which there may be one a header or several.
pub(crate) fn next_number(headers: &HeaderMap) -> Option<u32> {
    let mut links: VecDeque<&str> = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(", <"))
        .collect();
    let next = loop {
        let link = links.pop_front()?;
        if link.contains("rel=\"next\"") {
            break link;
        }
    };
    let target = next.trim().trim_start_matches('<').split('>').next()?;
    let (_, query) = target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_next_page_is_found_in_separate_and_in_joined_headers() {
        let separate =
            links(&["</a?page=1&per_page=2>; rel=\"first\"", "</a?page=3&per_page=2>; rel=\"next\""]);
        assert_eq!(next_number(&separate), Some(3));
        let joined = links(&["</a?page=1>; rel=\"prev\", </a?name=x&page=7>; rel=\"next\""]);
        assert_eq!(next_number(&joined), Some(7));
    }

    #[test]
    fn without_a_sound_next_link_the_list_ends() {
        for value in ["</a?page=1>; rel=\"first\"", "</a>; rel=\"next\"", "</a?page=x>; rel=\"next\"", "junk"]
        {
            assert_eq!(next_number(&links(&[value])), None, "{value}");
        }
        assert_eq!(next_number(&HeaderMap::new()), None);
    }
}
