//! How long to wait between two looks. Pure but for the dice.

use std::time::Duration;

/// Where nothing moves, looks become rarer, up to so many times the pause that was asked for ...
const SLOWEST: u32 = 6;
/// ... and at most this, unless more was asked for.
const LONGEST: Duration = Duration::from_secs(60);

/// Nobody means to look less often.
const RAREST: Duration = Duration::from_hours(24);

/// The pauses of one watch.
#[derive(Debug)]
pub struct Pace {
    base: Duration,
    /// Looks in a row that showed nothing new, or failed.
    quiet: u32,
}

impl Pace {
    pub fn new(base: Duration) -> Self {
        Pace { base: base.min(RAREST), quiet: 0 }
    }

    /// Something moved: look as often as was asked for.
    pub fn moved(&mut self) {
        self.quiet = 0;
    }

    /// Nothing moved.
    pub fn idle(&mut self) {
        self.quiet = self.quiet.saturating_add(1);
    }

    /// The next pause, with some chance in it: many that began together do not ask together for ever.
    pub fn pause(&self) -> Duration {
        let growth = 1.5f64.powi(i32::try_from(self.quiet).unwrap_or(i32::MAX).min(20));
        let longest = (self.base * SLOWEST).min(LONGEST).max(self.base);
        let planned = self.base.mul_f64(growth).min(longest);
        planned.mul_f64(0.85 + fastrand::f64() * 0.3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn between(pause: Duration, planned: Duration) -> bool {
        pause >= planned.mul_f64(0.84) && pause <= planned.mul_f64(1.16)
    }

    #[test]
    fn looks_become_rarer_while_nothing_moves() {
        let mut pace = Pace::new(4 * SECOND);
        assert!(between(pace.pause(), 4 * SECOND));
        pace.idle();
        assert!(between(pace.pause(), 6 * SECOND));
        for _ in 0..1000 {
            pace.idle();
        }
        assert!(between(pace.pause(), 24 * SECOND));
        pace.moved();
        assert!(between(pace.pause(), 4 * SECOND));
    }

    #[test]
    fn nobody_waits_much_longer_than_was_asked_for() {
        for (base, longest) in [(30 * SECOND, LONGEST), (300 * SECOND, 300 * SECOND), (Duration::MAX, RAREST)]
        {
            let mut pace = Pace::new(base);
            (0..100).for_each(|_| pace.idle());
            assert!(between(pace.pause(), longest), "{base:?}");
        }
    }
}
