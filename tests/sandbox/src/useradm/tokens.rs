//! Login tokens and personal access tokens.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Refusal, Reply, empty, json_answer, text};
use crate::call::Call;
use crate::gojson;
use crate::jwt::Claims;
use crate::state::{Data, State, time};

const LONGEST: i64 = 31_536_000;

/// A token that the server remembers; what it does not remember is not valid.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) user: String,
    /// Personal access tokens have a name.
    pub(crate) name: Option<String>,
    created: Timestamp,
    expires: Option<Timestamp>,
    pub(crate) last_used: Option<Timestamp>,
}

/// Makes a token and remembers it.
pub(crate) fn issue(
    state: &State,
    data: &mut Data,
    user: &str,
    name: Option<String>,
    created: Timestamp,
    expires: Option<Timestamp>,
) -> String {
    let id = uuid::Uuid::new_v4().to_string();
    let claims = Claims { jti: id.clone(), sub: user.into(), exp: expires.map(Timestamp::as_second) };
    let is_login = name.is_none();
    data.tokens.push(Token { id, user: user.into(), name, created, expires, last_used: None });
    if is_login && state.settings.session_limit > 0 {
        let logins = data.tokens.iter().filter(|token| token.user == user && token.name.is_none());
        let mut surplus = logins.count().saturating_sub(state.settings.session_limit);
        // The list is in order of issue, so the oldest go.
        data.tokens.retain(|token| {
            let goes = surplus > 0 && token.user == user && token.name.is_none();
            surplus -= usize::from(goes);
            !goes
        });
    }
    state.signer.sign(&claims, created)
}

pub(crate) async fn list(call: Call) -> Reply {
    let data = call.state.data();
    let own = data.tokens.iter().filter(|token| token.user == call.session.user);
    let listed: Vec<Value> = own.filter_map(|token| Some(shown(token, token.name.as_ref()?))).collect();
    Ok(json_answer(200, &listed.into()))
}

fn shown(token: &Token, name: &str) -> Value {
    let mut value = json!({ "id": token.id, "name": name, "created_ts": time(token.created) });
    if let Some(expires) = token.expires {
        value["expiration_date"] = time(expires);
    }
    if let Some(used) = token.last_used {
        value["last_used"] = time(used);
    }
    value
}

pub(crate) async fn create(mut call: Call) -> Reply {
    let body = call.json().await?;
    let unreadable = |_| Refusal::new(400, "cannot parse request body as json");
    let map = gojson::object(&body, "model.TokenRequest").map_err(unreadable)?;
    call.object(&body, "model.TokenRequest", &["name", "expires_in"], "")?;
    let name = gojson::text(&map, "", "name").map_err(unreadable)?.unwrap_or_default();
    let expires_in = gojson::integer(&map, "", "expires_in").map_err(unreadable)?.unwrap_or_default();
    if name.is_empty() {
        return Err(Refusal::new(400, "name: cannot be blank."));
    }
    if name.len() > 4096 {
        return Err(Refusal::new(400, "name: the length must be no more than 4096."));
    }
    if expires_in < 0 {
        return Err(Refusal::new(400, "expires_in: must be no less than 0."));
    }
    if expires_in > LONGEST {
        return Err(Refusal::new(400, format!("expires_in: must be no greater than {LONGEST}.")));
    }
    let lifetime = (expires_in > 0).then(|| Duration::from_secs(expires_in.unsigned_abs()));
    let mut data = call.state.data();
    let token = create_named(&call.state, &mut data, &call.session.user, name, lifetime)?;
    Ok(text(200, "application/jwt", token))
}

/// Makes a personal access token within the limits of its user.
pub(crate) fn create_named(
    state: &State,
    data: &mut Data,
    user: &str,
    name: String,
    lifetime: Option<Duration>,
) -> Result<String, Refusal> {
    let named = |token: &&Token| token.user == user && token.name.is_some();
    let limit = state.settings.token_limit;
    if limit > 0 && data.tokens.iter().filter(named).count() >= limit {
        return Err(Refusal::new(422, "maximum number of personal acess tokens reached for this user"));
    }
    if data.tokens.iter().filter(named).any(|token| token.name.as_ref() == Some(&name)) {
        return Err(Refusal::new(409, "Personal Access Token with a given name already exists"));
    }
    let now = data.tick();
    Ok(issue(state, data, user, Some(name), now, lifetime.map(|lifetime| now + lifetime)))
}

pub(crate) async fn revoke(call: Call) -> Reply {
    let id = call.param(0);
    call.state.data().tokens.retain(|token| token.id != id || token.user != call.session.user);
    Ok(empty(204))
}
