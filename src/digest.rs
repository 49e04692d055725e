//! SHA-256 as it is written in manifests and compared elsewhere: in lower-case hexadecimal.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
