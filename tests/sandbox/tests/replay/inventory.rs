//! What a device reports to the inventory.

use sandbox::Sandbox;
use serde_json::Value;

/// Reports, or says in the server's words what is wrong with it.
pub(crate) fn report(server: &Sandbox, id: &str, attributes: &Value) -> Result<(), String> {
    server.try_report_inventory(id, attributes.clone())
}
