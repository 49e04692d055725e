//! A roll-out in steps: the same line with a larger limit goes on.

use std::cmp::Reverse;

use mender::Client;
use mender::deployments::{Deployment, Filter, State, Status};
use serde::Serialize;

use super::candidates::Candidate;
use crate::cli::error::Result;
use crate::cli::fleet::Target;
use crate::cli::portion::Portion;

/// How far a roll-out is after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// So many devices have the release, or are about to get it.
    #[serde(rename = "in")]
    pub reached: u64,
    /// So many there are.
    pub of: u64,
    pub left: u64,
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}, {} left", self.reached, self.of, self.left)
    }
}

/// Who is next, and who was before.
pub struct Step {
    pub next: Vec<Target>,
    pub before: Vec<Target>,
    pub reached: Reached,
}

impl Step {
    /// Adds those that were seen last to those that have the release or are about to get it, up to the limit, which is
    /// a total.
    pub fn of(
        candidates: Vec<Candidate>,
        limit: Portion,
        release: &str,
        is_targeted: impl Fn(&str) -> bool,
    ) -> Self {
        let of = candidates.len() as u64;
        let limit = match limit {
            Portion::Count(count) => count.min(of),
            Portion::Percent(percent) => (of * u64::from(percent)).div_ceil(100),
        };
        let has_it = |it: &Candidate| it.software.as_deref() == Some(release) || is_targeted(&it.target.id);
        let (before, mut rest): (Vec<_>, Vec<_>) = candidates.into_iter().partition(has_it);
        rest.sort_by(|one, other| {
            Reverse(one.seen).cmp(&Reverse(other.seen)).then_with(|| one.target.id.cmp(&other.target.id))
        });
        let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(before.len());
        rest.truncate(room);
        let targets = |list: Vec<Candidate>| list.into_iter().map(|it| it.target).collect::<Vec<_>>();
        let (next, before) = (targets(rest), targets(before));
        let reached = (next.len() + before.len()) as u64;
        Step { reached: Reached { reached, of, left: of - reached }, next, before }
    }
}

/// On how many devices a release has failed of late, and the deployment that says so, if any has.
///
/// # Errors
///
/// Those of the call.
pub async fn failures(client: &Client, release: &str) -> Result<Option<(u64, Deployment)>> {
    // One page, the newest first: what is older was seen.
    let page = client.deployments().list(&Filter::of(State::Finished)).next_page().await?;
    let finished = page.into_iter().flat_map(|page| page.items).filter(|it| it.artifact_name == release);
    let mut failed = finished.filter(|it| it.counts().of(Status::Failure) > 0);
    let Some(newest) = failed.next() else { return Ok(None) };
    let others: u64 = failed.map(|it| it.counts().of(Status::Failure)).fold(0, u64::saturating_add);
    Ok(Some((newest.counts().of(Status::Failure).saturating_add(others), newest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: &str, software: Option<&str>, seen: Option<i64>) -> Candidate {
        let target =
            Target { id: id.into(), name: None, status: "accepted".into(), identity: Default::default() };
        let seen = seen.map(|second| jiff::Timestamp::from_second(second).unwrap());
        Candidate { target, software: software.map(str::to_owned), seen }
    }

    fn step(limit: &str, targeted: &[&str]) -> (Vec<String>, String) {
        let candidates = vec![
            candidate("a", Some("r1"), Some(5)),
            candidate("b", Some("r2"), Some(1)),
            candidate("c", None, None),
            candidate("d", Some("r1"), Some(9)),
            candidate("e", Some("r1"), Some(9)),
        ];
        let step = Step::of(candidates, limit.parse().unwrap(), "r2", |id| targeted.contains(&id));
        (step.next.into_iter().map(|target| target.id).collect(), step.reached.to_string())
    }

    #[test]
    fn the_limit_is_a_total_and_the_last_seen_come_first() {
        let plain =
            |ids: &[&str], text: &str| (ids.iter().map(|id| (*id).to_owned()).collect(), text.to_owned());
        assert_eq!(step("1", &[]), plain(&[], "1 of 5, 4 left"));
        assert_eq!(step("3", &[]), plain(&["d", "e"], "3 of 5, 2 left"));
        assert_eq!(step("3", &["d"]), plain(&["e"], "3 of 5, 2 left"));
        assert_eq!(step("41%", &[]), plain(&["d", "e"], "3 of 5, 2 left"));
        assert_eq!(step("100%", &[]), plain(&["d", "e", "a", "c"], "5 of 5, 0 left"));
        assert_eq!(step("99", &["a"]).1, "5 of 5, 0 left");
        assert_eq!(step("0", &[]).0, Vec::<String>::new());
    }
}
