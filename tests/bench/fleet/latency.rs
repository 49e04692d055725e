//! A list from a server that is far away: several pages asked for at once against one after the other.

use std::time::Duration;

use sandbox::{Fault, Sandbox};

use super::{Fleet, SEED, has_lines, ours};
use crate::Failure;
use crate::contestants::Kind;
use crate::measure::{self, Sample};
use crate::rounds;
use crate::table::{Goal, Row, Table};

const DELAY: Duration = Duration::from_millis(50);
/// One request at once, and several.
const JOBS: [&str; 2] = ["-j1", "-j8"];

pub fn measure(fleet: &Fleet, table: &mut Table) -> Result<(), Failure> {
    let devices = fleet.devices.div_ceil(5);
    let server = Sandbox::builder().record(false).fleet(devices, SEED).try_start()?;
    server.fault(Fault::on("*", "/").delay(DELAY).times(usize::MAX));
    let contestant = fleet.contestants.iter().find(|one| one.kind == Kind::Ours);
    let contestant = contestant.ok_or("our own program does not run")?;
    let what = format!("list {devices}, -q, {} ms an answer", DELAY.as_millis());
    let series = rounds::interleaved(&what, &JOBS, fleet.rounds, fleet.watchdog, |index| {
        let words = ["devices", "list", "--all", "-q", JOBS[index]];
        let sample = measure::run(&ours(contestant, &server, &words, fleet.output()), None)?;
        has_lines(&fleet.output(), devices)?;
        Ok(Some(sample))
    })?;
    let rival_seconds = series[0].median(Sample::seconds);
    let goals = [Goal::None, Goal::TimesOurs { factor: 4.0, rival: JOBS[0], rival_seconds }];
    for ((jobs, goal), series) in JOBS.iter().zip(goals).zip(series.chunks(1)) {
        table.row(Row::of(&format!("{what}, {jobs}"), "wall, s", series, Sample::seconds, goal));
    }
    Ok(())
}
