//! Download by a presigned link, gone on with where a broken line left it.

use bytes::BytesMut;
use reqwest::header::{ACCEPT_ENCODING, HeaderValue, RANGE};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{Artifact, Artifacts, one};
use crate::client::answer::Incoming;
use crate::client::error::{Error, Result};
use crate::client::fault::ConnectionFault;
use crate::client::retry;
use crate::client::transfer::Progress;

/// So often in a row a download is gone on with without having got any further.
const MOST_RETRIES: u32 = 5;
/// What gets less far in one connection has not got any further.
const PROGRESS: u64 = 64 << 10;
/// Written at once: each writing may cost a thread switch.
const CHUNK: usize = 256 << 10;

/// A target that may make us wait, without anything else having to.
pub type Target<'t> = dyn AsyncWrite + Send + Unpin + 't;

#[derive(Deserialize)]
struct Link {
    uri: String,
}

impl Artifacts<'_> {
    /// Writes the file of an Artifact to `target` and tells its length. After a broken line it goes on where
    /// it was. The token is not sent to the storage.
    ///
    /// # Errors
    ///
    /// [`Target`](Error::Target) if it cannot be written; [`Answer`](Error::Answer) if the storage sends less
    /// than the server says that there is.
    pub async fn download(
        &self,
        artifact: &Artifact,
        target: &mut Target<'_>,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let mut written = 0;
        let mut retries = 0;
        // Length of the whole file, as the first answer had it.
        let mut total = None;
        loop {
            let before = written;
            let broken = match self.go_on(artifact, target, &mut written, &mut total, progress).await {
                Err(error) if retry::may_help(&error) || is_silence(&error) => error,
                other => return other.map(|()| written),
            };
            retries = if written - before >= PROGRESS { 0 } else { retries + 1 };
            if retries > MOST_RETRIES {
                return Err(broken);
            }
            log::debug!(target: "mender::http", "{broken}; going on from byte {written}");
            let planned = self.0.limits().pause * 2u32.pow(retries);
            tokio::time::sleep(retry::pause(&broken, Some(planned)).unwrap_or(planned)).await;
        }
    }

    /// One connection's worth: from byte `written` to the end, if it holds.
    async fn go_on(
        &self,
        artifact: &Artifact,
        target: &mut Target<'_>,
        written: &mut u64,
        total: &mut Option<u64>,
        progress: &dyn Progress,
    ) -> Result<()> {
        let path: Vec<&str> = one(&artifact.id)?.into_iter().chain(["download"]).collect();
        let link: Link = self.0.get(&path).send().await?.json()?;
        let mut call = self
            .0
            .storage(Method::GET, &link.uri)?
            // A compressed answer has no length and no ranges.
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if *written > 0 {
            let range = format!("bytes={written}-");
            call = call.header(RANGE, HeaderValue::try_from(range).expect("digits are a header value"));
        }
        let mut incoming = call.open().await?;
        let kind = incoming.header("content-type").unwrap_or_default();
        if incoming.status().is_success() && kind.contains("html") {
            let text = "the storage sent a web page instead of the file".into();
            return Err(Error::Answer { request: incoming.line().clone(), text });
        }
        match incoming.status() {
            StatusCode::OK if *written == 0 => {
                *total = announced(&incoming);
                progress.begin(total.or(Some(artifact.size)));
            }
            StatusCode::PARTIAL_CONTENT if starts_at(&incoming, *written) => {
                if total.is_some() && range_total(&incoming) != *total {
                    let text = "the file in the storage is another one than before".into();
                    return Err(Error::Answer { request: incoming.line().clone(), text });
                }
            }
            status if status.is_success() => {
                let text = "the storage cannot go on where the download broke off".into();
                return Err(Error::Answer { request: incoming.line().clone(), text });
            }
            _ => return Err(incoming.refusal().await),
        }
        // Without a length of its own an answer is as long as the server says that the file is.
        let most = announced(&incoming).map_or(artifact.size, |length| *written + length);
        let outcome = copy(&mut incoming, target, written, most, progress).await;
        target.flush().await.map_err(Error::Target)?;
        outcome?;
        // A direct upload may be recorded as smaller than it is, never as larger.
        if *written < artifact.size {
            let text = format!("the storage sent {written} bytes of {}", artifact.size);
            return Err(Error::Answer { request: incoming.line().clone(), text });
        }
        Ok(())
    }
}

/// Passes on what comes, in larger pieces; also what came before the line broke.
async fn copy(
    incoming: &mut Incoming,
    target: &mut Target<'_>,
    written: &mut u64,
    most: u64,
    progress: &dyn Progress,
) -> Result<()> {
    let mut gathered = BytesMut::with_capacity(CHUNK);
    loop {
        let chunk = incoming.chunk().await;
        if let Ok(Some(chunk)) = &chunk {
            if *written + (gathered.len() + chunk.len()) as u64 > most {
                let text = format!("the storage sends more than the {most} bytes that there are");
                return Err(Error::Answer { request: incoming.line().clone(), text });
            }
            gathered.extend_from_slice(chunk);
            progress.advance(chunk.len() as u64);
            if gathered.len() < CHUNK {
                continue;
            }
        }
        target.write_all(&gathered).await.map_err(Error::Target)?;
        *written += gathered.len() as u64;
        gathered.clear();
        if chunk?.is_none() {
            return Ok(());
        }
    }
}

/// `TOTAL` of `Content-Range: bytes START-END/TOTAL`.
fn range_total(incoming: &Incoming) -> Option<u64> {
    incoming.header("content-range")?.rsplit('/').next()?.parse().ok()
}

/// What came so far is worth more than the time lost.
fn is_silence(error: &Error) -> bool {
    matches!(error, Error::Connection { fault: ConnectionFault::Timeout, .. })
}

fn announced(incoming: &Incoming) -> Option<u64> {
    incoming.header("content-length")?.parse().ok()
}

/// Whether `Content-Range: bytes START-END/TOTAL` begins there.
fn starts_at(incoming: &Incoming, position: u64) -> bool {
    let range = incoming.header("content-range").and_then(|value| value.strip_prefix("bytes "));
    range.and_then(|range| range.split('-').next()) == Some(position.to_string().as_str())
}
