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
const JOBS: [&str; 2] = ["1", "8"];

pub fn measure(fleet: &Fleet, table: &mut Table) -> Result<(), Failure> {
    let devices = fleet.devices.div_ceil(5);
    let server = Sandbox::builder().record(false).fleet(devices, SEED).try_start()?;
    server.fault(Fault::on("*", "/").delay(DELAY).times(usize::MAX));
    let Some(contestant) = fleet.contestants.iter().find(|one| one.kind == Kind::Ours) else {
        return Ok(());
    };
    let what = format!("list {devices}, -q, {} ms an answer", DELAY.as_millis());
    let names = JOBS.map(|jobs| format!("-j {jobs}"));
    let names = [names[0].as_str(), names[1].as_str()];
    let series = rounds::interleaved(&what, &names, fleet.rounds, fleet.watchdog, |index| {
        let words = ["devices", "list", "--all", "-q", "-j", JOBS[index]];
        let sample = measure::run(&ours(contestant, &server, &words, fleet.output()), None)?;
        has_lines(&fleet.output(), devices)?;
        Ok(Some(sample))
    })?;
    let alone = series[0].median(Sample::seconds);
    table.row(Row::of(
        &format!("{what}, {}", names[0]),
        "wall, s",
        &series[..1],
        Sample::seconds,
        Goal::None,
    ));
    table.row(Row::of(
        &format!("{what}, {}", names[1]),
        "wall, s",
        &series[1..],
        Sample::seconds,
        Goal::Times(4.0, names[0].into(), alone),
    ));
    Ok(())
}
