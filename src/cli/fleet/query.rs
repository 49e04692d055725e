//! The search that a selection comes to, and the devices that it finds.

use std::collections::{HashSet, VecDeque};
use std::path::Path;

use jiff::Timestamp;
use mender::inventory::{AttributeName, Device, Filter, Operator, Order, Scope, Search, Sort};
use mender::{Client, LARGEST_PAGE, Pages};
use serde_json::Value;

use super::filter::Condition;
use super::split::{Local, split};
use super::{Fleet, by_device_id, last_seen};
use crate::cli::error::{CliError, Result};

/// What the server is to sort goes into one search; so many ids have room in the largest body that it takes.
const MOST_SORTED: usize = 20_000;

/// A search, what is compared here after it, and how both read.
#[derive(Default)]
pub struct Query {
    search: Search,
    locals: Vec<Local>,
    ids: Option<Vec<String>>,
    unseen_since: Option<Timestamp>,
    seen_since: Option<Timestamp>,
    there: Vec<String>,
    here: Vec<String>,
}

impl Query {
    /// Only devices that fulfil a condition, of which the server compares one half and we the other.
    ///
    /// # Errors
    ///
    /// If it makes no sense, or its attribute is in several scopes.
    pub async fn require(&mut self, condition: &Condition, fleet: &Fleet<'_>) -> Result<()> {
        let name = fleet.locate(&condition.attribute).await?;
        let (there, here) = split(condition, name).map_err(CliError::usage)?;
        let shown = if here.is_some() { &mut self.here } else { &mut self.there };
        shown.push(condition.to_string());
        self.search.filters.extend(there);
        self.locals.extend(here);
        Ok(())
    }

    /// Only devices of which an attribute has this value.
    pub fn require_equal(&mut self, name: AttributeName, value: &str) {
        self.require_one_of(name, &[value]);
    }

    /// Only devices of which an attribute has one of these values; all devices if there are none.
    pub fn require_one_of(&mut self, name: AttributeName, values: &[&str]) {
        let (operator, value) = match values {
            [] => return,
            [only] => (Operator::Equal, Value::from(*only)),
            several => (Operator::In, Value::from(several.to_vec())),
        };
        self.there.push(format!("{} = {}", name.attribute, values.join(" or ")));
        self.search.filters.push(Filter { name, operator, value });
    }

    /// Only devices in which the server finds these words.
    pub fn find_text(&mut self, text: &str) {
        self.there.push(format!("text {text:?}"));
        self.search.text = Some(text.to_owned());
    }

    /// Only devices that were silent since then.
    pub fn unseen_since(&mut self, time: Timestamp) {
        self.here.push(format!("not seen since {time:.0}"));
        self.unseen_since = Some(time);
    }

    /// Only devices that were seen since then.
    pub fn seen_since(&mut self, time: Timestamp) {
        self.here.push(format!("seen since {time:.0}"));
        self.seen_since = Some(time);
    }

    /// Only these devices, which a file names.
    pub fn among(&mut self, mut ids: Vec<String>, file: &Path) {
        self.there.push(format!("{} named in {}", ids.len(), file.display()));
        // In the order of all lists, whichever searches they come to.
        ids.sort();
        self.ids = Some(ids);
    }

    /// Only these devices.
    pub fn only_these(&mut self, ids: &[&str]) {
        self.ids = Some(ids.iter().map(|id| (*id).to_owned()).collect());
    }

    /// Only this device.
    pub fn only(&mut self, id: &str) {
        self.ids = Some(vec![id.to_owned()]);
    }

    /// Fetches these attributes alone, and what the comparison needs.
    pub fn fetch_only(&mut self, mut attributes: Vec<AttributeName>) {
        attributes.extend(self.locals.iter().map(|local| local.name.clone()));
        if self.unseen_since.is_some() || self.seen_since.is_some() {
            attributes.push(AttributeName::new(Scope::System, "check_in_time"));
        }
        let mut known = HashSet::new();
        attributes.retain(|name| known.insert(name.clone()));
        self.search.attributes = attributes;
    }

    /// Fetches nothing but ids, and what the comparison needs.
    pub fn fetch_ids(&mut self) {
        // An empty list would mean all.
        self.fetch_only(vec![AttributeName::new(Scope::Identity, "status")]);
    }

    /// Sorts by these keys.
    ///
    /// # Errors
    ///
    /// If the server would not: what its text search finds comes by how well it fits, and it sorts one search at a time.
    pub fn sort_by(&mut self, sort: Vec<Sort>) -> Result<()> {
        if self.search.text.is_some() && !sort.is_empty() {
            return Err(CliError::usage("what --text finds comes by how well it fits, and takes no --sort"));
        }
        if self.ids.as_ref().is_some_and(|ids| ids.len() > MOST_SORTED) && !sort.is_empty() {
            let text = format!("--sort takes at most {MOST_SORTED} devices of --file");
            return Err(CliError::usage(text));
        }
        self.search.sort = sort;
        Ok(())
    }

    /// Whether the server finds just what is meant, so that its count is right and its pages are ours.
    pub fn is_all_there(&self) -> bool {
        let has_ages = self.unseen_since.is_some() || self.seen_since.is_some();
        self.locals.is_empty() && !has_ages && self.ids.is_none()
    }

    /// The conditions, if the server compares all of them.
    pub fn terms(&self) -> Option<&[Filter]> {
        (self.is_all_there() && self.search.text.is_none()).then_some(self.search.filters.as_slice())
    }

    /// How the conditions that the server compares read.
    pub fn conditions(&self) -> String {
        self.there.join(", ")
    }

    /// What is compared where, for the plan of bulk work.
    pub fn described(&self) -> String {
        let part = |list: &[String], who: &str| match list {
            [] => None,
            list => Some(format!("{} ({who})", list.join(", "))),
        };
        let both = [part(&self.there, "compared by the server"), part(&self.here, "compared here")];
        both.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// How many devices the server finds.
    ///
    /// # Errors
    ///
    /// As the search; and if the server does not say how many there are.
    pub async fn count_there(&self, client: &Client) -> Result<u64> {
        let search =
            Search { attributes: vec![AttributeName::new(Scope::Identity, "status")], ..self.search.clone() };
        let mut pages = client.inventory().search(&search).from(1, 1);
        pages.next_page().await.map_err(|error| self.explain(error.into()))?;
        pages.total().ok_or_else(|| CliError::failed("the server does not say how many devices there are"))
    }

    /// Begins to find them, with so many requests at once.
    pub fn run<'f>(&'f self, fleet: &'f Fleet<'_>, at_once: usize) -> Found<'f> {
        let searches = match &self.ids {
            None => VecDeque::from([self.sorted()]),
            Some(ids) => {
                let is_ours = self.search.sort.is_empty() && self.search.text.is_none();
                let most = if is_ours { LARGEST_PAGE as usize } else { MOST_SORTED };
                let search = |some: &[String]| Search { device_ids: some.to_vec(), ..self.sorted() };
                ids.chunks(most).map(search).collect()
            }
        };
        Found {
            query: self,
            fleet,
            at_once,
            per_page: LARGEST_PAGE,
            searches,
            pages: None,
            numbers_as_text: 0,
        }
    }

    /// The search with the sort that serves it best, unless one was asked for.
    fn sorted(&self) -> Search {
        let mut search = self.search.clone();
        // What is found by its text comes by how well it fits.
        if search.sort.is_empty() && search.text.is_none() {
            let seen = |order| Sort { name: AttributeName::new(Scope::System, "check_in_time"), order };
            match self.age_order() {
                Some(order) => search.sort = vec![seen(order), by_device_id()],
                None => search.sort = vec![by_device_id()],
            }
        }
        search
    }

    /// How to sort by age, so that the rest need not be fetched.
    fn age_order(&self) -> Option<Order> {
        if self.search.text.is_some() || !self.search.sort.is_empty() || self.ids.is_some() {
            return None;
        }
        match (self.unseen_since, self.seen_since) {
            (_, Some(_)) => Some(Order::Desc),
            (Some(_), None) => Some(Order::Asc),
            (None, None) => None,
        }
    }

    /// Whether a device is of the right age.
    fn fits_age(&self, device: &Device) -> bool {
        let seen = last_seen(device);
        // What never came is not silent: it may just be asking to be let in.
        self.unseen_since.is_none_or(|since| seen.is_some_and(|seen| seen < since))
            && self.seen_since.is_none_or(|since| seen.is_some_and(|seen| seen >= since))
    }

    /// Whether nothing behind this device can be of the right age.
    fn is_past(&self, device: &Device) -> bool {
        let seen = last_seen(device);
        match (self.age_order(), self.unseen_since, self.seen_since) {
            (Some(Order::Desc), _, Some(since)) => seen.is_none_or(|seen| seen < since),
            // What was never seen comes first.
            (Some(Order::Asc), Some(since), _) => seen.is_some_and(|seen| seen >= since),
            _ => false,
        }
    }

    fn explain(&self, error: CliError) -> CliError {
        let has_pattern = self.search.filters.iter().any(|filter| filter.operator == Operator::Matches);
        if error.status() == Some(500) && has_pattern {
            return error.hint("servers answer so to a pattern of '~' that they cannot read; is it right?");
        }
        error
    }
}

/// The devices, as they are found.
pub struct Found<'f> {
    query: &'f Query,
    fleet: &'f Fleet<'f>,
    at_once: usize,
    per_page: u32,
    searches: VecDeque<Search>,
    pages: Option<Pages<'f, Device>>,
    numbers_as_text: usize,
}

impl Found<'_> {
    /// Asks for no larger pages than `wanted` devices take, where all that the server finds is wanted.
    pub fn no_more_than(self, wanted: usize) -> Self {
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).clamp(1, LARGEST_PAGE);
        let per_page = if self.query.is_all_there() { wanted } else { LARGEST_PAGE };
        Found { per_page, ..self }
    }

    /// Some more of them; `None` when there are no more.
    ///
    /// # Errors
    ///
    /// As the search.
    pub async fn next(&mut self) -> Result<Option<Vec<Device>>> {
        loop {
            let pages = match &mut self.pages {
                Some(pages) => pages,
                None => {
                    let Some(search) = self.searches.pop_front() else {
                        self.advise();
                        return Ok(None);
                    };
                    let pages = self.fleet.client().inventory().search(&search).from(1, self.per_page);
                    self.pages.insert(pages.at_once(self.at_once))
                }
            };
            let page = pages.next_page().await.map_err(|error| self.query.explain(error.into()))?;
            let Some(page) = page else {
                self.pages = None;
                continue;
            };
            let is_last = page.items.last().is_some_and(|device| self.query.is_past(device));
            let mut devices = page.items;
            devices.retain(|device| self.fits(device));
            if is_last {
                self.pages = None;
                self.searches.clear();
            }
            if !devices.is_empty() || is_last {
                return Ok(Some(devices));
            }
        }
    }

    fn fits(&mut self, device: &Device) -> bool {
        self.numbers_as_text += usize::from(self.query.locals.iter().any(|it| it.is_number_as_text(device)));
        self.query.locals.iter().all(|local| local.holds(device)) && self.query.fits_age(device)
    }

    /// All of them.
    ///
    /// # Errors
    ///
    /// As [`Found::next`].
    pub async fn all(mut self) -> Result<Vec<Device>> {
        let mut all: Vec<Device> = Vec::new();
        // Pages may overlap when devices come and go meanwhile.
        let mut known = HashSet::new();
        while let Some(some) = self.next().await? {
            all.extend(some.into_iter().filter(|device| known.insert(device.id.clone())));
        }
        Ok(all)
    }

    /// Says, in the end, what may have been meant otherwise.
    fn advise(&mut self) {
        let count = std::mem::take(&mut self.numbers_as_text);
        if count > 0 {
            self.fleet.out().notice(format_args!(
                "{count} devices have text there and not a number, which is compared character by character; ver< and its kin compare 9 and 10 as numbers"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_room_in_one_search_is_sorted() {
        for (count, fits) in [(MOST_SORTED, true), (MOST_SORTED + 1, false)] {
            let mut query = Query::default();
            query.among(vec![String::new(); count], Path::new("-"));
            assert!(query.sort_by(Vec::new()).is_ok());
            assert_eq!(query.sort_by(vec![by_device_id()]).is_ok(), fits, "{count}");
        }
    }
}
