//! What came of a deployment, and whether that is good enough. Pure.

use std::collections::BTreeMap;

use mender::deployments::{Counts, Status};
use serde::Serialize;

use crate::cli::portion::Portion;

/// The status of a device that was never heard of; the server has no word for it.
pub const NEVER_ASKED: &str = "never-asked";
/// A share of fewer results than these says nothing.
const SENSIBLE: u64 = 20;

/// How many devices may be without the release in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance(pub Portion);

impl Tolerance {
    pub const NONE: Tolerance = Tolerance(Portion::Count(0));

    /// Whether that many of the targets may be without.
    fn allows(self, bad: u64, targets: u64) -> bool {
        match self.0 {
            Portion::Count(most) => bad <= most,
            Portion::Percent(percent) => is_within(bad, percent, targets),
        }
    }

    /// Whether it cannot end well any more, or does not look like it. `targets` is 0 if nobody knows yet.
    pub fn is_exceeded(self, counts: &Counts, targets: u64) -> bool {
        let (bad, finished) = (counts.bad(), counts.finished());
        match self.0 {
            Portion::Count(most) => bad > most,
            Portion::Percent(percent) => {
                let is_certain = targets > 0 && !is_within(bad, percent, targets);
                is_certain || (finished >= SENSIBLE && !is_within(bad, percent, finished))
            }
        }
    }
}

fn is_within(part: u64, percent: u8, whole: u64) -> bool {
    u128::from(part) * 100 <= u128::from(percent) * u128::from(whole)
}

/// How one device ended, or where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    pub id: String,
    pub name: Option<String>,
    /// As the server writes it, or [`NEVER_ASKED`].
    pub status: String,
    /// Whether there is a log of it.
    pub log: bool,
}

impl Outcome {
    pub fn is_good(&self) -> bool {
        self.status.parse().is_ok_and(Status::is_good)
    }
}

/// Where the devices of a deployment are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// So many it is for.
    pub targets: u64,
    /// So many of them have the release.
    pub good: u64,
    /// The others, as far as it is known which they are.
    pub others: Vec<Outcome>,
    /// Targets that were never heard of and whose ids nobody tells.
    pub nameless: u64,
    /// All that were listed, if somebody wants them.
    pub all: Vec<Outcome>,
}

impl Standing {
    /// All targets have it.
    pub fn all_good(targets: u64) -> Self {
        Standing { targets, good: targets, ..Standing::default() }
    }

    /// Takes the targets, what is known of each of them, and what the deployment says of their number.
    pub fn of(targets: &[String], mut parts: BTreeMap<String, Outcome>, told: u64, keeps_all: bool) -> Self {
        for id in targets {
            let silent = || Outcome { id: id.clone(), name: None, status: NEVER_ASKED.into(), log: false };
            parts.entry(id.clone()).or_insert_with(silent);
        }
        // Without their list only the number tells that some are missing. With it, one that was named twice is one.
        let nameless = if targets.is_empty() { told.saturating_sub(parts.len() as u64) } else { 0 };
        let listed = parts.len() as u64;
        let others: Vec<Outcome> = parts.values().filter(|outcome| !outcome.is_good()).cloned().collect();
        let good = listed - others.len() as u64;
        let all = if keeps_all { parts.into_values().collect() } else { Vec::new() };
        Standing { targets: listed.saturating_add(nameless), good, others, nameless, all }
    }

    /// So many do not have it.
    pub fn bad(&self) -> u64 {
        self.targets.saturating_sub(self.good)
    }

    /// How many of those have which status.
    pub fn by_status(&self) -> BTreeMap<&str, u64> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for outcome in &self.others {
            *counts.entry(&outcome.status).or_default() += 1;
        }
        if self.nameless > 0 {
            *counts.entry(NEVER_ASKED).or_default() += self.nameless;
        }
        counts
    }
}

/// Why nobody watches any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server says that it has finished.
    Finished,
    /// All devices are done, but the server counts on one that will never come: it has not finished and never will.
    Stuck,
    /// More devices failed than may; it goes on.
    TooManyFailures,
    /// More devices failed than may, and so it was aborted.
    AbortedForFailures,
    /// It has ended, but the server did not tell in time how.
    Unread,
    /// Time is up; it goes on.
    TimeUp,
    /// Time is up, and so it was aborted.
    AbortedForTime,
}

impl End {
    pub fn name(self) -> &'static str {
        match self {
            End::Finished => "finished",
            End::Stuck => "stuck",
            End::TooManyFailures => "too-many-failures",
            End::AbortedForFailures => "aborted-for-failures",
            End::Unread => "unread",
            End::TimeUp => "time-up",
            End::AbortedForTime => "aborted-for-time",
        }
    }

    /// Whether the deployment goes on all the same.
    pub fn goes_on(self) -> bool {
        matches!(self, End::Stuck | End::TooManyFailures | End::TimeUp)
    }
}

/// The verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every target has the release.
    Succeeded,
    /// Some do not, no more than may.
    Tolerated,
    /// Some do not.
    Failed,
    /// It was not over in time.
    TimeUp,
}

impl Verdict {
    pub fn of(end: End, standing: &Standing, tolerance: Tolerance) -> Self {
        match end {
            End::Unread | End::TimeUp | End::AbortedForTime => Verdict::TimeUp,
            End::TooManyFailures | End::AbortedForFailures => Verdict::Failed,
            // What is for nobody has succeeded nowhere.
            End::Finished | End::Stuck if standing.targets == 0 => Verdict::Failed,
            End::Finished | End::Stuck if standing.bad() == 0 => Verdict::Succeeded,
            End::Finished | End::Stuck if tolerance.allows(standing.bad(), standing.targets) => {
                Verdict::Tolerated
            }
            End::Finished | End::Stuck => Verdict::Failed,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Verdict::Succeeded => "succeeded",
            Verdict::Tolerated => "tolerated",
            Verdict::Failed => "failed",
            Verdict::TimeUp => "time-up",
        }
    }

    pub fn is_fine(self) -> bool {
        matches!(self, Verdict::Succeeded | Verdict::Tolerated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(good: u64, bad: u64) -> Counts {
        [("success", good), ("failure", bad)].into_iter().collect()
    }

    fn outcome(id: &str, status: &str) -> (String, Outcome) {
        (id.into(), Outcome { id: id.into(), name: None, status: status.into(), log: false })
    }

    fn standing(parts: &[(&str, &str)], targets: &[&str], told: u64) -> Standing {
        let targets: Vec<String> = targets.iter().map(|id| (*id).to_owned()).collect();
        Standing::of(&targets, parts.iter().map(|(id, status)| outcome(id, status)).collect(), told, false)
    }

    fn verdict(standing: &Standing, tolerance: Tolerance) -> Verdict {
        Verdict::of(End::Finished, standing, tolerance)
    }

    #[test]
    fn only_two_ends_are_good_ones() {
        for status in Status::ALL {
            let one = standing(&[("a", "success"), ("b", status.name())], &["a", "b"], 2);
            let expected = if status.is_good() { Verdict::Succeeded } else { Verdict::Failed };
            assert_eq!(verdict(&one, Tolerance::NONE), expected, "{status}");
            assert!(verdict(&one, Tolerance(Portion::Count(1))).is_fine(), "{status}");
        }
        let unknown = standing(&[("a", "success"), ("b", "conjured")], &["a", "b"], 2);
        assert_eq!(verdict(&unknown, Tolerance::NONE), Verdict::Failed);
    }

    #[test]
    fn who_was_never_heard_of_has_not_got_it() {
        let silent = standing(&[("a", "success")], &["a", "b"], 2);
        assert_eq!((silent.bad(), silent.others[0].status.as_str()), (1, NEVER_ASKED));
        assert_eq!(verdict(&silent, Tolerance::NONE), Verdict::Failed);
        let without_list = standing(&[("a", "success")], &[], 3);
        assert_eq!((without_list.targets, without_list.nameless), (3, 2));
        assert_eq!(without_list.by_status(), BTreeMap::from([(NEVER_ASKED, 2)]));
        assert_eq!(verdict(&without_list, Tolerance::NONE), Verdict::Failed);
        assert_eq!(verdict(&standing(&[], &[], 0), Tolerance(Portion::Percent(100))), Verdict::Failed);
    }

    #[test]
    fn a_device_that_was_named_twice_is_one() {
        let twice = standing(&[("a", "success")], &["a", "a"], 2);
        assert_eq!((twice.targets, verdict(&twice, Tolerance::NONE)), (1, Verdict::Succeeded));
    }

    #[test]
    fn the_end_of_time_and_of_patience_are_never_successes() {
        let fine = standing(&[("a", "success")], &["a"], 1);
        for end in [End::Unread, End::TimeUp, End::AbortedForTime] {
            assert_eq!(Verdict::of(end, &fine, Tolerance::NONE), Verdict::TimeUp);
        }
        for end in [End::TooManyFailures, End::AbortedForFailures] {
            assert_eq!(Verdict::of(end, &fine, Tolerance::NONE), Verdict::Failed);
        }
    }

    #[test]
    fn a_share_waits_for_a_sensible_number_of_results() {
        let tenth = Tolerance(Portion::Percent(10));
        assert!(!tenth.is_exceeded(&counts(0, 5), 100), "five of five say little about a hundred");
        assert!(!tenth.is_exceeded(&counts(18, 2), 100));
        assert!(tenth.is_exceeded(&counts(17, 3), 100));
        assert!(tenth.is_exceeded(&counts(0, 11), 100), "11 of 100 cannot become 10");
        assert!(tenth.is_exceeded(&counts(0, 1), 5));
        assert!(!tenth.is_exceeded(&counts(0, 1), 10));
        assert!(Tolerance(Portion::Count(2)).is_exceeded(&counts(0, 3), 5));
        assert!(!Tolerance(Portion::Count(2)).is_exceeded(&counts(0, 2), 5));
        assert!(!Tolerance(Portion::Percent(100)).is_exceeded(&counts(0, u64::MAX), u64::MAX));
    }
}
