//! `devices tags`.

use clap::{Args, Subcommand};
use mender::inventory::Tag;

use super::super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::{DeviceArg, Fleet, text};
use crate::cli::output::{Cell, Column};

/// The tags of a device.
#[derive(Debug, Args)]
pub struct TagsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the tags
    List {
        #[command(flatten)]
        named: DeviceArg,
    },
    /// Set tags; the others stay
    Set {
        #[command(flatten)]
        named: DeviceArg,
        /// The tags
        #[arg(value_name = "NAME=VALUE", required = true)]
        tags: Vec<String>,
        /// A description of them
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Remove tags
    Remove {
        #[command(flatten)]
        named: DeviceArg,
        /// Names of the tags
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
    },
}

const COLUMNS: &[Column<Tag>] = &[
    Column { title: "Name", cell: |tag| Cell::text(&tag.name) },
    Column { title: "Value", cell: |tag| Cell::Text(text(&tag.value)) },
    Column { title: "Description", cell: |tag| Cell::maybe(tag.description.as_deref()) },
];

pub async fn run(args: TagsArgs, ctx: &Context, tree: Tree) -> Result<()> {
    let Some(verb) = args.verb else { return ctx.out().help(&help_of(tree, &["devices", "tags"])) };
    let (Verb::List { named } | Verb::Set { named, .. } | Verb::Remove { named, .. }) = &verb;
    let new = match &verb {
        Verb::Set { tags, description, .. } => read(tags, description.as_deref())?,
        _ => Vec::new(),
    };
    let client = ctx.client()?;
    // The server would say yes to an unknown device and store nothing.
    let target = Fleet::new(&client, ctx.out()).one(&named.device).await?;
    let inventory = client.inventory();
    let tags = inventory.tags(&target.id);
    let outcome = match &verb {
        Verb::List { .. } => tags.list().await,
        Verb::Set { .. } => tags.set(&new).await,
        Verb::Remove { names, .. } => {
            let there = tags.list().await?;
            if let Some(lacking) = names.iter().find(|name| there.iter().all(|tag| tag.name != **name)) {
                return Err(CliError::failed(format!(
                    "{} has no tag {lacking:?}; nothing was removed",
                    target.label()
                )));
            }
            tags.remove(&names.iter().map(String::as_str).collect::<Vec<_>>()).await
        }
    };
    let all = outcome.map_err(|error| {
        let error = CliError::from(error);
        match error.status() {
            Some(412) => {
                error.hint("somebody else changes these tags all the time; nothing was changed, try again")
            }
            Some(404) => error.hint("the inventory does not know the device yet; a moment later it may"),
            _ => error,
        }
    })?;
    match verb {
        Verb::List { .. } => ctx.out().list(&all, COLUMNS, |tag| &tag.name),
        Verb::Set { .. } | Verb::Remove { .. } => {
            let names: Vec<&str> = all.iter().map(|tag| tag.name.as_str()).collect();
            ctx.out().notice(format_args!("{} has the tags: {}", target.label(), names.join(", ")));
            ctx.out().made(&all, &target.id)
        }
    }
}

fn read(given: &[String], description: Option<&str>) -> Result<Vec<Tag>> {
    let mut tags: Vec<Tag> = Vec::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(CliError::usage(format!("{pair:?} is not NAME=VALUE")));
        };
        if tags.iter().any(|tag| tag.name == name) {
            return Err(CliError::usage(format!("the tag {name:?} comes twice")));
        }
        tags.push(Tag {
            name: name.into(),
            value: value.into(),
            description: description.map(str::to_owned),
        });
    }
    Ok(tags)
}
