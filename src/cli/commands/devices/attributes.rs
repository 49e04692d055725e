//! `devices attributes`.

use clap::Args;
use mender::inventory::{KnownAttribute, Scope};

use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Cell, Column};

/// The attributes that the server knows of its devices: of a sample of 5000, at most 500.
#[derive(Debug, Args)]
pub struct AttributesArgs {
    /// Only of this scope: identity, inventory, system, monitor or tags
    #[arg(long, value_name = "SCOPE")]
    scope: Option<Scope>,
}

const COLUMNS: &[Column<KnownAttribute>] = &[
    Column { title: "Scope", cell: |known| Cell::text(&known.scope) },
    Column { title: "Name", cell: |known| Cell::text(&known.name) },
    Column { title: "Devices", cell: |known| Cell::Text(known.count.to_string().into()) },
];

pub async fn run(args: AttributesArgs, ctx: &Context) -> Result<()> {
    let mut known = ctx.client()?.inventory().attributes().await?;
    known.retain(|it| args.scope.is_none_or(|scope| it.scope == scope.name()));
    ctx.out().list(&known, COLUMNS, |it| &it.name)
}
