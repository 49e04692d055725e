//! Login and logout.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::error::{Error, Result};
use super::http::Transport;
use super::token::Token;

/// How a login went, other than being refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum Login {
    /// Done.
    Token(Token),
    /// The account wants the code of its second factor too.
    SecondFactor,
    /// The account logs in through a web browser; there is no token for a password.
    SingleSignOn {
        /// `sso/saml`, `sso/oidc`.
        kind: String,
    },
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token2fa: Option<&'a str>,
}

/// What an account with single sign-on gets in place of a token.
#[derive(Deserialize)]
struct Elsewhere {
    kind: String,
}

pub(super) async fn login(
    transport: &Transport,
    user: &str,
    password: &str,
    code: Option<&str>,
) -> Result<Login> {
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    let mut basic = HeaderValue::from_str(&format!("Basic {credentials}")).expect("base64 is a header value");
    basic.set_sensitive(true);
    let call = transport
        .post(&["api", "management", "v1", "useradm", "auth", "login"])
        .header(AUTHORIZATION, basic)
        .json(&Options { token2fa: code });
    match call.send().await {
        Ok(answer) => read(&answer),
        // The only mark of it is the word in the text (Enterprise; seen in the web interface).
        Err(Error::Refused(refusal))
            if code.is_none()
                && refusal.status == 401
                && refusal.message.as_ref().is_some_and(|text| text.to_lowercase().contains("2fa")) =>
        {
            Ok(Login::SecondFactor)
        }
        Err(error) => Err(error),
    }
}

/// Tells a token from everything else that comes with a 200.
fn read(answer: &Answer) -> Result<Login> {
    let json = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if json && let Ok(Elsewhere { kind }) = serde_json::from_slice(answer.body()) {
        return Ok(Login::SingleSignOn { kind });
    }
    let text = String::from_utf8_lossy(answer.body());
    if text.trim().is_empty() {
        return Err(answer.unexpected("the server answered with no token".into()));
    }
    // The published contract also allows a JSON string.
    let quoted: Option<String> = if json { serde_json::from_slice(answer.body()).ok() } else { None };
    let token = Token::new(quoted.as_deref().unwrap_or(&text)).ok();
    match token.filter(|token| token.claims().is_some()) {
        Some(token) => Ok(Login::Token(token)),
        None => Err(answer.unexpected("the server answered with something that is no token".into())),
    }
}

pub(super) async fn logout(transport: &Transport) -> Result<()> {
    transport.post(&["api", "management", "v1", "useradm", "auth", "logout"]).send().await?;
    Ok(())
}
