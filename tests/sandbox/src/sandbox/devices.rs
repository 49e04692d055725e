//! What tests do with devices, without a request.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Builder, Sandbox};
use crate::devauth::{self, Device};
use crate::state::Data;
use crate::{deviceconfig, deviceconnect, fleet};

impl Builder {
    /// How many devices may be accepted: any number by default.
    pub fn max_devices(mut self, limit: u64) -> Builder {
        self.settings.max_devices = Some(limit);
        self
    }

    /// How long it takes until a decommissioned device is gone: a few milliseconds by default.
    pub fn decommission_after(mut self, delay: Duration) -> Builder {
        self.settings.decommission_after = Some(delay);
        self
    }

    /// Leaves decommissioned devices as they are until [`Sandbox::finish_decommissioning`].
    pub fn hold_decommissioning(mut self) -> Builder {
        self.settings.decommission_after = None;
        self
    }

    /// Starts with so many devices. See [`Sandbox::add_fleet`].
    pub fn fleet(mut self, count: usize, seed: u64) -> Builder {
        self.fleet = Some((count, seed));
        self
    }
}

impl Sandbox {
    /// Adds a device; returns its id.
    pub fn add_device(&self, device: Device) -> String {
        devauth::add(&mut self.state.data(), device)
    }

    /// Adds so many devices, each with a story of its own: of all statuses, with and without groups and tags, seen a
    /// moment ago, weeks ago or never. One seed always gives the same devices; only their times go by the clock.
    /// Returns their ids.
    pub fn add_fleet(&self, count: usize, seed: u64) -> Vec<String> {
        fleet::add(&mut self.state.data(), count, seed)
    }

    /// A device as it is now.
    pub fn device(&self, id: &str) -> Option<Device> {
        let data = self.state.data();
        let connected = deviceconnect::is_connected(&data, id);
        data.devices.get(id).map(|device| Device { connected, ..device.clone() })
    }

    /// The device of this identity.
    pub fn device_with_identity(&self, identity: &Value) -> Option<Device> {
        let id = self.state.data().devices.with_identity(identity)?.id.clone();
        self.device(&id)
    }

    /// A device asks to be let in. The first time it becomes a pending one, and with another key it gets a further
    /// authentication set. Once it is accepted, as a preauthorized one is at once, this returns its token.
    ///
    /// # Panics
    ///
    /// If the public key cannot be read.
    pub fn device_authenticates(&self, identity: &Value, pubkey: &str) -> Option<String> {
        devauth::authenticate(&self.state, identity, pubkey)
    }

    /// The id of the device that this token lets in, if it still does. The device counts as seen now.
    pub fn device_with_token(&self, token: &str) -> Option<String> {
        devauth::device_of(&self.state, token)
    }

    /// A device connects, and stays so.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn connect_device(&self, id: &str) {
        let mut data = self.state.data();
        assert_known(&data, id);
        deviceconnect::connect(&mut data, id, true);
    }

    /// A device loses its connection.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn disconnect_device(&self, id: &str) {
        let mut data = self.state.data();
        assert_known(&data, id);
        deviceconnect::connect(&mut data, id, false);
    }

    /// The configuration that a device is to take: what the device itself would fetch.
    pub fn device_configuration(&self, id: &str) -> Map<String, Value> {
        deviceconfig::wanted(&self.state.data(), id)
    }

    /// A device reports the configuration that it has.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn report_configuration(&self, id: &str, configuration: Map<String, Value>) {
        let mut data = self.state.data();
        assert_known(&data, id);
        deviceconfig::report(&mut data, id, configuration);
    }

    /// Ends what [`Builder::hold_decommissioning`] holds: decommissioned devices go from all services.
    pub fn finish_decommissioning(&self) {
        devauth::finish(&mut self.state.data());
    }
}

pub(super) fn assert_known(data: &Data, id: &str) {
    assert!(data.devices.get(id).is_some(), "no device {id}");
}
