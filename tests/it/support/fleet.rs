//! A server with devices, and somebody who has logged in there.

use std::ffi::OsString;

use sandbox::{Device, Sandbox};
use serde_json::{Value, json};

use super::home::Invocation;
use super::{Home, changes};

/// A server with devices, and the home of a user who has logged in there.
pub struct Fleet {
    pub server: Sandbox,
    pub home: Home,
}

impl Fleet {
    /// Without devices yet.
    pub fn new() -> Self {
        Fleet::at(Sandbox::start())
    }

    /// Those of a server that is there.
    pub fn at(server: Sandbox) -> Self {
        let home = Home::logged_in(&server);
        Fleet { server, home }
    }

    /// Of these devices.
    pub fn with(devices: impl IntoIterator<Item = Device>) -> Self {
        let fleet = Fleet::new();
        for device in devices {
            fleet.server.add_device(device);
        }
        fleet
    }

    /// So many accepted devices with nothing but an identity, in the order of their ids.
    pub fn of(count: usize) -> Self {
        let fleet = Fleet::new();
        for number in 0..count {
            fleet.add(&id(number), json!({ "mac": format!("02:{number:06x}") }));
        }
        fleet
    }

    /// Adds an accepted device.
    pub fn add(&self, id: &str, identity_data: Value) {
        self.server.add_device(Device { id: id.into(), identity_data, ..Device::default() });
    }

    /// Adds an accepted device that has told something of itself.
    pub fn add_reporting(&self, id: &str, inventory: Value) {
        self.add(id, json!({ "mac": id }));
        self.server.report_inventory(id, inventory);
    }

    /// The program with these arguments.
    pub fn cli<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        self.home.at(&self.server, args)
    }

    /// What the server was asked to change, as by [`changes`].
    pub fn changes(&self) -> Vec<String> {
        changes(&self.server)
    }

    /// The program with the words of a line, in a terminal of that many columns.
    #[cfg(unix)]
    pub fn terminal(&self, columns: u16, line: &str) -> super::terminal::Terminal {
        super::terminal::Terminal::at(&self.server, &self.home, columns, line)
    }

    /// All that a terminal of that many columns gets of a line that succeeds.
    #[cfg(unix)]
    #[track_caller]
    pub fn on_terminal(&self, columns: u16, line: &str) -> String {
        let mut terminal = self.terminal(columns, line);
        assert_eq!(terminal.end(), 0, "{}", terminal.screen());
        terminal.history.replace("\r\n", "\n")
    }
}

/// An id that has its place in the order of all.
pub fn id(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

pub fn ids(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(id).collect()
}
