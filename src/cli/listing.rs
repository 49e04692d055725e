//! The lists that the official client has too: its page mode to the byte, and ours beside it.

use mender::{LARGEST_PAGE, Pages};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::args::PageArgs;
use super::context::Context;
use super::error::{CliError, Result};
use super::output::{Column, Form, Output};

const DEFAULT_PER_PAGE: i64 = 20;

/// What is to be listed, and how.
pub struct Listing {
    page: u32,
    per_page: u32,
    all: bool,
    raw: bool,
    detail: i64,
    /// Whether the user asked for blocks; into a pipe they come by themselves.
    asks_for_blocks: bool,
    blocks: bool,
}

/// How one kind of thing is shown.
pub struct Style<T: 'static> {
    pub columns: &'static [Column<T>],
    pub id: fn(&T) -> &str,
    /// The official client's block of one thing at a level of detail.
    pub block: fn(&T, u8) -> String,
    /// The word for several of them.
    pub what: &'static str,
}

impl Listing {
    /// Reads the flags, in the order in which the official client complains about them.
    ///
    /// # Errors
    ///
    /// If the numbers of the page are none.
    pub fn of(args: &PageArgs, ctx: &Context, command: &str) -> Result<Self> {
        if !args.ignored.is_empty() {
            ctx.out().warn(format_args!("{command} takes no words; they are ignored"));
        }
        ctx.settings()?;
        let (page, per_page) = (args.page.unwrap_or(1), args.per_page.unwrap_or(DEFAULT_PER_PAGE));
        if page < 1 || per_page < 1 {
            return Err(CliError::failed("page and per-page arguments must be larger than 0"));
        }
        if per_page > i64::from(LARGEST_PAGE) {
            return Err(CliError::failed(format!("the server gives at most {LARGEST_PAGE} items a page"))
                .hint("--all gets all pages"));
        }
        let too_large = |_| CliError::failed("there is no such page");
        let form = ctx.out().asked_form();
        let asks_for_blocks = form.map_or(args.detail.is_some(), |form| form == Form::Text);
        Ok(Listing {
            page: u32::try_from(page).map_err(too_large)?,
            per_page: u32::try_from(per_page).map_err(too_large)?,
            all: args.all,
            raw: args.raw,
            detail: args.detail.unwrap_or(0),
            asks_for_blocks,
            blocks: asks_for_blocks || (form.is_none() && !ctx.out().is_terminal()),
        })
    }

    /// Fetches and shows it.
    ///
    /// # Errors
    ///
    /// If the level of detail is none, or the list cannot be had.
    pub async fn run<T>(&self, pages: Pages<'_, T>, style: &Style<T>, ctx: &Context) -> Result<()>
    where
        T: DeserializeOwned + Serialize + 'static,
    {
        let detail = self.detail(style.what)?;
        if self.all {
            let items = pages.collect(None).await?;
            return self.show(&items, detail, style, ctx);
        }
        let mut pages = pages.from(self.page, self.per_page);
        let Some(page) = pages.next_page().await? else { return Ok(()) };
        if self.raw {
            return ctx.out().raw_json(&page.body);
        }
        self.show(&page.items, detail, style, ctx)?;
        if page.more && ctx.out().is_terminal() {
            self.say_more(style.what, ctx.out());
        }
        Ok(())
    }

    /// The level of detail of the official client's blocks.
    ///
    /// # Errors
    ///
    /// If there is no such level.
    pub fn detail(&self, what: &str) -> Result<u8> {
        match self.detail {
            0..=3 => Ok(self.detail as u8),
            // The word twice, as the official client has it.
            _ => Err(CliError::failed(format!("FAILURE: invalid {} detail", singular(what)))
                .hint("--detail takes 0, 1, 2 or 3")),
        }
    }

    /// The number of the page, and how many items it has.
    pub fn page(&self) -> (u32, u32) {
        (self.page, self.per_page)
    }

    /// Says where the rest of a list is, of which a page was shown.
    pub fn say_more(&self, what: &str, out: &Output) {
        out.notice(format_args!("there are more {what}: --page {}, or --all", u64::from(self.page) + 1));
    }

    /// Whether the user asked for blocks.
    pub fn asks_for_blocks(&self) -> bool {
        self.asks_for_blocks
    }

    /// Whether it is in the official client's blocks.
    pub fn shows_blocks(&self) -> bool {
        self.blocks
    }

    fn show<T: Serialize>(&self, items: &[T], detail: u8, style: &Style<T>, ctx: &Context) -> Result<()> {
        if self.blocks {
            let text: String = items.iter().map(|item| (style.block)(item, detail)).collect();
            return ctx.out().foreign(&text);
        }
        ctx.out().list(items, style.columns, style.id)
    }
}

/// `invalid artifact detail`, but `invalid devices detail`.
fn singular(what: &str) -> &str {
    if what == "artifacts" { "artifact" } else { what }
}
