//! The search of the second version.

use std::collections::BTreeMap;

use super::criteria::{Criteria, read};
use super::filter::{Entry, by_id, sort};
use super::record::{Record, Shown};
use super::store::Inventory;
use super::text;
use crate::answer::{Reply, header_value, serialized};
use crate::call::Call;

pub(crate) async fn search(mut call: Call) -> Reply {
    let body = call.json().await?;
    let criteria = read(&call, &body)?;
    let mut data = call.state.data();
    let (page, total) = page(&mut data.inventory, &criteria);
    let page = page.into_iter();
    let listed: Vec<Shown> = match criteria.attributes.as_slice() {
        [] => page.map(|(id, record)| Shown::whole(id, record)).collect(),
        wanted => page.map(|(id, record)| Shown::part(id, record, wanted)).collect(),
    };
    let mut answer = serialized(200, &listed);
    answer.headers_mut().insert("x-total-count", header_value(&total.to_string()));
    Ok(answer)
}

/// The devices of the page, and how many there are on all pages.
fn page<'a>(inventory: &'a mut Inventory, criteria: &Criteria) -> (Vec<Entry<'a>>, usize) {
    let everything = criteria.filters.is_empty() && criteria.ids.is_empty() && criteria.text.is_empty();
    // Who pages through a large fleet gets no further than the end of the page.
    if everything && let Some(descending) = by_id(&criteria.orders) {
        let entries = inventory.records().iter();
        let page = if descending { criteria.page.of(entries.rev()) } else { criteria.page.of(entries) };
        return (page, inventory.records().len());
    }
    inventory.search(&criteria.key, |all| found(all, criteria));
    let (inventory, ids) = (&*inventory, inventory.found());
    let page = criteria.page.of(ids).into_iter();
    (page.filter_map(|id| inventory.records().get_key_value(id)).collect(), ids.len())
}

/// The ids of all that fits, in order.
fn found(all: &BTreeMap<String, Record>, criteria: &Criteria) -> Vec<String> {
    let fits = |(id, record): &Entry| criteria.filters.iter().all(|filter| filter.holds(id, record));
    let found: Vec<Entry> = if criteria.ids.is_empty() {
        all.iter().filter(fits).collect()
    } else {
        criteria.ids.iter().filter_map(|id| all.get_key_value(id)).filter(fits).collect()
    };
    let found = match criteria.text.as_str() {
        "" => sort(found, &criteria.orders),
        text => text::best(found, text),
    };
    found.into_iter().map(|(id, _)| id.clone()).collect()
}
