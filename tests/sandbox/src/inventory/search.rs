//! The search of the second version.

use super::criteria::{Criteria, read};
use super::filter::{Entry, by_id, sort};
use super::record::Shown;
use super::text;
use crate::answer::{Reply, header_value, serialized};
use crate::call::Call;
use crate::state::Data;

pub(crate) async fn search(mut call: Call) -> Reply {
    let body = call.json().await?;
    let criteria = read(&call, &body)?;
    let data = call.state.data();
    let (page, total) = page(&data, &criteria);
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
fn page<'a>(data: &'a Data, criteria: &Criteria) -> (Vec<Entry<'a>>, usize) {
    let all = &data.inventory.0;
    let everything = criteria.filters.is_empty() && criteria.ids.is_empty() && criteria.text.is_empty();
    // Who pages through a large fleet gets no further than the end of the page.
    if everything && let Some(descending) = by_id(&criteria.orders) {
        let entries = all.iter();
        let page = if descending { criteria.page.of(entries.rev()) } else { criteria.page.of(entries) };
        return (page, all.len());
    }
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
    let total = found.len();
    (criteria.page.of(found), total)
}
