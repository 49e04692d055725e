//! What tests do with devices, without a request.

use std::time::Duration;

use serde_json::Value;

use super::device::Device;
use super::{add, agent, removal};
use crate::deviceconnect;
use crate::sandbox::{Builder, Sandbox};

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
}

impl Sandbox {
    /// Adds a device; returns its id.
    pub fn add_device(&self, device: Device) -> String {
        add(&mut self.state.data(), device)
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
        agent::authenticate(&self.state, identity, pubkey)
    }

    /// The id of the device that this token lets in, if it still does. The device counts as seen now.
    pub fn device_with_token(&self, token: &str) -> Option<String> {
        agent::device_of(&self.state, token)
    }

    /// Ends what [`Builder::hold_decommissioning`] holds: decommissioned devices go from all services.
    pub fn finish_decommissioning(&self) {
        removal::finish(&mut self.state.data());
    }
}
