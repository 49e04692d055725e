//! Users.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::Result;
use super::http::Transport;
use super::url::segment;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Its id.
    pub id: String,
    /// The address that it logs in with, in lower case.
    pub email: String,
    /// When it was made (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ts: Option<String>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_ts: Option<String>,
    /// When it last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_ts: Option<String>,
    /// What other servers tell besides: roles, second factor, tenants.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A change of a user; what is `None` stays.
#[derive(Clone, Default, Serialize)]
pub struct Change<'a> {
    /// The new address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
    /// The new password; only one's own can be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<&'a str>,
    /// The password so far: needed to change one's own address or password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_password: Option<&'a str>,
}

#[derive(Serialize)]
struct New<'a> {
    email: &'a str,
    password: &'a str,
}

/// The calls. See [`Client::users`](crate::Client::users).
#[derive(Clone, Copy, Debug)]
pub struct Users<'c>(&'c Transport);

const PATH: [&str; 5] = ["api", "management", "v1", "useradm", "users"];

impl<'c> Users<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Users(transport)
    }

    /// The user that the token belongs to. Also the cheapest way to try a token.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 401 if the token has ended.
    pub async fn me(&self) -> Result<User> {
        self.get("me").await
    }

    /// One user.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused) with 404 if there is none with that id.
    pub async fn get(&self, id: &str) -> Result<User> {
        self.0.get(&one(id)?).send().await?.json()
    }

    /// All users; the service does not page.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn list(&self) -> Result<Vec<User>> {
        self.0.get(&PATH).send().await?.list()
    }

    /// The user with that address, if there is one.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn find(&self, email: &str) -> Result<Option<User>> {
        let answer = self.0.get(&PATH).query("email", &email.to_lowercase()).send().await?;
        let found: Vec<User> = answer.list()?;
        // A server that passes over the filter would answer with everybody.
        Ok(found.into_iter().find(|user| user.email.eq_ignore_ascii_case(email)))
    }

    /// Makes a user and tells its id.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 400 and 422 for what the server does not like about address or password.
    pub async fn create(&self, email: &str, password: &str) -> Result<String> {
        self.0.post(&PATH).json(&New { email, password }).send().await?.created_id()
    }

    /// Changes a user. **All its tokens end**, but for the one that makes the call.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 400 and 422 for what the server does not like about address or password, a wrong
    /// password so far among it; 404 if there is none with that id.
    pub async fn update(&self, id: &str, change: &Change<'_>) -> Result<()> {
        self.0.put(&one(id)?).json(change).send().await?;
        Ok(())
    }

    /// Removes a user and its tokens. The server says yes to any id, so look first.
    ///
    /// # Errors
    ///
    /// [`Id`](crate::Error::Id) for what cannot be an id.
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.delete(&one(id)?).send().await?;
        Ok(())
    }
}

fn one(id: &str) -> Result<Vec<&str>> {
    Ok(PATH.into_iter().chain([segment(id)?]).collect())
}
