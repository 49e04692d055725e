//! One way to read every list, whatever its service makes of paging.
//!
//! Most take the page in the query; services that do not page send everything at once. The search of the inventory
//! takes the page in the body. What comes after a page is decided in `paging`.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::error::{Error, Result};
use super::http::Transport;
use super::paging::{Position, Sameness, Untold, total};

/// The most that any service gives at once.
pub const LARGEST_PAGE: u32 = 500;

/// Decides in place of the server whether an item belongs to the list.
pub(crate) type Keep<T> = Box<dyn Fn(&T) -> bool + Send + Sync>;

/// A list that is fetched page by page, as far as somebody asks.
pub struct Pages<'c, T> {
    transport: &'c Transport,
    place: Place,
    /// The most that the service gives at once.
    largest: u32,
    next: Option<Position>,
    total: Option<u64>,
    at_once: usize,
    /// Pages that were asked for ahead of their turn.
    coming: FuturesOrdered<BoxFuture<'c, (u64, Result<Answer>)>>,
    sameness: Sameness,
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
            largest: LARGEST_PAGE,
            next: Some(Position::at(1, LARGEST_PAGE.into())),
            total: None,
            at_once: 1,
            coming: FuturesOrdered::new(),
            sameness: Sameness::default(),
            older: None,
            keep: None,
            kept: None,
        }
    }

    pub(crate) fn or_older(mut self, older: Older<T>) -> Self {
        self.older = Some(older);
        self
    }

    /// For a list that comes in smaller pages than others.
    pub(crate) fn at_most(mut self, largest: u32) -> Self {
        self.largest = largest;
        self.from(1, largest)
    }

    /// Starts at another page, or with pages of another size.
    ///
    /// # Panics
    ///
    /// If a number is 0, or `per_page` more than the service gives at once: [`LARGEST_PAGE`], or what the list itself
    /// says.
    pub fn from(mut self, page: u32, per_page: u32) -> Self {
        assert!(page > 0, "the first page is 1");
        assert!((1..=self.largest).contains(&per_page), "a page has from 1 to {} items", self.largest);
        self.next = Some(Position::at(page.into(), per_page.into()));
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

    /// Fetches the next page; `None` after the last. After an error the same page is asked for again.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) if the server refuses, [`Connection`](Error::Connection) if no complete answer
    /// comes; [`Answer`](Error::Answer) for one that is no such list, or that leads back to a page before.
    pub async fn next_page(&mut self) -> Result<Option<Page<T>>> {
        let Some(position) = self.next else { return Ok(None) };
        if self.keep.is_some() {
            return self.kept_page(position).await.map(Some);
        }
        let answer = match self.turn(position).await {
            Err(Error::Refused(refusal)) if matches!(refusal.status, 404 | 405) && self.older.is_some() => {
                let older = self.older.take().expect("just seen");
                self.place = Place::Path { path: owned(&older.path), query: older.query };
                self.keep = older.keep;
                if self.keep.is_some() {
                    return self.kept_page(position).await.map(Some);
                }
                self.turn(position).await?
            }
            other => other?,
        };
        let items: Vec<T> = answer.list()?;
        let next = self.place.after(position, &answer, items.len())?;
        if next.is_some() && !items.is_empty() {
            self.sameness.check(answer.body()).map_err(|text| answer.unexpected(text))?;
        }
        self.total = total(answer.headers());
        self.next = next;
        Ok(Some(Page { items, body: answer.body().clone(), more: self.next.is_some() }))
    }

    /// The page whose turn it is. Those behind it are asked for meanwhile.
    async fn turn(&mut self, Position { page: number, per_page, .. }: Position) -> Result<Answer> {
        let last = self.total.map_or(number, |total| total.div_ceil(per_page));
        loop {
            let mut wanted = number.saturating_add(self.coming.len() as u64);
            while self.coming.len() < self.at_once && wanted <= last.max(number) {
                let ask = self.place.clone().page(self.transport, wanted, per_page);
                self.coming.push_back(Box::pin(async move { (wanted, ask.await) }));
                wanted += 1;
            }
            match self.coming.next().await {
                Some((came, Ok(answer))) if came == number => return Ok(answer),
                came => {
                    // Another one than expected: a link led past it.
                    self.coming = FuturesOrdered::new();
                    if let Some((came, Err(error))) = came
                        && came == number
                    {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// A page of what belongs to the list, which only the whole list can tell.
    async fn kept_page(&mut self, position: Position) -> Result<Page<T>> {
        let per_page = usize::try_from(position.per_page).unwrap_or(usize::MAX);
        let mut kept = match self.kept.take() {
            Some(kept) => kept,
            None => {
                let mut all = self.keep_of_all().await?;
                let before =
                    usize::try_from(position.page - 1).unwrap_or(usize::MAX).saturating_mul(per_page);
                all.drain(..before.min(all.len()));
                all
            }
        };
        let (values, items): (Vec<Value>, Vec<T>) = kept.drain(..kept.len().min(per_page)).unzip();
        let more = !kept.is_empty();
        self.next = more.then_some(position);
        self.kept = Some(kept);
        Ok(Page { items, body: Value::from(values).to_string().into(), more })
    }

    async fn keep_of_all(&self) -> Result<VecDeque<(Value, T)>> {
        let mut kept = VecDeque::new();
        let mut next = Some(Position::at(1, self.largest.into()));
        while let Some(position) = next {
            let answer = self.place.clone().page(self.transport, position.page, position.per_page).await?;
            let values = answer.list::<Value>()?;
            next = self.place.after(position, &answer, values.len())?;
            for value in values {
                let item = T::deserialize(&value).map_err(|error| {
                    answer.unexpected(format!("the server's answer is not what was expected: {error}"))
                })?;
                if self.keep.as_ref().is_none_or(|keep| keep(&item)) {
                    kept.push_back((value, item));
                }
            }
        }
        Ok(kept)
    }

    /// Fetches up to `limit` items, or all.
    ///
    /// # Errors
    ///
    /// As [`Pages::next_page`].
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
    /// The page after one that came with so many items.
    fn after(&self, position: Position, answer: &Answer, items: usize) -> Result<Option<Position>> {
        let untold = match self {
            Place::Path { .. } => Untold::Ends,
            Place::Search { .. } => Untold::GoesOnWhileFull,
        };
        position.after(answer.headers(), items, untold).map_err(|text| answer.unexpected(text))
    }

    async fn page(self, transport: &Transport, number: u64, per_page: u64) -> Result<Answer> {
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
