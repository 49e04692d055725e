//! Saved filters, also called dynamic groups: only on Mender Enterprise, and known here from its documentation alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Filter, V2};
use crate::client::error::Result;
use crate::client::http::Transport;
use crate::client::page::Pages;

/// The calls. See [`Inventory::saved`](super::Inventory::saved).
#[derive(Clone, Copy, Debug)]
pub struct Saved<'c>(pub(super) &'c Transport);

/// A saved filter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedFilter {
    /// Its id.
    pub id: String,
    /// What it is called; no two have one name.
    pub name: String,
    /// Its conditions, as they were saved.
    #[serde(default)]
    pub terms: Vec<Value>,
}

#[derive(Serialize)]
struct New<'n> {
    name: &'n str,
    terms: &'n [Filter],
}

impl Saved<'_> {
    /// Whether the server has saved filters, which tells Mender Enterprise from the open-source server.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn are_there(&self) -> Result<bool> {
        let path = [&V2[..], &["filters"]].concat();
        match self.0.get(&path).query("page", "1").query("per_page", "1").send().await {
            Ok(answer) => answer.list::<serde::de::IgnoredAny>().map(|_| true),
            Err(error) if matches!(error.status(), Some(404 | 405)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The one of that name, if there is one.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn find(&self, name: &str) -> Result<Option<SavedFilter>> {
        let mut pages: Pages<'_, SavedFilter> =
            Pages::new(self.0, &[&V2[..], &["filters"]].concat(), Vec::new());
        while let Some(page) = pages.next_page().await? {
            if let Some(found) = page.items.into_iter().find(|it| it.name == name) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Saves one; returns its id.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 409 if the name is taken, 404 where there are none.
    pub async fn create(&self, name: &str, terms: &[Filter]) -> Result<String> {
        self.0.post(&[&V2[..], &["filters"]].concat()).json(&New { name, terms }).send().await?.created_id()
    }
}
