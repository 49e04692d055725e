//! `deployments log`.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use mender::Client;
use mender::deployments::{Deployment, Part, Status};
use serde_json::json;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::files;
use crate::cli::fleet::Fleet;
use crate::cli::fleet::bulk::counted;
use crate::cli::ids::is_id;
use crate::cli::output::{Form, Made, Output, cell};
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
        return if ctx.out().asked_form() == Some(Form::Json) { ctx.out().json(&[(); 0]) } else { Ok(()) };
    }
    if let Some(directory) = &args.output_directory {
        files::make_directory(directory)?;
    }
    let mut printer = Printer {
        out: ctx.out(),
        form: ctx.out().form()?,
        made: ctx.out().made_of(wanted.len()),
        has_headings: wanted.len() > 1,
        has_shown: false,
    };
    let mut tally = Tally::of(wanted.len());
    for device in &wanted {
        let fetched = fetch(&client, &deployment, device).await.and_then(|log| {
            let path = args.output_directory.as_ref().map(|directory| write(directory, &device.id, &log));
            Ok((log, path.transpose()?))
        });
        match fetched {
            Ok((log, path)) => printer.take(device, &log, path)?,
            Err(error) => tally.count(Err(error), &device.label, ctx.out())?,
        }
    }
    printer.made.end()?;
    tally.verdict("read")
}

/// Shows logs, or where they are.
struct Printer<'o> {
    out: &'o Output,
    form: Form,
    made: Made,
    has_headings: bool,
    has_shown: bool,
}

impl Printer<'_> {
    fn take(&mut self, device: &Wanted, log: &[u8], path: Option<PathBuf>) -> Result<()> {
        let id = &device.id;
        match (path, self.form) {
            (Some(path), _) => {
                self.out.notice(format_args!("{}: {}", device.label, path.display()));
                self.made.add(&json!({ "id": id, "file": path }), id)
            }
            (None, Form::Json | Form::Jsonl) => {
                self.made.add(&json!({ "id": id, "log": String::from_utf8_lossy(log) }), id)
            }
            (None, Form::Ids) => self.made.add(&(), id),
            (None, Form::Table | Form::Tabs | Form::Text) => self.show(device, log),
        }
    }

    fn show(&mut self, device: &Wanted, log: &[u8]) -> Result<()> {
        if !self.has_headings {
            return print(log, self.out);
        }
        let gap = if std::mem::replace(&mut self.has_shown, true) { "\n" } else { "" };
        self.out.text(&format!("{gap}==> {} <==\n", device.label))?;
        print(log, self.out)?;
        // The next heading has a line of its own.
        if log.is_empty() || log.ends_with(b"\n") { Ok(()) } else { self.out.text("\n") }
    }
}

/// As it is, but for a terminal.
fn print(log: &[u8], out: &Output) -> Result<()> {
    if out.is_terminal() {
        return out.foreign(&String::from_utf8_lossy(log).replace("\r\n", "\n"));
    }
    out.bytes(log)
}

async fn wanted(
    args: &LogArgs,
    client: &Client,
    deployment: &Deployment,
    ctx: &Context,
) -> Result<Vec<Wanted>> {
    let fleet = Fleet::new(client, ctx.out());
    if !args.devices.is_empty() {
        let named = fleet.find(&args.devices).await?;
        // One that was removed has left its logs.
        let (gone, unknown): (Vec<String>, Vec<String>) =
            named.missing.into_iter().partition(|word| is_id(word));
        // For the words of its failure; or one has come just now.
        let late = if unknown.is_empty() { Vec::new() } else { fleet.all(&unknown).await? };
        let known = named.targets.into_iter().chain(late).map(|it| Wanted { label: it.label(), id: it.id });
        return Ok(known.chain(gone.into_iter().map(|id| Wanted { label: id.clone(), id })).collect());
    }
    let status = args.failed.then_some(Status::Failure.name());
    let mut with_log: Vec<Part> = Vec::new();
    let mut without = 0;
    let mut pages = client.deployments().devices(&deployment.id, status)?;
    while let Some(page) = pages.next_page().await? {
        without += page.items.iter().filter(|part| !part.log).count();
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
    if args.failed && without > 0 && !with_log.is_empty() {
        ctx.out().notice(format_args!("{} failed without sending a log", counted(without)));
    }
    let ids: Vec<&str> = with_log.iter().map(|part| part.id.as_str()).collect();
    let mut names = fleet.called(&ids).await;
    let label = |id: &str, name: Option<String>| match name {
        Some(name) => cell(&format!("{name} ({id})")).into_owned(),
        None => cell(id).into_owned(),
    };
    Ok(with_log
        .into_iter()
        .map(|part| Wanted { label: label(&part.id, names.remove(&part.id)), id: part.id })
        .collect())
}

async fn fetch(client: &Client, deployment: &Deployment, device: &Wanted) -> Result<Bytes> {
    client.deployments().log(&deployment.id, &device.id).await.map_err(|error| {
        let is_none = error.status() == Some(404);
        let error = CliError::from(error);
        if is_none { error.reworded(format!("{} has sent no log", device.label)) } else { error }
    })
}

/// Ids of devices come from the server: only what is no path becomes the name of a file.
fn write(directory: &Path, id: &str, log: &[u8]) -> Result<PathBuf> {
    let is_name = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !is_name {
        let text = format!("{id:?} cannot be the name of a file");
        return Err(CliError::new(Kind::Failed, anyhow::Error::msg(text)));
    }
    let path = directory.join(format!("{id}.log"));
    files::write(&path, log)?;
    Ok(path)
}
