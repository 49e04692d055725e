//! Which devices a command is for: the flags, and the search that they come to.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use mender::inventory::{Device, Filter, Name, Operator, Order, Scope, Search, Sort};
use mender::{Client, LARGEST_PAGE, Pages, devices};
use serde_json::Value;

use super::filter::Condition;
use super::names::{Names, Target, by_device_id};
use super::row::{Columns, Row};
use super::split::{Local, split};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::{Form, Output};
use crate::cli::span::some_time;

/// What a device has to be like.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Only devices of which this holds, such as 'device_type=rpi4'; see below
    #[arg(long, value_name = "CONDITION")]
    pub filter: Vec<Condition>,

    /// Only devices of this group
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,

    /// Only devices of this status
    #[arg(long, value_name = "STATUS")]
    pub status: Option<Status>,

    /// Only devices that were not seen for so long, such as 7d
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub inactive: Option<Duration>,

    /// Only devices that were seen within so long, such as 1h
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub seen_within: Option<Duration>,

    /// Only devices in which the server finds these words
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,

    /// Only devices in this file, '-' for stdin: ids or names, one a line, or JSON Lines as -o jsonl writes them
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// The status of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Status {
    Pending,
    Accepted,
    Rejected,
    Preauthorized,
    Noauth,
}

impl From<Status> for devices::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => devices::Status::Pending,
            Status::Accepted => devices::Status::Accepted,
            Status::Rejected => devices::Status::Rejected,
            Status::Preauthorized => devices::Status::Preauthorized,
            Status::Noauth => devices::Status::NoAuth,
        }
    }
}

impl SelectionArgs {
    /// All accepted devices.
    pub fn accepted() -> Self {
        SelectionArgs { status: Some(Status::Accepted), ..Self::default() }
    }

    /// Whether all devices are meant.
    pub fn is_empty(&self) -> bool {
        let SelectionArgs { filter, group, status, inactive, seen_within, text, file } = self;
        let is_none = group.is_none() && status.is_none() && text.is_none() && file.is_none();
        is_none && filter.is_empty() && inactive.is_none() && seen_within.is_none()
    }

    /// The status, if nothing else is asked.
    pub fn only_status(&self) -> Option<devices::Status> {
        let others = SelectionArgs { status: None, ..self.clone() };
        self.status.filter(|_| others.is_empty()).map(devices::Status::from)
    }

    /// The file, if nothing else is asked.
    fn only_file(&self) -> Option<&Path> {
        let others = SelectionArgs { file: None, ..self.clone() };
        self.file.as_deref().filter(|_| others.is_empty())
    }

    /// The search that finds them.
    ///
    /// # Errors
    ///
    /// If a condition makes no sense, or a name in the file means no device or several.
    pub async fn query(&self, names: &Names<'_>) -> Result<Query> {
        self.query_or(names, Missing::Fails).await
    }

    async fn query_or(&self, names: &Names<'_>, missing: Missing<'_>) -> Result<Query> {
        let mut query = Query::default();
        for condition in &self.filter {
            let name = names.locate(&condition.attribute).await?;
            let (server, local) = split(condition, name).map_err(CliError::usage)?;
            match &local {
                Some(local) => query.here.push(local.shown.clone()),
                None => query.there.push(condition.to_string()),
            }
            query.search.filters.extend(server);
            query.locals.extend(local);
        }
        if let Some(group) = &self.group {
            query.require(
                Name::new(Scope::System, "group"),
                group.as_str().into(),
                format!("group = {group}"),
            );
        }
        if let Some(status) = self.status {
            let status = devices::Status::from(status).name();
            query.require(Name::new(Scope::Identity, "status"), status.into(), format!("status = {status}"));
        }
        if let Some(text) = &self.text {
            query.there.push(format!("text {text:?}"));
            query.search.text = Some(text.clone());
        }
        self.ages(&mut query)?;
        if let Some(file) = &self.file {
            let targets = missing.find(names, &read_words(file)?).await?;
            query.there.push(format!("{} named in {}", targets.len(), file.display()));
            query.ids = Some(targets.into_iter().map(|target| target.id).collect());
        }
        Ok(query)
    }

    fn ages(&self, query: &mut Query) -> Result<()> {
        let ago = |span: Duration| {
            Timestamp::now().checked_sub(span).map_err(|_| CliError::usage("there was no time so long ago"))
        };
        query.unseen_since = self.inactive.map(ago).transpose()?;
        query.seen_since = self.seen_within.map(ago).transpose()?;
        for (flag, since) in [("not seen", query.unseen_since), ("seen", query.seen_since)] {
            query.here.extend(since.map(|since| format!("{flag} since {since:.0}")));
        }
        Ok(())
    }
}

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
    fn require(&mut self, name: Name, value: Value, shown: String) {
        self.search.filters.push(Filter { name, operator: Operator::Equal, value });
        self.there.push(shown);
    }

    /// Looks among these devices alone.
    pub fn among(&mut self, ids: Vec<String>) {
        self.ids = Some(ids);
    }

    /// Fetches these attributes alone, and what the comparison needs.
    pub fn fetch_only(&mut self, mut attributes: Vec<Name>) {
        attributes.extend(self.locals.iter().map(|local| local.name.clone()));
        if self.unseen_since.is_some() || self.seen_since.is_some() {
            attributes.extend(["check_in_time", "created_ts"].map(|name| Name::new(Scope::System, name)));
        }
        let mut known = std::collections::HashSet::new();
        attributes.retain(|name| known.insert(name.clone()));
        self.search.attributes = attributes;
    }

    /// Fetches what a list of these columns shows in this form.
    ///
    /// # Errors
    ///
    /// If the server does not tell which attributes there are.
    pub async fn fetch_for(&mut self, form: Form, columns: &Columns, names: &Names<'_>) -> Result<()> {
        match form {
            Form::Ids => {
                self.fetch_only(vec![Name::new(Scope::Identity, "status")]);
                return Ok(());
            }
            // All of it, unless the user wants less.
            Form::Json | Form::Jsonl if !columns.are_chosen() => return Ok(()),
            _ => {}
        }
        let (mut attributes, scopes) = columns.needs(names.attribute().await);
        attributes.extend(names.in_scopes(&scopes).await?);
        self.fetch_only(attributes);
        Ok(())
    }

    /// Sorts by these keys.
    ///
    /// # Errors
    ///
    /// If the server would not: what its text search finds comes by how well it fits.
    pub fn sort_by(&mut self, sort: Vec<Sort>) -> Result<()> {
        if self.search.text.is_some() && !sort.is_empty() {
            return Err(CliError::usage("what --text finds comes by how well it fits, and takes no --sort"));
        }
        self.search.sort = sort;
        Ok(())
    }

    /// Whether the server finds just what is meant, so that its count is right and its pages are ours.
    pub fn is_all_there(&self) -> bool {
        self.here.is_empty() && self.ids.is_none()
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
        let search = Search { attributes: vec![Name::new(Scope::Identity, "status")], ..self.search.clone() };
        let mut pages = client.inventory().search(&search).from(1, 1);
        pages.next_page().await.map_err(|error| self.explain(error.into()))?;
        pages.total().ok_or_else(|| CliError::failed("the server does not say how many devices there are"))
    }

    /// Begins to find them, with so many requests at once.
    pub fn run<'c>(&self, client: &'c Client, at_once: usize) -> Found<'c, '_> {
        let searches = match &self.ids {
            None => VecDeque::from([self.sorted()]),
            Some(ids) => ids
                .chunks(LARGEST_PAGE as usize)
                .map(|some| Search { device_ids: some.to_vec(), ..self.sorted() })
                .collect(),
        };
        Found { query: self, client, at_once, searches, pages: None, numbers_as_text: 0 }
    }

    /// The search with the sort that serves it best, unless one was asked for.
    fn sorted(&self) -> Search {
        let mut search = self.search.clone();
        if search.sort.is_empty() {
            let seen = |order| Sort { name: Name::new(Scope::System, "check_in_time"), order };
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
        let time = |name| device.text(Scope::System, name).and_then(|text| text.parse::<Timestamp>().ok());
        let seen = time("check_in_time");
        // What never came counts from when it became known.
        let last = seen.or_else(|| time("created_ts"));
        self.unseen_since.is_none_or(|since| last.is_none_or(|last| last < since))
            && self.seen_since.is_none_or(|since| seen.is_some_and(|seen| seen >= since))
    }

    /// Whether nothing behind this device can be of the right age.
    fn is_past(&self, device: &Device) -> bool {
        let seen =
            device.text(Scope::System, "check_in_time").and_then(|text| text.parse::<Timestamp>().ok());
        match (self.age_order(), self.unseen_since, self.seen_since) {
            (Some(Order::Desc), _, Some(since)) => seen.is_none_or(|seen| seen < since),
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
pub struct Found<'c, 'q> {
    query: &'q Query,
    client: &'c Client,
    at_once: usize,
    searches: VecDeque<Search>,
    pages: Option<Pages<'c, Device>>,
    numbers_as_text: usize,
}

impl Found<'_, '_> {
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
                    let Some(search) = self.searches.pop_front() else { return Ok(None) };
                    self.pages.insert(self.client.inventory().search(&search).at_once(self.at_once))
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
    pub async fn all(mut self, out: &Output) -> Result<Vec<Device>> {
        let mut all = Vec::new();
        while let Some(some) = self.next().await? {
            all.extend(some);
        }
        self.advise(out);
        Ok(all)
    }

    /// Says what may have been meant otherwise.
    pub fn advise(&self, out: &Output) {
        if self.numbers_as_text > 0 {
            out.notice(format_args!(
                "{} devices have text there and not a number, which is compared character by character; ver< and its kin compare 9 and 10 as numbers",
                self.numbers_as_text
            ));
        }
    }
}

/// Devices by name, or a selection.
#[derive(Clone, Debug, Default, Args)]
pub struct TargetArgs {
    /// Devices: id or its beginning, name, or attribute=value
    #[arg(value_name = "DEVICE")]
    pub devices: Vec<String>,

    /// All devices
    #[arg(long, conflicts_with = "devices")]
    pub all: bool,

    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// The devices that a command is for.
pub struct Targets {
    pub list: Vec<Target>,
    /// How they were selected; empty if each was named.
    pub how: String,
}

impl TargetArgs {
    /// Whether each device was named.
    pub fn are_named(&self) -> bool {
        !self.devices.is_empty()
    }

    /// That the line is for some devices, and says so in one way.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn check(&self) -> Result<()> {
        match (self.are_named(), self.selection.is_empty(), self.all) {
            (true, false, _) => Err(CliError::usage("either name devices or select them, not both")),
            (false, true, false) => Err(CliError::usage("no device is named or selected").hint(
                "name devices, select them with --filter, --group, --status and the like, or take --all",
            )),
            _ => Ok(()),
        }
    }

    /// Finds them.
    ///
    /// # Errors
    ///
    /// If the line is for none, or a name means none or several.
    pub async fn find(&self, ctx: &Context, names: &Names<'_>, client: &Client) -> Result<Targets> {
        self.find_or(ctx, names, client, Missing::Fails).await
    }

    /// The same, for work after which devices are gone: what a file names and nobody has is done with.
    ///
    /// # Errors
    ///
    /// As [`TargetArgs::find`].
    pub async fn find_what_is_left(
        &self,
        ctx: &Context,
        names: &Names<'_>,
        client: &Client,
    ) -> Result<Targets> {
        self.find_or(ctx, names, client, Missing::IsFine(ctx.out())).await
    }

    async fn find_or(
        &self,
        ctx: &Context,
        names: &Names<'_>,
        client: &Client,
        missing: Missing<'_>,
    ) -> Result<Targets> {
        self.check()?;
        if self.are_named() {
            return Ok(Targets { list: names.all(&self.devices).await?, how: String::new() });
        }
        // Whom a file names needs no search, which might not know the newest devices yet.
        if let Some(file) = self.selection.only_file() {
            let list = missing.find(names, &read_words(file)?).await?;
            return Ok(Targets { list, how: format!("the list in {}", file.display()) });
        }
        let mut query = self.selection.query_or(names, missing).await?;
        let naming = names.attribute().await.cloned();
        let mut attributes = vec![Name::new(Scope::Identity, "status"), Name::new(Scope::Tags, "name")];
        attributes.extend(naming.clone());
        query.fetch_only(attributes);
        let found = query.run(client, 4).all(ctx.out()).await?;
        let list = found.into_iter().map(|device| Row::of(device, naming.as_ref()).into()).collect();
        let how = if self.selection.is_empty() { "--all".into() } else { query.described() };
        Ok(Targets { list, how })
    }
}

/// What a name in a file means that no device has.
#[derive(Clone, Copy)]
enum Missing<'o> {
    Fails,
    IsFine(&'o Output),
}

impl Missing<'_> {
    async fn find(self, names: &Names<'_>, words: &[String]) -> Result<Vec<Target>> {
        let Missing::IsFine(out) = self else { return names.all(words).await };
        let found = names.find(words).await?;
        if !found.missing.is_empty() {
            out.notice(format_args!("{} of the devices in the file are not there", found.missing.len()));
        }
        Ok(found.targets)
    }
}

/// A line of a file is no longer than this, or the file is another one.
const LONGEST_LINE: u64 = 1 << 20;

/// The ids and names in a file.
///
/// # Errors
///
/// If it cannot be read, or a line is neither.
fn read_words(path: &Path) -> Result<Vec<String>> {
    let context = || format!("cannot read {}", path.display());
    let mut reader: Box<dyn std::io::BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(std::fs::File::open(path).with_context(context)?))
    };
    let mut words = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let mut bytes = Vec::new();
        reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes).with_context(context)?;
        if bytes.is_empty() {
            break;
        }
        let fault = |text: &str| CliError::failed(format!("{}: line {number}: {text}", path.display()));
        if bytes.len() as u64 == LONGEST_LINE {
            return Err(fault("it is longer than 1 MiB"));
        }
        let line = String::from_utf8(bytes).map_err(|_| fault("it is not UTF-8"))?;
        words.extend(word(&line).map_err(|text| fault(&text))?);
    }
    if words.is_empty() {
        return Err(CliError::failed(format!("{} names no device", path.display())));
    }
    Ok(words)
}

/// The id or name in a line, if there is one to work on.
fn word(line: &str) -> Result<Option<String>, String> {
    let line = line.trim_start_matches('\u{feff}').trim();
    // A JSON list as it is written here has an item a line, between brackets.
    if line.is_empty() || line.starts_with('#') || ["[", "]", "[]"].contains(&line) {
        return Ok(None);
    }
    if !line.starts_with('{') {
        return Ok(line.split('\t').next().map(str::to_owned));
    }
    let object = line.trim_end_matches(',');
    let object: Value = serde_json::from_str(object).map_err(|error| format!("it is not JSON: {error}"))?;
    // Bulk work writes so what it has done.
    if object.get("done") == Some(&Value::Bool(true)) {
        return Ok(None);
    }
    match object.get("id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(Some(id.to_owned())),
        _ => Err("it has no \"id\"".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_one_device_or_none() {
        for (line, expected) in [
            ("abc\n", Some("abc")),
            ("  gateway 7  \r\n", Some("gateway 7")),
            ("abc\tPUT failed\n", Some("abc")),
            ("# a comment", None),
            ("", None),
            (r#"{"id":"d1","name":"x"}"#, Some("d1")),
            (r#"{"id":"d1","done":false,"error":"x"}"#, Some("d1")),
            (r#"{"id":"d1","done":true}"#, None),
            (r#"  {"id":"d1"},"#, Some("d1")),
            ("[", None),
        ] {
            assert_eq!(word(line).unwrap().as_deref(), expected, "{line}");
        }
        for line in ["{", r#"{"name":"x"}"#, r#"{"id":5}"#] {
            assert!(word(line).is_err(), "{line}");
        }
    }
}
