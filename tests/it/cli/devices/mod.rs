//! `devices`: beyond the official client's list, and that list.

mod bulk;
mod configuration;
mod decide;
mod decommission;
#[cfg(unix)]
mod hostile;
mod listing;
#[cfg(unix)]
mod listing_terminal;
mod naming;
mod official;
mod orders;
mod paging;
mod portal;
mod preauthorize;
mod recipes;
mod selection;
mod selection_file;
mod show;
mod tags;
mod wait;

use serde_json::Value;

use crate::support::Fleet;
use crate::support::fleet::{id, ids};
use crate::support::home::Outcome;

/// Where the inventory is searched.
const SEARCH: &str = "/api/management/v2/inventory/filters/search";
/// The most that one search gives.
const PAGE: usize = 500;

impl Fleet {
    /// `devices` with the words of a line.
    fn run(&self, line: &str) -> Outcome {
        self.cli(["devices"].into_iter().chain(line.split(' '))).run()
    }

    /// The ids that `devices list -q` finds with these arguments.
    #[track_caller]
    fn find(&self, args: &[&str]) -> Vec<String> {
        let args = ["devices", "list", "-q"].into_iter().chain(args.iter().copied());
        lines(&self.cli(args).run().succeeds())
    }

    /// The bodies of all searches so far, but for those of which nobody waited for the answer.
    fn searches(&self) -> Vec<Value> {
        let requests = self.server.requests().into_iter();
        let searches = requests.filter(|request| request.path == SEARCH && request.status.is_some());
        searches.map(|request| serde_json::from_slice(&request.body).expect("a search is JSON")).collect()
    }
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome.stdout.lines().map(str::to_owned).collect()
}
