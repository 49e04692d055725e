//! The only code that sends a request: token, log line, retry, status to `Error`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;

use super::answer::{Answer, Incoming};
use super::error::{Error, Result};
use super::fault::ConnectionFault;
use super::limits::Limits;
use super::request::{RequestError, RequestLine, only_asks};
use super::retry::{Next, Tries};
use super::token::Token;
use super::transfer::Watch;
use super::url::{ServerUrl, without_query};

/// The target of the log lines: method, address, status, duration, request id. Never a secret.
const LOG: &str = "mender::http";
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
    /// Until when the server wants to be left alone by everybody who shares this.
    held: Mutex<Option<Instant>>,
}

impl Transport {
    pub(crate) fn new(http: reqwest::Client, server: ServerUrl, limits: Limits) -> Self {
        Transport { shared: Arc::new(Shared { http, server, limits, held: Mutex::default() }), token: None }
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

    pub(crate) fn patch(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &[&str]) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// Leaves the server alone for so long, with all that is still to be asked. Tells whether that is news.
    fn hold(&self, pause: Duration) -> bool {
        let now = Instant::now();
        let mut held = self.held();
        let is_news = held.is_none_or(|earlier| earlier <= now);
        *held = Some(held.map_or(now + pause, |earlier| earlier.max(now + pause)));
        is_news
    }

    async fn wait_until_welcome(&self) {
        loop {
            let until = *self.held();
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, method: Method, path: &[&str]) -> Call<'_> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.header());
        }
        let url = self.server().join(path);
        Call { transport: self, method, url, is_presigned: false, headers, body: None }
    }

    /// A request to any place on the server.
    pub(crate) fn anywhere(&self, method: Method, url: Url) -> Result<Call<'_>> {
        // The token goes to no other server, whatever somebody put together.
        if !self.server().same_origin(&url) {
            return Err(RequestError::Elsewhere(without_query(&url)).into());
        }
        Ok(Call { url, ..self.call(method, &[]) })
    }

    /// A request to a presigned link. The token stays here: it is none of the storage's business.
    pub(crate) fn storage(&self, method: Method, link: &str) -> Result<Call<'_>> {
        let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| Error::Answer {
            request: RequestLine { method: Method::GET, target: "(storage)".into() },
            text: "the server gave a link that is no address".into(),
        })?;
        let headers = HeaderMap::new();
        Ok(Call { transport: self, method, url, is_presigned: true, headers, body: None })
    }
}

/// A body that is read while it is sent, and comes only once.
pub(crate) enum Streamed {
    Raw(reqwest::Body),
    Form(reqwest::multipart::Form),
}

/// A request that is being put together.
#[derive(Clone)]
pub(crate) struct Call<'t> {
    transport: &'t Transport,
    method: Method,
    url: Url,
    /// The query of a presigned link is a secret, also where the storage is at the server's own address.
    is_presigned: bool,
    headers: HeaderMap,
    body: Option<Bytes>,
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
        let mut call = self.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        call.body = Some(body.into());
        call
    }

    /// Further headers, beside the token's.
    pub(crate) fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = Some(body);
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

    /// Sends it and reads the whole answer. What changes nothing is sent again where that may help.
    pub(crate) async fn send(self) -> Result<Answer> {
        self.send_any().await?.checked()
    }

    /// The same, but a refusal is an answer too.
    pub(crate) async fn send_any(self) -> Result<Answer> {
        let only_asks = only_asks(&self.method, self.url.path());
        let mut tries = Tries::new(only_asks, self.transport.limits().pause);
        loop {
            self.transport.wait_until_welcome().await;
            let outcome = self.clone().follow().await;
            let next = match &outcome {
                Ok(answer) => answer.refusal().map_or(Next::GiveUp, |refusal| tries.failed(&refusal)),
                Err(error) => tries.failed(error),
            };
            match next {
                Next::GiveUp => return outcome,
                Next::Repeat(pause) => {
                    log::debug!(target: LOG, "{}; again in {pause:?}", self.line());
                    tokio::time::sleep(pause).await;
                }
                Next::Hold(pause) => {
                    if self.transport.hold(pause) && pause > Duration::from_secs(1) {
                        log::warn!(target: LOG, "the server was asked too often, and wants a pause of {} s", pause.as_secs());
                    }
                }
            }
        }
    }

    /// Sends a body that is streamed, under the eyes of `watch`, and never again.
    pub(crate) async fn send_watched(self, body: Streamed, watch: &Watch) -> Result<Answer> {
        let request = self.line();
        let limits = *self.transport.limits();
        // Until the answer begins, silence is the watch's business: it knows whether anything moves.
        let begun = tokio::select! {
            begun = self.begin(Some(body), None) => begun,
            text = watch.stalled(&limits) => {
                Err(Error::Connection { request, fault: ConnectionFault::Timeout, text })
            }
        };
        let outcome = match begun {
            Ok(incoming) => incoming.answer().await.and_then(Answer::checked),
            Err(error) => Err(error),
        };
        // If our own side failed, that is the cause, whatever the connection made of it.
        if let Some(fault) = watch.fault() {
            return Err(fault);
        }
        match outcome {
            // Whatever that was stored, it is not the file.
            Ok(answer) if !watch.is_all_out() => {
                Err(answer.unexpected("the server says yes before it has all of the file".into()))
            }
            outcome => outcome,
        }
    }

    /// Asks a storage and hands out the answer with its body still unread. Its redirects are followed wherever they
    /// lead: no token goes along.
    pub(crate) async fn open(mut self) -> Result<Incoming> {
        debug_assert!(self.is_presigned && self.method == Method::GET);
        let silence = self.transport.limits().silence;
        for _ in 0..MOST_REDIRECTS {
            let incoming = self.begin(None, Some(silence)).await?;
            match incoming.redirect(&self.url) {
                Some(url) => self.url = url,
                None => return Ok(incoming),
            }
        }
        Err(self.circle())
    }

    /// Sends it; a GET follows the server to other places on the same server, with the token; nowhere else.
    async fn follow(mut self) -> Result<Answer> {
        let silence = self.transport.limits().silence;
        for _ in 0..MOST_REDIRECTS {
            let incoming = self.begin(None, Some(silence)).await?;
            let target = incoming.redirect(&self.url).filter(|_| self.method == Method::GET);
            match target.filter(|url| self.transport.server().same_origin(url)) {
                Some(url) => self.url = url,
                None => return incoming.answer().await,
            }
        }
        Err(self.circle())
    }

    fn circle(&self) -> Error {
        Error::Answer { request: self.line(), text: "the server redirects in a circle".into() }
    }

    /// Sends it and waits until the answer begins, for `patience` if that is limited here.
    async fn begin(&self, streamed: Option<Streamed>, patience: Option<Duration>) -> Result<Incoming> {
        let silence = self.transport.limits().silence;
        let line = self.line();
        let shown = self.shown();
        let method = &self.method;
        let request = self.build(streamed)?;
        let started = Instant::now();
        let sent = self.transport.shared.http.execute(request);
        let sent = match patience {
            Some(patience) => {
                tokio::time::timeout(patience, sent).await.map_err(|_| Error::silent(&line, patience))
            }
            None => Ok(sent.await),
        };
        let outcome = sent
            .and_then(|sent| sent.map_err(|error| Error::unanswered(&line, &error)))
            .map(|response| Incoming::new(line, response, silence));
        let took = started.elapsed().as_millis();
        match &outcome {
            Ok(response) => {
                let (status, id) = (response.status(), response.request_id().unwrap_or("-"));
                log::debug!(target: LOG, "{method} {shown}: {status} in {took} ms, request id {id}");
            }
            Err(error) => log::debug!(target: LOG, "{method} {shown}: failed after {took} ms: {error}"),
        }
        outcome
    }

    fn build(&self, streamed: Option<Streamed>) -> Result<reqwest::Request> {
        let Call { transport, method, url, headers, .. } = self;
        let builder = transport.shared.http.request(method.clone(), url.clone()).headers(headers.clone());
        let builder = match (streamed, &self.body) {
            (Some(Streamed::Raw(body)), _) => builder.body(body),
            (Some(Streamed::Form(form)), _) => builder.multipart(form),
            (None, Some(bytes)) => builder.body(bytes.clone()),
            (None, None) => builder,
        };
        builder.build().map_err(|error| Error::unanswered(&self.line(), &error))
    }
}
