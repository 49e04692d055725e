//! Devices that come alive: they poll, and go through deployments as real ones do.

mod device;
mod mishap;
mod turns;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::random::Random;
use crate::state::State;
use turns::Turns;

/// How the devices of a sandbox live, for [`Sandbox::simulate`](crate::Sandbox::simulate).
///
/// ```
/// let server = sandbox::Sandbox::builder().fleet(50, 7).start();
/// server.simulate(sandbox::Simulation::default().speed(20.0).failing(10).seed(7));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    speed: f64,
    failing: u8,
    seed: u64,
    introducing: bool,
}

impl Default for Simulation {
    fn default() -> Simulation {
        Simulation { speed: 1.0, failing: 0, seed: 0, introducing: false }
    }
}

impl Simulation {
    /// So many times as fast as real devices: 1 by default. No device does anything in less than a millisecond.
    ///
    /// # Panics
    ///
    /// If it is not a positive number.
    pub fn speed(mut self, speed: f64) -> Simulation {
        assert!(speed.is_finite() && speed > 0.0, "no speed: {speed}");
        self.speed = speed;
        self
    }

    /// How many installations in a hundred fail: none by default. The seed decides which: the device and how often it
    /// has tried count, and not when it does.
    ///
    /// # Panics
    ///
    /// If it is above 100.
    pub fn failing(mut self, percent: u8) -> Simulation {
        assert!(percent <= 100, "no percentage: {percent}");
        self.failing = percent;
        self
    }

    /// The number that failures and times are made of: 0 by default.
    pub fn seed(mut self, seed: u64) -> Simulation {
        self.seed = seed;
        self
    }

    /// Whether a device that the inventory knows no type of makes up what it is, and says so when it first polls. Off
    /// by default: such a device takes Artifacts for any type.
    pub fn introducing(mut self, on: bool) -> Simulation {
        self.introducing = on;
        self
    }

    fn random(&self, device: &str, attempt: u64) -> Random {
        Random::of(self.seed, device, attempt)
    }

    /// How long something takes here that takes so many seconds in life.
    fn time(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds / self.speed).clamp(0.001, 1e9))
    }
}

/// Devices that a test has told what to do.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    pub(crate) failing: HashSet<String>,
    pub(crate) asleep: HashSet<String>,
}

/// Lets the accepted devices live, without end.
pub(crate) async fn run(state: Arc<State>, simulation: Simulation) {
    let mut turns = Turns::new(simulation, state.data().now());
    loop {
        let next = turns.take(&state);
        // Requests are to get at the data between two batches.
        tokio::task::yield_now().await;
        tokio::time::sleep_until(next.into()).await;
    }
}
