//! `devices preauthorize`.

use std::path::{Path, PathBuf};

use clap::Args;
use mender::Client;
use mender::devices::{Device, Preauthorized, Status};
use serde_json::{Map, Value};

use super::key;
use super::patience::Patience;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::files;
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Work};
use crate::cli::fleet::{Chosen, Target, pairs};
use crate::cli::output::Form;

/// Let devices in before they come.
#[derive(Debug, Args)]
#[command(after_help = FILES)]
pub struct PreauthorizeArgs {
    /// What the device identifies itself by, such as mac=02:00:00:00:00:01; or a JSON object
    #[arg(long, value_name = "KEY=VALUE", required_unless_present = "file", requires = "key")]
    identity: Vec<String>,

    /// File with its key: public, private or a certificate, PEM; '-' for stdin
    #[arg(long, value_name = "FILE", requires = "identity")]
    key: Option<PathBuf>,

    /// Many devices: a CSV file, '-' for stdin; see below
    #[arg(long, value_name = "FILE", conflicts_with_all = ["identity", "key"])]
    file: Option<PathBuf>,

    /// Add the key to a device that has that identity already
    #[arg(long)]
    force: bool,

    /// If a device of that identity is being removed, wait until it is gone
    #[arg(long)]
    wait: bool,

    #[command(flatten)]
    patience: Patience,

    #[command(flatten)]
    bulk: BulkArgs,
}

const FILES: &str = "\
The CSV file of --file has a heading. Its column 'key' names the file
of the device's key, from the folder of the CSV file; every other
column is an attribute of its identity:
  mac,serial,key
  02:00:00:00:00:01,A17,keys/a17.pem
Only the public part of a key is sent.";

/// Bytes of a list of devices.
const LARGEST_LIST: u64 = 64 << 20;

/// A device to come.
struct Coming {
    identity: Map<String, Value>,
    pubkey: String,
}

pub async fn run(args: PreauthorizeArgs, ctx: &Context) -> Result<()> {
    // All that can be wrong with the files is found before the first request.
    let coming = match (&args.file, &args.key) {
        (Some(file), _) => read_csv(file)?,
        (None, Some(file)) => vec![Coming { identity: identity(&args.identity)?, pubkey: key::read(file)? }],
        (None, None) => unreachable!("clap wants one of them"),
    };
    let client = ctx.client()?;
    let chosen = match &args.file {
        Some(file) => Chosen::Selected(format!("the list in {}", file.display())),
        None => Chosen::Named,
    };
    let jobs = coming.into_iter().map(|load| Job { target: target(&load), load }).collect();
    let work = Work {
        verb: "preauthorize",
        done: "preauthorized",
        place: "",
        server: client.server(),
        chosen: &chosen,
        is_grave: false,
    };
    let act = async |job: &Job<Coming>| preauthorize(&client, &job.load, &args, ctx).await;
    bulk::run(ctx, &args.bulk, &work, jobs, act).await
}

/// It has no id yet: its identity stands for it.
fn target(coming: &Coming) -> Target {
    let status = Status::Preauthorized.name().into();
    let name = Some(pairs(&coming.identity));
    Target { id: String::new(), name, status, identity: coming.identity.clone() }
}

async fn preauthorize(
    client: &Client,
    coming: &Coming,
    args: &PreauthorizeArgs,
    ctx: &Context,
) -> Result<Done> {
    let devices = client.devices();
    loop {
        let there = match devices.preauthorize(&coming.identity, &coming.pubkey).await? {
            Preauthorized::Made(id) => return told(ctx, args, Done::Made { id }),
            Preauthorized::Exists(device) => device,
        };
        // The conflict's body has no sets.
        let there = match devices.get(&there.id).await {
            Err(error) if error.status() == Some(404) => continue,
            other => other?,
        };
        if there.decommissioning {
            if !args.wait {
                return Err(exists(&there).hint("it is being removed: --wait waits until it is gone"));
            }
            args.patience.until_gone(client, &there.id).await?;
            continue;
        }
        if has_key(&there, &coming.pubkey) {
            return told(ctx, args, Done::Found { id: there.id });
        }
        if !args.force {
            return Err(exists(&there).hint("--force adds the key to that device"));
        }
        devices.add_preauthorized_key(&coming.identity, &coming.pubkey).await?;
        return told(ctx, args, Done::Made { id: there.id });
    }
}

/// The id of the only device is what `-q` is for; of many only those that failed are told.
fn told(ctx: &Context, args: &PreauthorizeArgs, done: Done) -> Result<Done> {
    if let Done::Made { id } | Done::Found { id } = &done
        && args.file.is_none()
        && ctx.out().asked_form() == Some(Form::Ids)
    {
        ctx.out().made(id, id)?;
    }
    Ok(done)
}

fn exists(device: &Device) -> CliError {
    CliError::failed(format!(
        "a device has that identity already: {} ({}, {})",
        device.id,
        device.status,
        pairs(&device.identity_data)
    ))
}

/// Whether the device is let in, or will be, with this key.
fn has_key(device: &Device, pubkey: &str) -> bool {
    let bare = |pem: &str| pem.split_whitespace().collect::<String>();
    let mut let_in = device.sets(Status::Preauthorized).chain(device.sets(Status::Accepted));
    let_in.any(|set| bare(&set.pubkey) == bare(pubkey))
}

/// `key=value` and JSON objects, put together.
fn identity(given: &[String]) -> Result<Map<String, Value>> {
    let mut identity = Map::new();
    for text in given {
        if text.trim_start().starts_with('{') {
            let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
                CliError::usage(format!("--identity {text:?} is no JSON object: {error}"))
            })?;
            identity.extend(object);
            continue;
        }
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                if identity.insert(name.to_owned(), value.into()).is_some() {
                    return Err(CliError::usage(format!("--identity names {name:?} twice")));
                }
            }
            _ => return Err(CliError::usage(format!("--identity {text:?} is not KEY=VALUE"))),
        }
    }
    if identity.is_empty() {
        return Err(CliError::usage("the identity is empty"));
    }
    Ok(identity)
}

/// The devices of a CSV file. A line that is wrong spoils the whole: nothing was done yet.
fn read_csv(path: &Path) -> Result<Vec<Coming>> {
    let fault = |text: String| CliError::failed(format!("{}: {text}", path.display()));
    let content = if path == Path::new("-") {
        files::read_within(LARGEST_LIST, std::io::stdin())
    } else {
        std::fs::File::open(path).and_then(|file| files::read_within(LARGEST_LIST, file))
    };
    let content = content.map_err(|error| fault(format!("cannot read it: {error}")))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(content.as_slice());
    let heading = reader.headers().map_err(|error| fault(error.to_string()))?.clone();
    let key_column = heading.iter().position(|name| name.trim_start_matches('\u{feff}') == "key");
    let key_column = key_column
        .ok_or_else(|| fault("its heading has no column 'key'".into()).hint("such as: mac,serial,key"))?;
    for (column, name) in heading.iter().enumerate() {
        if name.trim_start_matches('\u{feff}').is_empty()
            || heading.iter().take(column).any(|other| other == name)
        {
            return Err(fault("each column of its heading has a name, and no two the same".into()));
        }
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut coming: Vec<Coming> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| fault(error.to_string()))?;
        let line = record.position().map(csv::Position::line).unwrap_or_default();
        let mut identity = Map::new();
        for (column, (name, value)) in heading.iter().zip(&record).enumerate() {
            if column != key_column && !value.is_empty() {
                identity.insert(name.trim_start_matches('\u{feff}').to_owned(), value.into());
            }
        }
        if identity.is_empty() {
            return Err(fault(format!("line {line}: no attribute of an identity")));
        }
        if coming.iter().any(|other| other.identity == identity) {
            return Err(fault(format!("line {line}: that identity comes twice ({})", pairs(&identity))));
        }
        let named = record.get(key_column).filter(|name| !name.is_empty());
        let named = named.ok_or_else(|| fault(format!("line {line}: no file of a key")))?;
        let pubkey = key::read(&folder.join(named))
            .map_err(|error| error.context(format!("{}: line {line}", path.display())))?;
        coming.push(Coming { identity, pubkey });
    }
    if coming.is_empty() {
        return Err(fault("it has no device".into()));
    }
    Ok(coming)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn identities_are_pairs_or_json() {
        let of = |given: &[&str]| identity(&given.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(Value::from(of(&["mac=a=b", "sn=007"]).unwrap()), json!({"mac": "a=b", "sn": "007"}));
        assert_eq!(Value::from(of(&[r#"{"n": 5}"#, "sn=1"]).unwrap()), json!({"n": 5, "sn": "1"}));
        for wrong in [&["mac"][..], &["=x"], &["mac="], &["a=1", "a=2"], &["{"], &["{}"], &["[1]"]] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
