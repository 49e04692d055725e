//! `devices show`.

use clap::Args;
use mender::connection::Connection;
use mender::deployments::Participation;
use mender::devices::{Device, Status};
use mender::{Client, inventory};
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::{DeviceArg, Fleet, Row, text};
use crate::cli::output::{Cell, View};

/// Show all that is known of a device.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    named: DeviceArg,
}

/// What the services know of one device.
struct Sheet {
    device: Device,
    row: Option<Row>,
    connection: Option<Connection>,
    last: Option<Participation>,
}

pub async fn run(args: ShowArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let target = fleet.one(&args.named.device).await?;
    let id = target.id.as_str();
    let (devices, inventory, connections) = (client.devices(), client.inventory(), client.connections());
    let (device, known, connection, last) =
        tokio::join!(devices.get(id), inventory.get(id), connections.get(id), last_deployment(&client, id),);
    let naming = fleet.attribute().await;
    let known: Option<inventory::Device> = optional(ctx, "inventory", known)?;
    let sheet = Sheet {
        device: device?,
        row: known.map(|known| Row::of(known, naming)),
        connection: optional(ctx, "connection", connection)?,
        last: optional(ctx, "deployments", last)?.flatten(),
    };
    let lines = Lines::of(&sheet);
    ctx.out().sheet(&sheet, &lines)
}

async fn last_deployment(client: &Client, id: &str) -> mender::Result<Option<Participation>> {
    Ok(client
        .deployments()
        .of_device(id)?
        .from(1, 1)
        .next_page()
        .await?
        .and_then(|page| page.items.into_iter().next()))
}

/// What a service says, if it knows the device and the user may see it. The rest is shown all the same.
fn optional<T>(ctx: &Context, what: &str, outcome: mender::Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(known) => Ok(Some(known)),
        Err(error) if error.status() == Some(404) => Ok(None),
        Err(error) if error.status().is_some_and(|status| status != 401) => {
            ctx.out().warn(format_args!("{what}: {}", CliError::from(error).message()));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// A line a property; the titles depend on the device.
struct Lines(Vec<String>);

impl Lines {
    fn of(sheet: &Sheet) -> Self {
        Lines(properties(sheet).into_iter().map(|(title, _)| title).collect())
    }
}

fn properties(sheet: &Sheet) -> Vec<(String, Cell<'_>)> {
    let Sheet { device, row, connection, last } = sheet;
    let row = row.as_ref();
    let mut lines: Vec<(String, Cell<'_>)> = vec![
        ("ID".into(), Cell::text(&device.id)),
        ("Name".into(), Cell::maybe(row.and_then(|row| row.name.as_deref()))),
        ("Status".into(), Cell::text(&device.status)),
        ("Because".into(), Cell::Text(why(device).unwrap_or_default().into())),
        ("Decommissioning".into(), if device.decommissioning { Cell::Flag(true) } else { Cell::text("") }),
        ("Group".into(), Cell::maybe(row.and_then(|row| row.group.as_deref()))),
        ("Connection".into(), Cell::maybe(connection.as_ref().map(|it| it.status.as_str()))),
        ("Last check-in".into(), Cell::Time(seen(sheet))),
        ("Created".into(), Cell::Time(Some(&device.created_ts))),
        ("Inventory of".into(), Cell::Time(row.and_then(|row| row.updated_ts.as_deref()))),
        ("Last deployment".into(), Cell::Text(last.as_ref().map(deployment).unwrap_or_default().into())),
    ];
    for (index, set) in device.auth_sets.iter().enumerate() {
        let key = set.fingerprint().map(|it| format!("SHA256:{it}")).unwrap_or_default();
        let text = format!("{}  {}  since {}  {key}", set.id, set.status, set.ts);
        lines.push((format!("Authentication set {}", index + 1), Cell::Text(text.into())));
    }
    let mut scope = |scope: &str, map: &serde_json::Map<String, Value>| {
        for (name, value) in map {
            lines.push((format!("{scope}/{name}"), Cell::Text(text(value).into_owned().into())));
        }
    };
    scope("identity", &device.identity_data);
    if let Some(row) = row {
        for (name, map) in [
            ("tags", &row.tags),
            ("inventory", &row.inventory),
            ("monitor", &row.monitor),
            ("system", &row.system),
        ] {
            scope(name, map);
        }
    }
    lines
}

/// Why a device is not let in, as far as its authentication sets tell.
fn why(device: &Device) -> Option<String> {
    let count = |status: Status| device.sets(status).count();
    let text = match (count(Status::Pending), count(Status::Accepted), count(Status::Rejected)) {
        (0, 0, 0) if count(Status::Preauthorized) > 0 => "it was let in beforehand, and has not come yet",
        (0, 0, 0) => "it was dismissed, and has not asked again",
        (0, 0, _) => "somebody rejected its key",
        (0, ..) => return None,
        (1, 0, 0) => "nobody has decided about its key yet",
        (_, 0, 0) => "nobody has decided about its keys yet: it came with several",
        (_, 0, _) => "it came with a new key after another was rejected; nobody has decided about that yet",
        (_, _, _) => "it came with a new key besides the accepted one; nobody has decided about that yet",
    };
    Some(text.to_owned())
}

fn seen(sheet: &Sheet) -> Option<&str> {
    let known = sheet.row.as_ref().and_then(|row| row.check_in_time.as_deref());
    sheet.device.check_in_time.as_deref().or(known)
}

fn deployment(part: &Participation) -> String {
    let (name, release) =
        part.deployment.as_ref().map_or(("(deleted)", ""), |it| (&it.name, &it.artifact_name));
    let end = part.device.finished.as_deref().unwrap_or_default();
    [name, release, &part.device.status, end]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join("  ")
}

impl View<Sheet> for Lines {
    fn titles(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    /// Names of attributes stay as they are.
    fn keys(&self) -> Vec<String> {
        let key = |title: &String| if title.contains('/') { title.clone() } else { title.to_lowercase() };
        self.0.iter().map(key).collect()
    }

    fn cells<'t>(&self, sheet: &'t Sheet) -> Vec<Cell<'t>> {
        properties(sheet).into_iter().map(|(_, cell)| cell).collect()
    }

    fn id<'t>(&self, sheet: &'t Sheet) -> &'t str {
        &sheet.device.id
    }

    fn json(&self, sheet: &Sheet) -> String {
        let mut object = json!(sheet.device);
        for (set, json) in
            sheet.device.auth_sets.iter().zip(object["auth_sets"].as_array_mut().into_iter().flatten())
        {
            json["fingerprint"] = json!(set.fingerprint());
        }
        let known = sheet.row.as_ref().map(|row| json!(row)).unwrap_or_default();
        // What device authentication says of status and times is newer.
        for key in ["name", "group", "tags", "inventory", "monitor", "system"] {
            object[key] = known.get(key).cloned().unwrap_or_default();
        }
        object["because"] = json!(why(&sheet.device));
        object["check_in_time"] = json!(seen(sheet));
        object["connection"] = json!(sheet.connection);
        object["last_deployment"] = json!(sheet.last);
        object.to_string()
    }
}
