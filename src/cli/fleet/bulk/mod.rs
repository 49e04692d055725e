//! Work on many devices: plan, consent, several at once, and an end that says how far it came.

mod outcome;
mod plan;
mod progress;

use std::cell::RefCell;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use clap::Args;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use mender::ServerUrl;
use tokio::time::Instant;

use self::outcome::{Outcome, Outcomes, Run};
use self::progress::Progress;
use super::{Chosen, Target};
use crate::cli::args::{ConsentArgs, JobsArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::output::Form;
use crate::cli::signals;

pub use self::plan::{Plan, agree, counted, list};
pub use self::progress::REPEAT;

/// How to work on many devices.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Work on many devices")]
pub struct BulkArgs {
    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    jobs: JobsArgs,

    /// Stop after so many failures
    #[arg(long, value_name = "N", default_value = "10")]
    max_errors: NonZeroUsize,

    /// Begin at most so many devices a second
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,

    /// No progress on stderr
    #[arg(long)]
    no_progress: bool,
}

impl BulkArgs {
    /// How many requests may be under way at once.
    pub fn at_once(&self) -> usize {
        self.jobs.at_once()
    }
}

/// What is to be done, in words.
pub struct Work<'w> {
    /// `accept`
    pub verb: &'w str,
    /// `accepted`
    pub done: &'static str,
    /// What follows the devices: ` into the group x`, or nothing.
    pub place: &'w str,
    pub server: &'w ServerUrl,
    pub chosen: &'w Chosen,
    /// Whether to ask even for devices that were named.
    pub is_grave: bool,
}

/// A device, and what else the work on it needs.
pub struct Job<T> {
    /// Its id is empty if nobody can know it yet.
    pub target: Target,
    pub load: T,
}

/// A device with which nothing can be done, and why: known before anything is sent.
pub struct Unfit {
    pub target: Target,
    pub why: String,
}

/// All that is to be worked on.
pub struct Jobs<T> {
    pub list: Vec<Job<T>>,
    /// Devices that are so already.
    pub settled: Vec<Target>,
    pub unfit: Vec<Unfit>,
}

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Jobs { list: Vec::new(), settled: Vec::new(), unfit: Vec::new() }
    }
}

impl<T> Jobs<T> {
    fn count(&self) -> usize {
        self.list.len() + self.settled.len() + self.unfit.len()
    }
}

impl<T> FromIterator<Job<T>> for Jobs<T> {
    fn from_iter<I: IntoIterator<Item = Job<T>>>(jobs: I) -> Self {
        Jobs { list: jobs.into_iter().collect(), ..Jobs::default() }
    }
}

/// What came of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    Changed,
    /// It was so before.
    Already,
    /// It was made, with this id.
    Made {
        id: String,
    },
    /// It was there before, with this id.
    Found {
        id: String,
    },
    /// It cannot be just now, for a reason that says nothing of the other devices.
    NotNow(String),
}

/// Does `act` for all of them, after the user has seen what that means.
///
/// # Errors
///
/// [`Kind::Partial`](crate::cli::error::Kind::Partial) if it worked for some only. Without consent nothing is done. If
/// there is only one device, what it failed with.
pub async fn run<T>(
    ctx: &Context,
    args: &BulkArgs,
    work: &Work<'_>,
    jobs: Jobs<T>,
    act: impl AsyncFn(&Job<T>) -> Result<Done>,
) -> Result<()> {
    let targets: Vec<&Target> = jobs.list.iter().map(|job| &job.target).collect();
    let what = match (targets.as_slice(), jobs.settled.as_slice(), jobs.unfit.as_slice()) {
        ([], [], []) => {
            ctx.out().notice("nothing to do: no device fits");
            return list(ctx, &[]);
        }
        ([], [], [only]) => return Err(CliError::failed(format!("{}: {}", only.target.label(), only.why))),
        ([only], [], []) => only.label(),
        ([], [only], []) => only.label(),
        _ => counted(jobs.list.len() + jobs.settled.len()),
    };
    if !agree(
        ctx,
        &args.consent,
        work,
        &Plan { targets: &targets, settled: jobs.settled.len(), unfit: &jobs.unfit },
    )
    .await?
    {
        return Ok(());
    }
    let run = RefCell::new(Run {
        rows: ctx.out().rows(&Outcomes)?,
        count: ctx.out().count(work.done, jobs.list.len(), !args.no_progress),
        shows_all: matches!(ctx.out().form()?, Form::Json | Form::Jsonl),
        progress: Progress::to(jobs.count()),
        noted: vec![false; jobs.list.len()],
    });
    let work_on = async {
        go_on(args, &jobs, &act, &run).await;
        Ok(())
    };
    let working = signals::interruptible(work_on, || run.borrow().progress.interrupted(work));
    let outcome = working.await;
    let mut run = run.into_inner();
    run.count.clear();
    // What was not come to has to be done yet, too.
    run.leave_rest(&targets);
    if run.progress.is_read()
        && let Err(error) = run.rows.end()
    {
        run.progress.unread(error);
    }
    outcome.and_then(|()| run.progress.verdict(ctx, work, &what))
}

async fn go_on<T>(
    args: &BulkArgs,
    jobs: &Jobs<T>,
    act: &impl AsyncFn(&Job<T>) -> Result<Done>,
    run: &RefCell<Run<'_>>,
) {
    for unfit in &jobs.unfit {
        run.borrow_mut().leave_out(unfit);
    }
    for target in &jobs.settled {
        run.borrow_mut().settled(Outcome::of(target, None));
    }
    let pause = args.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
    let mut turn = Instant::now();
    let mut queue = jobs.list.iter().enumerate();
    let mut running = FuturesUnordered::new();
    loop {
        while run.borrow().progress.goes_on()
            && running.len() < args.at_once()
            && let Some((index, job)) = queue.next()
        {
            let begin = turn;
            turn = turn.max(Instant::now()) + pause;
            running.push(async move {
                tokio::time::sleep_until(begin).await;
                (index, &job.target, act(job).await)
            });
        }
        let Some((index, target, outcome)) = running.next().await else { return };
        run.borrow_mut().note(index, target, outcome, args.max_errors.get());
    }
}
