//! Any call of the API, also one that this library has no type for.
//!
//! ```no_run
//! # async fn example(client: mender::Client) -> Result<(), mender::Error> {
//! use mender::raw::{Method, RawRequest};
//!
//! let request = RawRequest::new(client.server(), Method::GET, "deployments/deployments")?
//!     .query("status", "inprogress");
//! let mut pages = client.raw().pages(request)?;
//! while let Some(page) = pages.next_page().await? {
//!     for deployment in page.items()? {
//!         println!("{deployment}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod pages;
mod path;

use std::borrow::Cow;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName,
    HeaderValue, TRANSFER_ENCODING,
};
use serde_json::value::RawValue;

use super::answer::Answer;
use super::error::{Error, Result};
use super::http::Transport;
use super::url::ServerUrl;

pub use self::pages::RawPages;
pub use super::request::RequestError;
pub use reqwest::Method;

/// Headers that decide who speaks with whom, and where a message ends.
const OWN: [HeaderName; 6] = [AUTHORIZATION, COOKIE, HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION];

/// A request, to send or to look at.
#[derive(Clone, Debug)]
pub struct RawRequest {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl RawRequest {
    /// A request to a path of the server: `/api/management/v2/devauth/devices` in full, or without its beginning
    /// `v2/devauth/devices`; without a version it is v1. A whole address is taken too, if it is on the server.
    ///
    /// A query in the path is kept. What cannot stand in an address is escaped, what is escaped stays so.
    ///
    /// # Errors
    ///
    /// If the path leads elsewhere, or could be understood in two ways.
    pub fn new(server: &ServerUrl, method: Method, path: &str) -> Result<Self, RequestError> {
        let url = path::resolve(server, path)?;
        Ok(RawRequest { method, url, headers: HeaderMap::new(), body: None })
    }

    /// A further parameter of the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// A further header; a second `Content-Type` takes the place of the first.
    ///
    /// # Errors
    ///
    /// If it cannot be one, or is one of those that the transport sets: the token's, cookies, the host, lengths.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        let key = HeaderName::try_from(name).map_err(|_| RequestError::HeaderName(name.to_owned()))?;
        if OWN.contains(&key) {
            return Err(RequestError::OwnHeader(name.to_owned()));
        }
        let value = HeaderValue::try_from(value).map_err(|_| RequestError::HeaderValue(name.to_owned()))?;
        if key == CONTENT_TYPE {
            self.headers.insert(key, value);
        } else {
            self.headers.append(key, value);
        }
        Ok(self)
    }

    /// The body; it is JSON unless a header says otherwise.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        self
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The whole address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Names and values of its own headers; the token is not among them.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.headers.iter().map(text_of)
    }

    /// What is in the body.
    pub fn content(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }
}

fn text_of<'h>((name, value): (&'h HeaderName, &'h HeaderValue)) -> (&'h str, Cow<'h, str>) {
    (name.as_str(), String::from_utf8_lossy(value.as_bytes()))
}

/// What came back, whatever its status.
#[derive(Clone)]
pub struct RawAnswer(Answer);

impl RawAnswer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// `HTTP/1.1 200 OK`.
    pub fn status_line(&self) -> String {
        format!("{:?} {}", self.0.version(), self.0.status())
    }

    /// Names and values of the headers.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.0.headers().iter().map(text_of)
    }

    /// The body as it came, at most 64 KiB of it if the status is not a success.
    pub fn body(&self) -> &Bytes {
        self.0.body()
    }

    /// What the server refused with; nothing if the status is a success.
    pub fn refusal(&self) -> Option<Error> {
        self.0.refusal()
    }

    /// The items of a list, each as it came; `null` is an empty one to some services.
    ///
    /// # Errors
    ///
    /// If it is no list.
    pub fn items(&self) -> Result<Vec<&RawValue>> {
        let list: Result<Option<Vec<&RawValue>>, _> = serde_json::from_slice(self.0.body());
        list.map(Option::unwrap_or_default)
            .map_err(|_| self.0.unexpected("the answer is no list, so it has no pages".into()))
    }
}

impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (status, body) = (self.0.status(), self.0.body().len());
        f.debug_struct("RawAnswer").field("status", &status).field("body", &body).finish_non_exhaustive()
    }
}

/// The calls. See [`Client::raw`](crate::Client::raw).
#[derive(Clone, Copy, Debug)]
pub struct Raw<'c>(&'c Transport);

impl<'c> Raw<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Raw(transport)
    }

    /// Sends a request and reads the whole answer. A refusal is an answer too.
    ///
    /// What only asks (a GET, a HEAD, the POST of a search) is sent again where that may help. Anything else is sent
    /// again only after a 429 with `Retry-After`: the server has then done nothing of it. A GET follows the server to
    /// other places on the same server; nothing else does.
    ///
    /// # Errors
    ///
    /// If the request was made for another server, or no complete answer came back.
    pub async fn send(&self, request: &RawRequest) -> Result<RawAnswer> {
        let RawRequest { method, url, headers, body } = request.clone();
        let call = self.0.anywhere(method, url)?.headers(headers);
        let call = match body {
            Some(body) => call.body(body),
            None => call,
        };
        call.send_any().await.map(RawAnswer)
    }

    /// Sends a request for a list again and again, for one page after the other.
    ///
    /// # Errors
    ///
    /// If the request is not one for a list: a GET, or the POST of a search.
    pub fn pages(&self, request: RawRequest) -> Result<RawPages<'c>, RequestError> {
        RawPages::new(*self, request)
    }
}
