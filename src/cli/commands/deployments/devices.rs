//! `deployments devices`.

use std::str::FromStr;

use clap::Args;
use mender::deployments::{Part, Status};
use serde::Serialize;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::Fleet;
use crate::cli::output::{Cell, Column, Fixed, Rows};
use crate::cli::rollout::judge::NEVER_ASKED;
use crate::cli::rollout::silent;

/// List the devices of a deployment, those that failed first and those that were never heard of last.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// Id or name
    #[arg(value_name = "ID|NAME")]
    deployment: String,

    /// Only those of this status: failure, success, pending, ...; active, finished or pause for several of them;
    /// never-asked
    #[arg(long, value_name = "STATUS")]
    status: Option<Wanted>,
}

/// Which devices.
#[derive(Clone, Debug)]
enum Wanted {
    /// Those that the server lists under such a name.
    Listed(String),
    NeverAsked,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_known = text.parse::<Status>().is_ok() || ["active", "finished", "pause"].contains(&text);
        match text {
            NEVER_ASKED => Ok(Wanted::NeverAsked),
            _ if is_known => Ok(Wanted::Listed(text.to_owned())),
            _ => {
                let names = Status::ALL.map(Status::name).join(", ");
                Err(format!("{text:?} is none of {names}, active, finished, pause, {NEVER_ASKED}"))
            }
        }
    }
}

/// A device's part, as it is listed.
#[derive(Debug, Serialize)]
struct Line {
    name: Option<String>,
    #[serde(flatten)]
    part: Part,
}

const COLUMNS: &[Column<Line>] = &[
    Column { title: "ID", cell: |line| Cell::text(&line.part.id) },
    Column { title: "Name", cell: |line| Cell::maybe(line.name.as_deref()) },
    Column { title: "Status", cell: |line| Cell::text(&line.part.status) },
    Column { title: "Started", cell: |line| Cell::Time(line.part.started.as_deref()) },
    Column { title: "Finished", cell: |line| Cell::Time(line.part.finished.as_deref()) },
    Column { title: "Log", cell: |line| Cell::text(if line.part.log { "yes" } else { "" }) },
    Column { title: "Says", cell: |line| Cell::maybe(line.part.substate.as_deref()) },
];

pub async fn run(args: DevicesArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let deployment = find(&client, &args.deployment).await?;
    let view = Fixed { columns: COLUMNS, id: |line| &line.part.id };
    let mut rows = ctx.out().rows(&view)?;
    if !matches!(args.status, Some(Wanted::NeverAsked)) {
        let status = if let Some(Wanted::Listed(name)) = &args.status { Some(name.as_str()) } else { None };
        let mut pages = client.deployments().devices(&deployment.id, status)?;
        while let Some(page) = pages.next_page().await? {
            add(&mut rows, page.items, &fleet).await?;
        }
    }
    if !matches!(args.status, Some(Wanted::Listed(_))) {
        let silent = silent(&client, &deployment).await?.into_iter();
        add(&mut rows, silent.map(|id| Part::new(id, NEVER_ASKED)).collect(), &fleet).await?;
    }
    rows.end()
}

async fn add(rows: &mut Rows<'_, Line>, parts: Vec<Part>, fleet: &Fleet<'_>) -> Result<()> {
    let ids: Vec<&str> = parts.iter().map(|part| part.id.as_str()).collect();
    let mut names = fleet.called(&ids).await;
    rows.add(parts.into_iter().map(|part| Line { name: names.remove(&part.id), part }).collect())
}
