//! One deployment, from the first look to its report.

use std::time::{Duration, Instant};

use mender::deployments::{Deployment, Status};
use mender::{Client, Error};

use super::judge::{End, Standing, Tolerance, Verdict};
use super::look::{Look, State, Watcher};
use super::pace::Pace;
use super::report::Report;
use super::screen::Screen;
use super::{FollowArgs, INTERVAL, standing};
use crate::cli::error::{CliError, Result};

/// How often an order to abort is given, should the line break.
const MOST_ORDERS: u32 = 5;
/// Between two of them.
const BETWEEN_ORDERS: Duration = Duration::from_secs(1);
/// So long the server may take for one.
const PATIENCE: Duration = Duration::from_secs(30);
/// Once time is up, nobody waits much longer to hear more.
pub const LAST_WORDS: Duration = Duration::from_secs(3);

/// A deployment that is being watched.
pub struct Watch<'w> {
    args: &'w FollowArgs,
    client: &'w Client,
    deployment: &'w Deployment,
    index: usize,
    screen: &'w Screen,
    watcher: Watcher<'w>,
    pace: Pace,
    started: Instant,
    deadline: Option<tokio::time::Instant>,
    /// The deployment as it was in the end, once it has ended.
    ended: Option<Deployment>,
}

impl<'w> Watch<'w> {
    pub fn new(
        args: &'w FollowArgs,
        client: &'w Client,
        deployment: &'w Deployment,
        index: usize,
        screen: &'w Screen,
        deadline: Option<tokio::time::Instant>,
    ) -> Self {
        Watch {
            args,
            client,
            deployment,
            index,
            screen,
            watcher: Watcher::new(client, deployment, screen.names_failures()),
            pace: Pace::new(args.interval.unwrap_or(INTERVAL)),
            started: Instant::now(),
            deadline,
            ended: None,
        }
    }

    /// Watches it to its end, and says how that was.
    ///
    /// # Errors
    ///
    /// If nobody can know: the deployment is gone, or the server does not let us ask.
    pub async fn run(mut self) -> Result<Report> {
        let mut end = self.until_the_end().await?;
        let seconds = self.started.elapsed().as_secs();
        if end == End::TooManyFailures && self.args.abort_on_failure {
            end = self.abort(End::AbortedForFailures, end).await;
        }
        if end == End::TimeUp && self.args.abort_on_timeout {
            end = self.abort(End::AbortedForTime, end).await;
        }
        let is_over = matches!(end, End::Finished | End::Stuck | End::AbortedForFailures);
        let mut standing = if is_over { self.standing().await? } else { None };
        if standing.is_none() {
            standing = self.last_words().await;
            if is_over && standing.is_none() {
                end = End::Unread;
            }
        }
        let standing = standing.unwrap_or_else(|| self.counted());
        let Watch { watcher, deployment, .. } = self;
        let tolerance = self.args.max_failures.map_or(Tolerance::NONE, Tolerance);
        Ok(Report {
            verdict: Verdict::of(end, &standing, tolerance),
            end,
            standing,
            counts: self.ended.as_ref().map_or(watcher.counts, Deployment::counts),
            left: watcher.left,
            seconds,
            deployment: self.ended.unwrap_or_else(|| deployment.clone()),
        })
    }

    async fn until_the_end(&mut self) -> Result<End> {
        if self.deployment.is_finished() {
            self.ended = Some(self.deployment.clone());
            return Ok(End::Finished);
        }
        loop {
            let looking = self.watcher.look();
            match within(self.deadline, looking).await {
                None => return Ok(End::TimeUp),
                Some(Ok(look)) => {
                    if let Some(end) = self.take(look)? {
                        return Ok(end);
                    }
                }
                Some(Err(error)) => self.endure(error)?,
            }
            if within(self.deadline, tokio::time::sleep(self.pace.pause())).await.is_none() {
                return Ok(End::TimeUp);
            }
        }
    }

    /// Shows what is new, and tells whether it is the end.
    fn take(&mut self, look: Look) -> Result<Option<End>> {
        if look.moved {
            self.pace.moved()
        } else {
            self.pace.idle()
        }
        self.screen.progress(self.index, &self.watcher, look.moved)?;
        self.screen.failures(self.index, &look.failed)?;
        if look.left_is_news {
            self.screen.left(self.index, self.watcher.left);
        }
        match look.state {
            State::Finished(deployment) => {
                self.ended = Some(*deployment);
                return Ok(Some(End::Finished));
            }
            State::Stuck => return Ok(Some(End::Stuck)),
            State::UnderWay => {}
        }
        let FollowArgs { max_failures, abort_on_failure, .. } = self.args;
        let limit = max_failures.map(Tolerance).or(abort_on_failure.then_some(Tolerance::NONE));
        let is_exceeded =
            limit.is_some_and(|limit| limit.is_exceeded(&self.watcher.counts, self.watcher.targets));
        Ok(is_exceeded.then_some(End::TooManyFailures))
    }

    /// Takes a failure of the server's for what it is: no news of the devices.
    ///
    /// # Errors
    ///
    /// If it will not pass.
    fn endure(&mut self, error: Error) -> Result<()> {
        // It has answered before, so that it is not the address that is wrong.
        let is_nonsense = matches!(error, Error::Answer { .. } | Error::Redirect { .. });
        let error = CliError::from(error);
        if !is_nonsense && !error.may_pass() {
            return Err(error);
        }
        self.pace.idle();
        self.screen.trouble(self.index, &error)
    }

    /// Aborts it. It may have finished just now; then that is the end.
    async fn abort(&mut self, end: End, otherwise: End) -> End {
        let id = &self.deployment.id;
        let mut may_be_ours = false;
        for order in 1..=MOST_ORDERS {
            let ordered = tokio::time::timeout(PATIENCE, self.client.deployments().abort(id)).await;
            let Ok(ordered) = ordered else {
                self.screen.warn(self.index, "it could not be aborted: the server does not answer");
                return otherwise;
            };
            match ordered {
                Ok(is_done) => {
                    self.ended = self.client.deployments().get(id).await.ok();
                    // Or by an order before, of which only the answer was lost.
                    let is_ours = is_done || (may_be_ours && self.ended.as_ref().is_some_and(was_aborted));
                    return if is_ours { end } else { End::Finished };
                }
                Err(error) => {
                    let error = CliError::from(error);
                    if order == MOST_ORDERS || !error.may_pass() {
                        self.screen
                            .warn(self.index, &format!("it could not be aborted: {}", error.message()));
                        return otherwise;
                    }
                    may_be_ours = true;
                    tokio::time::sleep(self.args.interval.unwrap_or(INTERVAL).min(BETWEEN_ORDERS)).await;
                }
            }
        }
        otherwise
    }

    /// Where all devices are. However long the server is in trouble, that is no answer; `None` if time is up before.
    async fn standing(&mut self) -> Result<Option<Standing>> {
        loop {
            let deployment = self.ended.as_ref().unwrap_or(self.deployment);
            let reading = standing(self.client, deployment, self.args.each_device);
            match within(self.deadline, reading).await {
                None => return Ok(None),
                Some(Ok(standing)) => return Ok(Some(standing)),
                Some(Err(error)) => match error.cause.downcast::<Error>() {
                    Ok(error) => self.endure(error)?,
                    Err(cause) => return Err(cause.into()),
                },
            }
            if within(self.deadline, tokio::time::sleep(self.pace.pause())).await.is_none() {
                return Ok(None);
            }
        }
    }

    /// The same, tried once.
    async fn last_words(&self) -> Option<Standing> {
        let deployment = self.ended.as_ref().unwrap_or(self.deployment);
        let reading = standing(self.client, deployment, self.args.each_device);
        tokio::time::timeout(LAST_WORDS, reading).await.ok()?.ok()
    }

    /// What the counters alone tell.
    fn counted(&self) -> Standing {
        let counts = &self.watcher.counts;
        let targets = self.watcher.targets.max(counts.total());
        Standing { targets, good: counts.good(), ..Standing::default() }
    }
}

/// Whether somebody ended it: that leaves some aborted, or uncounted.
fn was_aborted(deployment: &Deployment) -> bool {
    let counts = deployment.counts();
    let is_short = deployment.max_devices.is_some_and(|all| counts.finished() < all);
    counts.of(Status::Aborted) > 0 || is_short
}

/// Waits no longer than until then.
pub async fn within<T>(deadline: Option<tokio::time::Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}
