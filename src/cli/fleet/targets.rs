//! The devices that a command is for: named, or selected.

use clap::Args;
use mender::inventory::{self, AttributeName, Scope};

use super::file::Missing;
use super::row::Row;
use super::selection::SelectionArgs;
use super::{Fleet, Target};
use crate::cli::error::{CliError, Result};

/// A device by name.
#[derive(Clone, Debug, Args)]
pub struct DeviceArg {
    /// Id or its beginning, name, or attribute=value
    #[arg(value_name = "DEVICE")]
    pub device: String,
}

/// Devices by name, or a selection.
#[derive(Clone, Debug, Default, Args)]
pub struct TargetArgs {
    /// Devices: id or its beginning, name, or attribute=value
    #[arg(value_name = "DEVICE")]
    pub devices: Vec<String>,

    /// All devices
    #[arg(long, conflicts_with = "devices")]
    pub all: bool,

    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// The devices that a command is for.
pub struct Targets {
    pub list: Vec<Target>,
    pub chosen: Chosen,
}

/// A device to work on, and what the inventory says of it.
pub struct Known {
    pub target: Target,
    /// Nothing if the inventory does not know it yet.
    pub device: Option<inventory::Device>,
}

/// How devices came to be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Each was named.
    Named,
    /// By a selection; how it reads.
    Selected(String),
}

impl TargetArgs {
    /// Whether each device was named.
    pub fn are_named(&self) -> bool {
        !self.devices.is_empty()
    }

    /// That the line is for some devices, and says so in one way.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn check(&self) -> Result<()> {
        match (self.are_named(), self.selection.is_empty(), self.all) {
            (true, false, _) => Err(CliError::usage("either name devices or select them, not both")),
            (false, true, false) => Err(CliError::usage("no device is named or selected").hint(
                "name devices, select them with --filter, --group, --status and the like, or take --all",
            )),
            _ => Ok(()),
        }
    }

    /// Finds them, with so many requests at once.
    ///
    /// # Errors
    ///
    /// If the line is for none, or a name means none or several.
    pub async fn find(&self, fleet: &Fleet<'_>, at_once: usize) -> Result<Targets> {
        self.find_or(fleet, at_once, Missing::Fails).await
    }

    /// The same, for work after which devices are gone: what a file names and nobody has is done with.
    ///
    /// # Errors
    ///
    /// As [`TargetArgs::find`].
    pub async fn find_what_is_left(&self, fleet: &Fleet<'_>, at_once: usize) -> Result<Targets> {
        self.find_or(fleet, at_once, Missing::IsFine).await
    }

    /// Finds them with what the inventory says of these attributes. A device that it does not know yet has none.
    ///
    /// # Errors
    ///
    /// As [`TargetArgs::find`].
    pub async fn find_known(
        &self,
        fleet: &Fleet<'_>,
        at_once: usize,
        wanted: &[AttributeName],
    ) -> Result<(Vec<Known>, Chosen)> {
        self.check()?;
        if let Some(Targets { list, chosen }) = self.listed(fleet, Missing::Fails).await? {
            return Ok((fleet.known_of(list, wanted, at_once).await?, chosen));
        }
        let (found, naming, chosen) = self.searched(fleet, at_once, Missing::Fails, wanted).await?;
        let known = |device: inventory::Device| Known {
            target: Row::of(device.clone(), naming.as_ref()).into(),
            device: Some(device),
        };
        Ok((found.into_iter().map(known).collect(), chosen))
    }

    async fn find_or(&self, fleet: &Fleet<'_>, at_once: usize, missing: Missing) -> Result<Targets> {
        self.check()?;
        if let Some(targets) = self.listed(fleet, missing).await? {
            return Ok(targets);
        }
        let (found, naming, chosen) = self.searched(fleet, at_once, missing, &[]).await?;
        let list = found.into_iter().map(|device| Row::of(device, naming.as_ref()).into()).collect();
        Ok(Targets { list, chosen })
    }

    /// Those that the line or a file names; `None` if it takes a search to find them.
    async fn listed(&self, fleet: &Fleet<'_>, missing: Missing) -> Result<Option<Targets>> {
        if self.are_named() {
            return Ok(Some(Targets { list: fleet.all(&self.devices).await?, chosen: Chosen::Named }));
        }
        // Whom a file names needs no search, which might not know the newest devices yet.
        let Some(file) = self.selection.only_file() else { return Ok(None) };
        let list = fleet.in_file(file, missing).await?;
        let chosen = Chosen::Selected(format!("the list in {}", file.display()));
        Ok(Some(Targets { list, chosen }))
    }

    async fn searched(
        &self,
        fleet: &Fleet<'_>,
        at_once: usize,
        missing: Missing,
        wanted: &[AttributeName],
    ) -> Result<(Vec<inventory::Device>, Option<AttributeName>, Chosen)> {
        let mut query = self.selection.query(fleet, missing).await?;
        let naming = fleet.attribute().await.cloned();
        let mut attributes =
            vec![AttributeName::new(Scope::Identity, "status"), AttributeName::new(Scope::Tags, "name")];
        attributes.extend(naming.clone());
        // So that people know which devices they are.
        attributes.extend(fleet.in_scopes(&[Scope::Identity]).await.unwrap_or_default());
        attributes.extend(wanted.iter().cloned());
        query.fetch_only(attributes);
        let found = query.run(fleet, at_once).all().await?;
        let how = if self.selection.is_empty() { "--all".into() } else { query.described() };
        Ok((found, naming, Chosen::Selected(how)))
    }
}
