//! Work on many devices: plan, consent, several at once, and an end that says how far it came.

use std::cell::RefCell;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use clap::Args;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use mender::ServerUrl;
use serde_json::json;
use tokio::time::Instant;

use super::names::Target;
use crate::cli::args::ConsentArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::output::{Cell, Count, Form, Rows, View};
use crate::cli::signals;

/// So many devices of a plan are shown.
const SAMPLE: usize = 5;

const AGAIN: &str = "what was done stays; the same command goes on with the rest";

/// How to work on many devices.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Work on many devices")]
pub struct BulkArgs {
    #[command(flatten)]
    pub consent: ConsentArgs,

    /// Stop after so many failures
    #[arg(long, value_name = "N", default_value = "10")]
    max_errors: NonZeroUsize,

    /// Begin at most so many devices a second
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,

    /// Work on so many devices at once
    #[arg(short, long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,

    /// No progress on stderr
    #[arg(long)]
    no_progress: bool,
}

/// What is to be done, in words.
pub struct Work<'w> {
    /// `accept`
    pub verb: &'w str,
    /// `accepted`
    pub done: &'static str,
    /// How the devices were selected; empty if each was named.
    pub how: &'w str,
    /// Whether to ask even for devices that were named.
    pub is_grave: bool,
    /// Whether `--file` takes back what is printed of those that failed.
    pub takes_back: bool,
}

/// A device, and what else the work on it needs.
pub struct Job<T> {
    pub target: Target,
    pub load: T,
}

/// All that is to be worked on.
pub struct Jobs<T> {
    pub list: Vec<Job<T>>,
    /// Devices with which nothing can be done, and why: known before anything is sent.
    pub unfit: Vec<(Target, String)>,
}

impl<T> FromIterator<Job<T>> for Jobs<T> {
    fn from_iter<I: IntoIterator<Item = Job<T>>>(jobs: I) -> Self {
        Jobs { list: jobs.into_iter().collect(), unfit: Vec::new() }
    }
}

/// What came of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Changed,
    /// It was so before.
    Already,
    /// It has this id, which nobody could know before.
    Known {
        id: String,
        is_new: bool,
    },
}

/// Does `act` for all of them, after the user has seen what that means.
///
/// # Errors
///
/// [`Kind::Partial`] if it worked for some only. Without consent nothing is done. If there is only one device, what it
/// failed with.
pub async fn run<T>(
    ctx: &Context,
    server: &ServerUrl,
    args: &BulkArgs,
    work: &Work<'_>,
    jobs: Jobs<T>,
    act: impl AsyncFn(&Job<T>) -> Result<Done>,
) -> Result<()> {
    let what = match (jobs.list.as_slice(), jobs.unfit.as_slice()) {
        ([], []) => {
            ctx.out().notice(format_args!("nothing to do: no device fits ({})", work.how));
            return list(ctx, &jobs.list);
        }
        ([], [(target, why)]) => return Err(CliError::failed(format!("{}: {why}", target.label()))),
        ([only], []) => only.target.label(),
        (list, _) => counted(list.len()),
    };
    if work.is_grave || !work.how.is_empty() || args.consent.dry_run {
        show_plan(ctx, work, &jobs);
        let is_some = !jobs.list.is_empty();
        if is_some && !ctx.consent(&args.consent, &format!("{} {what} on {server}", work.verb)).await? {
            return list(ctx, &jobs.list);
        }
    }
    let run = RefCell::new(Run {
        rows: ctx.out().rows(&Outcomes)?,
        count: ctx.out().count(work.done, jobs.list.len(), !args.no_progress),
        shows_all: matches!(ctx.out().form()?, Form::Json | Form::Jsonl),
        tally: Tally { total: jobs.list.len() + jobs.unfit.len(), ..Tally::default() },
    });
    let working =
        signals::interruptible(go_on(args, &jobs, &act, &run), || run.borrow().tally.interrupted(work));
    let outcome = working.await;
    let run = run.into_inner();
    run.count.clear();
    let ending = if run.tally.unread { Ok(()) } else { run.rows.end() };
    outcome.and(ending).and_then(|()| run.tally.verdict(ctx, work, &what))
}

async fn go_on<T>(
    args: &BulkArgs,
    jobs: &Jobs<T>,
    act: &impl AsyncFn(&Job<T>) -> Result<Done>,
    run: &RefCell<Run<'_>>,
) -> Result<()> {
    for (target, why) in &jobs.unfit {
        run.borrow_mut().leave_out(target, why)?;
    }
    let pause = args.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
    let mut turn = Instant::now();
    let mut queue = jobs.list.iter();
    let mut running = FuturesUnordered::new();
    loop {
        while run.borrow().tally.goes_on()
            && running.len() < usize::from(args.jobs)
            && let Some(job) = queue.next()
        {
            let begin = turn;
            turn = turn.max(Instant::now()) + pause;
            running.push(async move {
                tokio::time::sleep_until(begin).await;
                (job, act(job).await)
            });
        }
        let Some((job, outcome)) = running.next().await else { return Ok(()) };
        run.borrow_mut().note(&job.target, outcome, args.max_errors.get())?;
    }
}

fn show_plan<T>(ctx: &Context, work: &Work<'_>, jobs: &Jobs<T>) {
    let count = jobs.list.len();
    let mut text = format!("To {}: {}", work.verb, counted(count));
    if !work.how.is_empty() {
        text.push_str(&format!(", selected by {}", work.how));
    }
    for job in jobs.list.iter().take(SAMPLE) {
        text.push_str(&format!("\n  {}", job.target.described()));
    }
    if count > SAMPLE {
        text.push_str(&format!("\n  and {} more", count - SAMPLE));
    }
    if let Some((target, why)) = jobs.unfit.first() {
        let (count, why) = (counted(jobs.unfit.len()), first_line(why));
        text.push_str(&format!("\nLeft out: {count}, such as {}: {why}", target.label()));
    }
    ctx.out().plan(text);
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// So many devices, in words.
pub fn counted(count: usize) -> String {
    if count == 1 { "1 device".into() } else { format!("{count} devices") }
}

/// What `--dry-run` would have worked on.
fn list<T>(ctx: &Context, jobs: &[Job<T>]) -> Result<()> {
    let mut rows = ctx.out().rows(&Planned)?;
    rows.add(jobs.iter().map(|job| job.target.clone()).collect())?;
    rows.end()
}

/// What is seen of the work while it goes on.
struct Run<'v> {
    rows: Rows<'v, Outcome>,
    count: Count,
    /// Forms for programs tell of each device, the others of those that failed.
    shows_all: bool,
    tally: Tally,
}

impl Run<'_> {
    fn note(&mut self, target: &Target, outcome: Result<Done>, most: usize) -> Result<()> {
        self.count.advance();
        let outcome_of = |error| Outcome { id: target.id.clone(), name: target.name.clone(), error };
        let error = match outcome {
            Ok(done) => {
                self.tally.succeeded(&done);
                return match done {
                    _ if !self.shows_all => Ok(()),
                    Done::Known { id, .. } => {
                        self.show(Outcome { id, name: Some(target.id.clone()), error: None })
                    }
                    Done::Changed | Done::Already => self.show(outcome_of(None)),
                };
            }
            Err(error) if matches!(error.kind, Kind::Closed | Kind::Interrupted) => return Err(error),
            Err(error) => error,
        };
        if self.tally.total > 1 || self.shows_all {
            self.show(outcome_of(Some(error.message())))?;
        }
        self.tally.failed(target, error, most);
        Ok(())
    }

    /// Notes one that could not be worked on.
    fn leave_out(&mut self, target: &Target, why: &str) -> Result<()> {
        self.tally.failed += 1;
        self.tally.first_failure.get_or_insert_with(|| format!("{}: {}", target.label(), first_line(why)));
        let error = Some(why.to_owned());
        self.show(Outcome { id: target.id.clone(), name: target.name.clone(), error })
    }

    /// Who does not read any more stops the work, but does not cut off what is under way.
    fn show(&mut self, outcome: Outcome) -> Result<()> {
        if self.tally.unread {
            return Ok(());
        }
        match self.rows.add(vec![outcome]) {
            Err(error) if error.kind == Kind::Closed => {
                self.tally.unread = true;
                Ok(())
            }
            shown => shown,
        }
    }
}

/// How far it is.
#[derive(Default)]
struct Tally {
    total: usize,
    changed: usize,
    already: usize,
    failed: usize,
    /// Those that were tried.
    errors: usize,
    first_failure: Option<String>,
    /// Why no other device is begun.
    stop: Option<CliError>,
    /// Whether nobody reads stdout any more.
    unread: bool,
}

impl Tally {
    fn goes_on(&self) -> bool {
        self.stop.is_none() && !self.unread
    }

    fn finished(&self) -> usize {
        self.changed + self.already + self.failed
    }

    fn succeeded(&mut self, done: &Done) {
        match done {
            Done::Changed | Done::Known { is_new: true, .. } => self.changed += 1,
            Done::Already | Done::Known { is_new: false, .. } => self.already += 1,
        }
    }

    fn failed(&mut self, target: &Target, error: CliError, most: usize) {
        self.failed += 1;
        let message = error.message();
        // What the next ones would meet too.
        let is_hopeless = matches!(error.status(), Some(401 | 422));
        let CliError { kind, cause, hints, refusal } = error;
        let error = |context: String| CliError { kind, cause: cause.context(context), hints, refusal };
        if self.total == 1 {
            self.stop = Some(error(target.label()));
            return;
        }
        self.errors += 1;
        self.first_failure.get_or_insert_with(|| format!("{}: {}", target.label(), first_line(&message)));
        if self.stop.is_none() && (is_hopeless || self.errors >= most) {
            self.stop = Some(error(format!("stopped after {} of {} devices", self.finished(), self.total)));
        }
    }

    /// What a signal means in the middle.
    fn interrupted(&self, work: &Work<'_>) -> String {
        let (done, total) = (self.changed + self.already, self.total);
        format!(
            "interrupted: {done} of {total} devices are {}, {} failed, and those under way may be; the same command goes on with the rest",
            work.done, self.failed
        )
    }

    fn verdict(self, ctx: &Context, work: &Work<'_>, what: &str) -> Result<()> {
        let kind = if self.changed + self.already > 0 { Kind::Partial } else { Kind::Failed };
        let finished = self.finished();
        if let Some(stop) = self.stop {
            if self.total == 1 {
                return Err(stop);
            }
            return Err(CliError { kind, ..stop }.hint(AGAIN));
        }
        if self.unread && finished < self.total {
            let text = format!(
                "nobody reads what is printed any more: stopped after {finished} of {} devices",
                self.total
            );
            return Err(CliError::new(kind, anyhow::Error::msg(text)).hint(AGAIN));
        }
        if let Some(first) = self.first_failure {
            let text = format!(
                "{} of {} devices were not {}; the first: {first}",
                self.failed, self.total, work.done
            );
            let error = CliError::new(kind, anyhow::Error::msg(text));
            return Err(if work.takes_back {
                error.hint("--file takes what was printed on stdout back")
            } else {
                error.hint(AGAIN)
            });
        }
        ctx.out().notice(match (self.changed, self.already) {
            (0, _) => format!("{what}: nothing to do"),
            (_, 0) => format!("{what}: {}", work.done),
            (changed, already) => format!("{}: {}; nothing to do for {already}", counted(changed), work.done),
        });
        Ok(())
    }
}

struct Outcome {
    id: String,
    name: Option<String>,
    error: Option<String>,
}

/// How outcomes are shown. `--file` reads all forms back.
struct Outcomes;

impl View<Outcome> for Outcomes {
    fn titles(&self) -> Vec<&str> {
        vec!["ID", "Name", "Failure"]
    }

    fn cells<'t>(&self, outcome: &'t Outcome) -> Vec<Cell<'t>> {
        let name = Cell::maybe(outcome.name.as_deref());
        vec![Cell::text(&outcome.id), name, Cell::maybe(outcome.error.as_deref().map(first_line))]
    }

    fn id<'t>(&self, outcome: &'t Outcome) -> &'t str {
        &outcome.id
    }

    fn json(&self, outcome: &Outcome) -> String {
        let Outcome { id, name, error } = outcome;
        json!({ "id": id, "name": name, "done": error.is_none(), "error": error }).to_string()
    }
}

/// What a dry run lists.
struct Planned;

impl View<Target> for Planned {
    fn titles(&self) -> Vec<&str> {
        vec!["ID", "Name", "Status"]
    }

    fn cells<'t>(&self, target: &'t Target) -> Vec<Cell<'t>> {
        vec![Cell::text(&target.id), Cell::maybe(target.name.as_deref()), Cell::text(&target.status)]
    }

    fn id<'t>(&self, target: &'t Target) -> &'t str {
        &target.id
    }

    fn json(&self, target: &Target) -> String {
        json!({ "id": target.id, "name": target.name, "status": target.status }).to_string()
    }
}
