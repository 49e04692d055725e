//! Users.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Refusal, Reply, created, empty, json_answer};
use crate::call::Call;
use crate::gojson;
use crate::state::{Data, time};

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
    created: Timestamp,
    updated: Timestamp,
    pub(crate) login: Option<Timestamp>,
}

impl User {
    pub(crate) fn add(data: &mut Data, email: &str, password: &str) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let now = data.tick();
        data.users.push(User {
            id: id.clone(),
            email: email.into(),
            password: password.into(),
            created: now,
            updated: now,
            login: None,
        });
        id
    }

    fn shown(&self) -> Value {
        let mut value = json!({
            "id": self.id, "email": self.email, "created_ts": time(self.created), "updated_ts": time(self.updated),
        });
        if let Some(login) = self.login {
            value["login_ts"] = time(login);
        }
        value
    }
}

pub(crate) async fn list(call: Call) -> Reply {
    let query = &call.query;
    let bound = |key: &str| match query.first(key) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| {
            let detail = format!("strconv.ParseInt: parsing \"{text}\": invalid syntax");
            Refusal::new(400, format!("api: invalid form values: invalid form parameter \"{key}\": {detail}"))
        }),
    };
    let created = (bound("created_after")?, bound("created_before")?);
    let updated = (bound("updated_after")?, bound("updated_before")?);
    let within = |at: Timestamp, (after, before): (Option<i64>, Option<i64>)| {
        let seconds = at.as_second();
        after.is_none_or(|after| seconds > after) && before.is_none_or(|before| seconds < before)
    };
    let (ids, emails) = (query.all("id"), query.all("email"));
    let data = call.state.data();
    let listed: Vec<Value> = data
        .users
        .iter()
        .filter(|user| ids.is_empty() || ids.contains(&user.id.as_str()))
        .filter(|user| emails.is_empty() || emails.contains(&user.email.as_str()))
        .filter(|user| within(user.created, created) && within(user.updated, updated))
        .map(User::shown)
        .collect();
    Ok(json_answer(200, &listed.into()))
}

pub(crate) async fn show(call: Call) -> Reply {
    let id = if call.param(0) == "me" { &call.session.user } else { call.param(0) };
    let data = call.state.data();
    let user = data.users.iter().find(|user| user.id == id).ok_or_else(unknown)?;
    Ok(json_answer(200, &user.shown()))
}

pub(crate) async fn create(mut call: Call) -> Reply {
    let body = call.json().await?;
    let prefix = "failed to decode request body: ";
    let map = call.object(&body, "model.User", &["email", "password"], prefix)?;
    let bad = |text| Refusal::new(400, format!("{prefix}{text}"));
    let email = gojson::text(&map, "User", "email").map_err(bad)?.unwrap_or_default().to_lowercase();
    let password = gojson::text(&map, "User", "password").map_err(bad)?.unwrap_or_default();
    if email.is_empty() {
        return Err(Refusal::new(400, "email: cannot be blank."));
    }
    check_email(&email)?;
    if password.is_empty() {
        return Err(Refusal::new(400, "password: cannot be blank."));
    }
    check_password(&password, &email)?;
    let mut data = call.state.data();
    check_free(&data, &email, "")?;
    let id = User::add(&mut data, &email, &password);
    Ok(created(&format!("/api/management/v1/useradm/users/{id}")))
}

pub(crate) async fn update(mut call: Call) -> Reply {
    let body = call.json().await?;
    let map = call.object(&body, "model.UserUpdate", &["email", "password", "current_password"], PREFIX)?;
    if !map.contains_key("email") && !map.contains_key("password") {
        return Err(Refusal::new(400, "no update information provided"));
    }
    let is_me = call.param(0).eq_ignore_ascii_case("me");
    let id = if is_me { call.session.user.clone() } else { call.param(0).to_string() };
    apply(&call, &id, &map)
}

/// The newer form: own password only, and nothing at all is fine too.
pub(crate) async fn update_self(mut call: Call) -> Reply {
    let body = call.json().await?;
    let mut map = call.object(&body, "model.UserUpdate", &["password", "current_password"], PREFIX)?;
    map.remove("email");
    apply(&call, &call.session.user, &map)
}

const PREFIX: &str = "failed to decode request body: ";

fn apply(call: &Call, id: &str, map: &serde_json::Map<String, Value>) -> Reply {
    let read = |field| {
        gojson::text(map, "UserUpdate", field).map_err(|text| Refusal::new(400, format!("{PREFIX}{text}")))
    };
    let email = read("email")?.map(|email| email.to_lowercase());
    let (password, current) = (read("password")?, read("current_password")?);
    if let Some(email) = &email {
        check_email(email)?;
    }
    let mut data = call.state.data();
    let user = data.users.iter().find(|user| user.id == id).ok_or_else(unknown)?.clone();
    let own = id == call.session.user;
    if let Some(password) = &password {
        check_password(password, email.as_deref().unwrap_or(&user.email))?;
        if !own {
            return Err(Refusal::new(422, "password cannot be modified"));
        }
    }
    if own && (email.is_some() || password.is_some()) && current.as_ref() != Some(&user.password) {
        return Err(Refusal::new(422, "current password mismatch"));
    }
    if let Some(email) = &email {
        check_free(&data, email, id)?;
    }
    let now = data.tick();
    if let Some(user) = data.users.iter_mut().find(|user| user.id == id) {
        user.updated = now;
        user.email = email.unwrap_or_else(|| user.email.clone());
        user.password = password.unwrap_or_else(|| user.password.clone());
    }
    // Only the token that made the call survives.
    data.tokens.retain(|token| token.user != id || token.id == call.session.token);
    Ok(empty(204))
}

pub(crate) async fn delete(call: Call) -> Reply {
    let id = call.param(0);
    let mut data = call.state.data();
    data.users.retain(|user| user.id != id);
    data.tokens.retain(|token| token.user != id);
    Ok(empty(204))
}

fn unknown() -> Refusal {
    Refusal::new(404, "user not found")
}

fn check_email(email: &str) -> Result<(), Refusal> {
    if !email.is_ascii() {
        return Err(Refusal::new(400, "email: must contain ASCII characters only."));
    }
    if email.len() > 256 {
        return Err(Refusal::new(400, "email: the length must be no more than 256."));
    }
    let valid = email
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'));
    if valid { Ok(()) } else { Err(Refusal::new(400, "email: must be a valid email address.")) }
}

fn check_password(password: &str, email: &str) -> Result<(), Refusal> {
    if !password.is_ascii() {
        return Err(Refusal::new(400, "password: must contain ASCII characters only."));
    }
    if password.len() > 256 {
        return Err(Refusal::new(400, "password: the length must be no more than 256."));
    }
    if password.len() < 8 {
        return Err(Refusal::new(422, "password: must be minimum 8 characters long"));
    }
    if email.to_lowercase().contains(&password.to_lowercase()) {
        return Err(Refusal::new(422, "password is too similar to the email"));
    }
    // The hash behind it takes no more.
    if password.len() > 72 {
        return Err(Refusal::new(500, "internal error"));
    }
    Ok(())
}

fn check_free(data: &Data, email: &str, own: &str) -> Result<(), Refusal> {
    if data.users.iter().any(|user| user.email == email && user.id != own) {
        return Err(Refusal::new(422, "user with a given email already exists"));
    }
    Ok(())
}
