//! The only code that sends a request: token, log line, retry, status to `Error`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::Retryable;
use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{ConnectionFault, ENDED_EARLY, Error, Refusal, RequestLine, Result};
use super::limits::Limits;
use super::retry;
use super::token::Token;
use super::transfer::Watch;
use super::url::ServerUrl;

/// The target of the log lines: method, address, status, duration, request id. Never a secret.
const LOG: &str = "mender::http";
/// Answers are lists of at most 500 items; a body beyond this is no answer of a Mender server.
const LARGEST_ANSWER: usize = 64 << 20;
/// So much of a refusal's body is kept.
const LARGEST_REFUSAL: usize = 64 << 10;
/// A trailing slash costs one redirect; more than a few are a circle.
const MOST_REDIRECTS: usize = 5;

/// A server, the HTTP client that speaks with it, and the token to speak with, if any.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    shared: Arc<Shared>,
    token: Option<Token>,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    server: ServerUrl,
    limits: Limits,
}

impl Transport {
    pub(crate) fn new(http: reqwest::Client, server: ServerUrl, limits: Limits) -> Self {
        Transport { shared: Arc::new(Shared { http, server, limits }), token: None }
    }

    pub(crate) fn with_token(&self, token: Token) -> Self {
        Transport { shared: self.shared.clone(), token: Some(token) }
    }

    pub(crate) fn server(&self) -> &ServerUrl {
        &self.shared.server
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(crate) fn get(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn delete(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    fn call(&self, method: Method, path: &[&str]) -> Call<'_> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.token {
            headers.insert(reqwest::header::AUTHORIZATION, token.header());
        }
        let url = self.server().join(path);
        Call { transport: self, method, url, is_presigned: false, headers, body: Body::None }
    }

    /// A request to a presigned link. The token stays here: it is none of the storage's business.
    pub(crate) fn storage(&self, method: Method, link: &str) -> Result<Call<'_>> {
        let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| Error::Answer {
            request: RequestLine { method: Method::GET, target: "the link to the storage".into() },
            text: "the server gave a link that is no address".into(),
        })?;
        let headers = HeaderMap::new();
        Ok(Call { transport: self, method, url, is_presigned: true, headers, body: Body::None })
    }
}

/// What a request carries.
enum Body {
    None,
    Small(Bytes),
    Raw(reqwest::Body),
    Form(reqwest::multipart::Form),
}

/// A request that is being put together.
pub(crate) struct Call<'t> {
    transport: &'t Transport,
    method: Method,
    url: Url,
    /// The query of a presigned link is a secret, also where the storage is at the server's own address.
    is_presigned: bool,
    headers: HeaderMap,
    body: Body,
}

impl<'t> Call<'t> {
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("our own types are JSON");
        let mut call =
            self.header(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        call.body = Body::Small(body.into());
        call
    }

    pub(crate) fn raw(mut self, body: reqwest::Body) -> Self {
        self.body = Body::Raw(body);
        self
    }

    pub(crate) fn form(mut self, form: reqwest::multipart::Form) -> Self {
        self.body = Body::Form(form);
        self
    }

    pub(crate) fn line(&self) -> RequestLine {
        let target = match self.url.query() {
            _ if self.is_presigned => without_query(&self.url),
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        RequestLine { method: self.method.clone(), target }
    }

    /// The address for the log.
    fn shown(&self) -> String {
        if self.is_presigned { without_query(&self.url) } else { self.url.to_string() }
    }

    /// Sends it and reads the whole answer. A GET is sent again where that may help.
    pub(crate) async fn send(self) -> Result<Answer> {
        let Limits { silence, pause, .. } = *self.transport.limits();
        if self.method != Method::GET {
            return self.begin(Some(silence)).await?.answer().await;
        }
        let attempt = || self.again().follow();
        let logged = |error: &Error, pause: Duration| log::debug!(target: LOG, "{error}; again in {pause:?}");
        attempt.retry(retry::pauses(pause)).when(retry::may_help).adjust(retry::pause).notify(logged).await
    }

    /// Sends a body that is streamed, under the eyes of `watch`.
    pub(crate) async fn send_watched(self, watch: &Watch) -> Result<Answer> {
        let request = self.line();
        let limits = *self.transport.limits();
        // Until the answer begins, silence is the watch's business: it knows whether anything moves.
        let begun = tokio::select! {
            begun = self.begin(None) => begun,
            text = watch.stalled(&limits) => {
                Err(Error::Connection { request, fault: ConnectionFault::Timeout, text })
            }
        };
        let outcome = match begun {
            Ok(incoming) => incoming.answer().await,
            Err(error) => Err(error),
        };
        // If our own side failed, that is the cause, whatever the connection made of it.
        watch.fault().map_or(outcome, Err)
    }

    /// Asks a storage and hands out the answer with its body still unread. Its redirects are followed wherever they
    /// lead: no token goes along.
    pub(crate) async fn open(mut self) -> Result<Incoming> {
        debug_assert!(self.is_presigned && self.method == Method::GET);
        let silence = self.transport.limits().silence;
        for _ in 0..MOST_REDIRECTS {
            let here = self.again();
            let incoming = self.begin(Some(silence)).await?;
            match incoming.redirect(&here.url) {
                Some(url) => self = Call { url, ..here },
                None => return Ok(incoming),
            }
        }
        Err(self.circle())
    }

    /// The same request once more. Only for those without a body.
    fn again(&self) -> Call<'t> {
        Call {
            transport: self.transport,
            method: self.method.clone(),
            url: self.url.clone(),
            is_presigned: self.is_presigned,
            headers: self.headers.clone(),
            body: Body::None,
        }
    }

    /// Sends a GET and follows the server to other places on the same server, with the token; nowhere else.
    async fn follow(mut self) -> Result<Answer> {
        let silence = self.transport.limits().silence;
        for _ in 0..MOST_REDIRECTS {
            let here = self.again();
            let incoming = self.begin(Some(silence)).await?;
            let target = incoming.redirect(&here.url);
            match target.filter(|url| here.transport.server().same_origin(url)) {
                Some(url) => self = Call { url, ..here },
                None => return incoming.answer().await,
            }
        }
        Err(self.circle())
    }

    fn circle(&self) -> Error {
        Error::Answer { request: self.line(), text: "the server redirects in a circle".into() }
    }

    /// Sends it and waits until the answer begins, for `patience` if that is limited here.
    async fn begin(self, patience: Option<Duration>) -> Result<Incoming> {
        let silence = self.transport.limits().silence;
        let line = self.line();
        let shown = self.shown();
        let method = self.method.clone();
        let http = self.transport.shared.http.clone();
        let started = Instant::now();
        let sent = http.execute(self.build()?);
        let sent = match patience {
            Some(patience) => tokio::time::timeout(patience, sent).await.map_err(|_| silent(&line, patience)),
            None => Ok(sent.await),
        };
        let outcome = sent.and_then(|sent| sent.map_err(|error| connection(&line, &error)));
        let took = started.elapsed().as_millis();
        match &outcome {
            Ok(response) => {
                let id = text_header(response.headers(), "x-men-requestid").unwrap_or("-");
                let status = response.status();
                log::debug!(target: LOG, "{method} {shown}: {status} in {took} ms, request id {id}");
            }
            Err(error) => log::debug!(target: LOG, "{method} {shown}: failed after {took} ms: {error}"),
        }
        outcome.map(|response| Incoming { line, response, silence })
    }

    fn build(self) -> Result<reqwest::Request> {
        let line = self.line();
        let builder = self.transport.shared.http.request(self.method, self.url).headers(self.headers);
        let builder = match self.body {
            Body::None => builder,
            Body::Small(bytes) => builder.body(bytes),
            Body::Raw(body) => builder.body(body),
            Body::Form(form) => builder.multipart(form),
        };
        builder.build().map_err(|error| connection(&line, &error))
    }
}

/// An answer of which the body is still to come.
pub(crate) struct Incoming {
    line: RequestLine,
    response: reqwest::Response,
    silence: Duration,
}

impl Incoming {
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
    fn redirect(&self, from: &Url) -> Option<Url> {
        let location = self.header(LOCATION.as_str()).filter(|_| self.status().is_redirection())?;
        from.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    }

    /// The whole answer, or what the server refused with.
    async fn answer(mut self) -> Result<Answer> {
        if !self.status().is_success() {
            return Err(self.refusal().await);
        }
        let body = self.body().await?;
        let headers = std::mem::take(self.response.headers_mut());
        Ok(Answer { request: self.line, headers, body })
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        match tokio::time::timeout(self.silence, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(interrupted(&self.line, &error)),
            Err(_) => Err(silent(&self.line, self.silence)),
        }
    }

    async fn body(&mut self) -> Result<Bytes> {
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

    /// What the server refused with. A body that does not come to its end does not hide the status.
    pub(crate) async fn refusal(mut self) -> Error {
        let status = self.response.status();
        if let Some(target) = self.redirect(self.response.url()) {
            // The query may hold a secret.
            return Error::Redirect { request: self.line, location: without_query(&target) };
        }
        let mut body = BytesMut::new();
        while let Ok(Some(chunk)) = self.chunk().await {
            body.extend_from_slice(&chunk[..chunk.len().min(LARGEST_REFUSAL - body.len())]);
            if body.len() == LARGEST_REFUSAL {
                break;
            }
        }
        let headers = self.response.headers();
        Error::Refused(Box::new(Refusal::new(self.line.clone(), status.as_u16(), headers, &body)))
    }
}

/// A success, complete.
pub(crate) struct Answer {
    request: RequestLine,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
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
            "the server sent a web page instead of data; is this the address of a Mender server?".into()
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

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    // Neither can fail for an address with a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

fn connection(line: &RequestLine, error: &reqwest::Error) -> Error {
    let (fault, text) = ConnectionFault::explain(error);
    Error::Connection { request: line.clone(), fault, text }
}

/// A body that ends early is a broken line, unless the cause says something better.
fn interrupted(line: &RequestLine, error: &reqwest::Error) -> Error {
    match ConnectionFault::explain(error) {
        (ConnectionFault::Other, _) => Error::Connection {
            request: line.clone(),
            fault: ConnectionFault::Broken,
            text: ENDED_EARLY.into(),
        },
        (fault, text) => Error::Connection { request: line.clone(), fault, text },
    }
}

fn silent(line: &RequestLine, limit: Duration) -> Error {
    let text = format!("the server was silent for {} s", limit.as_secs());
    Error::Connection { request: line.clone(), fault: ConnectionFault::Timeout, text }
}
