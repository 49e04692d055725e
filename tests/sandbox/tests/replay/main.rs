//! Replays what a real server was asked, and compares the answers. `transcripts/README.md` says how they are written.

#![allow(clippy::print_stdout, reason = "the report says what was left out")]

mod artifacts;
mod compare;
mod deployments;
mod devices;
mod inventory;
mod scenario;
mod template;

use sandbox::Sandbox;
use scenario::Scenario;

/// Steps that the sandbox does not follow, by scenario, and why. A `*` stands for any end of a name.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("artifacts", "generate without file", GENERATION),
    ("artifacts", "generate without name", GENERATION),
    ("artifacts", "generate without types", GENERATION),
    ("artifacts", "generate without type", GENERATION),
    ("artifacts", "generate not multipart", GENERATION),
    ("artifacts", "generate", GENERATION),
    ("artifacts", "generated", GENERATION),
    ("artifacts", "generate duplicate", GENERATION),
    ("artifacts", "delete generated", GENERATION),
    ("devauth", "device with a bad signature", DEVICES),
    ("inventory", "search $regex on number", PATTERN),
    ("deviceconnect", "connect offline", SESSIONS),
    ("deviceconnect", "connect unknown", SESSIONS),
    ("deviceconnect", "connect without Upgrade", SESSIONS),
    ("deviceconnect", "upload *", SESSIONS),
    ("deviceconnect", "download *", SESSIONS),
    ("deviceconnect", "connected upload *", SESSIONS),
    ("deviceconnect", "connected download *", SESSIONS),
];

const GENERATION: &str = "the server does not generate Artifacts: a worker beside it does";

const DEVICES: &str = "devices act through the library here, not over HTTP";
const PATTERN: &str =
    "the recording's database matched a pattern with a number; the real one matches texts only";
const SESSIONS: &str = "the sandbox has no sessions with devices";

async fn replay(name: &str) {
    let server = Sandbox::builder().strict(false).extra_accounts(false).start();
    let left_out: Vec<&str> =
        LEFT_OUT.iter().filter(|(scenario, ..)| *scenario == name).map(|(_, step, _)| *step).collect();
    let report = Scenario::load(name).run(&server, &left_out).await;
    assert!(report.problems.is_empty(), "{}", report.problems.join("\n\n"));
    println!("{name}: {} steps as recorded, {} left out", report.passed, report.left_out);
}

#[tokio::test]
async fn useradm() {
    replay("useradm").await;
}

#[tokio::test]
async fn tokens() {
    replay("tokens").await;
}

#[tokio::test]
async fn last_user() {
    replay("last-user").await;
}

#[tokio::test]
async fn artifacts() {
    replay("artifacts").await;
}

#[tokio::test]
async fn direct_upload() {
    replay("direct-upload").await;
}

#[tokio::test]
async fn devauth() {
    replay("devauth").await;
}

#[tokio::test]
async fn deviceconfig() {
    replay("deviceconfig").await;
}

#[tokio::test]
async fn deviceconnect() {
    replay("deviceconnect").await;
}

#[tokio::test]
async fn inventory() {
    replay("inventory").await;
}

#[tokio::test]
async fn deployments() {
    replay("deployments").await;
}
