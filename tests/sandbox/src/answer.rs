//! What handlers answer with, and the forms of the real server's errors.

use std::io;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Answer = Response<Body>;
pub(crate) type Reply = Result<Answer, Refusal>;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-men-requestid");

/// An error answer. The request id joins it at the end, where it is known.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    text: String,
    more: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, String)>,
    request_id: bool,
}

impl Refusal {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Refusal {
        Refusal { status, text: text.into(), more: Vec::new(), headers: Vec::new(), request_id: true }
    }

    /// A further key of the error object.
    pub(crate) fn with(mut self, key: &'static str, value: Value) -> Refusal {
        self.more.push((key, value));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Refusal {
        self.headers.push((name, value.into()));
        self
    }

    /// The challenge that comes with a token that cannot be read.
    pub(crate) fn challenge(self) -> Refusal {
        self.header(WWW_AUTHENTICATE, "Bearer realm=\"ManagementJWT\"")
    }

    /// Some routers answer for themselves, without a request id.
    pub(crate) fn without_request_id(mut self) -> Refusal {
        self.request_id = false;
        self
    }

    pub(crate) fn into_answer(self, request_id: &str) -> Answer {
        let mut body = json!({ "error": self.text });
        if self.request_id {
            body["request_id"] = request_id.into();
        }
        for (key, value) in self.more {
            body[key] = value;
        }
        let mut answer = json_answer(self.status, &body);
        for (name, value) in self.headers {
            answer.headers_mut().insert(name, header_value(&value));
        }
        if self.request_id { stamped(answer, request_id) } else { answer }
    }
}

/// The answer with its request id.
pub(crate) fn stamped(mut answer: Answer, request_id: &str) -> Answer {
    answer.headers_mut().insert(REQUEST_ID, header_value(request_id));
    answer
}

/// A header value; what cannot be one is left out rather than sent broken.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

fn with_type(status: u16, content_type: &str, bytes: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(full(bytes));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(CONTENT_TYPE, header_value(content_type));
    answer
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    with_type(status, "application/json; charset=utf-8", body.to_string())
}

/// A JSON answer of anything that has such a form.
pub(crate) fn serialized(status: u16, body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).expect("JSON has a form for everything that is answered");
    with_type(status, "application/json; charset=utf-8", body)
}

pub(crate) fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    with_type(status, content_type, body)
}

/// An answer without a body, and so without a Content-Type.
pub(crate) fn empty(status: u16) -> Answer {
    let mut answer = with_type(status, "", "");
    answer.headers_mut().remove(CONTENT_TYPE);
    answer
}

/// 201 with the path of what was made.
pub(crate) fn created(location: &str) -> Answer {
    let mut answer = empty(201);
    answer.headers_mut().insert(http::header::LOCATION, header_value(location));
    answer
}
