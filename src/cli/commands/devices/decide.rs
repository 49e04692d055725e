//! `devices accept`, `reject` and `dismiss`: what becomes of an authentication set.

use std::collections::{HashMap, HashSet};

use clap::Args;
use mender::Client;
use mender::devices::{AuthSet, Decision, Device, Status};

use crate::cli::context::Context;
use crate::cli::error::{CliError, Result};
use crate::cli::fleet::bulk::{self, BulkArgs, Done, Job, Jobs, Unfit, Work};
use crate::cli::fleet::{CONDITIONS_HELP, Chosen, Fleet, Target, TargetArgs};

/// Decide about devices.
#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
pub struct DecideArgs {
    #[command(flatten)]
    targets: TargetArgs,

    /// The authentication set that is meant, where a device has several
    #[arg(long, value_name = "ID")]
    auth_set: Option<String>,

    #[command(flatten)]
    bulk: BulkArgs,
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Reject,
    Dismiss,
}

/// What that means for one device.
enum Pick {
    /// For this set.
    One(String),
    /// It is so already.
    Already,
    /// It cannot be, and why.
    Neither(String),
}

pub async fn run(args: DecideArgs, verdict: Verdict, ctx: &Context) -> Result<()> {
    args.targets.check()?;
    if args.auth_set.is_some() && args.targets.devices.len() != 1 {
        return Err(CliError::usage("--auth-set goes with one device that is named"));
    }
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let (jobs, chosen) = find(&args, verdict, &fleet).await?;
    let (verb, done) = match verdict {
        Verdict::Accept => ("accept", "accepted"),
        Verdict::Reject => ("reject", "rejected"),
        Verdict::Dismiss => ("dismiss the request of", "dismissed"),
    };
    let work = Work {
        verb,
        done,
        place: "",
        server: client.server(),
        chosen: &chosen,
        is_grave: verdict != Verdict::Accept,
    };
    bulk::run(ctx, &args.bulk, &work, jobs, async |job| act(&client, verdict, job).await).await
}

/// The devices, and what is decided about each.
async fn find(args: &DecideArgs, verdict: Verdict, fleet: &Fleet<'_>) -> Result<(Jobs<String>, Chosen)> {
    let selection = &args.targets.selection;
    let waiting = (args.targets.all && selection.is_empty()).then_some(Status::Pending);
    let mut jobs = Jobs::default();
    // The inventory learns of devices a moment late, and has no sets.
    if let Some(status) = waiting.or(selection.only_status()) {
        let naming = fleet.attribute().await;
        let mut pages = fleet.client().devices().list(Some(status));
        // Pages may overlap when devices come and go meanwhile.
        let mut known = HashSet::new();
        while let Some(page) = pages.next_page().await? {
            for device in page.items.iter().filter(|device| known.insert(device.id.clone())) {
                sort(&mut jobs, Target::of(device, naming), pick(device, None, verdict));
            }
        }
        return Ok((jobs, Chosen::Selected(format!("status = {status} (compared by the server)"))));
    }
    let targets = args.targets.find(fleet, args.bulk.at_once()).await?;
    let ids: Vec<&str> = targets.list.iter().map(|target| target.id.as_str()).collect();
    let devices = fleet.client().devices().get_many(&ids).await?;
    let by_id: HashMap<&str, &Device> = devices.iter().map(|device| (device.id.as_str(), device)).collect();
    for target in targets.list {
        match by_id.get(target.id.as_str()) {
            Some(device) => sort(&mut jobs, target, pick(device, args.auth_set.as_deref(), verdict)),
            None => jobs.unfit.push(Unfit { target, why: "it is gone".into() }),
        }
    }
    Ok((jobs, targets.chosen))
}

fn sort(jobs: &mut Jobs<String>, target: Target, pick: Pick) {
    match pick {
        Pick::One(set) => jobs.list.push(Job { target, load: set }),
        Pick::Already => jobs.settled.push(target),
        Pick::Neither(why) => jobs.unfit.push(Unfit { target, why }),
    }
}

/// The set that is meant. Where several may be, a person has to choose.
fn pick(device: &Device, named: Option<&str>, verdict: Verdict) -> Pick {
    let with = |status: Status| -> Vec<&AuthSet> { device.sets(status).collect() };
    if let Some(named) = named {
        return match device.auth_sets.iter().find(|set| set.id == named) {
            Some(set) => Pick::One(set.id.clone()),
            None => Pick::Neither(format!(
                "the device has no authentication set {named}{}",
                listed(&device.auth_sets.iter().collect::<Vec<_>>())
            )),
        };
    }
    let (pending, accepted, rejected) =
        (with(Status::Pending), with(Status::Accepted), with(Status::Rejected));
    let candidates = match verdict {
        _ if !pending.is_empty() => pending,
        Verdict::Accept if !accepted.is_empty() => return Pick::Already,
        Verdict::Accept => rejected,
        Verdict::Reject if accepted.is_empty() && !rejected.is_empty() => return Pick::Already,
        Verdict::Reject => accepted,
        // A device that is let in is not put out by the way.
        Verdict::Dismiss if !accepted.is_empty() => {
            return Pick::Neither(format!(
                "it is accepted, and nothing waits for a decision; reject or decommission it, or name a set with --auth-set{}",
                listed(&device.auth_sets.iter().collect::<Vec<_>>())
            ));
        }
        Verdict::Dismiss => device.auth_sets.iter().collect(),
    };
    match candidates.as_slice() {
        [set] => Pick::One(set.id.clone()),
        [] if !with(Status::Preauthorized).is_empty() => Pick::Neither(
            "it is preauthorized: nothing is to be decided before it comes (dismiss takes that back)".into(),
        ),
        [] => Pick::Neither("it has no authentication set to decide about".into()),
        several => Pick::Neither(format!(
            "{} authentication sets may be meant; name one with --auth-set{}",
            several.len(),
            listed(several)
        )),
    }
}

fn listed(sets: &[&AuthSet]) -> String {
    let row = |set: &&AuthSet| {
        format!(
            "\n  {}  {}  {}  since {}",
            set.id,
            set.status,
            set.fingerprint().map_or("(no key)".into(), |it| format!("SHA256:{it}")),
            set.ts
        )
    };
    sets.iter().map(row).collect()
}

async fn act(client: &Client, verdict: Verdict, job: &Job<String>) -> Result<Done> {
    let (devices, id) = (client.devices(), &job.target.id);
    let outcome = match verdict {
        Verdict::Accept => devices.decide(id, &job.load, Decision::Accept).await,
        Verdict::Reject => devices.decide(id, &job.load, Decision::Reject).await,
        Verdict::Dismiss => devices.dismiss(id, &job.load).await,
    };
    outcome.map_err(|error| {
        let error = CliError::from(error);
        match error.status() {
            Some(422) => {
                error.hint("decommission devices that are no longer used, or ask for a higher limit")
            }
            Some(404) => error.hint("somebody else may have decided meanwhile; devices show tells"),
            _ => error,
        }
    })?;
    Ok(Done::Changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn device(statuses: &[&str]) -> Device {
        let sets: Vec<_> = statuses
            .iter()
            .enumerate()
            .map(|(index, status)| json!({"id": format!("s{index}"), "status": status}))
            .collect();
        serde_json::from_value(json!({"id": "d", "auth_sets": sets})).unwrap()
    }

    fn picked(statuses: &[&str], verdict: Verdict) -> String {
        match pick(&device(statuses), None, verdict) {
            Pick::One(set) => set,
            Pick::Already => "already".into(),
            Pick::Neither(why) => why,
        }
    }

    #[test]
    fn one_set_is_meant_or_none() {
        use Verdict::*;
        for (statuses, verdict, expected) in [
            (&["pending"][..], Accept, "s0"),
            (&["pending"], Reject, "s0"),
            (&["pending"], Dismiss, "s0"),
            (&["accepted", "pending"], Accept, "s1"),
            (&["accepted", "pending"], Reject, "s1"),
            (&["accepted", "pending"], Dismiss, "s1"),
            (&["accepted"], Accept, "already"),
            (&["accepted", "rejected"], Accept, "already"),
            (&["accepted", "rejected", "rejected"], Accept, "already"),
            (&["accepted"], Reject, "s0"),
            (&["accepted", "rejected"], Reject, "s0"),
            (&["rejected"], Accept, "s0"),
            (&["rejected"], Reject, "already"),
            (&["preauthorized"], Dismiss, "s0"),
        ] {
            assert_eq!(picked(statuses, verdict), expected, "{statuses:?} {verdict:?}");
        }
        for (statuses, verdict, reason) in [
            (&["pending", "pending"][..], Accept, "--auth-set\n  s0  pending"),
            (&["accepted", "rejected"], Dismiss, "it is accepted"),
            (&["accepted"], Dismiss, "it is accepted"),
            (&["rejected", "rejected"], Dismiss, "--auth-set"),
            (&["preauthorized"], Accept, "preauthorized"),
            (&[], Accept, "no authentication set"),
        ] {
            assert!(picked(statuses, verdict).contains(reason), "{statuses:?} {verdict:?}");
        }
    }
}
