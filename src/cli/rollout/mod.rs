//! Following deployments to their end, and judging them: what `deployments watch` and every `--wait` do.

pub mod judge;
mod look;
mod pace;
mod report;
mod screen;
mod standing;
mod watch;

use std::time::Duration;

use clap::Args;
use futures_util::future::join_all;
use mender::Client;
use mender::deployments::Deployment;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::judge::Outcome;
use self::report::Report;
use self::screen::Screen;
use self::watch::{LAST_WORDS, Watch, within};
use super::context::Context;
use super::error::{CliError, Kind, Result};
use super::fleet::Fleet;
use super::forge::{self, Forge};
use super::output::{Cell, Column, Form};
use super::portion::Portion;
use super::signals::interruptible;
use super::span::some_time;

pub use self::screen::label;
pub use self::standing::{silent, standing};

/// Without `--interval`.
const INTERVAL: Duration = Duration::from_secs(5);

/// How to follow a deployment, and what is good enough.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Following")]
pub struct FollowArgs {
    /// Give up after so long, with exit code 4; without it, it takes as long as the devices do
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    timeout: Option<Duration>,

    /// Look so often, and less often while nothing moves [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    interval: Option<Duration>,

    /// Be content if no more devices than that end without the release, and give up as soon as more do; a share, such
    /// as 5%, is of all devices, and counts from 20 results on [default: 0, and wait for all]
    #[arg(long, value_name = "N|P%")]
    max_failures: Option<Portion>,

    /// Abort the deployment when too many devices have failed
    #[arg(long)]
    abort_on_failure: bool,

    /// Abort the deployment when time is up
    #[arg(long, requires = "timeout")]
    abort_on_timeout: bool,

    /// List each device and how it ended, on stdout
    #[arg(long = "devices")]
    each_device: bool,

    /// Do not show how far it is
    #[arg(long)]
    no_progress: bool,

    /// In a job of GitHub or GitLab: no summary, no mark at an error
    #[arg(long)]
    no_ci: bool,
}

impl FollowArgs {
    /// That no flag is given that is for following, where nothing is followed; some may be for something else, too.
    ///
    /// # Errors
    ///
    /// If one is.
    pub fn check(&self, is_followed: bool, others: &[&str]) -> Result<()> {
        let flags = [
            ("--timeout", self.timeout.is_some()),
            ("--interval", self.interval.is_some()),
            ("--max-failures", self.max_failures.is_some()),
            ("--abort-on-failure", self.abort_on_failure),
            ("--devices", self.each_device),
            ("--no-progress", self.no_progress),
        ];
        let mut given = flags.into_iter().filter(|(name, is_given)| *is_given && !others.contains(name));
        match given.next() {
            Some((name, _)) if !is_followed => Err(CliError::usage(format!("{name} is for --wait"))),
            _ => Ok(()),
        }
    }

    /// When time is up, if it begins now.
    pub fn deadline(&self) -> Option<Instant> {
        self.timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    /// Does what has to be done before there is anything to follow.
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`] if time is up before it is done.
    pub async fn in_time<T>(
        &self,
        deadline: Option<Instant>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        within(deadline, work).await.unwrap_or_else(|| {
            let text = format!(
                "time is up after {:?}: the server does not answer",
                self.timeout.unwrap_or_default()
            );
            Err(CliError::new(Kind::Timeout, anyhow::Error::msg(text)))
        })
    }

    /// Whether nothing is to be shown while it goes on.
    pub fn is_silent(&self) -> bool {
        self.no_progress
    }

    /// Whose job this is, if that matters.
    pub fn forge(&self, ctx: &Context) -> Option<Forge> {
        Forge::of(ctx.env()).filter(|_| !self.no_ci)
    }

    /// Marks an error in the job's log, if this is one.
    pub fn mark<T>(&self, ctx: &Context, outcome: Result<T>) -> Result<T> {
        if let (Err(error), Some(forge)) = (&outcome, self.forge(ctx))
            && error.kind != Kind::Closed
            // Who asked for JSON reads stderr, too.
            && !matches!(ctx.out().asked_form(), Some(Form::Json | Form::Jsonl))
        {
            ctx.out().annotation(&forge.annotation("mender-cli", &error.message()));
        }
        outcome
    }
}

/// The columns of a list of devices and how they ended.
pub const OUTCOMES: &[Column<Outcome>] = &[
    Column { title: "ID", cell: |outcome| Cell::text(&outcome.id) },
    Column { title: "Name", cell: |outcome| Cell::maybe(outcome.name.as_deref()) },
    Column { title: "Status", cell: |outcome| Cell::text(&outcome.status) },
    Column { title: "Log", cell: |outcome| Cell::text(if outcome.log { "yes" } else { "" }) },
];

/// Follows deployments to their ends. Into `-q` go the ids of devices without the release, unless something else
/// stands there.
///
/// # Errors
///
/// [`Kind::Partial`] if one did not succeed, [`Kind::Timeout`] if time was up, [`Kind::Failed`] if nobody can know.
pub async fn follow(
    args: &FollowArgs,
    ctx: &Context,
    client: &Client,
    deployments: &[Deployment],
    prints_ids: bool,
    deadline: Option<Instant>,
) -> Result<()> {
    let screen = Screen::new(ctx.out(), !args.no_progress, deployments);
    let watches = deployments.iter().enumerate().map(|(index, deployment)| {
        let watch = Watch::new(args, client, deployment, index, &screen, deadline);
        async move { watch.run().await.map_err(|error| as_followed(error, deployment)) }
    });
    let ids: Vec<&str> = deployments.iter().map(|deployment| deployment.id.as_str()).collect();
    let interrupted = || {
        screen.clear();
        let (it, goes) = if ids.len() == 1 { ("it", "goes") } else { ("them", "go") };
        format!(
            "interrupted; the deployment{} {goes} on, and mender-cli deployments watch {} follows {it} again",
            if ids.len() == 1 { "" } else { "s" },
            ids.join(" ")
        )
    };
    let fleet = Fleet::new(client, ctx.out());
    let judging = async {
        let mut outcomes = join_all(watches).await;
        let naming = join_all(outcomes.iter_mut().flatten().map(|report| name(report, &fleet)));
        // Without them ids have to do.
        let _ = tokio::time::timeout(LAST_WORDS, naming).await;
        Ok(outcomes)
    };
    let outcomes = interruptible(judging, interrupted).await?;
    screen.clear();
    let printed = print(args, ctx, &screen, deployments, &outcomes, prints_ids);
    summarise(args, ctx, &outcomes);
    // How it ended matters more than who reads along.
    verdict(ctx, outcomes)?;
    printed
}

fn as_followed(error: CliError, deployment: &Deployment) -> CliError {
    let id = &deployment.id;
    match error.refusal.as_ref() {
        Some(refusal) if refusal.is_unknown() => error
            .context(format!("{}: the deployment is gone, and nobody knows how it ended", label(deployment))),
        _ => error.hint(format!(
            "the watch has ended, not the deployment; mender-cli deployments watch {id} follows it again"
        )),
    }
}

/// Adds the names of devices to what people read.
async fn name(report: &mut Report, fleet: &Fleet<'_>) {
    let standing = &mut report.standing;
    // Those without it first: not all may be asked for.
    let fine = standing.all.iter().filter(|outcome| outcome.is_good());
    let ids: Vec<&str> = standing.others.iter().chain(fine).map(|outcome| outcome.id.as_str()).collect();
    let mut names = fleet.called(&ids).await;
    for outcome in &mut standing.all {
        outcome.name = names.get(&outcome.id).cloned();
    }
    for outcome in &mut standing.others {
        outcome.name = names.remove(&outcome.id);
    }
}

fn print(
    args: &FollowArgs,
    ctx: &Context,
    screen: &Screen,
    deployments: &[Deployment],
    outcomes: &[Result<Report>],
    prints_ids: bool,
) -> Result<()> {
    let objects = || {
        let object = |(outcome, deployment): (&Result<Report>, &Deployment)| match outcome {
            Ok(report) => report.json(args.each_device),
            Err(error) => unknown(deployment, error),
        };
        outcomes.iter().zip(deployments).map(object)
    };
    let reports = || outcomes.iter().flatten();
    match ctx.out().form()? {
        Form::Json => match objects().collect::<Vec<_>>().as_slice() {
            [only] => ctx.out().json(only),
            several => ctx.out().json(several),
        },
        Form::Jsonl => {
            for (at, object) in objects().enumerate() {
                screen.event(at, "verdict", object)?;
            }
            Ok(())
        }
        Form::Ids if prints_ids => {
            let others: Vec<Outcome> = reports().flat_map(|it| it.standing.others.clone()).collect();
            ctx.out().list(&others, OUTCOMES, |outcome| &outcome.id)
        }
        Form::Table | Form::Tabs | Form::Text if args.each_device => {
            let all: Vec<Outcome> = reports().flat_map(|it| it.standing.all.clone()).collect();
            ctx.out().list(&all, OUTCOMES, |outcome| &outcome.id)
        }
        Form::Ids | Form::Table | Form::Tabs | Form::Text => Ok(()),
    }
}

/// What programs get of a deployment that nobody can judge.
fn unknown(deployment: &Deployment, error: &CliError) -> Value {
    json!({
        "id": deployment.id,
        "name": deployment.name,
        "artifact_name": deployment.artifact_name,
        "verdict": "unknown",
        "error": error.message(),
    })
}

/// Writes the summary of a job.
fn summarise(args: &FollowArgs, ctx: &Context, outcomes: &[Result<Report>]) {
    let Some(path) = args.forge(ctx).and_then(|forge| forge.summary()) else { return };
    let text: String = outcomes.iter().flatten().map(Report::summary).collect();
    if let Err(error) = forge::append(&path, &text) {
        ctx.out().warn(format_args!("the job's summary cannot be written: {}: {error}", path.display()));
    }
}

fn verdict(ctx: &Context, outcomes: Vec<Result<Report>>) -> Result<()> {
    let total = outcomes.len();
    let mut errors = Vec::new();
    for outcome in outcomes {
        let error = match outcome {
            Ok(report) => {
                let error = report.error();
                if error.is_none() {
                    ctx.out().notice(report.sentence());
                    // What goes on for ever is told even if it was good enough.
                    report
                        .hints()
                        .iter()
                        .filter(|_| report.end.goes_on())
                        .for_each(|hint| ctx.out().warn(hint));
                }
                error
            }
            Err(error) => Some(error),
        };
        errors.extend(error);
    }
    if total == 1 {
        return errors.pop().map_or(Ok(()), Err);
    }
    let has = |kind| errors.iter().any(|error| error.kind == kind);
    let kind = if has(Kind::Partial) {
        Kind::Partial
    } else if has(Kind::Timeout) {
        Kind::Timeout
    } else {
        Kind::Failed
    };
    errors.iter().for_each(|error| ctx.out().failure(error));
    match errors.len() {
        0 => Ok(()),
        count => {
            let text = format!("{count} of {total} deployments did not succeed");
            Err(CliError::new(kind, anyhow::Error::msg(text)))
        }
    }
}
