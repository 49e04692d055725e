//! `devices`: what the server knows of devices.

use clap::{Args, Subcommand};
use mender::devices::Device;
use serde_json::{Map, Value};

use super::{Tree, help_of};
use crate::cli::args::PageArgs;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::listing::{Listing, Style};
use crate::cli::official::RULE;
use crate::cli::output::{Cell, Column};

/// Devices.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List devices
    List(PageArgs),
}

const COLUMNS: &[Column<Device>] = &[
    Column { title: "ID", cell: |device| Cell::text(&device.id) },
    Column { title: "Status", cell: |device| Cell::text(&device.status) },
    Column { title: "Identity", cell: |device| Cell::Text(identity(&device.identity_data).into()) },
    Column { title: "Created", cell: |device| Cell::Time(Some(&device.created_ts)) },
    Column { title: "Updated", cell: |device| Cell::Time(Some(&device.updated_ts)) },
];

pub async fn run(args: DevicesArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["devices"])),
        Some(Verb::List(page)) => {
            let listing = Listing::of(&page, ctx, "devices list")?;
            let client = ctx.client()?;
            let style = Style { columns: COLUMNS, id: |device| &device.id, block, what: "devices" };
            listing.run(client.devices().list(None), &style, ctx).await
        }
    }
}

/// All attributes in one cell: `mac=..., sn=...`.
fn identity(data: &Map<String, Value>) -> String {
    let pairs: Vec<_> = data.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
    pairs.join(", ")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A device as the official client writes it.
fn block(device: &Device, detail: u8) -> String {
    let mut text = format!("ID: {}\nStatus: {}\n", device.id, device.status);
    if detail >= 1 {
        text.push_str(&format!(
            "IdentityData:\n{}CreatedTs: {}\nUpdatedTs: {}\nDecommissioning: {}\n",
            known_identity(&device.identity_data, "  "),
            device.created_ts,
            device.updated_ts,
            device.decommissioning,
        ));
    }
    if detail >= 2 {
        for (index, set) in device.auth_sets.iter().enumerate() {
            text.push_str(&format!(
                "AuthSet[{index}]:\n  ID: {}\n  PubKey:\n{}  IdentityData:\n{}  Status: {}\n  Ts: {}\n",
                set.id,
                set.pubkey,
                known_identity(&set.identity_data, "    "),
                set.status,
                set.ts,
            ));
        }
    }
    text.push_str(RULE);
    text.push('\n');
    text
}

/// The three attributes that the official client knows, where they are not empty.
fn known_identity(data: &Map<String, Value>, indent: &str) -> String {
    let known = [("MAC address", "mac"), ("Stock keeping unit", "sku"), ("Serial number", "sn")];
    let row = |(label, key): (&str, &str)| {
        let value = data.get(key).map(text).filter(|value| !value.is_empty() && value != "null")?;
        Some(format!("{indent}{label}: {value}\n"))
    };
    known.into_iter().filter_map(row).collect()
}
