//! Several runs in turn, and that as often as wanted.

use std::io::IsTerminal as _;

use crate::Failure;
use crate::measure::{Sample, Series};
use crate::watchdog::Watchdog;

/// Runs all of them in turn, so that a noisy moment meets all alike, and that again and again, after a round that does
/// not count. Who has no sample to give is left out.
pub fn interleaved(
    what: &str,
    names: &[&str],
    rounds: usize,
    watchdog: &Watchdog,
    mut run: impl FnMut(usize) -> Result<Option<Sample>, Failure>,
) -> Result<Vec<Series>, Failure> {
    let mut all = vec![Series::default(); names.len()];
    for round in 0..=rounds {
        for (index, (name, series)) in names.iter().zip(&mut all).enumerate() {
            status(&format!("{what}: round {round} of {rounds}, {name}"));
            watchdog.rewind();
            let sample = run(index).map_err(|error| format!("{what}: {name}: {error}"))?;
            if let Some(sample) = sample.filter(|_| round > 0) {
                series.push(sample);
            }
        }
    }
    status("");
    Ok(all)
}

/// Where it is, for somebody who watches.
pub fn status(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    }
}
