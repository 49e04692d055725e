//! Upload: the body is checked while it goes to the disk, and nothing of it is kept in memory.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use multer::{Field, Multipart};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::artifacts::{self, Record, is_id};
use super::reader::{self, Verified};
use crate::answer::{Refusal, Reply, created};
use crate::call::Call;
use crate::recorder::Listened;
use crate::state::State;
use crate::storage::Writer;

/// What the parts before the file say.
#[derive(Debug, Default)]
struct Form {
    description: String,
    size: Option<u64>,
    id: Option<String>,
}

pub(crate) async fn multipart(mut call: Call) -> Reply {
    call.expect_type(&["multipart/form-data", "multipart/mixed"])?;
    let limit = call.state.settings.max_artifact_size;
    if call.content_length().is_some_and(|length| length > limit) {
        return Err(Refusal::new(413, "http: request body too large"));
    }
    let given = call.header(CONTENT_TYPE).unwrap_or_default();
    if !given.starts_with("multipart/") {
        return Err(Refusal::new(400, "request Content-Type isn't multipart/form-data"));
    }
    let boundary = given.split(';').find_map(|part| part.trim().strip_prefix("boundary="));
    let boundary = boundary.map(|text| text.trim_matches('"').to_string()).filter(|text| !text.is_empty());
    let boundary =
        boundary.ok_or_else(|| Refusal::new(400, "no multipart boundary param in Content-Type"))?;
    let body = call.body.take().ok_or_else(|| Refusal::new(500, "internal error"))?;
    let mut parts = Multipart::new(pieces(body), boundary);

    let strict = call.state.settings.strict;
    let mut form = Form::default();
    while let Some(mut field) = parts.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_string();
        if strict && !["description", "size", "artifact_id", "artifact"].contains(&name.as_str()) {
            return Err(Refusal::new(400, format!("sandbox: unknown part \"{name}\"")));
        }
        if name.eq_ignore_ascii_case("artifact") {
            let stored = receive(&call.state, &form, &mut field).await?;
            drop(field);
            finish(&mut parts, strict).await?;
            return stored.keep(&call.state, form);
        }
        form.read(&name, &mut field, limit).await?;
    }
    Err(Refusal::new(400, "request does not contain the artifact file"))
}

fn pieces(body: Listened) -> impl futures_util::Stream<Item = Result<Bytes, hyper::Error>> + Send {
    stream::unfold(body, |mut body| async {
        loop {
            match body.frame().await? {
                Err(error) => return Some((Err(error), body)),
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some((Ok(data), body));
                    }
                }
            }
        }
    })
}

fn broken(_error: multer::Error) -> Refusal {
    Refusal::new(400, "multipart: NextPart: unexpected EOF")
}

/// What follows the file is read to its end. The real server ignores it; that it was sent is a mistake.
async fn finish(parts: &mut Multipart<'_>, strict: bool) -> Result<(), Refusal> {
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        if strict {
            let name = field.name().unwrap_or_default();
            return Err(Refusal::new(400, format!("sandbox: part \"{name}\" behind the artifact part")));
        }
    }
    Ok(())
}

impl Form {
    async fn read(&mut self, name: &str, field: &mut Field<'_>, limit: u64) -> Result<(), Refusal> {
        let mut content = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            content.extend_from_slice(&piece);
            if content.len() > 1 << 20 {
                return Err(Refusal::new(400, "http: request body too large"));
            }
        }
        let text = String::from_utf8_lossy(&content).into_owned();
        match name.to_ascii_lowercase().as_str() {
            "description" => self.description = text,
            "artifact_id" if is_id(&text) => self.id = Some(text),
            "artifact_id" => return Err(Refusal::new(400, "artifact_id is not a valid UUID")),
            "size" => {
                let size: i64 = text.parse().map_err(|_| {
                    Refusal::new(400, format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))
                })?;
                let size = u64::try_from(size).unwrap_or_default();
                if size > limit {
                    return Err(Refusal::new(400, "Artifact file too large"));
                }
                self.size = Some(size).filter(|size| *size > 0);
            }
            _ => {}
        }
        Ok(())
    }
}

/// An Artifact that was received and found good, not stored yet.
struct Received {
    writer: Writer,
    content: Verified,
    size: u64,
}

/// Reads the file: one thread writes it, another checks it.
async fn receive(state: &State, form: &Form, field: &mut Field<'_>) -> Result<Stored, Refusal> {
    let mut writer = Writer::start(state.incoming(&format!("upload-{}", uuid::Uuid::new_v4())));
    let (pieces, receiver) = mpsc::channel(16);
    let source = Pieces { receiver, current: Bytes::new(), read: 0, limit: form.size };
    let verdict: JoinHandle<Result<Verified, String>> =
        tokio::task::spawn_blocking(move || reader::verify(source));
    let mut size = 0;
    while let Some(piece) = field.chunk().await.map_err(broken)? {
        size += piece.len() as u64;
        if size > state.settings.max_artifact_size {
            return Err(Refusal::new(413, "Artifact file too large"));
        }
        if pieces.send(piece.clone()).await.is_err() {
            break;
        }
        writer.write(piece).await;
    }
    drop(pieces);
    let content = verdict.await.map_err(|_| Refusal::new(500, "internal error"))?;
    let content = content.map_err(|text| Refusal::new(400, text))?;
    if form.size.is_some_and(|announced| announced > size) {
        return Err(Refusal::new(400, "unexpected EOF"));
    }
    Received { writer, content, size }.write_out().await
}

/// The same with its file complete.
struct Stored {
    path: std::path::PathBuf,
    content: Verified,
    size: u64,
}

impl Received {
    async fn write_out(self) -> Result<Stored, Refusal> {
        let path = self.writer.finish().await.map_err(|_| Refusal::new(500, "internal error"))?;
        Ok(Stored { path, content: self.content, size: self.size })
    }
}

impl Stored {
    fn keep(self, state: &State, form: Form) -> Reply {
        let id = form.id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        std::fs::rename(&self.path, state.content(&id)).map_err(|_| Refusal::new(500, "internal error"))?;
        let record = Record {
            id: id.clone(),
            description: Some(form.description),
            content: self.content,
            size: self.size,
            modified: jiff::Timestamp::now(),
        };
        artifacts::insert(state, record)?;
        Ok(created(&format!("/api/management/v1/deployments/artifacts/{id}")))
    }
}

/// Stores an Artifact that is at hand; returns its id.
pub(crate) fn store(state: &State, bytes: &[u8]) -> Result<String, String> {
    let content = reader::verify(bytes)?;
    let id = uuid::Uuid::new_v4().to_string();
    std::fs::write(state.content(&id), bytes).map_err(|error| error.to_string())?;
    let record = Record {
        id: id.clone(),
        description: Some(String::new()),
        content,
        size: bytes.len() as u64,
        modified: jiff::Timestamp::now(),
    };
    artifacts::insert(state, record).map_err(|refusal| format!("{refusal:?}"))?;
    Ok(id)
}

/// The received pieces as one stream of bytes, for the thread that checks them.
struct Pieces {
    receiver: mpsc::Receiver<Bytes>,
    current: Bytes,
    read: u64,
    /// The announced size: who reads on behind it fails.
    limit: Option<u64>,
}

impl Read for Pieces {
    /// Fills the buffer as far as there is anything: the size limit then strikes where the real server's does.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.limit.is_some_and(|limit| self.read > limit) {
            return Err(io::Error::other("read too many bytes"));
        }
        let mut filled = 0;
        while filled < buffer.len() {
            if self.current.is_empty() {
                match self.receiver.blocking_recv() {
                    Some(piece) => self.current = piece,
                    None => break,
                }
            }
            let taken = self.current.len().min(buffer.len() - filled);
            self.current.copy_to_slice(&mut buffer[filled..filled + taken]);
            filled += taken;
        }
        self.read += filled as u64;
        Ok(filled)
    }
}
