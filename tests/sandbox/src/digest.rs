//! SHA-256. By ring, whose code is fast in a debug build too: tests upload a lot.

use ring::digest::{Context, SHA256, digest};

/// A checksum in the making.
pub(crate) struct Sum(Context);

impl Sum {
    pub(crate) fn new() -> Sum {
        Sum(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn hex(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

pub(crate) fn sum_of(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
