//! How a deployment is to spread: in phases, with retries, to some devices at most. Only Mender Enterprise takes this,
//! and here it is checked and shown: this is from its documentation.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::Refusal;
use crate::call::Call;
use crate::gojson;

/// The fields of a request.
pub(super) const FIELDS: &[&str] = &["phases", "retries", "max_devices"];

/// Nothing given is nothing shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Staged {
    phases: Vec<Phase>,
    retries: Option<u64>,
    max_devices: Option<u64>,
}

#[derive(Debug, Clone)]
struct Phase {
    id: String,
    batch_size: Option<u64>,
    start: Option<(Timestamp, String)>,
}

impl Staged {
    /// The error is the text of a 400, but for fields that nobody knows.
    pub(super) fn read(
        call: &Call,
        map: &Map<String, Value>,
        structure: &str,
        bad: impl Fn(String) -> Refusal + Copy,
    ) -> Result<Staged, Refusal> {
        let count = |field| gojson::unsigned(map, structure, field).map_err(bad);
        let (retries, max_devices) = (count("retries")?, count("max_devices")?);
        if max_devices == Some(0) {
            return Err(bad("max_devices: must be no less than 1.".into()));
        }
        let list = match map.get("phases") {
            None | Some(Value::Null) => &Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(bad(gojson::wrong(other, structure, "phases", "[]model.Phase"))),
        };
        let mut phases = Vec::new();
        for value in list {
            let Value::Object(phase) = value else {
                return Err(bad(gojson::wrong(value, structure, "phases", "model.Phase")));
            };
            call.only(phase, &["batch_size", "start_ts"])?;
            phases.push(Phase::read(phase).map_err(bad)?);
        }
        check(&phases).map_err(|text| bad(format!("phases: {text}.")))?;
        Ok(Staged { phases, retries, max_devices })
    }

    /// How many of so many devices get it.
    pub(super) fn limit(&self, devices: usize) -> usize {
        self.max_devices.map_or(devices, |limit| devices.min(usize::try_from(limit).unwrap_or(devices)))
    }

    /// Adds what was given to a deployment as it is shown.
    pub(super) fn show(&self, deployment: &mut Value) {
        if !self.phases.is_empty() {
            deployment["phases"] = self.phases.iter().map(Phase::shown).collect();
        }
        for (field, number) in [("retries", self.retries), ("max_devices", self.max_devices)] {
            if let Some(number) = number {
                deployment[field] = number.into();
            }
        }
    }
}

impl Phase {
    fn read(map: &Map<String, Value>) -> Result<Phase, String> {
        let start = gojson::text(map, "Phase", "start_ts")?;
        let time = |text: String| match text.parse::<Timestamp>() {
            Ok(at) => Ok((at, text)),
            Err(_) => Err(format!("parsing time \"{text}\": not as in RFC 3339")),
        };
        Ok(Phase {
            id: uuid::Uuid::new_v4().to_string(),
            batch_size: gojson::unsigned(map, "Phase", "batch_size")?,
            start: start.map(time).transpose()?,
        })
    }

    fn shown(&self) -> Value {
        let mut value = json!({ "id": self.id, "device_count": 0 });
        if let Some(size) = self.batch_size {
            value["batch_size"] = size.into();
        }
        if let Some((_, text)) = &self.start {
            value["start_ts"] = text.as_str().into();
        }
        value
    }
}

fn check(phases: &[Phase]) -> Result<(), String> {
    let last = phases.len().saturating_sub(1);
    for (index, phase) in phases.iter().enumerate() {
        match phase.batch_size {
            None if index < last => return Err(format!("{index}: batch_size: only the last may lack it")),
            Some(size) if !(1..=100).contains(&size) => {
                return Err(format!("{index}: batch_size: must be from 1 to 100"));
            }
            _ => {}
        }
        if index > 0 && phase.start.is_none() {
            return Err(format!("{index}: start_ts: only the first may lack it"));
        }
    }
    let starts: Vec<Timestamp> =
        phases.iter().filter_map(|phase| phase.start.as_ref()).map(|start| start.0).collect();
    if starts.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("start_ts: must ascend".into());
    }
    if phases.iter().filter_map(|phase| phase.batch_size).sum::<u64>() > 100 {
        return Err("batch_size: must be no more than 100 in all".into());
    }
    Ok(())
}
