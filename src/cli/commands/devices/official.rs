//! Devices as the official client writes them.

use mender::devices::Device;
use serde_json::{Map, Value};

use crate::cli::fleet::{pairs, text};
use crate::cli::official::RULE;
use crate::cli::output::{Cell, Column};

/// Its list in our table.
pub const COLUMNS: &[Column<Device>] = &[
    Column { title: "ID", cell: |device| Cell::text(&device.id) },
    Column { title: "Status", cell: |device| Cell::text(&device.status) },
    Column { title: "Identity", cell: |device| Cell::Text(pairs(&device.identity_data).into()) },
    Column { title: "Created", cell: |device| Cell::Time(Some(&device.created_ts)) },
    Column { title: "Updated", cell: |device| Cell::Time(Some(&device.updated_ts)) },
];

/// A device as the official client writes it.
pub fn block(device: &Device, detail: u8) -> String {
    let mut text = format!("ID: {}\nStatus: {}\n", device.id, device.status);
    if detail >= 1 {
        text.push_str(&format!(
            "IdentityData:\n{}CreatedTs: {}\nUpdatedTs: {}\nDecommissioning: {}\n",
            known_identity(&device.identity_data, "  "),
            device.created_ts,
            device.updated_ts,
            device.decommissioning,
        ));
    }
    if detail >= 2 {
        for (index, set) in device.auth_sets.iter().enumerate() {
            text.push_str(&format!(
                "AuthSet[{index}]:\n  ID: {}\n  PubKey:\n{}  IdentityData:\n{}  Status: {}\n  Ts: {}\n",
                set.id,
                set.pubkey,
                known_identity(&set.identity_data, "    "),
                set.status,
                set.ts,
            ));
        }
    }
    text.push_str(RULE);
    text.push('\n');
    text
}

/// The three attributes that the official client knows, where they are not empty.
fn known_identity(data: &Map<String, Value>, indent: &str) -> String {
    let known = [("MAC address", "mac"), ("Stock keeping unit", "sku"), ("Serial number", "sn")];
    let row = |(label, key): (&str, &str)| {
        let value = data
            .get(key)
            .map(|value| text(value).into_owned())
            .filter(|value| !value.is_empty() && value != "null")?;
        Some(format!("{indent}{label}: {value}\n"))
    };
    known.into_iter().filter_map(row).collect()
}
