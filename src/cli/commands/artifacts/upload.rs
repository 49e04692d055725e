//! `artifacts upload`.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use mender::artifact::{FormatError, Head, check_file};
use mender::artifacts::Availability;
use mender::{Client, ConnectionFault, Error, Progress, RequestLine, Source};
use serde::Serialize;

use super::unauthorized;
use super::update::check_description;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Made, Transfer};
use crate::cli::signals::interruptible;
use crate::cli::tally::Tally;

/// How long a directly uploaded Artifact is waited for, beside what its size takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server processes at least so many bytes a second.
const PROCESSING: u64 = 10 << 20;

/// Upload Artifacts.
#[derive(Debug, Default, Args)]
pub struct UploadArgs {
    /// Artifact files; - is stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Description of the Artifact
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    description: String,

    /// Send it straight to the server's storage, where the server allows that
    #[arg(long)]
    direct: bool,

    /// Do not show how far it is
    #[arg(long)]
    no_progress: bool,

    /// Be content if the same Artifact is there already; state scripts, of which the server tells nothing, are not compared
    #[arg(long)]
    skip_existing: bool,
}

/// An Artifact that was looked at and may be sent.
struct Candidate {
    shown: String,
    source: Source,
    head: Head,
}

/// What became of it, for programs.
#[derive(Serialize)]
struct Outcome<'a> {
    id: &'a str,
    name: &'a str,
    file: &'a str,
    uploaded: bool,
}

pub async fn run(args: UploadArgs, ctx: &Context) -> Result<()> {
    check_description(&args.description)?;
    let client = ctx.client()?;
    if args.files.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(CliError::usage("stdin can be read only once"));
    }
    if args.direct && args.files.iter().any(|path| is_stdin(path)) {
        return Err(CliError::usage("a direct upload needs a file, whose length is known"));
    }
    // All of them before the first request: a typing mistake in the last must not cost an hour.
    let mut candidates = Vec::new();
    for path in &args.files {
        let path = path.clone();
        let looked_at = tokio::task::spawn_blocking(move || look_at(&path));
        candidates.push(looked_at.await.context("the file could not be looked at")??);
    }
    let mut made = ctx.out().made_of(candidates.len());
    let outcome = send_all(&candidates, &args, &client, ctx, &mut made).await;
    made.end()?;
    outcome
}

async fn send_all(
    candidates: &[Candidate],
    args: &UploadArgs,
    client: &Client,
    ctx: &Context,
    made: &mut Made,
) -> Result<()> {
    let mut tally = Tally::of(candidates.len());
    for candidate in candidates {
        tally.count(send(candidate, args, client, ctx, made).await, &candidate.shown, ctx.out())?;
    }
    tally.verdict("uploaded")
}

fn is_stdin(path: &Path) -> bool {
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

/// A file that goes to the server as a part of other work, unless it is there already.
pub struct Upload {
    candidate: Candidate,
    args: UploadArgs,
}

impl Upload {
    /// Looks at the file. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If it is no Artifact.
    pub async fn of(path: &Path, no_progress: bool) -> Result<Self> {
        let files = vec![path.to_owned()];
        let args = UploadArgs { files, no_progress, skip_existing: true, ..UploadArgs::default() };
        let path = path.to_owned();
        let looked_at = tokio::task::spawn_blocking(move || look_at(&path));
        Ok(Upload { candidate: looked_at.await.context("the file could not be looked at")??, args })
    }

    /// What is in it.
    pub fn head(&self) -> &Head {
        &self.candidate.head
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// As `artifacts upload --skip-existing`.
    pub async fn send(&self, client: &Client, ctx: &Context) -> Result<()> {
        store(&self.candidate, &self.args, client, ctx).await.map(|_| ())
    }
}

async fn send(
    candidate: &Candidate,
    args: &UploadArgs,
    client: &Client,
    ctx: &Context,
    made: &mut Made,
) -> Result<()> {
    let (id, uploaded) = store(candidate, args, client, ctx).await?;
    let Candidate { shown, head, .. } = candidate;
    made.add(&Outcome { id: &id, name: &head.name, file: shown, uploaded }, &id)
}

/// Asks whether the name is free, sends the file, and tells its id, and whether it had to be sent.
async fn store(
    candidate: &Candidate,
    args: &UploadArgs,
    client: &Client,
    ctx: &Context,
) -> Result<(String, bool)> {
    let Candidate { shown, source, head } = candidate;
    if let Some(existing) = taken(candidate, args, client).await? {
        ctx.out().notice(format_args!("{shown} is there already, as {existing}"));
        if head.has_scripts || head.signed {
            let what =
                "its state scripts and signature, of which the server tells nothing, were not compared";
            ctx.out().warn(format_args!("{shown}: {what}"));
        }
        return Ok((existing, false));
    }
    let progress = ctx.out().progress(source.name(), !args.no_progress);
    let work = async {
        let outcome = transfer(candidate, args, client, progress.clone()).await;
        outcome.map_err(|error| refused(error, args.direct, client, &progress, &head.name))
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
        Err(error) if error.status() == Some(409) && args.skip_existing && !args.direct => {
            match taken(candidate, args, client).await? {
                Some(existing) => (existing, false),
                None => return Err(error),
            }
        }
        outcome => (outcome?, true),
    };
    if args.direct && !args.description.is_empty() {
        client.artifacts().describe(&id, &args.description).await.map_err(|error| {
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
async fn taken(candidate: &Candidate, args: &UploadArgs, client: &Client) -> Result<Option<String>> {
    let availability = client.artifacts().availability(&candidate.head).await;
    let availability = availability.map_err(|error| unauthorized(as_upload(error)))?;
    let Availability::Taken(others) = availability else { return Ok(None) };
    if args.skip_existing
        && let Some(same) =
            others.iter().find(|other| other.is_same_as(&candidate.head, candidate.source.length()))
    {
        return Ok(Some(same.id.clone()));
    }
    let others: Vec<_> = others
        .iter()
        .map(|other| format!("{} for {}", other.id, other.device_types_compatible.join(", ")))
        .collect();
    let hint = if args.skip_existing {
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
    args: &UploadArgs,
    client: &Client,
    progress: Arc<dyn Progress>,
) -> Result<String, Error> {
    let Candidate { source, head, .. } = candidate;
    if !args.direct {
        return client.artifacts().upload(source, &args.description, progress).await;
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
