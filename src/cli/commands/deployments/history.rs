//! `deployments history`.

use clap::Args;
use mender::deployments::{Deployment, Participation};

use super::device_id;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::{DeviceArg, Fleet};
use crate::cli::output::{Cell, Column, Fixed, Form};

/// List what a device took part in.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    #[command(flatten)]
    named: DeviceArg,
}

const COLUMNS: &[Column<Participation>] = &[
    Column { title: "Deployment", cell: |it| of(it, |known| &known.id) },
    Column { title: "Name", cell: |it| of(it, |known| &known.name) },
    Column { title: "Release", cell: |it| of(it, |known| &known.artifact_name) },
    Column { title: "Status", cell: |it| Cell::text(&it.device.status) },
    Column { title: "Started", cell: |it| Cell::Time(it.device.started.as_deref()) },
    Column { title: "Finished", cell: |it| Cell::Time(it.device.finished.as_deref()) },
    Column { title: "Log", cell: |it| Cell::text(if it.device.log { "yes" } else { "" }) },
];

/// What is known of the deployment, unless it is gone.
fn of(it: &Participation, field: fn(&Deployment) -> &str) -> Cell<'_> {
    Cell::maybe(it.deployment.as_ref().map(field))
}

fn id(it: &Participation) -> &str {
    it.deployment.as_ref().map(|known| known.id.as_str()).unwrap_or_default()
}

pub async fn run(args: HistoryArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let device = device_id(&Fleet::new(&client, ctx.out()), &args.named.device).await?;
    let view = Fixed { columns: COLUMNS, id };
    let mut rows = ctx.out().rows(&view)?;
    let mut pages = client.deployments().of_device(&device)?;
    while let Some(mut page) = pages.next_page().await? {
        if ctx.out().asked_form() == Some(Form::Ids) {
            // One that is gone has no id.
            page.items.retain(|it| it.deployment.is_some());
        }
        rows.add(page.items)?;
    }
    rows.end()
}
