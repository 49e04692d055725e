//! `deployments history`.

use clap::Args;
use mender::deployments::Participation;

use super::device_id;
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
    let id = device_id(&Fleet::new(&client, ctx.out()), &args.named.device).await?;
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
