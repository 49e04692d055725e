//! What comes back: an answer that is still coming, one that is complete, and what a server refused with.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{StatusCode, Url, Version};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use super::error::{Error, Result};
use super::fault::ConnectionFault;
use super::refusal::Refusal;
use super::request::RequestLine;
use super::url::without_query;

/// Answers are lists of at most 500 items; a body beyond this is no answer of a Mender server.
const LARGEST_ANSWER: usize = 64 << 20;
/// An answer that is not a file takes at most so many times the longest silence.
const PIECES: u32 = 5;
const WEB_PAGE: &str = "the server sent a web page instead of data; is this the address of a Mender server?";
/// So much of a refusal's body is kept.
const LARGEST_REFUSAL: usize = 64 << 10;

/// An answer of which the body is still to come.
pub(crate) struct Incoming {
    line: RequestLine,
    response: reqwest::Response,
    silence: Duration,
}

impl Incoming {
    /// `silence` is the longest wait for any next bytes of the body.
    pub(super) fn new(line: RequestLine, response: reqwest::Response, silence: Duration) -> Self {
        Incoming { line, response, silence }
    }

    pub(super) fn request_id(&self) -> Option<&str> {
        self.header("x-men-requestid")
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        text_header(self.response.headers(), name)
    }

    pub(crate) fn line(&self) -> &RequestLine {
        &self.line
    }

    /// Where the server sends this request instead, if that is an address.
    pub(super) fn redirect(&self, from: &Url) -> Option<Url> {
        let location = self.header(LOCATION.as_str()).filter(|_| self.status().is_redirection())?;
        from.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    }

    /// The whole answer, whatever its status. What a refusal says is read as far as it comes.
    pub(super) async fn answer(mut self) -> Result<Answer> {
        let status = self.status();
        let body = if status.is_success() { self.body().await? } else { self.words().await };
        let elsewhere = self.redirect(self.response.url());
        let version = self.response.version();
        let headers = std::mem::take(self.response.headers_mut());
        Ok(Answer { request: self.line, version, status, elsewhere, headers, body })
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        match tokio::time::timeout(self.silence, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(Error::interrupted(&self.line, &error)),
            Err(_) => Err(Error::silent(&self.line, self.silence)),
        }
    }

    async fn body(&mut self) -> Result<Bytes> {
        // Small pieces that keep coming are no silence, but they have to come to an end.
        let patience = self.silence * PIECES;
        let all = tokio::time::timeout(patience, self.whole()).await;
        all.unwrap_or_else(|_| {
            let text = format!("the answer did not come to its end in {} s", patience.as_secs());
            Err(Error::Connection { request: self.line.clone(), fault: ConnectionFault::Timeout, text })
        })
    }

    async fn whole(&mut self) -> Result<Bytes> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                let text = format!("the answer is larger than {} MiB", LARGEST_ANSWER >> 20);
                return Err(Error::Answer { request: self.line.clone(), text });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// What the server refused with.
    pub(crate) async fn refusal(mut self) -> Error {
        let body = self.words().await;
        let elsewhere = self.redirect(self.response.url());
        refused(&self.line, self.status(), elsewhere.as_ref(), self.response.headers(), &body)
    }

    /// The body of a refusal. One that does not come to its end does not hide the status.
    async fn words(&mut self) -> Bytes {
        let mut body = BytesMut::new();
        let patience = self.silence;
        let reading = async {
            while let Ok(Some(chunk)) = self.chunk().await {
                body.extend_from_slice(&chunk[..chunk.len().min(LARGEST_REFUSAL - body.len())]);
                if body.len() == LARGEST_REFUSAL {
                    break;
                }
            }
        };
        // The status is known; nobody waits long for words.
        let _ = tokio::time::timeout(patience, reading).await;
        body.freeze()
    }
}

/// A status that is no success, as the error that it is.
fn refused(
    line: &RequestLine,
    status: StatusCode,
    elsewhere: Option<&Url>,
    headers: &HeaderMap,
    body: &[u8],
) -> Error {
    match elsewhere {
        // The query may hold a secret.
        Some(target) => Error::Redirect { request: line.clone(), location: without_query(target) },
        None => Error::Refused(Box::new(Refusal::new(line.clone(), status.as_u16(), headers, body))),
    }
}

/// An answer, complete.
#[derive(Clone)]
pub(crate) struct Answer {
    request: RequestLine,
    version: Version,
    status: StatusCode,
    /// Where it sends the request instead.
    elsewhere: Option<Url>,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Itself if it is a success.
    pub(super) fn checked(self) -> Result<Answer> {
        match self.refusal() {
            Some(error) => Err(error),
            // A portal or a proxy says yes to everything: nothing was done.
            None if self.is_web_page() => Err(self.unexpected(WEB_PAGE.into())),
            None => Ok(self),
        }
    }

    fn is_web_page(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.contains("html"))
    }

    /// What the server refused with, if it did.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let Answer { request, status, elsewhere, headers, body, .. } = self;
        (!status.is_success()).then(|| refused(request, *status, elsewhere.as_ref(), headers, body))
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        text_header(&self.headers, name)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(self.not_json(&error)))
    }

    /// A list; `null` is an empty one to some services.
    pub(crate) fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        Ok(self.json::<Option<Vec<T>>>()?.unwrap_or_default())
    }

    /// The id of what was made: the last segment of `Location`, which some releases send relative.
    pub(crate) fn created_id(&self) -> Result<String> {
        let location = self.header(LOCATION.as_str()).unwrap_or_default();
        match location.rsplit('/').next() {
            Some(id) if !id.is_empty() => Ok(id.to_owned()),
            _ => Err(self.unexpected("it does not tell the id of what was made".into())),
        }
    }

    /// This answer as the error that it is: a success whose content is wrong.
    pub(crate) fn unexpected(&self, text: String) -> Error {
        Error::Answer { request: self.request.clone(), text }
    }

    fn not_json(&self, error: &serde_json::Error) -> String {
        let kind = self.header("content-type").unwrap_or_default();
        if self.body.is_empty() {
            "the server sent an empty answer".into()
        } else if kind.contains("html") {
            WEB_PAGE.into()
        } else if error.is_eof() {
            "the server's answer is cut off".into()
        } else {
            format!("the server's answer is not what was expected: {error}")
        }
    }
}

fn text_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Go sends `null` for an empty map.
pub(super) fn object_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Go sends `null` for an empty list.
pub(super) fn list_or_null<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
