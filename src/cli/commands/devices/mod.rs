//! `devices`: the noun.

mod attributes;
mod configuration;
mod count;
mod decide;
mod decommission;
mod key;
mod list;
mod official;
mod orders;
mod patience;
mod preauthorize;
mod show;
mod tags;
mod wait;

use clap::{Args, Subcommand};

use self::decide::Verdict;
use self::orders::Deed;
use super::{Tree, help_of};
use crate::cli::context::Context;
use crate::cli::error::Result;

/// Devices.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List devices
    List(list::ListArgs),
    /// Count devices, also by the values of an attribute
    Count(count::CountArgs),
    /// Show all that is known of a device
    Show(show::ShowArgs),
    /// Wait until a device is as wanted
    Wait(wait::WaitArgs),
    /// Let devices in; --all means all that wait for a decision
    Accept(decide::DecideArgs),
    /// Keep devices out; --all means all that wait for a decision
    Reject(decide::DecideArgs),
    /// Forget requests to be let in; --all means all that wait for a decision
    Dismiss(decide::DecideArgs),
    /// Remove devices and all that is known of them
    Decommission(decommission::DecommissionArgs),
    /// Let devices in before they come
    Preauthorize(preauthorize::PreauthorizeArgs),
    /// The tags of a device
    Tags(tags::TagsArgs),
    /// The attributes that the server knows of its devices
    Attributes(attributes::AttributesArgs),
    /// The configuration of a device
    Configuration(configuration::ConfigurationArgs),
    /// End the tokens of devices: they have to authenticate again
    RevokeToken(orders::OrderArgs),
    /// Make connected devices look for an update now
    CheckUpdate(orders::OrderArgs),
    /// Make connected devices report their inventory now
    SendInventory(orders::OrderArgs),
}

pub async fn run(args: DevicesArgs, ctx: &Context, tree: Tree) -> Result<()> {
    match args.verb {
        None => ctx.out().help(&help_of(tree, &["devices"])),
        Some(Verb::List(args)) => list::run(args, ctx).await,
        Some(Verb::Count(args)) => count::run(args, ctx).await,
        Some(Verb::Show(args)) => show::run(args, ctx).await,
        Some(Verb::Wait(args)) => wait::run(args, ctx).await,
        Some(Verb::Accept(args)) => decide::run(args, Verdict::Accept, ctx).await,
        Some(Verb::Reject(args)) => decide::run(args, Verdict::Reject, ctx).await,
        Some(Verb::Dismiss(args)) => decide::run(args, Verdict::Dismiss, ctx).await,
        Some(Verb::Decommission(args)) => decommission::run(args, ctx).await,
        Some(Verb::Preauthorize(args)) => preauthorize::run(args, ctx).await,
        Some(Verb::Tags(args)) => tags::run(args, ctx, tree).await,
        Some(Verb::Attributes(args)) => attributes::run(args, ctx).await,
        Some(Verb::Configuration(args)) => configuration::run(args, ctx, tree).await,
        Some(Verb::RevokeToken(args)) => orders::run(args, Deed::RevokeToken, ctx).await,
        Some(Verb::CheckUpdate(args)) => orders::run(args, Deed::CheckUpdate, ctx).await,
        Some(Verb::SendInventory(args)) => orders::run(args, Deed::SendInventory, ctx).await,
    }
}
