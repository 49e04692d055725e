//! Waiting for the server to be done with a device that is being removed.

use std::time::Duration;

use clap::Args;
use mender::Client;

use crate::cli::error::{CliError, Kind, Result};
use crate::cli::span::some_time;

/// How long to wait for the server.
#[derive(Clone, Copy, Debug, Args)]
pub struct Patience {
    /// Wait no longer than this for a device
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = some_time)]
    timeout: Duration,

    /// Look so often
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    interval: Duration,
}

impl Patience {
    /// Waits until a device that is being removed is gone.
    ///
    /// # Errors
    ///
    /// [`Kind::Timeout`] if it takes too long.
    pub async fn until_gone(self, client: &Client, id: &str) -> Result<()> {
        let waiting = async {
            loop {
                match client.devices().get(id).await {
                    Err(error) if error.status() == Some(404) => return Ok(()),
                    Err(error) => return Err(CliError::from(error)),
                    Ok(_) => tokio::time::sleep(self.interval).await,
                }
            }
        };
        tokio::time::timeout(self.timeout, waiting).await.unwrap_or_else(|_| {
            let text = format!("{id} is not removed after {:?}", self.timeout);
            Err(CliError::new(Kind::Timeout, anyhow::Error::msg(text))
                .hint("the server goes on with it all the same"))
        })
    }
}
