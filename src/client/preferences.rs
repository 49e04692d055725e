//! What a tenant chose in the web interface, as far as it means something here.

use serde::Deserialize;

use super::error::Result;
use super::http::Transport;
use super::inventory::{AttributeName, Scope};

/// The tenant's choices. What nobody ever chose is `None`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Preferences {
    /// The attribute that is shown as a device's name.
    pub name_attribute: Option<AttributeName>,
    /// A device that was silent for so long counts as offline, in seconds.
    pub offline_after: Option<u64>,
}

/// The form is the web interface's own, and may change with it: what does not fit is not there.
#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    id_attribute: serde_json::Value,
    #[serde(default, rename = "offlineThreshold")]
    offline_threshold: serde_json::Value,
}

pub(super) async fn get(transport: &Transport) -> Result<Preferences> {
    let settings: Settings =
        transport.get(&["api", "management", "v1", "useradm", "settings"]).send().await?.json()?;
    Ok(Preferences {
        name_attribute: name(&settings.id_attribute),
        offline_after: span(&settings.offline_threshold),
    })
}

fn name(value: &serde_json::Value) -> Option<AttributeName> {
    let scope = value.get("scope").and_then(|scope| scope.as_str());
    let scope: Scope = scope.map_or(Some(Scope::Identity), |scope| scope.parse().ok())?;
    let attribute = value.get("attribute")?.as_str().filter(|name| !name.is_empty())?;
    // What is shown while nobody has chosen: the id.
    let is_id = scope == Scope::Identity && matches!(attribute, "id" | "Device ID");
    (!is_id).then(|| AttributeName::new(scope, attribute))
}

fn span(value: &serde_json::Value) -> Option<u64> {
    let interval = value.get("interval")?;
    let count = interval.as_u64().or_else(|| interval.as_str()?.parse().ok())?;
    let seconds = match value.get("intervalUnit")?.as_str()? {
        "minutes" => 60,
        "hours" => 3600,
        "days" => 24 * 3600,
        "weeks" => 7 * 24 * 3600,
        _ => return None,
    };
    count.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_name_is_an_attribute_and_not_the_id() {
        assert_eq!(
            name(&json!({"attribute": "mac", "scope": "identity"})),
            Some(AttributeName::new(Scope::Identity, "mac"))
        );
        assert_eq!(
            name(&json!({"attribute": "name", "scope": "tags"})),
            Some(AttributeName::new(Scope::Tags, "name"))
        );
        for none in [
            json!({"attribute": "id", "scope": "identity"}),
            json!({"attribute": 5}),
            json!("mac"),
            json!(null),
        ] {
            assert_eq!(name(&none), None, "{none}");
        }
    }

    #[test]
    fn the_threshold_has_a_unit() {
        assert_eq!(span(&json!({"interval": 2, "intervalUnit": "days"})), Some(172_800));
        assert_eq!(span(&json!({"interval": "3", "intervalUnit": "hours"})), Some(10_800));
        for none in [json!({"interval": 2}), json!({"interval": -1, "intervalUnit": "days"}), json!(null)] {
            assert_eq!(span(&none), None, "{none}");
        }
    }
}
