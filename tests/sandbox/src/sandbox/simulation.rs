//! What a sandbox can be asked to do with devices that live.

use std::sync::PoisonError;

use super::Sandbox;
use super::devices::assert_known;
use crate::simulation::{self, Simulation};

impl Sandbox {
    /// Lets the accepted devices live, from now until the sandbox is dropped or another simulation takes over. They
    /// poll every minute, install what they are given, and report the new Artifact in their inventory or send a log of
    /// what went wrong.
    ///
    /// Who is accepted later joins in, who is not accepted any more leaves. A device that was last seen more than a
    /// day ago is switched off: it never polls. [`Simulation::speed`] divides all times but this one.
    pub fn simulate(&self, simulation: Simulation) {
        let Some(runtime) = &self.runtime else { return };
        let mut running = self.simulation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = running.take() {
            before.abort();
        }
        *running = Some(runtime.spawn(simulation::run(self.state.clone(), simulation)).abort_handle());
    }

    /// From now on every installation of a living device fails, also the one that it is at.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn device_fails(&self, id: &str) {
        let mut data = self.state.data();
        assert_known(&data, id);
        data.conduct.failing.insert(id.into());
    }

    /// Takes back [`Sandbox::device_fails`].
    pub fn device_recovers(&self, id: &str) {
        self.state.data().conduct.failing.remove(id);
    }

    /// A living device neither polls nor gets on with what it is at, until it wakes.
    ///
    /// # Panics
    ///
    /// If there is no such device.
    pub fn device_sleeps(&self, id: &str) {
        let mut data = self.state.data();
        assert_known(&data, id);
        data.conduct.asleep.insert(id.into());
    }

    /// Takes back [`Sandbox::device_sleeps`].
    pub fn device_wakes(&self, id: &str) {
        self.state.data().conduct.asleep.remove(id);
    }
}
