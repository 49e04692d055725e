//! What only Mender Enterprise can: phases, a start, retries, devices that come later. Known from its documentation alone.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use mender::Client;
use mender::deployments::{Enterprise, Phase};

use crate::cli::error::{CliError, Result};
use crate::cli::moment::future;
use crate::cli::span::some_time;

/// Flags for such servers.
#[derive(Clone, Debug, Default, Args)]
#[command(
    next_help_heading = "Mender Enterprise only (never tried against such a server; others refuse them)"
)]
pub struct EnterpriseArgs {
    /// Roll out in batches with pauses, such as 10%,1h,30%,2h: after the last pause the rest
    #[arg(long, value_name = "BATCHES", conflicts_with = "limit")]
    phases: Option<Phases>,

    /// Begin then: 2h from now, 2026-11-25T22:00, or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = future)]
    start: Option<Timestamp>,

    /// Let a device that failed try again so often
    #[arg(long, value_name = "N")]
    retries: Option<u32>,

    /// End after so many devices; only with --dynamic
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_devices: Option<u64>,

    /// Deploy also to devices that fit the selection later
    #[arg(long, conflicts_with_all = ["limit", "devices", "all"])]
    pub dynamic: bool,
}

impl EnterpriseArgs {
    /// The flag that a server has to be an Enterprise one for, if any is given.
    fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--phases", self.phases.is_some()),
            ("--start", self.start.is_some()),
            ("--retries", self.retries.is_some()),
            ("--dynamic", self.dynamic),
        ];
        flags.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }

    /// That the flags go together. clap's own rule is off where a flag conflicts with the one that is required.
    ///
    /// # Errors
    ///
    /// If they do not.
    pub fn check(&self) -> Result<()> {
        if self.max_devices.is_some() && !self.dynamic {
            return Err(CliError::usage("--max-devices is for --dynamic"));
        }
        Ok(())
    }

    /// What is to be sent, if the server has a sense for it: others would ignore it without a word, and roll out to
    /// everybody at once.
    ///
    /// # Errors
    ///
    /// If it has none.
    pub async fn ask(&self, client: &Client) -> Result<Enterprise> {
        let Some(flag) = self.given() else { return Ok(Enterprise::default()) };
        if !client.inventory().saved().are_there().await? {
            let text =
                format!("the server has no {flag}: it would ignore that without a word; nothing was created");
            return Err(CliError::failed(text)
                .hint("that takes Mender Enterprise; --limit rolls out in steps on every server"));
        }
        Ok(Enterprise {
            phases: self.phases(Timestamp::now())?,
            retries: self.retries,
            max_devices: self.max_devices,
        })
    }

    fn phases(&self, now: Timestamp) -> Result<Vec<Phase>> {
        let one = Phases { batches: vec![(None, None)] };
        let phases = match (&self.phases, self.start) {
            (None, None) => return Ok(Vec::new()),
            (Some(phases), _) => phases,
            (None, Some(_)) => &one,
        };
        let mut at = self.start.unwrap_or(now);
        let mut list = Vec::new();
        for (index, (share, pause)) in phases.batches.iter().enumerate() {
            let is_told = index > 0 || self.start.is_some();
            list.push(Phase { batch_size: *share, start_ts: is_told.then(|| format!("{at:.0}")) });
            if let Some(pause) = pause {
                at = at
                    .checked_add(*pause)
                    .map_err(|_| CliError::usage("--phases: there is no time so far away"))?;
            }
        }
        Ok(list)
    }
}

/// Batches: a share in percent, none for the rest, and the pause behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Phases {
    batches: Vec<(Option<u8>, Option<Duration>)>,
}

impl FromStr for Phases {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut batches: Vec<(Option<u8>, Option<Duration>)> = Vec::new();
        let mut total = 0u32;
        for (index, part) in text.split(',').map(str::trim).enumerate() {
            let fault = |what: &str| format!("{part:?} stands where {what} belongs: 10%,1h,30%,2h");
            if index % 2 == 1 {
                let pause = some_time(part).map_err(|_| fault("a pause such as 1h"))?;
                if let Some((_, behind)) = batches.last_mut() {
                    *behind = Some(pause);
                }
                continue;
            }
            let share = part.strip_suffix('%').and_then(|share| share.parse::<u8>().ok());
            let share = share
                .filter(|share| (1..=100).contains(share))
                .ok_or_else(|| fault("a share such as 10%"))?;
            total += u32::from(share);
            batches.push((Some(share), None));
        }
        let goes_on = batches.last().is_some_and(|(_, pause)| pause.is_some());
        match (total, goes_on) {
            (100, false) => {}
            (..100, true) => batches.push((None, None)),
            (..100, false) => {
                return Err(format!(
                    "the batches come to {total}%: a pause at the end leaves the rest to a last one"
                ));
            }
            (100, true) => return Err("nobody is left after the last pause".into()),
            _ => return Err(format!("the batches come to more than all: {total}%")),
        }
        Ok(Phases { batches })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(text: &str, start: Option<&str>) -> Vec<(Option<u8>, Option<String>)> {
        let phases = Some(text.parse().unwrap());
        let start = start.map(|start| start.parse().unwrap());
        let args = EnterpriseArgs { phases, start, ..EnterpriseArgs::default() };
        let list = args.phases("2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        list.into_iter().map(|phase| (phase.batch_size, phase.start_ts)).collect()
    }

    #[test]
    fn phases_begin_one_pause_after_the_other() {
        let at = |time: &str| Some(format!("2026-01-01T{time}:00Z"));
        assert_eq!(
            phases("10%,1h,30%,2h", None),
            [(Some(10), None), (Some(30), at("01:00")), (None, at("03:00"))]
        );
        assert_eq!(
            phases("50%,30m,50%", Some("2026-01-01T08:00:00Z")),
            [(Some(50), at("08:00")), (Some(50), at("08:30"))]
        );
        let args =
            EnterpriseArgs { start: Some("2026-01-01T08:00:00Z".parse().unwrap()), ..Default::default() };
        let only = args.phases(Timestamp::now()).unwrap();
        assert_eq!(only, [Phase { batch_size: None, start_ts: at("08:00") }]);
    }

    #[test]
    fn batches_that_leave_somebody_out_are_refused() {
        for text in
            ["", "10%", "10%,1h,30%", "60%,1h,50%", "100%,1h", "0%,1h,100%", "1h,10%", "10%,10%", "10,1h"]
        {
            assert!(text.parse::<Phases>().is_err(), "{text}");
        }
    }
}
