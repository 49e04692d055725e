//! What kind of token one is.

use mender::{Client, Token};

/// The kinds of token, as far as they can be told apart: no claim says it, only the server's list of tokens.
pub enum TokenKind {
    PersonalAccess {
        name: String,
    },
    /// Of a login, by password or in the web page.
    Login,
    /// The server does not show the list.
    Unknown,
}

impl TokenKind {
    /// Looks for the token in the list of personal access tokens.
    pub async fn of(client: &Client, token: &Token) -> Result<Self, mender::Error> {
        let listed = match client.tokens().list().await {
            Err(error) if matches!(error.status(), Some(403..=405)) => return Ok(TokenKind::Unknown),
            listed => listed?,
        };
        let Some(id) = token.claims().and_then(|claims| claims.jti) else { return Ok(TokenKind::Unknown) };
        Ok(match listed.into_iter().find(|personal| personal.id == id) {
            Some(personal) => TokenKind::PersonalAccess { name: personal.name },
            None => TokenKind::Login,
        })
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            TokenKind::PersonalAccess { name } => format!("personal access token {name:?}"),
            TokenKind::Login => "login (by password, or copied from the web page)".into(),
            TokenKind::Unknown => "unknown".into(),
        }
    }
}
