//! What a server refuses with.

use std::fmt;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use super::request::RequestLine;

/// An answer with a status that is not a success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// Which request.
    pub request: RequestLine,
    /// The HTTP status.
    pub status: u16,
    /// The server's own words: `error` of its JSON body, if there is one.
    pub message: Option<String>,
    /// The id under which the server's logs know the request.
    pub request_id: Option<String>,
    /// What an upload collides with (`metadata.conflict` of a 409).
    pub conflict: Option<Value>,
    /// The deployments that use what was to be removed, by their ids (of a 409).
    pub active_deployments: Vec<String>,
    /// How long the server asks to wait, in seconds.
    pub retry_after: Option<u64>,
    /// The body as text, at most 64 KiB of it.
    pub body: String,
}

/// The error body of all services: api-useradm and api-deployments agree on it.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    active_deployments: Value,
}

/// What gateways and storages say instead of JSON: a line of text, or the message in a storage's XML.
fn plain_message(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    const LONGEST: usize = 200;
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let text = String::from_utf8_lossy(body);
    let message = if kind.starts_with("text/plain") {
        text.lines().next()?
    } else if kind.contains("xml") {
        text.split_once("<Message>")?.1.split_once("</Message>")?.0
    } else {
        return None;
    };
    let message: String = message.trim().chars().take(LONGEST).collect();
    (!message.is_empty()).then_some(message)
}

/// The texts of a list; what is none is passed over.
fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Refusal {
    pub(crate) fn new(request: RequestLine, status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let parsed: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let plain = || plain_message(headers, body);
        Refusal {
            request,
            status,
            // On one line: what follows a line end could pass for words of ours.
            message: parsed
                .error
                .filter(|text| !text.is_empty())
                .or_else(plain)
                .map(|text| text.replace(['\r', '\n'], " ")),
            request_id: header("x-men-requestid").or(parsed.request_id),
            conflict: parsed.metadata.get("conflict").cloned(),
            active_deployments: texts(&parsed.active_deployments),
            // The HTTP-date form is not used by any Mender server.
            retry_after: header("retry-after").and_then(|value| value.trim().parse().ok()),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// Whether no service of a Mender server can have said so: each has words for what it does not know, and the
    /// parts of a server that answer for a service that is not there have none.
    pub fn is_from_elsewhere(&self) -> bool {
        matches!(self.status, 404 | 405) && self.message.is_none()
    }

    /// Whether a service says that it does not know what was asked for.
    pub fn is_unknown(&self) -> bool {
        self.status == 404 && !self.is_from_elsewhere()
    }

    /// What the server said beyond its status: `: unauthorized (request id 1234)`, or nothing.
    pub fn details(&self) -> String {
        let mut text = String::new();
        if let Some(message) = &self.message {
            text.push_str(": ");
            text.push_str(message);
        }
        if let Some(id) = &self.request_id {
            text.push_str(&format!(" (request id {id})"));
        }
        text
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} request failed with status {}{}", self.request, self.status, self.details())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;

    fn line() -> RequestLine {
        RequestLine { method: Method::GET, target: "/api?page=1".into() }
    }

    #[test]
    fn a_refusal_shows_what_the_server_said_and_its_request_id() {
        let mut headers = HeaderMap::new();
        headers.insert("x-men-requestid", "abc".parse().unwrap());
        let refusal = Refusal::new(line(), 401, &headers, br#"{"error":"unauthorized"}"#);
        assert_eq!(
            refusal.to_string(),
            "GET /api?page=1 request failed with status 401: unauthorized (request id abc)"
        );
    }

    #[test]
    fn a_refusal_without_json_shows_its_status_alone() {
        let refusal = Refusal::new(line(), 502, &HeaderMap::new(), b"<html>");
        assert_eq!(refusal.to_string(), "GET /api?page=1 request failed with status 502");
        assert_eq!(refusal.body, "<html>");
    }

    #[test]
    fn the_deployments_in_the_way_are_found() {
        for (body, expected) in [
            (r#"{"error":"x","active_deployments":["a","b"]}"#, &["a", "b"][..]),
            (r#"{"error":"x","active_deployments":[1,"b"]}"#, &["b"]),
            (r#"{"error":"x","active_deployments":{"a":1}}"#, &[]),
            (r#"{"error":"x"}"#, &[]),
        ] {
            let refusal = Refusal::new(line(), 409, &HeaderMap::new(), body.as_bytes());
            assert_eq!(refusal.active_deployments, expected);
            assert_eq!(refusal.message.as_deref(), Some("x"), "{body}");
        }
    }

    #[test]
    fn the_conflict_and_the_pause_are_found() {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().unwrap());
        let body = br#"{"error":"x","metadata":{"conflict":{"device_type":"arm6"}}}"#;
        let refusal = Refusal::new(line(), 409, &headers, body);
        assert_eq!(refusal.conflict.unwrap()["device_type"], "arm6");
        assert_eq!(refusal.retry_after, Some(7));
    }
}
