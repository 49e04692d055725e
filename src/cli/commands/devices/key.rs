//! Public keys of devices, read from what people have.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{PemObject as _, SectionKind};

use crate::cli::error::{CliError, Result};
use crate::cli::files;

/// The public key in a file, as the server wants it: PEM of a SubjectPublicKeyInfo. The file may hold a private key or a
/// certificate as well.
///
/// # Errors
///
/// If it cannot be read, or holds no key that devices use.
pub fn read(path: &Path) -> Result<String> {
    let fault = |text: &str| CliError::failed(format!("{}: {text}", path.display()));
    let content = if path == Path::new("-") { files::read_all(std::io::stdin()) } else { files::read(path) };
    let content = content.map_err(|error| fault(&format!("cannot read the key: {error}")))?;
    of(&content).map_err(|text| {
        fault(&text).hint("openssl pkey -in KEY -pubout writes the public key of a private one")
    })
}

/// The public key in PEM text. Of several parts the first that is a key or a certificate counts.
fn of(content: &[u8]) -> Result<String, String> {
    for part in <(SectionKind, Vec<u8>)>::pem_slice_iter(content) {
        let (kind, der) = part.map_err(|error| format!("it is not sound PEM: {error}"))?;
        let spki = match kind {
            SectionKind::PublicKey if is_public_key(&der) => der,
            SectionKind::PublicKey => return Err("its public key is damaged".into()),
            SectionKind::Certificate => of_certificate(&der).ok_or("its certificate is damaged")?.to_vec(),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                of_private(kind, der)?
            }
            _ => continue,
        };
        return Ok(pem(&spki));
    }
    let text = String::from_utf8_lossy(content);
    Err(if text.contains("ENCRYPTED PRIVATE KEY") {
        "its private key is encrypted".into()
    } else if text.contains("-----BEGIN RSA PUBLIC KEY-----") {
        "it is in an old form: openssl rsa -RSAPublicKey_in -in KEY -pubout writes the one that servers take"
            .into()
    } else {
        "it holds no key: a public key, a private key or a certificate in PEM is wanted".into()
    })
}

fn of_private(kind: SectionKind, der: Vec<u8>) -> Result<Vec<u8>, String> {
    let key = match kind {
        SectionKind::RsaPrivateKey => PrivateKeyDer::Pkcs1(der.into()),
        SectionKind::EcPrivateKey => PrivateKeyDer::Sec1(der.into()),
        _ => PrivateKeyDer::Pkcs8(der.into()),
    };
    let key = rustls::crypto::ring::sign::any_supported_type(&key)
        .map_err(|_| "its private key is damaged, or of a kind that is not known here")?;
    Ok(key.public_key().ok_or("its private key does not tell the public one")?.as_ref().to_vec())
}

/// The parts of a DER value: tag, content, and what follows.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (length, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(it, _)| it.len() <= 4)?;
        (length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// Whether it is a sequence of an algorithm and a key, and nothing else.
fn is_public_key(spki: &[u8]) -> bool {
    let Some((SEQUENCE, content, [])) = der(spki) else { return false };
    let Some((SEQUENCE, _, rest)) = der(content) else { return false };
    matches!(der(rest), Some((BIT_STRING, _, [])))
}

/// The key in an X.509 certificate: after version, serial number, algorithm, issuer, validity and subject.
fn of_certificate(certificate: &[u8]) -> Option<&[u8]> {
    const VERSION: u8 = 0xa0;
    let (SEQUENCE, content, _) = der(certificate)? else { return None };
    let (SEQUENCE, mut rest, _) = der(content)? else { return None };
    let before = if rest.first() == Some(&VERSION) { 6 } else { 5 };
    for _ in 0..before {
        rest = der(rest)?.2;
    }
    let (_, _, after) = der(rest)?;
    let spki = &rest[..rest.len() - after.len()];
    is_public_key(spki).then_some(spki)
}

fn pem(spki: &[u8]) -> String {
    let mut text = String::from("-----BEGIN PUBLIC KEY-----\n");
    let encoded = STANDARD.encode(spki);
    for start in (0..encoded.len()).step_by(64) {
        text.push_str(&encoded[start..encoded.len().min(start + 64)]);
        text.push('\n');
    }
    text.push_str("-----END PUBLIC KEY-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_is_read_within_its_bounds() {
        assert_eq!(der(&[0x30, 1, 7, 9]), Some((0x30, &[7][..], &[9][..])));
        assert_eq!(der(&[0x30, 0x81, 1, 7]), Some((0x30, &[7][..], &[][..])));
        for damaged in [
            &[][..],
            &[0x30],
            &[0x30, 2, 7],
            &[0x30, 0x84, 1],
            &[0x30, 0xff, 1],
            &[0x30, 0x84, 255, 255, 255, 255],
        ] {
            assert_eq!(der(damaged), None, "{damaged:?}");
        }
    }

    #[test]
    fn what_holds_no_key_is_told_apart() {
        for (content, reason) in [
            ("", "holds no key"),
            ("-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", "damaged"),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "damaged"),
            ("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "damaged"),
            (
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "encrypted",
            ),
            ("-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n", "old form"),
            ("-----BEGIN PUBLIC KEY-----\n", "PEM"),
        ] {
            let error = of(content.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{content}: {error}");
        }
    }
}
