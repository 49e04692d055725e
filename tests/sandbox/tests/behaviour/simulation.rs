//! Devices that come alive.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sandbox::artifact::Artifact;
use sandbox::{Device, Sandbox, Simulation};
use serde_json::{Value, json};

use crate::deployments::{V1, read, state};
use crate::{DEVICES, artifact, client, get};

const INVENTORY: &str = "/api/management/v1/inventory/devices";

/// So long devices may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

async fn wait_until(what: &str, is_so: impl AsyncFn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < until, "it never came to this: {what}");
        tokio::task::yield_now().await;
    }
}

async fn wait_for_end(server: &Sandbox, deployment: &str) -> Value {
    wait_until("the deployment ends", async || state(server, deployment).await.0 == "finished").await;
    state(server, deployment).await.1
}

/// A server with the Artifacts `a` and `b` for the type `qemu`.
fn with_artifacts() -> Sandbox {
    let server = Sandbox::start();
    server.add_artifact(&artifact("a"));
    server.add_artifact(&artifact("b"));
    server
}

fn add(server: &Sandbox, device: Device) -> String {
    let id = server.add_device(device);
    server.report_inventory(&id, json!({ "device_type": "qemu", "artifact_name": "old" }));
    id
}

fn fast() -> Simulation {
    Simulation::default().speed(10_000.0)
}

async fn attribute(server: &Sandbox, id: &str, name: &str) -> Value {
    let shown = read(server, &format!("{INVENTORY}/{id}")).await;
    let found = shown["attributes"].as_array().unwrap().iter().find(|known| known["name"] == name).cloned();
    found.map_or(Value::Null, |found| found["value"].clone())
}

#[tokio::test]
async fn who_succeeds_reports_the_new_artifact() {
    let server = with_artifacts();
    let device = add(&server, Device::default());
    server.report_inventory(&device, json!({ "rootfs-image.version": "old" }));
    let part =
        Artifact::new("part").device_type("qemu").file("f", "x").provides("rootfs-image.app.version", "2");
    server.add_artifact(&part.build());
    server.simulate(fast());
    let id = server.create_deployment("rollout", "a", &[&device]);
    assert_eq!(wait_for_end(&server, &id).await, json!({ "success": 1 }));
    for name in ["artifact_name", "rootfs-image.version"] {
        assert_eq!(attribute(&server, &device, name).await, "a");
    }
    let seen = server.device(&device).unwrap().check_in_time;
    assert!(seen.is_some());
    wait_until("it polls on", async || server.device(&device).unwrap().check_in_time != seen).await;
    let id = server.create_deployment("part", "part", &[&device]);
    wait_for_end(&server, &id).await;
    assert_eq!(attribute(&server, &device, "artifact_name").await, "part");
    assert_eq!(attribute(&server, &device, "rootfs-image.version").await, "a");
    assert_eq!(attribute(&server, &device, "rootfs-image.app.version").await, "2");
}

#[tokio::test]
async fn who_fails_sends_a_log_until_it_recovers() {
    let server = with_artifacts();
    let [bad, good] = [0; 2].map(|_| add(&server, Device::default()));
    server.device_fails(&bad);
    server.simulate(fast());
    for round in ["first", "second"] {
        let id = server.create_deployment(round, if round == "first" { "a" } else { "b" }, &[&bad, &good]);
        assert_eq!(wait_for_end(&server, &id).await, json!({ "failure": 1, "success": 1 }));
        assert_eq!(attribute(&server, &bad, "artifact_name").await, "old");
        let log = get(&server, &format!("{V1}/{id}/devices/{bad}/log")).send().await.unwrap();
        let log = log.text().await.unwrap();
        assert!(log.lines().count() >= 10 && log.ends_with('\n'), "{log}");
        for line in log.lines() {
            let (time, message) = line.split_once(" +0000 UTC ").expect("a time");
            let time = format!("{}Z", time.replace(' ', "T"));
            assert!(time.len() == "2024-01-02T03:04:05.678Z".len(), "{line}");
            time.parse::<jiff::Timestamp>().expect("a time");
            assert!(["info: ", "warning: ", "error: "].iter().any(|level| message.starts_with(level)));
        }
        assert!(log.lines().last().unwrap().contains("error: Deployment failed: "), "{log}");
        assert!(log.contains(&id) && !log.contains('{'), "{log}");
        let fine = get(&server, &format!("{V1}/{id}/devices/{good}/log")).send().await.unwrap();
        assert_eq!(fine.status(), 404);
    }
    server.device_recovers(&bad);
    let id = server.create_deployment("third", "b", &[&bad, &good]);
    assert_eq!(wait_for_end(&server, &id).await, json!({ "success": 1, "already-installed": 1 }));
    assert_eq!(attribute(&server, &bad, "artifact_name").await, "b");
}

#[tokio::test]
async fn one_of_another_type_finds_no_artifact() {
    let server = with_artifacts();
    let device = add(&server, Device::default());
    server.report_inventory(&device, json!({ "device_type": "other" }));
    server.simulate(fast());
    let id = server.create_deployment("rollout", "a", &[&device]);
    assert_eq!(wait_for_end(&server, &id).await, json!({ "noartifact": 1 }));
    // Where nothing is known of a device, anything fits it.
    let unknown = server.add_device(Device::default());
    let id = server.create_deployment("unknown", "a", &[&unknown]);
    assert_eq!(wait_for_end(&server, &id).await, json!({ "success": 1 }));
}

#[tokio::test]
async fn who_sleeps_is_silent() {
    let server = with_artifacts();
    let [asleep, awake] = [0; 2].map(|_| add(&server, Device::default()));
    server.device_sleeps(&asleep);
    server.simulate(fast());
    let id = server.create_deployment("rollout", "a", &[&asleep, &awake]);
    wait_until("the other one is done", async || state(&server, &id).await.1["success"] == 1).await;
    assert_eq!(state(&server, &id).await, ("inprogress".into(), json!({ "success": 1, "pending": 1 })));
    assert_eq!(server.device(&asleep).unwrap().check_in_time, None);
    server.device_wakes(&asleep);
    assert_eq!(wait_for_end(&server, &id).await, json!({ "success": 2 }));
}

#[tokio::test]
async fn who_was_last_seen_days_ago_never_answers() {
    let server = with_artifacts();
    let ago = |hours| Some((jiff::Timestamp::now() - Duration::from_hours(hours)).to_string());
    let seen = ago(72);
    let offline = add(&server, Device { check_in_time: seen.clone(), ..Device::default() });
    let recent = add(&server, Device { check_in_time: ago(23), ..Device::default() });
    server.simulate(fast());
    let id = server.create_deployment("rollout", "a", &[&offline, &recent]);
    wait_until("the other one is done", async || state(&server, &id).await.1["success"] == 1).await;
    assert_eq!(state(&server, &id).await.1, json!({ "success": 1, "pending": 1 }));
    assert_eq!(server.device(&offline).unwrap().check_in_time, seen);
}

async fn put(server: &Sandbox, path: &str, status: &str) {
    let request = client().put(format!("{}{path}", server.url())).bearer_auth(server.login());
    let answer = request.json(&json!({ "status": status })).send().await.unwrap();
    assert_eq!(answer.status(), 204);
}

#[tokio::test]
async fn an_abort_stops_it() {
    let server = with_artifacts();
    let device = add(&server, Device::default());
    // Slow enough to be caught at work, most of the time.
    server.simulate(Simulation::default().speed(600.0));
    let mut round = 0;
    let aborted = loop {
        let name = format!("a-{round}");
        server.add_artifact(&artifact(&name));
        let id = server.create_deployment(&name, &name, &[&device]);
        wait_until("it begins", async || state(&server, &id).await.0 != "pending").await;
        server.device_sleeps(&device);
        if state(&server, &id).await.0 == "inprogress" {
            break id;
        }
        server.device_wakes(&device);
        round += 1;
    };
    let had = attribute(&server, &device, "artifact_name").await;
    put(&server, &format!("{V1}/{aborted}/status"), "aborted").await;
    server.device_wakes(&device);
    let seen = server.device(&device).unwrap().check_in_time;
    wait_until("it hears of it", async || server.device(&device).unwrap().check_in_time != seen).await;
    assert_eq!(attribute(&server, &device, "artifact_name").await, had);
    let id = server.create_deployment("after", "b", &[&device]);
    assert_eq!(wait_for_end(&server, &id).await, json!({ "success": 1 }));
    assert_eq!(state(&server, &aborted).await, ("finished".into(), json!({ "aborted": 1 })));
}

#[tokio::test]
async fn who_is_accepted_later_joins_in() {
    let server = with_artifacts();
    let pending = server.add_device(Device { status: "pending".into(), ..Device::default() });
    let other = add(&server, Device::default());
    server.simulate(fast().introducing(true));
    let id = server.create_deployment("rollout", "a", &[&pending, &other]);
    wait_until("the other one is done", async || state(&server, &id).await.1["success"] == 1).await;
    let waiting = server.device(&pending).unwrap();
    assert_eq!(waiting.check_in_time, None);
    let set = &waiting.auth_sets[0].id;
    put(&server, &format!("{DEVICES}/{pending}/auth/{set}/status"), "accepted").await;
    // It makes up what it is, and so has its own mind about what fits.
    assert_eq!(wait_for_end(&server, &id).await, json!({ "success": 1, "noartifact": 1 }));
    assert!(attribute(&server, &pending, "device_type").await.is_string());
    // Who is let in no longer leaves at once.
    put(&server, &format!("{DEVICES}/{pending}/auth/{set}/status"), "rejected").await;
    let seen = server.device(&pending).unwrap().check_in_time;
    let id = server.create_deployment("again", "b", &[&pending, &other]);
    wait_until("the other one is done", async || state(&server, &id).await.1["success"] == 1).await;
    assert_eq!(server.device(&pending).unwrap().check_in_time, seen);
}

#[tokio::test]
async fn a_configuration_is_taken_and_reported() {
    let server = Sandbox::start();
    let device = add(&server, Device::default());
    server.simulate(fast());
    let path = format!("{}/api/management/v1/deviceconfig/configurations/device/{device}", server.url());
    let wanted = json!({ "timezone": "Europe/Oslo" });
    let request = client().put(&path).bearer_auth(server.login()).json(&wanted);
    assert_eq!(request.send().await.unwrap().status(), 204);
    let request = client().post(format!("{path}/deploy")).bearer_auth(server.login()).json(&json!({}));
    let made: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(wait_for_end(&server, made["deployment_id"].as_str().unwrap()).await, json!({ "success": 1 }));
    let path = format!("/api/management/v1/deviceconfig/configurations/device/{device}");
    assert_eq!(read(&server, &path).await["reported"], wanted);
}

/// Which of 40 devices fail.
async fn failures(seed: u64) -> BTreeSet<String> {
    let server = with_artifacts();
    let named = |number| Device { id: format!("device-{number:02}"), ..Device::default() };
    let devices: Vec<String> = (0..40).map(|number| add(&server, named(number))).collect();
    server.simulate(fast().failing(30).seed(seed));
    let id = server.create_deployment("rollout", "a", &devices);
    wait_for_end(&server, &id).await;
    let failed = read(&server, &format!("{V1}/{id}/devices/list?status=failure&per_page=100")).await;
    failed.as_array().unwrap().iter().map(|part| part["id"].as_str().unwrap().to_string()).collect()
}

#[tokio::test]
async fn one_seed_has_the_same_failures() {
    let failed = failures(7).await;
    assert!((4..25).contains(&failed.len()), "{failed:?}");
    assert_eq!(failed, failures(7).await);
    assert_ne!(failed, failures(8).await);
}
