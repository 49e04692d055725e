//! What other services ask the inventory.

use serde_json::Value;

use super::SavedFilter;
use super::filter::{Field, Filter, Test};
use super::record::Scope;
use crate::answer::Refusal;
use crate::state::Data;

/// Whether there is a device of this id.
pub(crate) fn knows(data: &Data, id: &str) -> bool {
    data.inventory.records().contains_key(id)
}

/// The ids of the accepted devices, all or those of one group.
pub(crate) fn accepted(data: &Data, group: Option<&str>) -> Vec<String> {
    let records = data.inventory.records().iter();
    records
        .filter(|(_, record)| record.status() == Some("accepted"))
        .filter(|(_, record)| group.is_none() || record.group() == group)
        .map(|(id, _)| id.clone())
        .collect()
}

/// The ids of the accepted devices that a saved filter finds.
pub(crate) fn fitting(data: &Data, filter: &SavedFilter) -> Result<Vec<String>, Refusal> {
    let filters = filter.filters()?;
    let records = data.inventory.records().iter();
    let found = records
        .filter(|(_, record)| record.status() == Some("accepted"))
        .filter(|(id, record)| filters.iter().all(|filter| filter.holds(id, record)));
    Ok(found.map(|(id, _)| id.clone()).collect())
}

/// The first device that has this value.
pub(crate) fn with(data: &Data, scope: &str, name: &str, value: &str) -> Option<String> {
    let field = Field::Attribute(Scope::named(scope)?, name.into());
    let filter = Filter { field, test: Test::Equal(Value::from(value)) };
    let mut records = data.inventory.records().iter();
    records.find(|(id, record)| filter.holds(id, record)).map(|(id, _)| id.clone())
}

/// What a device says of itself.
pub(crate) fn reported(data: &Data, id: &str, name: &str) -> Option<String> {
    data.inventory.records().get(id)?.text(Scope::Inventory, name).map(String::from)
}
