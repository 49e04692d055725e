//! A token: a secret that tells a little about itself.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::error::Error;
use crate::digest::sha256_hex;

/// A token for the management API: of a login, a personal access token, or one copied from the web page.
///
/// Its `Debug` form does not show it.
#[derive(Clone)]
pub struct Token(SecretString);

/// What a token says about itself. It is not verified: for show only, never for a decision about trust.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// Id of the token; of a personal access token also its id in the list of tokens.
    #[serde(default)]
    pub jti: Option<String>,
    /// Id of the user.
    #[serde(default)]
    pub sub: Option<String>,
    /// When it was issued, in seconds since 1970.
    #[serde(default)]
    pub iat: Option<i64>,
    /// When it ends, in seconds since 1970. Absent: never.
    #[serde(default)]
    pub exp: Option<i64>,
    /// Id of the tenant, on Enterprise and Hosted Mender.
    #[serde(default, rename = "mender.tenant")]
    pub tenant: Option<String>,
    /// Plan of the tenant when it was issued.
    #[serde(default, rename = "mender.plan")]
    pub plan: Option<String>,
}

/// Tokens come without padding, but some tools add it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Token {
    /// Takes a token as it stands in a file or variable: white space around it is not part of it.
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if it is empty or could not stand in a header.
    pub fn new(text: &str) -> Result<Self, Error> {
        // Some copy all of the header.
        let text = text.trim();
        let text = text.strip_prefix("Bearer ").map_or(text, str::trim_start);
        if text.is_empty() {
            return Err(Error::Token("it is empty"));
        }
        if text.chars().any(char::is_whitespace) {
            return Err(Error::Token("it holds white space"));
        }
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Error::Token("it holds characters that no token has"));
        }
        Ok(Token(SecretString::from(text)))
    }

    /// The token itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What it says about itself; nothing if it is no JSON Web Token.
    pub fn claims(&self) -> Option<Claims> {
        let mut parts = self.expose().split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        serde_json::from_slice(&BASE64.decode(payload).ok()?).ok()
    }

    /// A digest that tells whether two tokens are the same and nothing else (SHA-256, hex).
    pub fn digest(&self) -> String {
        sha256_hex(self.expose().as_bytes())
    }

    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.expose()))
            .expect("checked when the token was made");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"jti":"t1","sub":"u1","exp":2000000000,"mender.plan":"os"}`
    const PAYLOAD: &str = "eyJqdGkiOiJ0MSIsInN1YiI6InUxIiwiZXhwIjoyMDAwMDAwMDAwLCJtZW5kZXIucGxhbiI6Im9zIn0";

    #[test]
    fn claims_are_read_with_and_without_padding() {
        for payload in [PAYLOAD.to_owned(), format!("{PAYLOAD}=")] {
            let claims = Token::new(&format!("e30.{payload}.sig")).unwrap().claims().unwrap();
            assert_eq!(claims.jti.as_deref(), Some("t1"));
            assert_eq!(claims.exp, Some(2_000_000_000));
            assert_eq!(claims.plan.as_deref(), Some("os"));
        }
    }

    #[test]
    fn a_token_that_is_no_jwt_has_no_claims() {
        for text in ["opaque", "a.b", "a.b.c.d", "a.!!.c"] {
            assert_eq!(Token::new(text).unwrap().claims(), None, "{text}");
        }
    }

    #[test]
    fn white_space_around_is_dropped_and_inside_refused() {
        assert_eq!(Token::new(" abc\r\n").unwrap().expose(), "abc");
        assert_eq!(Token::new("Bearer abc").unwrap().expose(), "abc");
        for text in ["", " \n", "a b", "a\nb", "a\u{7f}b", "tökn"] {
            assert!(Token::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn debug_and_digest_do_not_show_it() {
        let token = Token::new("geheim").unwrap();
        assert!(!format!("{token:?} {:?}", token.header()).contains("geheim"));
        assert_eq!(token.digest().len(), 64);
        assert_ne!(token.digest(), Token::new("geheim2").unwrap().digest());
    }
}
