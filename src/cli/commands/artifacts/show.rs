//! `artifacts show`.

use clap::Args;
use mender::artifacts::Artifact;
use serde_json::Value;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Cell, Column};

/// Show an Artifact.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id or name
    #[arg(value_name = "ID|NAME")]
    artifact: String,
}

const PROPERTIES: &[Column<Artifact>] = &[
    Column { title: "ID", cell: |artifact| Cell::text(&artifact.id) },
    Column { title: "Name", cell: |artifact| Cell::text(&artifact.name) },
    Column { title: "Description", cell: |artifact| Cell::maybe(artifact.description.as_deref()) },
    Column { title: "Device types", cell: |artifact| Cell::List(&artifact.device_types_compatible) },
    Column { title: "Size", cell: |artifact| Cell::Size(artifact.size) },
    Column { title: "Modified", cell: |artifact| Cell::Time(artifact.modified.as_deref()) },
    Column { title: "Signed", cell: |artifact| Cell::Flag(artifact.signed) },
    Column { title: "Format", cell: |artifact| Cell::Text(format(artifact).into()) },
    Column { title: "Provides", cell: |artifact| pairs(artifact.artifact_provides.iter().flatten()) },
    Column { title: "Depends", cell: |artifact| pairs(artifact.artifact_depends.iter().flatten()) },
    Column {
        title: "Clears",
        cell: |artifact| Cell::List(artifact.clears_artifact_provides.as_deref().unwrap_or(&[])),
    },
    Column { title: "Payloads", cell: |artifact| Cell::Text(payloads(artifact).into()) },
];

pub async fn run(args: ShowArgs, ctx: &Context) -> Result<()> {
    let artifact = find(&ctx.client()?, &args.artifact).await?;
    ctx.out().show(&artifact, PROPERTIES, |artifact| &artifact.id)
}

fn format(artifact: &Artifact) -> String {
    artifact.info.as_ref().map(|info| format!("{} {}", info.format, info.version)).unwrap_or_default()
}

fn pairs<'a>(map: impl Iterator<Item = (&'a String, &'a Value)>) -> Cell<'static> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        other => other.to_string(),
    };
    let all: Vec<_> = map.map(|(key, value)| format!("{key}={}", text(value))).collect();
    Cell::Text(all.join(", ").into())
}

/// `single-file (f.txt, 8 bytes, sha256 0123...)`
fn payloads(artifact: &Artifact) -> String {
    let payload = |payload: &mender::artifacts::Update| {
        let files: Vec<_> = payload
            .files
            .iter()
            .map(|file| format!("{}, {} bytes, sha256 {}", file.name, file.size, file.checksum))
            .collect();
        let kind = payload.type_info.kind.as_deref().unwrap_or("empty");
        if files.is_empty() { kind.to_owned() } else { format!("{kind} ({})", files.join("; ")) }
    };
    artifact.updates.iter().map(payload).collect::<Vec<_>>().join(", ")
}
