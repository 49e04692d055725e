//! Login, logout, and the check of tokens before every other call.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use jiff::Timestamp;
use serde_json::{Map, json};

use super::tokens::issue;
use crate::accounts::{SSO, TWO_FACTOR};
use crate::answer::{Refusal, Reply, empty, json_answer, text};
use crate::call::Call;
use crate::gojson;
use crate::state::State;

/// Who makes a call, and by which token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) token: String,
}

/// Reads the token of a request and checks that it is good, still known, and not of somebody who asks too often.
pub(crate) fn authenticate(state: &State, headers: &HeaderMap) -> Result<Session, Refusal> {
    let token = match headers.get(AUTHORIZATION) {
        None => cookie(headers)
            .ok_or_else(|| Refusal::new(401, "Authorization not present in header").challenge())?,
        Some(value) => {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let words: Vec<&str> = value.split(' ').collect();
            match words.as_slice() {
                [scheme, token] if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
                    token.to_string()
                }
                [scheme, token] if !token.is_empty() => {
                    return Err(
                        Refusal::new(401, format!("unknown Authorization method {scheme}")).challenge()
                    );
                }
                _ => return Err(Refusal::new(401, "malformed Authorization header").challenge()),
            }
        }
    };
    let claims = state.signer.verify(&token, Timestamp::now())?;
    let mut data = state.data();
    let now = data.now();
    let known = data.tokens.iter_mut().find(|token| token.id == claims.jti && token.user == claims.sub);
    let Some(known) = known else { return Err(Refusal::new(401, "unauthorized")) };
    if known.name.is_some() {
        known.last_used = Some(now);
    }
    if let Some(limit) = state.settings.rate_limit {
        state.limiter.admit(limit, &claims.sub, Instant::now())?;
    }
    Ok(Session { user: claims.sub, token: claims.jti })
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix("JWT=")).map(str::to_string)
}

pub(crate) async fn login(mut call: Call) -> Reply {
    call.expect_type(&["application/json"])?;
    let (email, password) =
        credentials(&call).ok_or_else(|| Refusal::new(401, "invalid or missing auth header"))?;
    let body = call.json().await?;
    let options = if body.is_empty() {
        Map::new()
    } else {
        call.object(&body, "useradm.LoginOptions", &["no_expiry", "token2fa"], "")?
    };
    let bad = |text| Refusal::new(400, text);
    let no_expiry = gojson::boolean(&options, "LoginOptions", "no_expiry").map_err(bad)?;
    let code = gojson::text(&options, "LoginOptions", "token2fa").map_err(bad)?;

    if call.state.settings.extra_accounts && email == SSO.email {
        return Ok(json_answer_plain(&json!({ "id": uuid::Uuid::new_v4().to_string(), "kind": "sso/saml" })));
    }
    let mut data = call.state.data();
    let now = data.tick();
    let Some(user) = data.users.iter_mut().find(|user| user.email == email && user.password == password)
    else {
        return Err(Refusal::new(401, "unauthorized"));
    };
    if call.state.settings.extra_accounts
        && email == TWO_FACTOR.email
        && code.as_deref() != Some(TWO_FACTOR.code)
    {
        return Err(Refusal::new(401, "2fa: code missing or wrong"));
    }
    user.login = Some(now);
    let id = user.id.clone();
    let expires = (!no_expiry).then(|| now + call.state.settings.jwt_lifetime);
    let token = issue(&call.state, &mut data, &id, None, now, expires);
    Ok(text(200, "application/jwt", token))
}

/// The answer for single sign-on comes with the bare media type.
fn json_answer_plain(body: &serde_json::Value) -> crate::answer::Answer {
    let mut answer = json_answer(200, body);
    answer.headers_mut().insert(http::header::CONTENT_TYPE, crate::answer::header_value("application/json"));
    answer
}

fn credentials(call: &Call) -> Option<(String, String)> {
    let (scheme, encoded) = call.header(AUTHORIZATION)?.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded).ok())??;
    let text = String::from_utf8(decoded).ok()?;
    let (email, password) = text.split_once(':')?;
    Some((email.to_lowercase(), password.to_string()))
}

pub(crate) async fn logout(call: Call) -> Reply {
    call.state.data().tokens.retain(|token| token.id != call.session.token);
    Ok(empty(202))
}
