//! The search of the second version.

use super::criteria::{Criteria, read};
use super::filter::{Entry, sort};
use super::record::Shown;
use super::text;
use crate::answer::{Reply, header_value, serialized};
use crate::call::Call;
use crate::state::Data;

pub(crate) async fn search(mut call: Call) -> Reply {
    let body = call.json().await?;
    let criteria = read(&call, &body)?;
    let data = call.state.data();
    let found = found(&data, &criteria);
    let total = found.len();
    let page = criteria.page.of(found).into_iter();
    let listed: Vec<Shown> = match criteria.attributes.as_slice() {
        [] => page.map(|(id, record)| Shown::whole(id, record)).collect(),
        wanted => page.map(|(id, record)| Shown::part(id, record, wanted)).collect(),
    };
    let mut answer = serialized(200, &listed);
    answer.headers_mut().insert("x-total-count", header_value(&total.to_string()));
    Ok(answer)
}

/// All that fits, in order.
fn found<'a>(data: &'a Data, criteria: &Criteria) -> Vec<Entry<'a>> {
    let all = &data.inventory.0;
    let fits = |(id, record): &Entry| criteria.filters.iter().all(|filter| filter.holds(id, record));
    let found: Vec<Entry> = if criteria.ids.is_empty() {
        all.iter().filter(fits).collect()
    } else {
        criteria.ids.iter().filter_map(|id| all.get_key_value(id)).filter(fits).collect()
    };
    if criteria.text.is_empty() { sort(found, &criteria.orders) } else { text::best(found, &criteria.text) }
}
