//! Tokens: Ed25519-signed JWTs with the claims of the real server.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::answer::Refusal;

/// The key of one sandbox.
#[derive(Debug)]
pub(crate) struct Signer(Ed25519KeyPair);

/// What the sandbox needs of a token's claims.
#[derive(Debug)]
pub(crate) struct Claims {
    pub(crate) jti: String,
    pub(crate) sub: String,
    pub(crate) exp: Option<i64>,
}

impl Signer {
    pub(crate) fn generate() -> Signer {
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random numbers for the key");
        Signer(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("the key just made"))
    }

    pub(crate) fn sign(&self, claims: &Claims, issued: Timestamp) -> String {
        let mut body = json!({
            "jti": claims.jti, "sub": claims.sub, "iss": "mender.useradm", "scp": "mender.*", "mender.user": true,
            "iat": issued.as_second(), "nbf": issued.as_second(),
        });
        if let Some(exp) = claims.exp {
            body["exp"] = exp.into();
        }
        self.signed(&body)
    }

    /// A device's token: named after the authentication set that it was issued for.
    pub(crate) fn sign_for_device(
        &self,
        set: &str,
        device: &str,
        issued: Timestamp,
        expires: Timestamp,
    ) -> String {
        self.signed(&json!({
            "jti": set, "sub": device, "iss": "Mender", "mender.device": true,
            "iat": issued.as_second(), "nbf": issued.as_second(), "exp": expires.as_second(),
        }))
    }

    fn signed(&self, body: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message =
            format!("{}.{}", encode(&json!({"alg": "EdDSA", "typ": "JWT", "kid": 0})), encode(body));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Reads a token and checks signature and expiry; whether it is still known is not looked at here.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, Refusal> {
        let unreadable = |text: String| Refusal::new(401, format!("identity: {text}")).challenge();
        let parts: Vec<&str> = token.split('.').collect();
        let &[header, body, signature] = parts.as_slice() else {
            return Err(unreadable("incorrect token format".into()));
        };
        let decoded = URL_SAFE_NO_PAD.decode(body).map_err(|_| {
            let at = body.len() - body.len() % 4;
            unreadable(format!("failed to decode base64 JWT claims: illegal base64 data at input byte {at}"))
        })?;
        let claims: Value = serde_json::from_slice(&decoded)
            .map_err(|_| unreadable("failed to decode JSON JWT claims: invalid character".into()))?;

        let invalid = || Refusal::new(401, "invalid jwt");
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| invalid())?;
        let message = format!("{header}.{body}");
        UnparsedPublicKey::new(&ED25519, self.0.public_key().as_ref())
            .verify(message.as_bytes(), &signature)
            .map_err(|_| invalid())?;
        let text = |name: &str| claims[name].as_str().map(str::to_string).ok_or_else(invalid);
        let claims = Claims { jti: text("jti")?, sub: text("sub")?, exp: claims["exp"].as_i64() };
        if claims.exp.is_some_and(|exp| exp <= now.as_second()) {
            return Err(invalid());
        }
        Ok(claims)
    }
}
