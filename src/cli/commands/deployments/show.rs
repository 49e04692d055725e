//! `deployments show`.

use clap::Args;
use mender::deployments::Deployment;
use serde_json::{Value, json};

use super::find;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::{Fleet, text};
use crate::cli::output::{Cell, View};
use crate::cli::rollout::silent;

/// So many devices that have not asked are named for people.
const MOST_NAMED: usize = 10;

/// Show a deployment.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id or name
    #[arg(value_name = "ID|NAME")]
    deployment: String,
}

/// A deployment, and who has not asked for it.
struct Sheet {
    deployment: Deployment,
    silent: Vec<Silent>,
}

struct Silent {
    id: String,
    name: Option<String>,
}

pub async fn run(args: ShowArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let deployment = find(&client, &args.deployment).await?;
    let ids = silent(&client, &deployment).await?;
    let shown: Vec<&str> = ids.iter().take(MOST_NAMED).map(String::as_str).collect();
    let mut names = Fleet::new(&client, ctx.out()).called(&shown).await;
    let silent = ids.into_iter().map(|id| Silent { name: names.remove(&id), id }).collect();
    let sheet = Sheet { deployment, silent };
    let lines = Lines(properties(&sheet).into_iter().map(|(title, _)| title).collect());
    ctx.out().sheet(&sheet, &lines)
}

fn properties(sheet: &Sheet) -> Vec<(String, Cell<'_>)> {
    let it = &sheet.deployment;
    let count = |count: Option<u64>| Cell::Text(count.map(|it| it.to_string()).unwrap_or_default().into());
    let mut lines: Vec<(String, Cell<'_>)> = vec![
        ("ID".into(), Cell::text(&it.id)),
        ("Name".into(), Cell::text(&it.name)),
        ("Release".into(), Cell::text(&it.artifact_name)),
        ("State".into(), Cell::text(&it.status)),
        ("Kind".into(), Cell::maybe(it.kind.as_deref())),
        ("Groups".into(), Cell::List(&it.groups)),
        ("Selected by".into(), Cell::Text(terms(it).unwrap_or_default().into())),
        ("Forced".into(), if it.force_installation { Cell::Flag(true) } else { Cell::text("") }),
        ("Phases".into(), Cell::Text(phases(it).into())),
        ("Retries".into(), Cell::Text(it.more.get("retries").map(text).unwrap_or_default())),
        ("Created".into(), Cell::Time(it.created.as_deref())),
        ("Finished".into(), Cell::Time(it.finished.as_deref())),
        ("Devices".into(), count(it.max_devices)),
        ("Have asked".into(), count(it.device_count)),
        ("Have not asked".into(), Cell::Text(in_words(&sheet.silent).into())),
    ];
    let counts = it.counts();
    for (status, count) in counts.some() {
        lines.push((format!("- {status}"), Cell::Text(count.to_string().into())));
    }
    lines
}

fn in_words(silent: &[Silent]) -> String {
    if silent.is_empty() {
        return String::new();
    }
    let name = |it: &Silent| it.name.clone().unwrap_or_else(|| it.id.clone());
    let mut names: Vec<String> = silent.iter().take(MOST_NAMED).map(name).collect();
    if silent.len() > MOST_NAMED {
        names.push("...".into());
    }
    format!("{}: {}", silent.len(), names.join(", "))
}

/// How its devices were chosen, if by something shorter than a list of them.
fn terms(deployment: &Deployment) -> Option<String> {
    let filter = deployment.more.get("filter")?;
    let terms = filter.get("terms")?.as_array()?.iter().map(|term| {
        let part = |key| term.get(key).map(text).unwrap_or_default();
        let value = match term.get("value") {
            Some(Value::Array(ids)) if ids.len() > 3 => format!("({} values)", ids.len()),
            Some(value) => text(value).into_owned(),
            None => String::new(),
        };
        format!("{}/{} {} {value}", part("scope"), part("attribute"), part("type"))
    });
    Some(terms.collect::<Vec<_>>().join(", "))
}

/// `10% from 2026-..., 100%`, as far as the server has such.
fn phases(deployment: &Deployment) -> String {
    let Some(phases) = deployment.more.get("phases").and_then(Value::as_array) else { return String::new() };
    let phase = |phase: &Value| {
        let share =
            phase.get("batch_size").map(|size| format!("{}%", text(size))).unwrap_or("the rest".into());
        let start = phase.get("start_ts").map(|start| format!(" from {}", text(start))).unwrap_or_default();
        format!("{share}{start}")
    };
    phases.iter().map(phase).collect::<Vec<_>>().join(", ")
}

/// A line a property; the statuses depend on the deployment.
struct Lines(Vec<String>);

impl View<Sheet> for Lines {
    fn titles(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    fn keys(&self) -> Vec<String> {
        self.0.iter().map(|title| title.trim_start_matches("- ").to_lowercase()).collect()
    }

    fn cells<'t>(&self, sheet: &'t Sheet) -> Vec<Cell<'t>> {
        properties(sheet).into_iter().map(|(_, cell)| cell).collect()
    }

    fn id<'t>(&self, sheet: &'t Sheet) -> &'t str {
        &sheet.deployment.id
    }

    fn json(&self, sheet: &Sheet) -> String {
        let mut object = json!(sheet.deployment);
        object["never_asked"] = sheet.silent.iter().map(|it| it.id.as_str()).collect();
        object.to_string()
    }
}
