//! Public keys: PEM around a SubjectPublicKeyInfo, of the three kinds that devices use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const OBJECT: u8 = 0x06;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Curves with the length of a coordinate.
const CURVES: [(&[u8], usize); 4] = [
    (&[0x2b, 0x81, 0x04, 0x00, 0x21], 28),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], 32),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], 48),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], 66),
];

/// The key as the server keeps it, encoded anew; nothing if it cannot be read.
pub(crate) fn normalized(pem: &str) -> Option<String> {
    let start = pem.find("-----BEGIN ")?;
    let (body, _) = pem[start..].strip_prefix(BEGIN)?.split_once(END)?;
    let compact: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(compact).ok()?;
    is_key(&der)?.then(|| encode(&der))
}

/// PEM with 64 characters a line.
pub(crate) fn encode(der: &[u8]) -> String {
    let mut pem = format!("{BEGIN}\n");
    let mut rest = STANDARD.encode(der);
    while !rest.is_empty() {
        let next = rest.split_off(rest.len().min(64));
        pem.push_str(&rest);
        pem.push('\n');
        rest = next;
    }
    pem + END + "\n"
}

fn is_key(der: &[u8]) -> Option<bool> {
    let (outer, behind) = element(der, SEQUENCE)?;
    let (algorithm, rest) = element(outer, SEQUENCE)?;
    let (bits, inner_behind) = element(rest, BIT_STRING)?;
    let (kind, parameters) = element(algorithm, OBJECT)?;
    // A whole number of bytes.
    let key = bits.strip_prefix(&[0])?;
    if !behind.is_empty() || !inner_behind.is_empty() {
        return None;
    }
    Some(match kind {
        RSA => element(parameters, NULL).is_some() && is_rsa(key).is_some(),
        ELLIPTIC => {
            let (curve, _) = element(parameters, OBJECT)?;
            let (_, length) = CURVES.iter().find(|(known, _)| *known == curve)?;
            // Uncompressed points only.
            key.first() == Some(&4) && key.len() == 1 + 2 * length
        }
        ED25519 => parameters.is_empty() && key.len() == 32,
        _ => false,
    })
}

fn is_rsa(key: &[u8]) -> Option<()> {
    let (numbers, _) = element(key, SEQUENCE)?;
    let (_modulus, rest) = element(numbers, INTEGER)?;
    let (_exponent, behind) = element(rest, INTEGER)?;
    behind.is_empty().then_some(())
}

/// The content of the first element, if it is of this kind, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, first, rest @ ..] = der else { return None };
    if *found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
