//! One look after the other at a deployment under way: two small requests each, however many devices there are. Once,
//! when it first stands still, one of them is the list of its devices' ids.

use std::collections::HashSet;

use mender::deployments::{Counts, Deployment, Part, Status};
use mender::{Client, Error};

use super::standing::count;

/// So many devices that failed are named while it goes on; who wants all of them waits for the end.
const MOST_NAMED: usize = 50;

/// What a look showed.
#[derive(Debug)]
pub struct Look {
    pub state: State,
    /// Whether anything is new.
    pub moved: bool,
    /// Devices that failed since the last look.
    pub failed: Vec<Part>,
    /// Whether it is news that devices have left before they asked.
    pub left_is_news: bool,
}

/// How far the deployment is.
#[derive(Debug)]
pub enum State {
    UnderWay,
    Finished(Box<Deployment>),
    /// It will never finish: all devices are done but the counters wait for some.
    Stuck,
}

/// What to ask beside the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    HasFinished,
    WhoFailed,
    WhoLeft,
    HowMany,
}

/// What is known of a deployment under way. What is kept of it does not grow with its devices.
#[derive(Debug)]
pub struct Watcher<'c> {
    client: &'c Client,
    id: String,
    /// 0 if nobody knows.
    pub targets: u64,
    pub counts: Counts,
    /// Those of the last look that was whole.
    told: Counts,
    /// Devices that left before they asked: the counters do not tell.
    pub left: u64,
    /// The same by the last look alone, in which a device may have finished between two requests.
    left_just_now: u64,
    /// How many different devices it is for, once that was asked; one that was named twice counts as two above.
    distinct: Option<u64>,
    names_failures: bool,
    named: HashSet<String>,
    bad_when_named: u64,
    still: u32,
    seen_stuck: u32,
}

impl<'c> Watcher<'c> {
    /// Begins with what is known of the deployment.
    pub fn new(client: &'c Client, deployment: &Deployment, names_failures: bool) -> Self {
        Watcher {
            client,
            id: deployment.id.clone(),
            targets: deployment.max_devices.unwrap_or_default(),
            counts: Counts::default(),
            told: Counts::default(),
            left: 0,
            left_just_now: 0,
            distinct: None,
            names_failures,
            named: HashSet::new(),
            bad_when_named: 0,
            still: 0,
            seen_stuck: 0,
        }
    }

    /// Looks.
    ///
    /// # Errors
    ///
    /// Those of the calls: 404 if the deployment is gone.
    pub async fn look(&mut self) -> Result<Look, Error> {
        let counts = self.client.deployments().statistics(&self.id).await?;
        let moved = counts != self.told;
        self.still = if moved { 0 } else { self.still.saturating_add(1) };
        self.counts = counts;
        let mut look = Look { state: State::UnderWay, moved, failed: Vec::new(), left_is_news: false };
        match self.question(moved) {
            Question::HasFinished => {
                if let Some(deployment) = self.client.deployments().finished(&self.id).await? {
                    // Its own counters are the last ones: somebody may have finished just now.
                    if deployment.statistics.is_some() {
                        self.counts = deployment.counts();
                        look.moved = self.counts != self.told;
                    }
                    look.state = State::Finished(Box::new(deployment));
                }
            }
            Question::WhoFailed => look.failed = self.newly_failed().await?,
            Question::HowMany => {
                let targets = self.client.deployments().targets(&self.id).await?.unwrap_or_default();
                let distinct = targets.into_iter().collect::<HashSet<_>>().len() as u64;
                self.distinct = Some(if distinct == 0 { self.targets } else { distinct });
            }
            Question::WhoLeft => {
                let left_before = self.left;
                if self.is_stuck().await? {
                    look.state = State::Stuck;
                }
                look.left_is_news = self.left > left_before;
            }
        }
        // A look that fails half-way has told nobody.
        self.told = self.counts.clone();
        Ok(look)
    }

    fn question(&self, moved: bool) -> Question {
        let all_done = self.targets > 0 && self.counts.finished() >= self.targets;
        let has_failures = self.names_failures && self.counts.bad() > self.bad_when_named;
        if all_done {
            Question::HasFinished
        } else if has_failures && self.named.len() < MOST_NAMED {
            Question::WhoFailed
        } else if !moved && self.still % 2 == 1 {
            if self.distinct.is_none() { Question::HowMany } else { Question::WhoLeft }
        } else {
            Question::HasFinished
        }
    }

    async fn newly_failed(&mut self) -> Result<Vec<Part>, Error> {
        let failure = Some(Status::Failure.name());
        let mut pages = self.client.deployments().devices(&self.id, failure)?.from(1, MOST_NAMED as u32);
        let found = pages.next_page().await?.map(|page| page.items).unwrap_or_default();
        self.bad_when_named = self.counts.bad();
        Ok(found.into_iter().filter(|part| self.named.insert(part.id.clone())).collect())
    }

    /// Whether all devices are done, and the counters still wait for some. It has to be seen twice: they may just be
    /// late.
    async fn is_stuck(&mut self) -> Result<bool, Error> {
        let Some(done) = count(self.client, &self.id, "finished").await? else { return Ok(false) };
        let left = done.saturating_sub(self.counts.finished());
        self.left = left.min(std::mem::replace(&mut self.left_just_now, left));
        let is_so = self.distinct.is_some_and(|distinct| distinct > 0 && done >= distinct);
        self.seen_stuck = if is_so { self.seen_stuck + 1 } else { 0 };
        Ok(self.seen_stuck >= 2)
    }
}
