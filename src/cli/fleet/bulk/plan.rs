//! What bulk work would do, and whether the user wants it.

use serde_json::json;

use super::{Unfit, Work};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::fleet::{Chosen, Target};
use crate::cli::output::{Cell, View};

/// So many devices of a plan are shown.
const SAMPLE: usize = 5;

/// What bulk work would do.
#[derive(Clone, Copy)]
pub struct Plan<'p> {
    pub targets: &'p [&'p Target],
    /// How many devices are so already.
    pub settled: usize,
    pub unfit: &'p [Unfit],
}

/// Shows what is about to be done, and asks where that is due. Without consent the devices are listed on stdout, as
/// `--dry-run` promises.
///
/// # Errors
///
/// As [`Context::consent`].
pub async fn agree(ctx: &Context, consent: &ConsentArgs, work: &Work<'_>, plan: &Plan<'_>) -> Result<bool> {
    let is_due = work.is_grave || *work.chosen != Chosen::Named || consent.dry_run;
    if !is_due {
        return Ok(true);
    }
    // Who is about to decide has to see it.
    let is_decided = consent.yes || consent.dry_run;
    if !is_decided || !ctx.out().is_quiet() {
        show(ctx, work, plan);
    }
    let what = match plan.targets {
        [] => return if consent.dry_run { list(ctx, &[]).map(|()| false) } else { Ok(true) },
        [only] => only.label(),
        several => counted(several.len()),
    };
    if ctx.consent(consent, &format!("{} {what}{} on {}", work.verb, work.place, work.server)).await? {
        return Ok(true);
    }
    list(ctx, plan.targets)?;
    Ok(false)
}

fn show(ctx: &Context, work: &Work<'_>, plan: &Plan<'_>) {
    let Plan { targets, settled, unfit } = plan;
    let mut text = format!("To {}{}: {} on {}", work.verb, work.place, counted(targets.len()), work.server);
    if let Chosen::Selected(how) = work.chosen {
        text.push_str(&format!(", selected by {how}"));
    }
    for target in targets.iter().take(SAMPLE) {
        text.push_str(&format!("\n  {}", target.described()));
    }
    if targets.len() > SAMPLE {
        text.push_str(&format!("\n  and {} more", targets.len() - SAMPLE));
    }
    if *settled > 0 {
        text.push_str(&format!("\nNothing to do for: {}", counted(*settled)));
    }
    if let Some(first) = unfit.first() {
        let (count, why) = (counted(unfit.len()), first_line(&first.why));
        text.push_str(&format!("\nLeft out: {count}, such as {}: {why}", first.target.label()));
    }
    ctx.out().plan(text);
}

/// Lists what would have been worked on.
///
/// # Errors
///
/// As [`Output::rows`](crate::cli::output::Output::rows).
pub fn list(ctx: &Context, targets: &[&Target]) -> Result<()> {
    let mut rows = ctx.out().rows(&Planned)?;
    rows.add(targets.iter().copied().cloned().collect())?;
    rows.end()
}

/// So many devices, in words.
pub fn counted(count: usize) -> String {
    if count == 1 { "1 device".into() } else { format!("{count} devices") }
}

pub fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// What a dry run lists.
struct Planned;

impl View<Target> for Planned {
    fn titles(&self) -> Vec<&str> {
        vec!["ID", "Name", "Status"]
    }

    fn cells<'t>(&self, target: &'t Target) -> Vec<Cell<'t>> {
        vec![Cell::text(&target.id), Cell::maybe(target.name.as_deref()), Cell::text(&target.status)]
    }

    fn id<'t>(&self, target: &'t Target) -> &'t str {
        target.key()
    }

    fn json(&self, target: &Target) -> String {
        json!({ "id": target.id, "name": target.name, "status": target.status }).to_string()
    }
}
