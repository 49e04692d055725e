//! Listening, connections, and what happens to a request before and after its handler.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::answer::{Answer, Body, REQUEST_ID, Refusal, full, header_value, text};
use crate::faults::{Effect, Fault};
use crate::recorder::{Entry, Listened, lock};
use crate::state::State;
use crate::wire::{Control, Wire};
use crate::{routes, storage};

/// The addresses of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The main address, over http and https.
    Api,
    /// The same, with direct upload on.
    Direct,
    /// The object storage: presigned links lead there.
    Storage,
}

/// How long an answered connection is still read, so that a client in the middle of its body gets to see the answer.
const LINGER: Duration = Duration::from_secs(10);

/// Accepts connections for ever.
pub(crate) async fn listen(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    state: Arc<State>,
    server: Server,
) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            // Out of descriptors, most likely: the next connection may find some.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = socket.set_nodelay(true);
        tokio::spawn(accept(socket, tls.clone(), state.clone(), server));
    }
}

async fn accept(socket: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>, server: Server) {
    match tls {
        None => connection(socket, state, server).await,
        // A failed handshake is the client's affair.
        Some(tls) => {
            if let Ok(stream) = tls.accept(socket).await {
                connection(stream, state, server).await;
            }
        }
    }
}

async fn connection<S>(stream: S, state: Arc<State>, server: Server)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let control = Control::new();
    let wire = TokioIo::new(Wire::new(stream, control.clone()));
    let service = service_fn(|request| serve(state.clone(), server, control.clone(), request));
    let served = hyper::server::conn::http1::Builder::new()
        .max_buf_size(1 << 20)
        .serve_connection(wire, service)
        .without_shutdown()
        .await;
    let Ok(parts) = served else { return };
    if control.is_abrupt() {
        return;
    }
    let mut wire = parts.io.into_inner();
    let _ = wire.shutdown().await;
    let drain = async {
        let mut scrap = vec![0; 1 << 18];
        while wire.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("cut on request")
    }
}

impl std::error::Error for Cut {}

async fn serve(
    state: Arc<State>,
    server: Server,
    control: Arc<Control>,
    request: Request<Incoming>,
) -> Result<Answer, Cut> {
    let (parts, body) = request.into_parts();
    let entry = state.recorder.begin(server, &parts);
    let request_id = match parts.headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()) {
        Some(given) if !given.is_empty() => given.to_string(),
        _ => uuid::Uuid::new_v4().to_string(),
    };
    let fault = state.faults.take(server, &parts);
    let body = Listened::new(body, entry.clone());
    let read_to_end = body.read_to_end();

    let regular = |body| async {
        match server {
            Server::Storage => storage::serve(state.clone(), parts, body).await,
            _ => routes::dispatch(state.clone(), server, parts, body, &request_id).await,
        }
    };
    let mut answer = match fault {
        None => regular(body).await,
        Some(fault) => {
            tokio::time::sleep(fault.delay).await;
            let answer = match &fault.effect {
                Effect::None => regular(body).await,
                _ if fault.works => {
                    drop(regular(body).await);
                    instead(&fault, None, &control, &entry, &request_id).await?
                }
                _ => instead(&fault, Some(body), &control, &entry, &request_id).await?,
            };
            spoilt(answer, &fault, control)
        }
    };
    // The rest of a body that nobody read would be taken for the next request.
    if !read_to_end.load(Ordering::Relaxed) {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    lock(&entry).status = Some(answer.status().as_u16());
    Ok(answer)
}

/// The answer that a fault gives in place of the regular one, with the body if nobody has read it yet.
async fn instead(
    fault: &Fault,
    mut body: Option<Listened>,
    control: &Control,
    entry: &Entry,
    request_id: &str,
) -> Result<Answer, Cut> {
    match &fault.effect {
        Effect::None => Err(Cut),
        Effect::Hang => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        Effect::Cut(bytes) => {
            while lock(entry).body_bytes < *bytes && goes_on(&mut body).await {}
            control.close_abruptly();
            Err(Cut)
        }
        Effect::Raw(bytes) => {
            control.send_raw(bytes.clone());
            control.close_abruptly();
            Ok(text(200, "text/plain", ""))
        }
        Effect::Answer(status) => {
            while goes_on(&mut body).await {}
            Ok(canned(*status, fault, request_id))
        }
        Effect::Early(status) => {
            control.close_abruptly();
            Ok(canned(*status, fault, request_id))
        }
    }
}

/// Reads some more of a body.
async fn goes_on(body: &mut Option<Listened>) -> bool {
    match body {
        Some(body) => matches!(body.frame().await, Some(Ok(_))),
        None => false,
    }
}

fn canned(status: u16, fault: &Fault, request_id: &str) -> Answer {
    if let Some((content_type, body)) = &fault.body {
        return text(status, content_type, body.clone());
    }
    let known = http::StatusCode::from_u16(status).ok();
    let reason =
        known.and_then(|status| status.canonical_reason()).unwrap_or("fault on request").to_lowercase();
    Refusal::new(status, reason).into_answer(request_id)
}

/// The answer with the fault's headers, and cut short where the fault says so.
fn spoilt(answer: Answer, fault: &Fault, control: Arc<Control>) -> Answer {
    let (mut parts, body) = answer.into_parts();
    for (name, value) in &fault.headers {
        if let Ok(name) = HeaderName::try_from(name.as_str()) {
            if name == CONTENT_TYPE || name == "x-total-count" {
                parts.headers.remove(&name);
            }
            parts.headers.append(name, header_value(value));
        }
    }
    let Some(keep) = fault.truncate else { return Answer::from_parts(parts, body) };
    if let Some(length) = body.size_hint().exact() {
        parts.headers.insert(CONTENT_LENGTH, length.into());
    }
    control.close_abruptly();
    Answer::from_parts(parts, shortened(body, keep, control))
}

/// The first bytes of a body, then an error once they are on their way.
fn shortened(body: Body, keep: u64, control: Arc<Control>) -> Body {
    let frames = stream::unfold((body, keep, control), |(mut body, keep, control)| async move {
        if keep > 0
            && let Some(Ok(frame)) = body.frame().await
            && let Ok(data) = frame.into_data()
        {
            let taken = data.len().min(usize::try_from(keep).unwrap_or(usize::MAX));
            return Some((Ok(Frame::data(data.slice(..taken))), (body, keep - taken as u64, control)));
        }
        control.flushed().await;
        Some((Err(io::Error::other("truncated on request")), (full(Bytes::new()), 0, control)))
    });
    StreamBody::new(frames).boxed_unsync()
}
