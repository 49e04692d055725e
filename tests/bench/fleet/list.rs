//! All devices of a large fleet: whole, and their ids alone.

use sandbox::Sandbox;

use super::{Fleet, SEED, has_lines, ours, pages, script};
use crate::Failure;
use crate::measure::{self, Sample};
use crate::rounds::status;
use crate::table::{Goal, Row, Table};

/// One form of the list, and what the loop does for it.
struct Form {
    flags: &'static [&'static str],
    /// The same search that our program asks for.
    search: &'static str,
    jq: [&'static str; 2],
}

const FORMS: [Form; 2] = [
    Form {
        flags: &["-o", "jsonl"],
        search: r#""sort":[{"scope":"identity","attribute":"id","order":"asc"}]"#,
        jq: ["-c", ".[]"],
    },
    Form {
        flags: &["-q"],
        search: r#""sort":[{"scope":"identity","attribute":"id","order":"asc"}],"attributes":[{"scope":"identity","attribute":"status"}]"#,
        jq: ["-r", ".[].id"],
    },
];

pub fn measure(fleet: &Fleet, table: &mut Table) -> Result<(), Failure> {
    let devices = fleet.devices;
    status(&format!("making a fleet of {devices}…"));
    let server = Sandbox::builder().record(false).fleet(devices, SEED).try_start()?;
    for form in &FORMS {
        let what = format!("list {devices}, {}", form.flags.join(" "));
        let checked = |run| -> Result<Sample, Failure> {
            let sample = measure::run(&run, fleet.gauge)?;
            has_lines(&fleet.output(), devices)?;
            Ok(sample)
        };
        let series = fleet.against_curl(
            &what,
            |contestant| {
                let words = [&["devices", "list", "--all"], form.flags].concat();
                checked(ours(contestant, &server, &words, fleet.output()))
            },
            |contestant| {
                let variables = [("PAGES", pages(devices).to_string()), ("SEARCH", form.search.to_owned())];
                checked(script(contestant, &server, "list.sh", &form.jq, &variables, fleet.output()))
            },
        )?;
        table.row(Row::of(&what, "wall, s", &series, Sample::seconds, Goal::Ratio(0.5)));
        table.row(Row::of("", "CPU, s", &series, Sample::cpu_seconds, Goal::None));
        table.row(Row::of("", "peak memory, MiB", &series, Sample::peak_mebibytes, Goal::AtMost(32.0)));
    }
    Ok(())
}
