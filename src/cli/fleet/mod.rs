//! Naming devices, selecting them, and working on many: what all commands on devices share.

pub mod bulk;
pub mod filter;
mod names;
mod row;
mod selection;
mod split;
mod version;

pub use self::filter::{Attribute, Condition, HELP};
pub use self::names::{Names, Target, by_device_id};
pub use self::row::{Columns, Row, Wanted, pairs, text};
pub use self::selection::{Query, SelectionArgs, TargetArgs};
