//! What a sandbox can be asked to do with Artifacts and deployments.

use std::path::PathBuf;

use serde_json::Value;

use super::Sandbox;
use crate::deployments::{self, Status};
use crate::inventory;

impl Sandbox {
    /// Stores an Artifact; returns its id.
    ///
    /// # Panics
    ///
    /// If the server would refuse it.
    pub fn add_artifact(&self, bytes: &[u8]) -> String {
        deployments::store(&self.state, bytes).unwrap_or_else(|text| panic!("Artifact refused: {text}"))
    }

    /// The bytes of a stored Artifact.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn artifact_content(&self, id: &str) -> Vec<u8> {
        std::fs::read(self.artifact_file(id)).unwrap_or_else(|error| panic!("no Artifact {id}: {error}"))
    }

    /// The file that holds a stored Artifact, for those too large to be read at once.
    pub fn artifact_file(&self, id: &str) -> PathBuf {
        self.state.content(id)
    }

    /// How many Artifacts are stored.
    pub fn artifact_count(&self) -> usize {
        self.state.data().artifacts.len()
    }

    /// Makes a deployment for these devices; returns its id.
    ///
    /// # Panics
    ///
    /// If the server would refuse it.
    pub fn create_deployment(&self, name: &str, artifact_name: &str, devices: &[impl AsRef<str>]) -> String {
        let devices = devices.iter().map(|id| id.as_ref().to_string()).collect();
        deployments::deploy(&mut self.state.data(), name, artifact_name, devices)
            .unwrap_or_else(|refusal| panic!("no deployment: {refusal:?}"))
    }

    /// A device asks what it is to install, and gets the server's answer if there is something. It counts as taking
    /// part from then on; who has the release already, or is of another type, is done at once.
    pub fn device_polls(&self, device: &str, device_type: &str, artifact_name: &str) -> Option<Value> {
        deployments::next(&self.state, &mut self.state.data(), device, Some(device_type), artifact_name)
    }

    /// A device says how far it is with a deployment: `downloading`, `success`, … If it has not asked for it yet it
    /// does so first, as one of the type that it has in the inventory.
    ///
    /// # Panics
    ///
    /// If there is no such status or deployment, it is not meant for the device, or it is aborted.
    pub fn device_reports(&self, deployment: &str, device: &str, status: &str) {
        let status = Status::named(status).unwrap_or_else(|| panic!("no status {status}"));
        let mut data = self.state.data();
        let device_type = inventory::reported(&data, device, "device_type");
        deployments::take_part(&mut data, deployment, device, status, device_type.as_deref())
            .unwrap_or_else(|refused| panic!("report refused: {refused:?}"));
    }

    /// The same for a device that has asked, with words of its own, or what the server answers when it refuses.
    ///
    /// # Errors
    ///
    /// The status and text of the answer: when there is no such status or deployment, the device has not asked for it,
    /// or it is aborted.
    pub fn try_device_reports(
        &self,
        deployment: &str,
        device: &str,
        status: &str,
        substate: Option<&str>,
    ) -> Result<(), (u16, String)> {
        let unknown = || (400, format!("invalid status for device '{status}'"));
        let status = Status::named(status).ok_or_else(unknown)?;
        deployments::report(&mut self.state.data(), deployment, device, status, substate)
            .map_err(|(status, text)| (status, text.into()))
    }

    /// A device sends the log of a deployment, in place of an older one.
    ///
    /// # Panics
    ///
    /// If it has not asked for the deployment.
    pub fn device_logs(&self, deployment: &str, device: &str, lines: &str) {
        deployments::log(&mut self.state.data(), deployment, device, lines)
            .unwrap_or_else(|refused| panic!("log refused: {refused:?}"));
    }
}
