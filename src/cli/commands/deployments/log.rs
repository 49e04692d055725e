//! `deployments log`.

use std::path::{Path, PathBuf};

use clap::Args;
use mender::Client;
use mender::deployments::{Deployment, Part, Status};
use serde_json::json;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::files;
use crate::cli::fleet::Fleet;
use crate::cli::output::Form;
use crate::cli::tally::Tally;

/// Show the logs that devices sent: of those named, of all that failed, or of the only one that has one.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Id or name of the deployment
    #[arg(value_name = "ID|NAME")]
    deployment: String,

    /// Devices: id or its beginning, name, or attribute=value
    #[arg(value_name = "DEVICE")]
    devices: Vec<String>,

    /// Of all devices that failed
    #[arg(long, conflicts_with = "devices")]
    failed: bool,

    /// Write a file a device into this directory, DEVICE-ID.log
    #[arg(short = 'O', long, value_name = "DIR")]
    output_directory: Option<PathBuf>,
}

/// A log to fetch.
struct Wanted {
    id: String,
    /// For people.
    label: String,
}

pub async fn run(args: LogArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let deployment = find(&client, &args.deployment).await?;
    let wanted = wanted(&args, &client, &deployment, ctx).await?;
    if wanted.is_empty() {
        ctx.out().notice("no device that failed has sent a log");
        return Ok(());
    }
    if let Some(directory) = &args.output_directory {
        files::make_directory(directory)?;
    }
    let form = ctx.out().form()?;
    let mut made = ctx.out().made_of(wanted.len());
    let mut tally = Tally::of(wanted.len());
    for (index, device) in wanted.iter().enumerate() {
        let text = match fetch(&client, &deployment, device).await {
            Ok(text) => text,
            Err(error) => {
                tally.count(Err(error), &device.label, ctx.out())?;
                continue;
            }
        };
        match (&args.output_directory, form) {
            (Some(directory), _) => {
                let path = write(directory, &device.id, &text)?;
                ctx.out().notice(format_args!("{}: {}", device.label, path.display()));
                made.add(&json!({ "id": device.id, "file": path }), &device.id)?;
            }
            (None, Form::Json | Form::Jsonl) => {
                made.add(&json!({ "id": device.id, "log": text }), &device.id)?;
            }
            (None, Form::Ids) => made.add(&(), &device.id)?,
            (None, Form::Table | Form::Tabs | Form::Text) => {
                if wanted.len() > 1 {
                    let gap = if index > 0 { "\n" } else { "" };
                    ctx.out().foreign(&format!("{gap}==> {} <==\n", device.label))?;
                }
                ctx.out().foreign(&text)?;
            }
        }
    }
    made.end()?;
    tally.verdict("read")
}

async fn wanted(
    args: &LogArgs,
    client: &Client,
    deployment: &Deployment,
    ctx: &Context,
) -> Result<Vec<Wanted>> {
    let fleet = Fleet::new(client, ctx.out());
    if !args.devices.is_empty() {
        let targets = fleet.all(&args.devices).await?;
        return Ok(targets.into_iter().map(|it| Wanted { label: it.label(), id: it.id }).collect());
    }
    let status = args.failed.then_some(Status::Failure.name());
    let mut with_log: Vec<Part> = Vec::new();
    let mut pages = client.deployments().devices(&deployment.id, status)?;
    while let Some(page) = pages.next_page().await? {
        with_log.extend(page.items.into_iter().filter(|part| part.log));
        // One too many is enough to know.
        if !args.failed && with_log.len() > 1 {
            break;
        }
    }
    if !args.failed && with_log.len() != 1 {
        let text =
            if with_log.is_empty() { "no device has sent a log" } else { "several devices have sent a log" };
        return Err(CliError::failed(text).hint(format!(
            "name devices, or take --failed; deployments devices {} shows who has one",
            deployment.id
        )));
    }
    let ids: Vec<&str> = with_log.iter().map(|part| part.id.as_str()).collect();
    let mut names = fleet.called(&ids).await;
    let label = |id: &str, name: Option<String>| match name {
        Some(name) => crate::cli::output::cell(&format!("{name} ({id})")).into_owned(),
        None => id.to_owned(),
    };
    Ok(with_log
        .into_iter()
        .map(|part| Wanted { label: label(&part.id, names.remove(&part.id)), id: part.id })
        .collect())
}

async fn fetch(client: &Client, deployment: &Deployment, device: &Wanted) -> Result<String> {
    let mut text = client.deployments().log(&deployment.id, &device.id).await.map_err(|error| {
        let is_none = error.status() == Some(404);
        let error = CliError::from(error);
        if is_none { error.reworded(format!("{} has sent no log", device.label)) } else { error }
    })?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// Ids of devices come from the server: only what is no path becomes the name of a file.
fn write(directory: &Path, id: &str, text: &str) -> Result<PathBuf> {
    let is_name = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !is_name {
        let text = format!("{id:?} cannot be the name of a file");
        return Err(CliError::new(Kind::Failed, anyhow::Error::msg(text)));
    }
    let path = directory.join(format!("{id}.log"));
    files::write(&path, text.as_bytes())?;
    Ok(path)
}
