//! Removal of releases, in as few requests as take their names.

use super::PATH;
use crate::client::error::Result;
use crate::client::http::{Call, Transport};

/// The longest path and query of a request, in bytes: gateways refuse request lines from 8 KiB on.
const LONGEST_TARGET: usize = 6 << 10;

/// A removal of releases, batch by batch as far as somebody asks.
#[derive(Debug)]
#[must_use = "nothing is removed before somebody asks for it"]
pub struct Deletion<'c, 'n> {
    transport: &'c Transport,
    left: &'n [&'n str],
}

impl<'c, 'n> Deletion<'c, 'n> {
    pub(super) fn new(transport: &'c Transport, names: &'n [&'n str]) -> Self {
        Deletion { transport, left: names }
    }

    /// Removes the next batch and tells its names; `None` after the last. Of a batch that the server refuses nothing
    /// is removed. After an error the same batch would be asked for again.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 409 if a deployment that has not finished uses one of the batch; its
    /// [`active_deployments`](crate::Refusal::active_deployments) are the deployments.
    pub async fn next_batch(&mut self) -> Result<Option<&'n [&'n str]>> {
        let Some((call, count)) = self.next_call() else { return Ok(None) };
        call.send().await?;
        let (done, left) = self.left.split_at(count);
        self.left = left;
        Ok(Some(done))
    }

    /// The next request, and how many of the names are in it.
    fn next_call(&self) -> Option<(Call<'_>, usize)> {
        let (first, others) = self.left.split_first()?;
        let mut call = self.transport.delete(&PATH).query("name", first);
        let mut count = 1;
        for name in others {
            let longer = call.clone().query("name", name);
            if longer.line().target.len() > LONGEST_TARGET {
                break;
            }
            call = longer;
            count += 1;
        }
        Some((call, count))
    }
}
