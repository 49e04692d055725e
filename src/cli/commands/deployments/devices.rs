//! `deployments devices`.

use std::str::FromStr;

use clap::Args;
use mender::deployments::{Part, Status};
use serde::Serialize;

use super::find;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::Fleet;
use crate::cli::output::{Cell, Rows, View};
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

pub async fn run(args: DevicesArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let deployment = find(&client, &args.deployment).await?;
    let mut rows = ctx.out().rows(&Lines)?;
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

struct Lines;

impl View<Line> for Lines {
    fn titles(&self) -> Vec<&str> {
        vec!["ID", "Name", "Status", "Started", "Finished", "Log", "Says"]
    }

    fn cells<'t>(&self, Line { name, part }: &'t Line) -> Vec<Cell<'t>> {
        vec![
            Cell::text(&part.id),
            Cell::maybe(name.as_deref()),
            Cell::text(&part.status),
            Cell::Time(part.started.as_deref()),
            Cell::Time(part.finished.as_deref()),
            Cell::text(if part.log { "yes" } else { "" }),
            Cell::maybe(part.substate.as_deref()),
        ]
    }

    fn id<'t>(&self, line: &'t Line) -> &'t str {
        &line.part.id
    }

    fn json(&self, line: &Line) -> String {
        serde_json::to_string(line).expect("our own types are JSON")
    }
}
