//! `devices wait`.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use mender::devices::Status;
use mender::{Client, Refusal};
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind, Result};
use crate::cli::fleet::{CONDITIONS_HELP, Condition, Fleet, Query};
use crate::cli::span::some_time;

/// Wait until a device is as wanted; exit code 4 if it is not in time.
#[derive(Debug, Args)]
#[command(after_help = CONDITIONS_HELP)]
pub struct WaitArgs {
    /// The device, which need not be there yet
    #[arg(value_name = "DEVICE")]
    device: String,

    /// A status (pending, accepted, rejected, preauthorized, noauth), connected, gone, or a condition such as
    /// tags/site=berlin
    #[arg(long = "for", value_name = "STATE")]
    goal: Goal,

    /// Give up after so long
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = some_time)]
    timeout: Duration,

    /// Look so often
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = some_time)]
    interval: Duration,
}

/// What is waited for.
#[derive(Clone, Debug)]
enum Goal {
    Status(Status),
    Connected,
    Gone,
    Condition(Box<Condition>),
}

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(status) = text.parse() {
            return Ok(Goal::Status(status));
        }
        match text {
            "connected" => Ok(Goal::Connected),
            "gone" => Ok(Goal::Gone),
            _ => text.parse().map(Box::new).map(Goal::Condition).map_err(|error| {
                format!("neither pending, accepted, rejected, connected, gone nor a condition: {error}")
            }),
        }
    }
}

/// What a look came to.
enum Look {
    /// It is as wanted; the id, if there is a device.
    Done(Option<String>),
    /// Not yet; how it is instead.
    NotYet(String),
}

pub async fn run(args: WaitArgs, ctx: &Context) -> Result<()> {
    let client = ctx.client()?;
    let fleet = Fleet::new(&client, ctx.out());
    let started = std::time::Instant::now();
    let mut state = "nothing was seen of it".to_owned();
    let mut is_warned = false;
    let waiting = async {
        let mut id = None;
        loop {
            match look(&args, &fleet, &mut id).await {
                Ok(Look::Done(id)) => return Ok(id),
                Ok(Look::NotYet(now)) => {
                    if state != now {
                        ctx.out().notice(format_args!("{}: {now}", args.device));
                    }
                    state = now;
                }
                Err(error) if may_pass(&error) => {
                    state = format!("the last look failed: {}", error.message());
                    if !std::mem::replace(&mut is_warned, true) {
                        ctx.out().warn(format_args!("{}; going on", error.message()));
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(args.interval).await;
        }
    };
    let outcome = tokio::time::timeout(args.timeout, waiting).await;
    let id = match outcome {
        Ok(outcome) => outcome?,
        Err(_) => {
            let text = format!("{} is not as wanted after {:?}: {state}", args.device, args.timeout);
            return Err(CliError::new(Kind::Timeout, anyhow::Error::msg(text)));
        }
    };
    let id = id.unwrap_or_else(|| args.device.clone());
    ctx.out().notice(format_args!("{} is as wanted after {} s", args.device, started.elapsed().as_secs()));
    ctx.out().made(&json!({ "id": id, "seconds": started.elapsed().as_secs() }), &id)
}

async fn look(args: &WaitArgs, fleet: &Fleet<'_>, known: &mut Option<String>) -> Result<Look> {
    let client = fleet.client();
    // Once it was seen its name does not matter any more: it may be changed.
    let id = match known {
        Some(id) => id.clone(),
        None => match fleet.find(std::slice::from_ref(&args.device)).await?.targets.pop() {
            Some(target) => known.insert(target.id).clone(),
            None if matches!(args.goal, Goal::Gone) => return Ok(Look::Done(None)),
            None => return Ok(Look::NotYet("there is no such device".into())),
        },
    };
    let device = match client.devices().get(&id).await {
        Ok(device) => device,
        Err(error) if error.status() == Some(404) => {
            *known = None;
            return Ok(match args.goal {
                Goal::Gone => Look::Done(Some(id)),
                _ => Look::NotYet("there is no such device".into()),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let (is_so, now) = match &args.goal {
        Goal::Gone => (false, "it is still there".to_owned()),
        Goal::Status(wanted) => (device.is(*wanted), format!("it is {}", device.status)),
        Goal::Connected => connection(client, &id).await?,
        Goal::Condition(condition) => {
            let mut query = Query::default();
            query.require(condition, fleet).await?;
            query.only(&id);
            let found = query.run(fleet, 1).next().await?;
            (found.is_some_and(|found| !found.is_empty()), format!("not {condition}"))
        }
    };
    Ok(if is_so { Look::Done(Some(id)) } else { Look::NotYet(now) })
}

async fn connection(client: &Client, id: &str) -> Result<(bool, String)> {
    match client.connections().get(id).await {
        Ok(connection) => Ok((connection.is_up(), format!("it is {}", connection.status))),
        Err(error) if error.refusal().is_some_and(Refusal::is_unknown) => {
            Ok((false, "it was never connected".into()))
        }
        Err(error) => Err(CliError::from(error).or_lacking("for connected devices")),
    }
}

/// Whether a later look may go better. A server that cannot read a condition will not learn to.
fn may_pass(error: &CliError) -> bool {
    error.may_pass() && (error.status() != Some(500) || error.hints.is_empty())
}
