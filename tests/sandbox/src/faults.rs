//! Misbehaviour on request.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::request::Parts;

use crate::server::Server;

/// One misbehaviour: where it strikes, and how.
///
/// A fault without an effect of its own (only [`Fault::delay`], [`Fault::header`] or [`Fault::truncate`]) changes the
/// sandbox's regular answer. The others take its place, and nothing is done of what was asked, unless they are
/// [after the work](Fault::after_the_work).
///
/// ```
/// # let server = sandbox::Sandbox::start();
/// use sandbox::Fault;
/// server.fault(Fault::on("GET", "/api/management/v2/deployments/artifacts").status(503).header("Retry-After", "1"));
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    path: String,
    server: Option<Server>,
    times: usize,
    after: usize,
    pub(crate) works: bool,
    pub(crate) delay: Duration,
    pub(crate) effect: Effect,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<(String, Vec<u8>)>,
    pub(crate) truncate: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// The regular answer.
    None,
    /// Another answer, after the request's body was read.
    Answer(u16),
    /// Another answer, before the request's body was read.
    Early(u16),
    Hang,
    /// The connection ends after so many bytes of the request's body.
    Cut(u64),
    Raw(Vec<u8>),
}

impl Fault {
    /// Strikes at requests of this method (`*`: any) whose path and query begin so. It strikes once.
    pub fn on(method: &str, path: &str) -> Fault {
        Fault {
            method: method.into(),
            path: path.into(),
            server: None,
            times: 1,
            after: 0,
            works: false,
            delay: Duration::ZERO,
            effect: Effect::None,
            headers: Vec::new(),
            body: None,
            truncate: None,
        }
    }

    /// Only at one of the addresses.
    pub fn server(mut self, server: Server) -> Fault {
        self.server = Some(server);
        self
    }

    /// Strikes so many times.
    pub fn times(mut self, times: usize) -> Fault {
        self.times = times;
        self
    }

    /// Lets the first `count` such requests pass.
    pub fn after(mut self, count: usize) -> Fault {
        self.after = count;
        self
    }

    /// Answers with this status. The request's body is read first.
    pub fn status(mut self, status: u16) -> Fault {
        self.effect = Effect::Answer(status);
        self
    }

    /// A further header of the answer; a Content-Type or X-Total-Count takes the place of the regular one.
    pub fn header(mut self, name: &str, value: &str) -> Fault {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body of the answer, and its Content-Type. Without a status it is a 200.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Fault {
        if matches!(self.effect, Effect::None) {
            self.effect = Effect::Answer(200);
        }
        self.body = Some((content_type.into(), body.into()));
        self
    }

    /// Waits before anything else.
    pub fn delay(mut self, delay: Duration) -> Fault {
        self.delay = delay;
        self
    }

    /// Does all that was asked first, so that only the regular answer is lost.
    pub fn after_the_work(mut self) -> Fault {
        self.works = true;
        self
    }

    /// Never answers.
    pub fn hang(mut self) -> Fault {
        self.effect = Effect::Hang;
        self
    }

    /// Closes the connection without an answer.
    pub fn cut(self) -> Fault {
        self.cut_after_body_bytes(0)
    }

    /// Closes the connection after so many bytes of the request's body, or at its end.
    pub fn cut_after_body_bytes(mut self, bytes: u64) -> Fault {
        self.effect = Effect::Cut(bytes);
        self
    }

    /// Announces the whole answer, sends so many bytes of its body and closes the connection.
    pub fn truncate(mut self, bytes: u64) -> Fault {
        self.truncate = Some(bytes);
        self
    }

    /// Answers without having read the body, and closes the connection at once: what the client still sends is met
    /// by a reset, as behind a gateway that does not drain.
    pub fn early(mut self, status: u16, body: &str) -> Fault {
        self.effect = Effect::Early(status);
        self.body = Some(("application/json; charset=utf-8".into(), body.into()));
        self
    }

    /// Sends elsewhere.
    pub fn redirect(self, url: &str, code: u16) -> Fault {
        self.status(code).header("Location", url)
    }

    /// Writes these bytes in place of an HTTP answer and closes the connection.
    pub fn raw(mut self, bytes: impl Into<Vec<u8>>) -> Fault {
        self.effect = Effect::Raw(bytes.into());
        self
    }

    fn strikes(&self, server: Server, parts: &Parts) -> bool {
        let target = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
        self.server.is_none_or(|wanted| wanted == server)
            && (self.method == "*" || self.method.eq_ignore_ascii_case(parts.method.as_str()))
            && target.starts_with(&self.path)
    }
}

/// The faults that are still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        if fault.times > 0 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        }
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn take(&self, server: Server, parts: &Parts) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = faults.iter().position(|fault| fault.strikes(server, parts))?;
        let fault = &mut faults[index];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        let taken = fault.clone();
        if fault.times == 0 {
            faults.remove(index);
        }
        Some(taken)
    }
}
