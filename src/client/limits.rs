//! How long to wait for what.

use std::time::Duration;

/// How long to wait. There is none for a transfer as a whole, only for silence.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// For the connection to be made.
    pub connect: Duration,
    /// For an answer to begin, and for any next bytes in either direction.
    pub silence: Duration,
    /// For the answer to an upload after its last byte: the server stores all of it first.
    pub processing: Duration,
    /// Before something that failed is tried again; from time to time longer.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connect: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            processing: Duration::from_secs(30 * 60),
            pause: Duration::from_millis(200),
        }
    }
}
