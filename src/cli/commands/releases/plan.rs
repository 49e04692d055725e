//! What a deletion would do, and whether the user wants it.

use mender::ServerUrl;

use super::{Releases, Row};
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::Result;
use crate::cli::output::cell;

/// So many releases of a plan are shown.
const SAMPLE: usize = 5;

/// What a deletion would do.
pub struct Plan<'p> {
    pub server: &'p ServerUrl,
    pub rows: Vec<Row>,
    /// How they were selected, unless they were named.
    pub selected: Option<String>,
    /// How many were left out because nobody knows how old they are.
    pub ageless: usize,
}

impl Plan<'_> {
    /// Shows it and asks. Without consent the releases are listed on stdout, as `--dry-run` promises.
    ///
    /// # Errors
    ///
    /// As [`Context::consent`].
    pub async fn agree(&self, ctx: &Context, consent: &ConsentArgs) -> Result<bool> {
        let is_decided = consent.yes || consent.dry_run;
        // The question itself says all of one that was named.
        let is_plain = self.rows.len() == 1 && self.selected.is_none();
        // Who is about to decide has to see it.
        if !is_plain && (!is_decided || !ctx.out().is_quiet()) {
            ctx.out().plan(self.text());
        }
        let what = match self.rows.as_slice() {
            [only] => format!("the release {}", described(only)),
            several => {
                let artifacts = several.iter().map(|row| row.artifacts).fold(0, u64::saturating_add);
                format!("{} with their {}", counted(several.len()), artifacts_of(artifacts))
            }
        };
        ctx.consent(consent, &format!("delete {what} on {}", self.server)).await
    }

    fn text(&self) -> String {
        let mut text = format!("To delete: {}", counted(self.rows.len()));
        if let Some(how) = &self.selected {
            text.push_str(&format!(", selected: {how}"));
        }
        for row in self.rows.iter().take(SAMPLE) {
            text.push_str(&format!("\n  {}", described(row)));
        }
        if self.rows.len() > SAMPLE {
            text.push_str(&format!("\n  and {} more", self.rows.len() - SAMPLE));
        }
        if self.ageless > 0 {
            text.push_str(&format!("\nLeft out, without a time of change: {}", counted(self.ageless)));
        }
        text
    }

    /// Lists what would be deleted.
    ///
    /// # Errors
    ///
    /// As [`Output::rows`](crate::cli::output::Output::rows).
    pub fn list(self, ctx: &Context) -> Result<()> {
        let mut rows = ctx.out().rows(&Releases)?;
        rows.add(self.rows)?;
        rows.end()
    }
}

/// `r1 (2 Artifacts for qemu, rpi)`
fn described(row: &Row) -> String {
    let artifacts = artifacts_of(row.artifacts);
    let types = match row.device_types.as_slice() {
        [] => String::new(),
        types => format!(" for {}", types.join(", ")),
    };
    // Nobody may slip in a line that looks like another release.
    cell(&format!("{} ({artifacts}{types})", row.release.name)).into_owned()
}

fn artifacts_of(count: u64) -> String {
    if count == 1 { "1 Artifact".into() } else { format!("{count} Artifacts") }
}

/// So many releases, in words.
pub fn counted(count: usize) -> String {
    if count == 1 { "1 release".into() } else { format!("{count} releases") }
}
