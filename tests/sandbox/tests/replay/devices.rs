//! Steps that a device takes: here it acts through the sandbox's own interface instead of speaking HTTP.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::Sandbox;
use serde_json::Value;

use crate::compare::{Rules, differs};
use crate::template::Variables;
use crate::{deployments, inventory};

/// What comes of an action.
#[derive(Debug)]
enum Outcome {
    /// The device has no token, or none that is good.
    Refused,
    /// What the device says is refused: the answer's status and text.
    Bad(u16, String),
    Done,
    /// There is nothing to be done.
    Nothing,
    Token(String),
    Answer(Value),
}

/// Gives each device that a transcript names a key of its own.
pub(crate) fn add_keys(transcript: &str, variables: &mut Variables) {
    let names: BTreeSet<&str> =
        transcript.split("${pubkey:").skip(1).filter_map(|rest| rest.split('}').next()).collect();
    for name in names {
        variables.set(&format!("pubkey:{name}"), ed25519_key());
    }
}

/// The PEM of an Ed25519 key: any 32 bytes are one.
fn ed25519_key() -> String {
    let head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let (first, second) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let der = [head.as_slice(), first.as_bytes(), second.as_bytes()].concat();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

/// Takes the step and compares what came of it with the recorded answer.
pub(crate) fn step(server: &Sandbox, variables: &mut Variables, step: &Value) -> Result<(), String> {
    let wanted = &step["response"];
    let device = step["device"].as_str().expect("a device");
    let action = variables.request(&step["do"])?;
    let outcome = act(server, variables, device, &action, &step["request"]["body"])?;
    let fits = |status: u16| match outcome {
        Outcome::Refused => status == 401,
        Outcome::Bad(own, _) => status == own,
        Outcome::Nothing => status == 204,
        Outcome::Token(_) | Outcome::Answer(_) => status == 200,
        Outcome::Done => status < 400,
    };
    if !wanted["status"].as_u64().is_some_and(|status| u16::try_from(status).is_ok_and(fits)) {
        return Err(format!("status: wanted {}, found {outcome:?}", wanted["status"]));
    }
    match outcome {
        Outcome::Token(token) => variables.set(&format!("token_{device}"), token),
        Outcome::Answer(found) => {
            if let Some(difference) = differs(&wanted["body"], &found, &Rules::default(), variables, "") {
                return Err(difference);
            }
        }
        Outcome::Bad(_, text) if wanted["body"]["error"] != *text => {
            return Err(format!("error: wanted {}, found {text}", wanted["body"]["error"]));
        }
        Outcome::Refused | Outcome::Bad(..) | Outcome::Done | Outcome::Nothing => {}
    }
    Ok(())
}

/// `sent` is the body of the recorded request, for what the action leaves out.
fn act(
    server: &Sandbox,
    variables: &Variables,
    device: &str,
    action: &Value,
    sent: &Value,
) -> Result<Outcome, String> {
    let name = action["action"].as_str().expect("an action");
    if name == "authenticate" {
        let identity = &action["identity"];
        let pubkey = variables.text(&format!("${{pubkey:{device}}}"))?;
        let token = server.device_authenticates(identity, &pubkey);
        return Ok(token.map_or(Outcome::Refused, Outcome::Token));
    }
    let token = variables.get(&format!("token_{device}")).unwrap_or_default();
    let Some(id) = server.device_with_token(token) else { return Ok(Outcome::Refused) };
    match name {
        "inventory" => {
            if let Err(text) = inventory::report(server, &id, &action["attributes"]) {
                return Ok(Outcome::Bad(400, text));
            }
        }
        "next" => {
            return Ok(deployments::next(server, &id, action).map_or(Outcome::Nothing, Outcome::Answer));
        }
        "status" => {
            if let Err((status, text)) = deployments::report(server, &id, action) {
                return Ok(Outcome::Bad(status, text));
            }
        }
        "log" => deployments::log(server, &id, action, sent),
        "connect" => server.connect_device(&id),
        "disconnect" => server.disconnect_device(&id),
        "configuration" => return Ok(Outcome::Answer(server.device_configuration(&id).into())),
        "report-configuration" => {
            let configuration = action["configuration"].as_object().cloned().expect("an object");
            server.report_configuration(&id, configuration);
        }
        other => return Err(format!("unknown action {other}")),
    }
    Ok(Outcome::Done)
}
