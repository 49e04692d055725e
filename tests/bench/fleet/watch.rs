//! Following a roll-out: the memory that it takes does not grow with the devices.

use std::cell::Cell;

use sandbox::artifact::Artifact;
use sandbox::{Device, Sandbox, Simulation};
use serde_json::json;

use super::{Fleet, ours};
use crate::Failure;
use crate::contestants::Kind;
use crate::measure::{self, Sample};
use crate::rounds;
use crate::table::{Goal, Row, Table};

const TYPE: &str = "qemux86-64";
/// A few devices and many.
const DEVICES: [usize; 2] = [50, 5000];
const NAMES: [&str; 2] = ["few devices", "many devices"];
/// A roll-out takes some seconds.
const SPEED: f64 = 60.0;

pub fn measure(fleet: &Fleet, table: &mut Table) -> Result<(), Failure> {
    let contestant = fleet.contestants.iter().find(|one| one.kind == Kind::Ours);
    let contestant = contestant.ok_or("our own program does not run")?;
    let servers: Vec<(Sandbox, Vec<String>)> = DEVICES.map(server).into();
    let turn = Cell::new(0);
    let series = rounds::interleaved("watch", &NAMES, fleet.rounds, fleet.watchdog, |index| {
        let (server, devices) = &servers[index];
        // A release that none of them has yet.
        turn.set(turn.get() + 1);
        let release = format!("round-{}", turn.get());
        server.add_artifact(&Artifact::new(&release).device_type(TYPE).file("f", b"x").build());
        let deployment = server.create_deployment(&release, &release, devices);
        let words = ["deployments", "watch", &deployment, "--interval", "200ms"];
        Ok(Some(measure::run(&ours(contestant, server, &words, fleet.output()), fleet.gauge)?))
    })?;
    for (count, series) in DEVICES.iter().zip(series.chunks(1)) {
        let what = format!("watch {count} devices");
        table.row(Row::of(&what, "peak memory, MiB", series, Sample::peak_mebibytes, Goal::AtMost(16.0)));
        table.row(Row::of("", "CPU, s", series, Sample::cpu_seconds, Goal::None));
    }
    Ok(())
}

fn server(count: usize) -> (Sandbox, Vec<String>) {
    let server = Sandbox::builder().record(false).start();
    let add = |number: usize| {
        let identity_data = json!({ "mac": number.to_string() });
        let id = server.add_device(Device { identity_data, ..Device::default() });
        server.report_inventory(&id, json!({ "device_type": TYPE, "artifact_name": "round-0" }));
        id
    };
    let devices = (0..count).map(add).collect();
    server.simulate(Simulation::default().speed(SPEED));
    (server, devices)
}
