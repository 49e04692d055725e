//! A list of which nothing is known but its path, page by page.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::value::RawValue;

use super::path::API;
use super::{Raw, RawAnswer, RawRequest, RequestError};
use crate::client::deployments::LARGEST_HISTORY_PAGE;
use crate::client::error::Result;
use crate::client::page::LARGEST_PAGE;
use crate::client::paging::{Position, Sameness, Untold};
use crate::client::request::only_asks;

/// How a list is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paging {
    /// By the query. The answer tells whether there is more: by a `Link`, or by its total.
    Query,
    /// The same, in pages of at most so many items.
    Small(u32),
    /// By the query, and the answer tells nothing: a full page may have another one behind it.
    Silent,
    /// By fields of the body.
    Body,
    /// Not at all: everything comes at once, and parameters for pages mean nothing.
    Whole,
}

/// Those that are not paged by the query; `{}` is one segment.
const UNUSUAL: [(&str, Paging); 13] = [
    ("v1/deployments/artifacts", Paging::Whole),
    ("v1/deployments/deployments/{}/devices", Paging::Whole),
    ("v1/deployments/deployments/devices/{}", Paging::Small(LARGEST_HISTORY_PAGE)),
    ("v1/deployments/deployments/releases", Paging::Whole),
    ("v1/inventory/groups", Paging::Whole),
    ("v2/inventory/filters/attributes", Paging::Whole),
    ("v2/inventory/filters/search", Paging::Body),
    ("v2alpha1/inventory/identities/search", Paging::Body),
    ("v1/iot-manager/events", Paging::Silent),
    ("v1/iot-manager/integrations", Paging::Whole),
    ("v1/useradm/plans", Paging::Silent),
    ("v1/useradm/settings/tokens", Paging::Whole),
    ("v1/useradm/users", Paging::Whole),
];

impl Paging {
    fn of(path: &str) -> Self {
        let path = path.split_once(API).map_or(path, |(_, call)| call).trim_end_matches('/');
        let fits = |pattern: &str| {
            let same = |(wanted, given)| wanted == given || wanted == "{}";
            pattern.split('/').count() == path.split('/').count()
                && pattern.split('/').zip(path.split('/')).all(same)
        };
        UNUSUAL.iter().find(|(pattern, _)| fits(pattern)).map_or(Paging::Query, |(_, paging)| *paging)
    }
}

/// The pages of a list. See [`Raw::pages`].
#[derive(Debug)]
pub struct RawPages<'c> {
    raw: Raw<'c>,
    request: RawRequest,
    paging: Paging,
    next: Option<Position>,
    sameness: Sameness,
}

impl<'c> RawPages<'c> {
    pub(super) fn new(raw: Raw<'c>, mut request: RawRequest) -> Result<Self, RequestError> {
        let path = request.url.path();
        if request.method == Method::HEAD || !only_asks(&request.method, path) {
            return Err(RequestError::NoPages);
        }
        let paging = Paging::of(path);
        let given = match paging {
            Paging::Body => Given::take_from_body(&mut request)?,
            Paging::Whole => Given::default(),
            _ => Given::take_from_query(&mut request)?,
        };
        let largest = if let Paging::Small(most) = paging { most } else { LARGEST_PAGE };
        let per_page = given.per_page.unwrap_or(largest.into());
        let page = given.page.unwrap_or(1);
        Ok(RawPages {
            raw,
            request,
            paging,
            next: Some(Position::at(page, per_page)),
            sameness: Sameness::default(),
        })
    }

    /// Fetches the next page, of which [`RawAnswer::items`] has the items; `None` after the last. After an error the
    /// same page is asked for again.
    ///
    /// # Errors
    ///
    /// As [`Raw::send`], and if the server refuses, or what it sends is no list or leads back to a page before.
    pub async fn next_page(&mut self) -> Result<Option<RawAnswer>> {
        let Some(position) = self.next else { return Ok(None) };
        let answer = self.raw.send(&self.request_for(position)).await?;
        if let Some(refusal) = answer.refusal() {
            return Err(refusal);
        }
        let items = answer.items()?.len();
        let untold = match self.paging {
            Paging::Silent | Paging::Body => Untold::GoesOnWhileFull,
            Paging::Query | Paging::Small(_) | Paging::Whole => Untold::Ends,
        };
        self.next = match self.paging {
            Paging::Whole => None,
            _ => {
                position.after(answer.0.headers(), items, untold).map_err(|text| answer.0.unexpected(text))?
            }
        };
        if self.next.is_some() && items > 0 {
            self.sameness.check(answer.0.body()).map_err(|text| answer.0.unexpected(text))?;
        }
        Ok(Some(answer))
    }

    fn request_for(&self, position: Position) -> RawRequest {
        let request = self.request.clone();
        let Position { page, per_page, .. } = position;
        match self.paging {
            Paging::Whole => request,
            Paging::Body => {
                let mut fields = fields(&request).expect("it was looked at before");
                for (name, value) in [("page", page), ("per_page", per_page)] {
                    fields.insert(name.into(), number(value));
                }
                let body = serde_json::to_vec(&fields).expect("it was JSON before");
                request.body(body)
            }
            Paging::Query | Paging::Small(_) | Paging::Silent => {
                request.query("page", &page.to_string()).query("per_page", &per_page.to_string())
            }
        }
    }
}

type Fields = BTreeMap<String, Box<RawValue>>;

/// The body of a search. Its values stay as they are, to the last digit.
fn fields(request: &RawRequest) -> Result<Fields, RequestError> {
    let body = request.content().map(|body| body.trim_ascii()).filter(|body| !body.is_empty());
    serde_json::from_slice(body.unwrap_or(b"{}")).map_err(|_| RequestError::SearchBody)
}

fn number(value: u64) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("a number is JSON")
}

/// What the caller wants of the pages.
#[derive(Default)]
struct Given {
    page: Option<u64>,
    per_page: Option<u64>,
}

impl Given {
    fn set(&mut self, name: &'static str, value: &str) -> Result<(), RequestError> {
        let number = value.trim().parse().ok().filter(|number| *number > 0);
        let number = number.ok_or(RequestError::Page(name))?;
        if name == "page" {
            self.page = Some(number)
        } else {
            self.per_page = Some(number)
        }
        Ok(())
    }

    /// Takes both parameters out of the query; the others stay as they are.
    fn take_from_query(request: &mut RawRequest) -> Result<Self, RequestError> {
        let mut given = Given::default();
        let query = request.url.query().unwrap_or_default().to_owned();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("page", value)) => given.set("page", value)?,
                Some(("per_page", value)) => given.set("per_page", value)?,
                _ => rest.push(pair),
            }
        }
        request.url.set_query((!rest.is_empty()).then(|| rest.join("&")).as_deref());
        Ok(given)
    }

    fn take_from_body(request: &mut RawRequest) -> Result<Self, RequestError> {
        let mut given = Given::default();
        let fields = fields(request)?;
        for name in ["page", "per_page"] {
            if let Some(value) = fields.get(name) {
                given.set(name, value.get())?;
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_pages_in_its_own_way() {
        for (path, expected) in [
            ("/api/management/v2/devauth/devices", Paging::Query),
            ("/api/management/v2/devauth/devices/search", Paging::Query),
            ("/api/management/v1/deployments/deployments/devices/d-1", Paging::Small(20)),
            ("/api/management/v1/deployments/deployments/d-1/devices", Paging::Whole),
            ("/api/management/v1/deployments/deployments/d-1/devices/list", Paging::Query),
            ("/prefix/api/management/v2/inventory/filters/search", Paging::Body),
            ("/api/management/v1/useradm/users/", Paging::Whole),
            ("/api/management/v1/useradm/plans", Paging::Silent),
        ] {
            assert_eq!(Paging::of(path), expected, "{path}");
        }
    }
}
