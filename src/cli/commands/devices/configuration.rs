//! `devices configuration`.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use mender::Client;
use mender::configuration::Configuration;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::{DeviceArg, Fleet, Target, text};
use crate::cli::output::{Cell, Column};

/// The configuration of a device.
#[derive(Debug, Args)]
pub struct ConfigurationArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what is wanted, and what the device says it has
    Show {
        #[command(flatten)]
        named: DeviceArg,
    },
    /// Change some keys of what is wanted; the others stay
    Set {
        #[command(flatten)]
        named: DeviceArg,
        /// Keys with their values
        #[arg(value_name = "KEY=VALUE", required_unless_present = "unset")]
        pairs: Vec<String>,
        /// Take this key out
        #[arg(long, value_name = "KEY")]
        unset: Vec<String>,
        /// Send it to the device, too
        #[arg(long)]
        deploy: bool,
    },
    /// Send what is wanted to the device; prints the id of the deployment
    Deploy {
        #[command(flatten)]
        named: DeviceArg,
        /// Let the device try again so often
        #[arg(long, value_name = "N", default_value_t = 0)]
        retries: u32,
    },
}

/// The service takes no more keys, and answers with a bare 500.
const MOST_KEYS: usize = 100;
/// Bytes of a key, and of a value.
const LONGEST: usize = 4096;

/// A key, as it is shown.
#[derive(Serialize)]
struct Entry {
    key: String,
    wanted: Value,
    reported: Value,
}

const COLUMNS: &[Column<Entry>] = &[
    Column { title: "Key", cell: |entry| Cell::text(&entry.key) },
    Column { title: "Wanted", cell: |entry| Cell::Text(shown(&entry.wanted)) },
    Column { title: "Reported", cell: |entry| Cell::Text(shown(&entry.reported)) },
];

fn shown(value: &Value) -> std::borrow::Cow<'_, str> {
    if value.is_null() { "".into() } else { text(value) }
}

pub async fn run(args: ConfigurationArgs, ctx: &Context, tree: Tree) -> Result<()> {
    let Some(verb) = args.verb else { return ctx.out().help(&help_of(tree, &["devices", "configuration"])) };
    let (Verb::Show { named } | Verb::Set { named, .. } | Verb::Deploy { named, .. }) = &verb;
    let change = match &verb {
        Verb::Set { pairs, unset, .. } => Some(Change::read(pairs, unset)?),
        _ => None,
    };
    let client = ctx.client()?;
    // The service keeps a record for any id that it is given.
    let target = Fleet::new(&client, ctx.out()).one(&named.device).await?;
    let configuration = get(&client, &target).await?;
    match (verb, change) {
        (Verb::Show { .. }, _) => show(ctx, &configuration),
        (Verb::Set { deploy: and_deploy, .. }, Some(change)) => {
            let wanted = change.apply(&configuration.configured)?;
            client.configurations().replace(&target.id, &wanted).await.map_err(lacking)?;
            check(ctx, &client, &target, &wanted).await?;
            ctx.out().notice(format_args!("{}: stored what is wanted", target.label()));
            if and_deploy {
                return deploy(ctx, &client, &target, 0).await;
            }
            ctx.out().made(&wanted, &target.id)
        }
        (Verb::Deploy { retries, .. }, _) => deploy(ctx, &client, &target, retries).await,
        (Verb::Set { .. }, None) => unreachable!("the change was read"),
    }
}

async fn get(client: &Client, target: &Target) -> Result<Configuration> {
    client.configurations().get(&target.id).await.map_err(|error| {
        let error = lacking(error);
        if error.refusal.as_ref().is_some_and(|it| it.is_unknown()) {
            return error.hint("the service learns of a device once it is accepted, a moment later");
        }
        error
    })
}

fn lacking(error: mender::Error) -> CliError {
    CliError::from(error).or_lacking("for the configuration of devices")
}

fn show(ctx: &Context, configuration: &Configuration) -> Result<()> {
    if ctx.out().is_json() {
        return ctx.out().json(configuration);
    }
    let both = [&configuration.configured, &configuration.reported];
    let keys: std::collections::BTreeSet<&String> = both.iter().flat_map(|map| map.keys()).collect();
    let value = |map: &Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
    let entries: Vec<Entry> = keys
        .into_iter()
        .map(|key| Entry { key: key.clone(), wanted: value(both[0], key), reported: value(both[1], key) })
        .collect();
    ctx.out().list(&entries, COLUMNS, |entry| &entry.key)?;
    if let Some(at) = &configuration.updated_ts {
        let reported = configuration.reported_ts.as_deref().unwrap_or("never");
        ctx.out().notice(format_args!("changed {at}, last reported {reported}"));
    }
    Ok(())
}

async fn deploy(ctx: &Context, client: &Client, target: &Target, retries: u32) -> Result<()> {
    let id = client.configurations().deploy(&target.id, retries).await.map_err(lacking)?;
    ctx.out().notice(format_args!("{}: the configuration is on its way", target.label()));
    if ctx.out().asked_form().is_some() {
        return ctx.out().made(&json!({ "deployment_id": id }), &id);
    }
    ctx.out().foreign(&format!("{id}\n"))
}

/// Says so if somebody else wrote at the same time: the service cannot keep them apart.
async fn check(
    ctx: &Context,
    client: &Client,
    target: &Target,
    wanted: &BTreeMap<String, String>,
) -> Result<()> {
    let now = get(client, target).await?;
    if strings(&now.configured) != *wanted {
        ctx.out().warn(
            "somebody else changed the configuration at the same time; look at it with configuration show",
        );
    }
    Ok(())
}

fn strings(map: &Map<String, Value>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.clone(), text(value).into_owned())).collect()
}

/// What is to become of some keys.
struct Change {
    set: BTreeMap<String, String>,
    unset: Vec<String>,
}

impl Change {
    fn read(pairs: &[String], unset: &[String]) -> Result<Self> {
        let mut set = BTreeMap::new();
        for pair in pairs {
            let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.is_empty()) else {
                return Err(CliError::usage(format!("{pair:?} is not KEY=VALUE")));
            };
            if key.len() > LONGEST || value.len() > LONGEST {
                return Err(CliError::usage(format!("a key and a value have at most {LONGEST} bytes")));
            }
            if set.insert(key.to_owned(), value.to_owned()).is_some() || unset.iter().any(|it| it == key) {
                return Err(CliError::usage(format!("the key {key:?} comes twice")));
            }
        }
        Ok(Change { set, unset: unset.to_vec() })
    }

    /// All keys after it.
    fn apply(self, before: &Map<String, Value>) -> Result<BTreeMap<String, String>> {
        let mut wanted = strings(before);
        for key in &self.unset {
            if wanted.remove(key).is_none() {
                return Err(CliError::failed(format!("there is no key {key:?}; nothing was changed")));
            }
        }
        wanted.extend(self.set);
        if wanted.len() > MOST_KEYS {
            return Err(CliError::failed(format!(
                "that makes {} keys; the server takes {MOST_KEYS}",
                wanted.len()
            )));
        }
        Ok(wanted)
    }
}
