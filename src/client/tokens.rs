//! Personal access tokens of the user that the client speaks for.

use serde::{Deserialize, Serialize};

use super::error::Result;
use super::http::Transport;
use super::token::Token;
use super::url::segment;

/// The longest life that a server grants unless it was set up otherwise: a year, in seconds.
pub const LONGEST_LIFE: u64 = 31_536_000;

/// A personal access token as it is listed. The token itself is shown by the server only once, when it is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PersonalToken {
    /// Its id; the `jti` of its claims.
    pub id: String,
    /// Its name, unique among those of its user.
    pub name: String,
    /// When it was made (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ts: Option<String>,
    /// When it was used, up to five minutes late; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    /// When it ends; absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<String>,
}

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    expires_in: u64,
}

/// The calls. See [`Client::tokens`](crate::Client::tokens).
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'c>(&'c Transport);

const PATH: [&str; 6] = ["api", "management", "v1", "useradm", "settings", "tokens"];

impl<'c> Tokens<'c> {
    pub(super) fn new(transport: &'c Transport) -> Self {
        Tokens(transport)
    }

    /// All of them; the service does not page.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn list(&self) -> Result<Vec<PersonalToken>> {
        self.0.get(&PATH).send().await?.list()
    }

    /// Makes one that ends in `expires_in` seconds; 0 means never.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::Error::Refused): 409 if the name is taken, 422 if there are too many, 400 for what the
    /// server does not like about name or time.
    pub async fn create(&self, name: &str, expires_in: u64) -> Result<Token> {
        let answer = self.0.post(&PATH).json(&New { name, expires_in }).send().await?;
        let text = String::from_utf8_lossy(answer.body());
        Token::new(&text)
            .map_err(|_| answer.unexpected("the server answered with something that is no token".into()))
    }

    /// Ends one. The server says yes to any id, so look in the list first.
    ///
    /// # Errors
    ///
    /// [`Id`](crate::Error::Id) for what cannot be an id.
    pub async fn revoke(&self, id: &str) -> Result<()> {
        let path: Vec<&str> = PATH.into_iter().chain([segment(id)?]).collect();
        self.0.delete(&path).send().await?;
        Ok(())
    }
}
