//! `releases show`.

use clap::Args;
use mender::artifacts::Artifact;

use super::{Releases, Row, check_name, named};
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::{Cell, Form, View};

/// Show a release and its Artifacts.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Name of the release
    #[arg(value_name = "NAME")]
    name: String,
}

pub async fn run(args: ShowArgs, ctx: &Context) -> Result<()> {
    check_name(&args.name)?;
    let form = ctx.out().form()?;
    let release = named(&ctx.client()?, &args.name).await?;
    let artifacts = release.artifacts.clone();
    ctx.out().sheet(&Row::of(release, form), &Releases)?;
    // JSON has them in the release.
    if artifacts.is_empty() || !matches!(form, Form::Table | Form::Tabs) {
        return Ok(());
    }
    let is_table = form == Form::Table;
    if is_table {
        ctx.out().text("\n")?;
    }
    let view = Parts { is_marked: !is_table };
    let mut rows = ctx.out().rows(&view)?;
    rows.add(artifacts)?;
    rows.end()
}

/// The Artifacts of a release.
struct Parts {
    /// Whether each has a word before it that tells it from the properties of the release.
    is_marked: bool,
}

impl View<Artifact> for Parts {
    fn titles(&self) -> Vec<&str> {
        let titles = ["Artifact", "Device types", "Size", "Signed", "Modified"];
        self.is_marked.then_some("").into_iter().chain(titles).collect()
    }

    fn cells<'t>(&self, artifact: &'t Artifact) -> Vec<Cell<'t>> {
        let cells = [
            Cell::text(&artifact.id),
            Cell::List(&artifact.device_types_compatible),
            Cell::Size(artifact.size),
            Cell::Flag(artifact.signed),
            Cell::Time(artifact.modified.as_deref()),
        ];
        self.is_marked.then(|| Cell::text("artifact")).into_iter().chain(cells).collect()
    }

    fn id<'t>(&self, artifact: &'t Artifact) -> &'t str {
        &artifact.id
    }

    fn json(&self, artifact: &Artifact) -> String {
        serde_json::to_string(artifact).expect("our own types are JSON")
    }
}
