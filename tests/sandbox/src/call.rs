//! One request on its way to its handler.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::gojson;
use crate::paging::Query;
use crate::recorder::Listened;
use crate::state::State;
use crate::useradm::Session;

/// Limit of every body but uploads.
const BODY_LIMIT: usize = 1 << 20;

pub(crate) struct Call {
    pub(crate) state: Arc<State>,
    pub(crate) parts: Parts,
    pub(crate) body: Option<Listened>,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) session: Session,
}

impl Call {
    /// A variable part of the path.
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH).and_then(|value| value.parse().ok())
    }

    /// The media type has to be one of these, but only where a body was announced: so does the real server.
    pub(crate) fn expect_type(&self, allowed: &[&str]) -> Result<(), Refusal> {
        if self.content_length().unwrap_or_default() == 0 {
            return Ok(());
        }
        let Some(given) = self.header(CONTENT_TYPE) else {
            return Err(Refusal::new(400, "Invalid value for Content-Type header: mime: no media type"));
        };
        let media = given.split(';').next().unwrap_or_default().trim();
        if allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(media)) {
            return Ok(());
        }
        let quoted: Vec<String> = allowed.iter().map(|name| format!("'{name}'")).collect();
        Err(Refusal::new(415, format!("Bad Content-Type, expected {}", quoted.join(", "))))
    }

    /// The body of a JSON call, read whole.
    pub(crate) async fn json(&mut self) -> Result<Bytes, Refusal> {
        self.expect_type(&["application/json"])?;
        self.whole().await
    }

    /// The body, read whole, whatever it claims to be.
    pub(crate) async fn whole(&mut self) -> Result<Bytes, Refusal> {
        if self.content_length().is_some_and(|length| length > BODY_LIMIT as u64) {
            return Err(Refusal::new(413, "http: request body too large"));
        }
        let Some(body) = self.body.take() else { return Ok(Bytes::new()) };
        match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(Refusal::new(400, "http: request body too large"))
            }
            Err(_) => Err(Refusal::new(400, "unexpected EOF")),
        }
    }

    /// A JSON object with none but the fields named here, unless the sandbox is lenient. `prefix` stands before the
    /// decoder's words.
    pub(crate) fn object(
        &self,
        body: &[u8],
        target: &str,
        fields: &[&str],
        prefix: &str,
    ) -> Result<Map<String, Value>, Refusal> {
        let map =
            gojson::object(body, target).map_err(|text| Refusal::new(400, format!("{prefix}{text}")))?;
        self.only(&map, fields)?;
        Ok(map)
    }

    /// None but these fields, unless the sandbox is lenient.
    pub(crate) fn only(&self, map: &Map<String, Value>, fields: &[&str]) -> Result<(), Refusal> {
        match map.keys().find(|key| !fields.contains(&key.as_str())) {
            Some(key) if self.state.settings.strict => {
                Err(Refusal::new(400, format!("sandbox: superfluous field \"{key}\"")))
            }
            _ => Ok(()),
        }
    }
}
