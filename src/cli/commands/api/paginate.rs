//! `api --paginate`: all pages of a list, one after the other.

use mender::raw::RawPages;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};

/// Prints the items of each page as it comes; no more than one page is kept.
pub async fn run(mut pages: RawPages<'_>, ctx: &Context) -> Result<()> {
    let mut items = ctx.out().items();
    loop {
        let error = match pages.next_page().await {
            Ok(Some(page)) => {
                items.add(page.body(), &page.items()?)?;
                continue;
            }
            Ok(None) => return items.end(),
            Err(error) => CliError::from(error),
        };
        // That this cannot be written would hide what is worse.
        let _ = match &error.refusal {
            // Later it would only spoil the list.
            Some(refusal) if !items.has_begun() => ctx.out().body(refusal.body.as_bytes()),
            _ => items.break_off(),
        };
        return Err(error);
    }
}
