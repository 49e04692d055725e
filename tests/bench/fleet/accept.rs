//! Accepting many pending devices. The loop does it for some of them, and is taken to go on like that.

use sandbox::{Device, Sandbox};

use super::{Fleet, ours, pages, script};
use crate::Failure;
use crate::measure::{self, Sample};
use crate::table::{Goal, Row, Table};

/// So many devices the loop accepts.
const SAMPLE: usize = 300;

pub fn measure(fleet: &Fleet, table: &mut Table) -> Result<(), Failure> {
    let devices = fleet.devices.div_ceil(10);
    let sample = SAMPLE.min(devices);
    let what = format!("accept {devices}");
    let series = fleet.against_curl(
        &what,
        |contestant| {
            let waiting = Waiting::start(devices)?;
            let words = ["devices", "accept", "--all", "--yes", "--no-progress"];
            let run = ours(contestant, &waiting.server, &words, fleet.output());
            let taken = measure::run(&run, fleet.gauge)?;
            waiting.have_become_accepted(devices)?;
            Ok(taken)
        },
        |contestant| {
            let waiting = Waiting::start(devices)?;
            let pending = fleet.folder.join("pending");
            let variables = [
                ("PAGES", pages(devices).to_string()),
                ("SAMPLE", sample.to_string()),
                ("PENDING", pending.display().to_string()),
            ];
            let step = |name, output| {
                measure::run(&script(contestant, &waiting.server, name, &[], &variables, output), fleet.gauge)
            };
            let listed = step("pending.sh", pending.clone())?;
            let accepted = step("accept.sh", fleet.output())?;
            waiting.have_become_accepted(sample)?;
            Ok(listed.and(&accepted.times(devices as f64 / sample as f64)))
        },
    )?;
    let what = if sample < devices { format!("{what} (curl: {sample}, extrapolated)") } else { what };
    table.row(Row::of(&what, "wall, s", &series, Sample::seconds, Goal::TimesCurl(8.0)));
    table.row(Row::of("", "CPU, s", &series, Sample::cpu_seconds, Goal::None));
    table.row(Row::of("", "peak memory, MiB", &series, Sample::peak_mebibytes, Goal::None));
    Ok(())
}

/// A server with devices that wait to be let in.
struct Waiting {
    server: Sandbox,
    ids: Vec<String>,
}

impl Waiting {
    fn start(devices: usize) -> Result<Waiting, Failure> {
        let server = Sandbox::builder().record(false).try_start()?;
        let pending = || Device { status: "pending".into(), ..Device::default() };
        let ids = (0..devices).map(|_| server.add_device(pending())).collect();
        Ok(Waiting { server, ids })
    }

    /// A program that fails fast must not win.
    fn have_become_accepted(&self, expected: usize) -> Result<(), Failure> {
        let is_accepted = |id: &&String| self.server.device(id).is_some_and(|it| it.status == "accepted");
        let accepted = self.ids.iter().filter(is_accepted).count();
        if accepted == expected {
            return Ok(());
        }
        Err(format!("{accepted} of {expected} devices were accepted").into())
    }
}
