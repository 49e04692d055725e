//! Naming devices, selecting them, and working on many: what all commands on devices share.

pub mod bulk;
mod columns;
mod file;
mod filter;
mod names;
mod query;
mod row;
mod selection;
mod split;
mod targets;
mod version;

pub use self::columns::{Columns, Wanted};
pub use self::filter::{Attribute, Condition, HELP};
pub use self::names::{Names, Target, by_device_id};
pub use self::query::Query;
pub use self::row::{Row, pairs, text};
pub use self::selection::SelectionArgs;
pub use self::targets::TargetArgs;
