//! `artifacts download`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use mender::artifacts::Artifact;
use mender::{Client, Error};

use super::find;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::files::Target;
use crate::cli::official::unauthorized;
use crate::cli::output::Transfer;
use crate::cli::signals::interruptible;

/// Download an Artifact.
#[derive(Debug, Args)]
pub struct DownloadArgs {
    /// Id or name
    #[arg(value_name = "ID|NAME")]
    artifact: String,

    /// Directory to write NAME.mender into [default: the current one]
    // An empty one is none, which the parser of paths refuses.
    #[arg(long, value_name = "DIR", allow_hyphen_values = true, value_parser = OsStringValueParser::new().map(PathBuf::from))]
    destination_path: Option<PathBuf>,

    /// File to write; - is stdout
    #[arg(short = 'O', long, value_name = "FILE", conflicts_with = "destination_path")]
    output_file: Option<PathBuf>,

    /// Do not show how far it is
    #[arg(long)]
    no_progress: bool,
}

pub async fn run(args: DownloadArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let artifact = find(&client, &args.artifact).await.map_err(unauthorized)?;
    let target = target(&args, &artifact)?;
    let shown = target.display().to_string();
    let progress = ctx.out().progress(&artifact.name, !args.no_progress);
    let work = fetch(&client, &artifact, &target, ctx, &progress);
    let outcome = interruptible(work, || format!("download interrupted; {shown} was not written")).await;
    progress.clear();
    outcome?;
    if target.as_os_str() != "-" {
        ctx.out().made(
            &serde_json::json!({ "id": artifact.id, "name": artifact.name, "file": shown }),
            &artifact.id,
        )?;
    }
    ctx.out().notice("download successful");
    Ok(())
}

/// The file to write. The Artifact's name is the server's word, so that it never becomes a path.
fn target(args: &DownloadArgs, artifact: &Artifact) -> Result<PathBuf> {
    if let Some(path) = &args.output_file {
        if path.is_dir() {
            return Err(CliError::usage(format!("{} is a directory", path.display()))
                .hint("--destination-path takes a directory"));
        }
        return Ok(path.clone());
    }
    let directory = args.destination_path.clone().filter(|path| !path.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| PathBuf::from("."));
    if !directory.is_dir() {
        return Err(CliError::failed(format!(
            "Cannot create file: there is no directory {}",
            directory.display()
        )));
    }
    let name = file_name(&artifact.name).ok_or_else(|| {
        CliError::failed(format!("the name of the Artifact cannot be that of a file: {:?}", artifact.name))
            .hint("name the file with -O")
    })?;
    Ok(directory.join(name))
}

fn file_name(artifact: &str) -> Option<String> {
    let name = format!("{artifact}.mender");
    let forbidden = |c: char| {
        matches!(c, '/' | '\\' | '\0') || c.is_control() || (cfg!(windows) && "<>:\"|?*".contains(c))
    };
    let is_sound =
        !artifact.is_empty() && !artifact.starts_with('.') && !name.contains(forbidden) && name.len() <= 255;
    is_sound.then_some(name)
}

async fn fetch(
    client: &Client,
    artifact: &Artifact,
    target: &Path,
    ctx: &Context,
    progress: &Transfer,
) -> Result<()> {
    let artifacts = client.artifacts();
    let real = match Target::of(target)? {
        Target::Stdout => {
            artifacts.download(artifact, &mut ctx.out().stream(), progress).await.map_err(to_stdout)?;
            return Ok(());
        }
        Target::Open(path) => {
            let opened = tokio::fs::File::options().write(true).open(path).await;
            let mut file = opened.with_context(|| cannot_create(target))?;
            artifacts.download(artifact, &mut file, progress).await?;
            return Ok(());
        }
        Target::File(real) => real,
    };
    let directory = real.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = temporary(directory).with_context(|| cannot_create(target))?;
    if let Ok(old) = std::fs::metadata(&real) {
        // Who may read the file that is replaced is its owner's decision.
        temporary.as_file().set_permissions(old.permissions()).with_context(|| cannot_create(target))?;
    }
    let mut file =
        tokio::fs::File::from_std(temporary.as_file().try_clone().with_context(|| cannot_create(target))?);
    artifacts.download(artifact, &mut file, progress).await?;
    file.sync_all().await.with_context(|| cannot_create(target))?;
    drop(file);
    temporary.persist(&real).map_err(|error| error.error).with_context(|| cannot_create(target))?;
    Ok(())
}

fn cannot_create(target: &Path) -> String {
    format!("Cannot create file: {}", target.display())
}

/// A file that goes away unless it is complete, with the mode that any new file has.
fn temporary(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mender-download-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

/// Whoever read our stdout may have seen enough.
fn to_stdout(error: Error) -> CliError {
    match error {
        Error::Target(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {
            CliError::new(Kind::Closed, cause)
        }
        other => CliError::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_name_from_the_server_never_becomes_a_path() {
        assert_eq!(file_name("release 1.2").as_deref(), Some("release 1.2.mender"));
        for name in
            ["", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", ".bashrc", "a\nb", "a\0b", &"x".repeat(250)]
        {
            assert_eq!(file_name(name), None, "{name:?}");
        }
    }
}
