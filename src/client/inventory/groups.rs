//! Static groups: a group is there while a device is in it, and a device is in one at most.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::V1;
use crate::client::error::{Error, Result};
use crate::client::http::Transport;
use crate::client::page::{LARGEST_PAGE, Pages};
use crate::client::request::RequestError;
use crate::client::url::segment;

/// The calls. See [`Inventory::groups`](super::Inventory::groups).
#[derive(Clone, Copy, Debug)]
pub struct Groups<'c>(pub(super) &'c Transport);

/// What a call on many devices came to. The server leaves out counters that are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// Devices that were found.
    #[serde(default, rename = "matched_count")]
    pub matched: u64,
    /// Devices that were changed: those that were in the group already are not.
    #[serde(default, rename = "updated_count")]
    pub updated: u64,
}

impl<'c> Groups<'c> {
    /// Their names, sorted.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn list(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.0.get(&[&V1[..], &["groups"]].concat()).send().await?.list()?;
        names.sort();
        Ok(names)
    }

    /// The ids of a group's devices.
    ///
    /// # Errors
    ///
    /// [`NotAnId`](crate::Error::Id) for a name that cannot be one; the list then begins with
    /// [`Refused`](crate::Error::Refused) with 404 if there is no such group.
    pub fn devices(&self, group: &str) -> Result<Pages<'c, String>> {
        Ok(Pages::new(self.0, &members(group)?, Vec::new()))
    }

    /// Puts devices into a group, out of the ones that they are in, at most [`LARGEST_PAGE`] a call. Unknown ids are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 400 for a name that no group may have;
    /// [`TooMany`](RequestError::TooMany) for more ids, of which none is sent.
    pub async fn add(&self, group: &str, ids: &[&str]) -> Result<Change> {
        self.0.patch(&members(group)?).json(&at_most_a_page(ids)?).send().await?.json()
    }

    /// Takes devices out of a group, at most [`LARGEST_PAGE`] a call. Those that are not in it are passed over, and so
    /// is an unknown group.
    ///
    /// # Errors
    ///
    /// As [`Groups::add`].
    pub async fn remove(&self, group: &str, ids: &[&str]) -> Result<Change> {
        self.0.delete(&members(group)?).json(&at_most_a_page(ids)?).send().await?.json()
    }

    /// Takes all devices out of a group, which ends it.
    ///
    /// # Errors
    ///
    /// [`Id`](crate::Error::Id) for a name that cannot be one. An unknown group is no error: nothing is changed.
    pub async fn delete(&self, group: &str) -> Result<Change> {
        self.0.delete(&[&V1[..], &["groups", segment(group)?]].concat()).send().await?.json()
    }
}

/// What several calls came to.
impl AddAssign for Change {
    fn add_assign(&mut self, other: Change) {
        self.matched += other.matched;
        self.updated += other.updated;
    }
}

fn at_most_a_page<'i>(ids: &'i [&'i str]) -> Result<&'i [&'i str], RequestError> {
    let (given, most) = (ids.len(), LARGEST_PAGE as usize);
    if given > most { Err(RequestError::TooMany { given, most }) } else { Ok(ids) }
}

fn members(group: &str) -> Result<Vec<&str>, Error> {
    Ok([&V1[..], &["groups", segment(group)?, "devices"]].concat())
}
