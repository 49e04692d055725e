//! What a device does with deployments.

use sandbox::Sandbox;
use serde_json::Value;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Asks what to install.
pub(crate) fn next(server: &Sandbox, device: &str, action: &Value) -> Option<Value> {
    server.device_polls(device, text(action, "device_type"), text(action, "artifact_name"))
}

/// Says how far it is, or what the server answers when it refuses.
pub(crate) fn report(server: &Sandbox, device: &str, action: &Value) -> Result<(), (u16, String)> {
    let (deployment, status) = (text(action, "deployment"), text(action, "status"));
    server.try_device_reports(deployment, device, status, action["substate"].as_str())
}

/// Sends the log that the recorded request holds.
pub(crate) fn log(server: &Sandbox, device: &str, action: &Value, sent: &Value) {
    let messages = sent["messages"].as_array().into_iter().flatten();
    let line = |message: &Value| {
        let (day, time) = text(message, "timestamp").split_once('T').expect("a time");
        let (level, words) = (text(message, "level"), text(message, "message"));
        format!("{day} {} +0000 UTC {level}: {words}\n", time.trim_end_matches('Z'))
    };
    server.device_logs(text(action, "deployment"), device, &messages.map(line).collect::<String>());
}
