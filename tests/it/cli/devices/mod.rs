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
mod preauthorize;
mod recipes;
mod selection;
mod selection_file;
mod show;
mod tags;
mod wait;

use sandbox::{Device, Sandbox};
use serde_json::{Value, json};

use crate::support::Home;
use crate::support::home::{Invocation, Outcome};

/// Where the inventory is searched.
const SEARCH: &str = "/api/management/v2/inventory/filters/search";
/// The most that one search gives.
const PAGE: usize = 500;

/// A server with devices, and the home of a user who has logged in there.
struct Fleet {
    server: Sandbox,
    home: Home,
}

impl Fleet {
    fn new() -> Self {
        Fleet::at(Sandbox::start())
    }

    fn at(server: Sandbox) -> Self {
        let home = Home::logged_in(&server);
        Fleet { server, home }
    }

    /// So many accepted devices with nothing but an identity, in the order of their ids.
    fn of(count: usize) -> Self {
        let fleet = Fleet::new();
        for number in 0..count {
            fleet.add(&id(number), json!({ "mac": format!("02:{number:06x}") }));
        }
        fleet
    }

    /// Adds an accepted device.
    fn add(&self, id: &str, identity_data: Value) {
        self.server.add_device(Device { id: id.into(), identity_data, ..Device::default() });
    }

    /// Adds an accepted device that has told something of itself.
    fn add_reporting(&self, id: &str, inventory: Value) {
        self.add(id, json!({ "mac": id }));
        self.server.report_inventory(id, inventory);
    }

    fn cli<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Invocation {
        self.home.at(&self.server, args)
    }

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

/// An id that has its place in the order of all.
fn id(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

fn ids(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(id).collect()
}

fn lines(outcome: &Outcome) -> Vec<String> {
    outcome.stdout.lines().map(str::to_owned).collect()
}
