//! In place of jq filters in a build without them.

use super::error::{CliError, Result};

const LACKING: &str = "this build of mender-cli has no jq filters (feature \"jq\")";

pub const STACK: usize = 0;

/// A filter that nobody can make.
#[derive(Clone, Debug)]
pub struct Filter(());

/// What no filter finds.
#[expect(dead_code, reason = "nothing is found here")]
pub enum Found {
    Text(String),
    Json(String),
}

impl Filter {
    /// Says that there are none.
    pub fn compile(_: &str) -> Result<Self, String> {
        Err(LACKING.into())
    }

    pub fn run(&self, _: &[u8], _: impl FnMut(Found) -> Result<()>) -> Result<()> {
        Err(CliError::failed(LACKING))
    }
}
