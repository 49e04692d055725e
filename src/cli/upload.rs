//! An Artifact on its way to the server: looked at first, sent unless it is there already, and what refusals mean.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use mender::artifact::{FormatError, Head, check_file};
use mender::artifacts::Availability;
use mender::{Client, ConnectionFault, Error, Progress, RequestLine, Source};

use super::context::Context;
use super::error::{CliError, Result};
use super::official::unauthorized;
use super::output::Transfer;
use super::signals::interruptible;

/// How long a directly uploaded Artifact is waited for, beside what its size takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server processes at least so many bytes a second.
const PROCESSING: u64 = 10 << 20;

/// How to upload.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub description: String,
    /// Straight to the server's storage.
    pub direct: bool,
    pub no_progress: bool,
    /// Whether the same Artifact may be there already.
    pub skip_existing: bool,
}

/// An Artifact that was looked at and may be sent.
pub struct Candidate {
    pub shown: String,
    source: Source,
    pub head: Head,
}

impl Candidate {
    /// Looks at a file, or at stdin. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no Artifact.
    pub async fn of(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let looked_at = tokio::task::spawn_blocking(move || look_at(&path));
        looked_at.await.context("the file could not be looked at")?
    }
}

/// Whether that is stdin.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Checks the head of a file, or of stdin. Nothing is sent yet.
fn look_at(path: &Path) -> Result<Candidate> {
    let shown = path.display().to_string();
    if is_stdin(path) {
        let mut stdin = Recorded { inner: io::stdin(), seen: Vec::new() };
        let head = Head::read(&mut stdin).map_err(|error| unreadable("stdin", error))?;
        let Recorded { inner, seen } = stdin;
        let source = Source::stream("stdin.mender", Cursor::new(seen).chain(inner));
        return Ok(Candidate { shown, source, head });
    }
    // Opening a pipe or a device might wait for ever, and neither has a length.
    let metadata = std::fs::metadata(path).map_err(|error| cannot_open(path, error))?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "it is a directory" } else { "it is not a regular file" };
        return Err(CliError::failed(format!("Cannot read artifact file: {shown}: {what}"))
            .hint("- reads the Artifact from stdin"));
    }
    let mut file = File::open(path).map_err(|error| cannot_open(path, error))?;
    let head = check_file(&mut file).map_err(|error| unreadable(&shown, error))?;
    let source = Source::file(path).map_err(|error| cannot_open(path, error))?;
    Ok(Candidate { shown, source, head })
}

/// In the words of the official client, which are Go's.
fn cannot_open(path: &Path, error: io::Error) -> CliError {
    let cause = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    CliError::failed(format!("Cannot read artifact file: open {}: {cause}", path.display()))
}

fn unreadable(shown: &str, error: FormatError) -> CliError {
    let text = match &error {
        FormatError::Io(_) => format!("Cannot read artifact file: {shown}"),
        FormatError::NotAnArtifact(_) | FormatError::UnsupportedVersion(_) => {
            format!("Invalid artifact format: {shown}")
        }
        _ => format!("error parsing artifact: {shown}"),
    };
    CliError::from(anyhow!(error).context(text))
}

/// Keeps what is read, so that it can be sent after it was looked at.
struct Recorded<R> {
    inner: R,
    seen: Vec<u8>,
}

impl<R: Read> Read for Recorded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

/// Asks whether the name is free, sends the file, and tells its id, and whether it had to be sent.
///
/// # Errors
///
/// If the name is taken by something else, or the server does not take it.
pub async fn store(
    candidate: &Candidate,
    options: &Options,
    client: &Client,
    ctx: &Context,
) -> Result<(String, bool)> {
    let Candidate { shown, source, head } = candidate;
    if let Some(existing) = taken(candidate, options, client).await? {
        ctx.out().notice(format_args!("{shown} is there already, as {existing}"));
        if head.has_scripts || head.signed {
            let what =
                "its state scripts and signature, of which the server tells nothing, were not compared";
            ctx.out().warn(format_args!("{shown}: {what}"));
        }
        return Ok((existing, false));
    }
    let progress = ctx.out().progress(source.name(), !options.no_progress);
    let work = async {
        let outcome = transfer(candidate, options, client, progress.clone()).await;
        outcome.map_err(|error| refused(error, options.direct, client, &progress, &head.name))
    };
    let interrupted = || {
        let name = &head.name;
        if progress.is_all_out() {
            format!(
                "upload of {shown} interrupted after its last byte; see with artifacts list --name {name:?} whether it was stored"
            )
        } else {
            format!("upload of {shown} interrupted; nothing was stored on the server")
        }
    };
    let outcome = interruptible(work, interrupted).await;
    // The bar must be gone before anything is said.
    progress.clear();
    let (id, uploaded) = match outcome {
        // Somebody else may have been faster.
        Err(error) if error.status() == Some(409) && options.skip_existing && !options.direct => {
            match taken(candidate, options, client).await? {
                Some(existing) => (existing, false),
                None => return Err(error),
            }
        }
        outcome => (outcome?, true),
    };
    if options.direct && !options.description.is_empty() {
        client.artifacts().describe(&id, &options.description).await.map_err(|error| {
            CliError::from(
                anyhow!(error).context(format!("Artifact {id} is uploaded, but its description is not set")),
            )
            .hint(format!("artifacts update {id} --description TEXT sets it"))
        })?;
    }
    if uploaded {
        ctx.out().notice(format_args!("upload successful: {} is {id}", head.name));
    } else {
        ctx.out().notice(format_args!("{shown} is there already, as {id}"));
    }
    Ok((id, uploaded))
}

/// The id of the same Artifact on the server, where that is welcome; an error if the name is taken otherwise.
async fn taken(candidate: &Candidate, options: &Options, client: &Client) -> Result<Option<String>> {
    let availability = client.artifacts().availability(&candidate.head).await;
    let availability = availability.map_err(|error| unauthorized(as_upload(error)))?;
    let Availability::Taken(others) = availability else { return Ok(None) };
    if options.skip_existing
        && let Some(same) =
            others.iter().find(|other| other.is_same_as(&candidate.head, candidate.source.length()))
    {
        return Ok(Some(same.id.clone()));
    }
    let others: Vec<_> = others
        .iter()
        .map(|other| format!("{} for {}", other.id, other.device_types_compatible.join(", ")))
        .collect();
    let hint = if options.skip_existing {
        "what is there has another content; give the new one another name"
    } else {
        "--skip-existing is content with the same content"
    };
    Err(CliError::failed(format!(
        "Artifact with same name or depends exists already: {} ({}); nothing was sent",
        candidate.head.name,
        others.join("; ")
    ))
    .hint(hint))
}

async fn transfer(
    candidate: &Candidate,
    options: &Options,
    client: &Client,
    progress: Arc<dyn Progress>,
) -> Result<String, Error> {
    let Candidate { source, head, .. } = candidate;
    if !options.direct {
        return client.artifacts().upload(source, &options.description, progress).await;
    }
    let size = source.length().unwrap_or_default();
    let patience = PATIENCE + Duration::from_secs(size / PROCESSING);
    client.artifacts().upload_direct(source, head, patience, progress).await
}

/// A failed upload in the words that scripts look for, and what it means.
fn refused(error: Error, direct: bool, client: &Client, progress: &Transfer, name: &str) -> CliError {
    let link =
        direct && error.refusal().is_some_and(|refusal| refusal.request.target.ends_with("/directupload"));
    let broken = matches!(
        &error,
        Error::Connection {
            fault: ConnectionFault::Broken | ConnectionFault::Timeout | ConnectionFault::Other,
            ..
        }
    );
    // The storage knows no logins and no names: what it refuses is told as it is.
    let storage = error.refusal().and_then(|refusal| refusal.request.target.split_once("://"));
    let storage = storage.map(|(_, rest)| rest.split('/').next().unwrap_or_default().to_owned());
    let error = as_upload(error);
    match error.status() {
        Some(401) if storage.is_none() => unauthorized(error),
        Some(status) if link => {
            let text = format!(
                "failed to get the direct pre-signed URL: Post URL request failed with status {status}"
            );
            match status {
                404 | 405 => {
                    error.reworded(text).hint("the server has direct upload switched off; leave out --direct")
                }
                _ => error.reworded(text),
            }
        }
        Some(409) if storage.is_none() => {
            let conflict = error.refusal.as_ref().and_then(|refusal| refusal.conflict.as_ref());
            let conflict = conflict.map(|conflict| format!(" ({conflict})")).unwrap_or_default();
            error.reworded(format!("Artifact with same name or depends exists already{conflict}"))
        }
        Some(status) => {
            let host = storage.unwrap_or_else(|| client.server().host());
            let text = format!("artifact upload to '{host}' failed with status {status}");
            let error = error.reworded(if direct { format!("failed to upload the artifact: {text}") } else { text });
            // A gateway that gives up says nothing of what is behind it.
            if matches!(status, 502..=504) { error.hint(perhaps_stored(name)) } else { error }
        }
        None if broken && progress.is_all_out() => error.hint(perhaps_stored(name)),
        None if broken => error.hint(
            "nothing was stored; a server that refuses a file may just end the connection: is it valid, is it too large?",
        ),
        None => error,
    }
}

fn perhaps_stored(name: &str) -> String {
    format!("all of it was sent, so it may have been stored: artifacts list --name {name:?} tells")
}

/// Here the official client names the upload, whatever the request was.
fn as_upload(error: Error) -> CliError {
    let Error::Connection { request, fault, text } = error else { return CliError::from(error) };
    let request = if request.is_storage() {
        request
    } else {
        RequestLine { method: "POST".parse().expect("a method"), target: "/artifacts".into() }
    };
    let mut error = CliError::from(Error::Connection { request, fault, text });
    if !matches!(fault, ConnectionFault::Certificate | ConnectionFault::Tls) {
        // What may have happened on the server is known better here.
        error.hints.clear();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_that_does_not_appear_is_a_matter_of_time() {
        let client = Client::builder("https://mender.example").unwrap().build().unwrap();
        let client = client.with_token(mender::Token::new("t").unwrap());
        let error = Error::NotProcessed { id: "i".into(), seconds: 60 };
        let error = refused(error, true, &client, &Transfer::default(), "a");
        assert_eq!(error.kind.exit_code(), 4);
        assert_eq!(error.message(), "the server took the file but has not shown Artifact i within 60 s");
        assert!(error.hints[0].contains("its log knows"), "{:?}", error.hints);
    }
}
