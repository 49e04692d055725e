//! `devices`: beyond the official client's list.

mod bulk;
mod configuration;
mod decide;
mod decommission;
mod orders;
mod preauthorize;
mod recipes;
mod tags;
mod wait;
