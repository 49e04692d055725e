//! `deployments history`.

use clap::Args;
use mender::deployments::Participation;

use crate::cli::commands::is_id;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::{DeviceArg, Fleet};
use crate::cli::output::{Cell, Form, View};

/// List what a device took part in.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    named: DeviceArg,
}

pub async fn run(args: HistoryArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let id = id(&Fleet::new(&client, ctx.out()), &args.named.device).await?;
    let mut rows = ctx.out().rows(&Lines)?;
    let mut pages = client.deployments().of_device(&id)?;
    while let Some(mut page) = pages.next_page().await? {
        if ctx.out().asked_form() == Some(Form::Ids) {
            // One that is gone has no id.
            page.items.retain(|it| it.deployment.is_some());
        }
        rows.add(page.items)?;
    }
    rows.end()
}

/// The id of a device. One that was removed has its history still, under its whole id.
///
/// # Errors
///
/// If the word means none, or several.
pub async fn id(fleet: &Fleet<'_>, word: &str) -> Result<String> {
    let unknown = match fleet.one(word).await {
        Ok(device) => return Ok(device.id),
        Err(error) if !is_id(word) => return Err(error),
        Err(error) => error,
    };
    let mut pages = fleet.client().deployments().of_device(word)?.from(1, 1);
    let has_history = pages.next_page().await?.is_some_and(|page| !page.items.is_empty());
    if has_history { Ok(word.to_owned()) } else { Err(unknown) }
}

struct Lines;

impl View<Participation> for Lines {
    fn titles(&self) -> Vec<&str> {
        vec!["Deployment", "Name", "Release", "Status", "Started", "Finished", "Log"]
    }

    fn cells<'t>(&self, it: &'t Participation) -> Vec<Cell<'t>> {
        let known = it.deployment.as_ref();
        let field = |field: fn(&mender::deployments::Deployment) -> &str| Cell::maybe(known.map(field));
        vec![
            field(|known| &known.id),
            field(|known| &known.name),
            field(|known| &known.artifact_name),
            Cell::text(&it.device.status),
            Cell::Time(it.device.started.as_deref()),
            Cell::Time(it.device.finished.as_deref()),
            Cell::text(if it.device.log { "yes" } else { "" }),
        ]
    }

    fn id<'t>(&self, it: &'t Participation) -> &'t str {
        it.deployment.as_ref().map(|known| known.id.as_str()).unwrap_or_default()
    }

    fn json(&self, it: &Participation) -> String {
        serde_json::to_string(it).expect("our own types are JSON")
    }
}
