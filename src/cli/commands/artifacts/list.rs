//! `artifacts list`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use mender::artifacts::{Artifact, Filter, Update};
use serde_json::{Value, json};

use super::COLUMNS;
use crate::cli::args::PageArgs;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::listing::{Listing, Style};
use crate::cli::official::{self, RULE};

/// List Artifacts.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    page: PageArgs,

    /// Only of this name; 'PREFIX*' for all that begin so; several are alternatives
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Vec<String>,

    /// Only with this description; 'PREFIX*' for all that begin so
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    description: Option<String>,

    /// Only for this device type; 'PREFIX*' for all that begin so
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    device_type: Option<String>,
}

pub async fn run(args: ListArgs, ctx: &Context) -> Result<()> {
    let listing = Listing::of(&args.page, ctx, "artifacts list")?;
    let filter = Filter { names: args.name, description: args.description, device_type: args.device_type };
    let client = ctx.client()?;
    let style = Style { columns: COLUMNS, id: |artifact| &artifact.id, block, what: "artifacts" };
    listing.run(client.artifacts().list(&filter), &style, ctx).await
}

/// An Artifact as the official client writes it, its spelling mistake included.
pub fn block(artifact: &Artifact, detail: u8) -> String {
    let mut text = format!("ID: {}\nName: {}\n", artifact.id, artifact.name);
    if detail >= 1 {
        let (format, version) =
            artifact.info.as_ref().map_or(("", 0), |info| (info.format.as_str(), info.version));
        text.push_str(&format!(
            "Signed: {}\nModfied: {}\nSize: {}\nDescription: {}\nCompatible types:\n{}Artifact format: {format}\nFormat version: {version}\n",
            artifact.signed,
            official::time(artifact.modified.as_deref()),
            artifact.size,
            artifact.description.as_deref().unwrap_or_default(),
            indented(artifact.device_types_compatible.iter().map(String::as_str)),
        ));
    }
    if detail >= 2 {
        text.push_str(&dependencies(artifact));
        text.push_str("Updates:\n");
        for payload in &artifact.updates {
            text.push_str(&payload_block(payload, detail));
        }
    }
    text.push_str(RULE);
    text.push('\n');
    text
}

fn dependencies(artifact: &Artifact) -> String {
    let provides = artifact.artifact_provides.as_ref().and_then(|map| map.get("artifact_name"));
    let depends = artifact.artifact_depends.as_ref().and_then(|map| map.get("device_type"));
    let types = match depends {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(only)) => vec![only.as_str()],
        _ => Vec::new(),
    };
    let provides = provides.and_then(Value::as_str).unwrap_or_default();
    format!("Artifact provides: {provides}\nArtifact depends:\n{}", indented(types.into_iter()))
}

fn payload_block(payload: &Update, detail: u8) -> String {
    let mut text = format!("  Type: {}\n  Files:\n", payload.type_info.kind.as_deref().unwrap_or_default());
    for file in &payload.files {
        text.push_str(&format!(
            "\tName: {}\n\tChecksum: {}\n\tSize: {}\n\tDate: {}\n",
            file.name,
            file.checksum,
            file.size,
            official::time(file.date.as_deref()),
        ));
        if payload.files.len() > 1 {
            text.push('\n');
        }
    }
    if detail == 3 {
        text.push_str(&format!("  MetaData: {}\n", official::value(&meta_data(payload))));
    }
    text
}

/// The list form of the meta-data, which newer servers may stop sending.
fn meta_data(payload: &Update) -> Value {
    match (&payload.meta_data, &payload.metadata) {
        (Some(list), _) if !list.is_null() => list.clone(),
        (_, Some(Value::Object(map))) => {
            map.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
        }
        _ => json!([]),
    }
}

fn indented<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_official_one_to_the_byte() {
        let artifact: Artifact = serde_json::from_value(json!({
            "id": "i", "name": "n", "description": "two\nlines", "device_types_compatible": ["a", "b"],
            "info": {"format": "mender", "version": 3}, "signed": true, "size": 7,
            "modified": "2024-05-06T07:08:09.123Z",
            "artifact_provides": {"artifact_name": "n"}, "artifact_depends": {"device_type": ["a", "b"]},
            "updates": [{
                "type_info": {"type": "module"},
                "files": [
                    {"name": "f", "checksum": "c", "size": 1, "date": "2024-01-02T03:04:05Z"},
                    {"name": "g", "checksum": "d", "size": 2},
                ],
                "meta_data": [{"k": "v", "n": 1.5}, "x"],
            }, {"type_info": {"type": null}, "files": null}],
        }))
        .unwrap();
        let expected = "\
ID: i\nName: n\nSigned: true\nModfied: 2024-05-06 07:08:09.123 +0000 UTC\nSize: 7\nDescription: two\nlines
Compatible types:\n  a\n  b\nArtifact format: mender\nFormat version: 3\nArtifact provides: n\nArtifact depends:\n  a\n  b
Updates:\n  Type: module\n  Files:
\tName: f\n\tChecksum: c\n\tSize: 1\n\tDate: 2024-01-02 03:04:05 +0000 UTC\n
\tName: g\n\tChecksum: d\n\tSize: 2\n\tDate: 0001-01-01 00:00:00 +0000 UTC\n
  MetaData: [map[k:v n:1.5] x]\n  Type: \n  Files:\n  MetaData: []
--------------------------------------------------------------------------------\n";
        assert_eq!(block(&artifact, 3), expected);
        assert_eq!(block(&artifact, 0), format!("ID: i\nName: n\n{RULE}\n"));
        assert!(!block(&artifact, 2).contains("MetaData"));
    }
}
