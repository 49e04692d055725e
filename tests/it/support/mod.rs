//! What tests need: a home of their own, the program run in it, a terminal to look at.

pub mod fleet;
pub mod home;
pub mod requests;
pub mod tame;
#[cfg(unix)]
pub mod terminal;
pub mod threads;

pub use fleet::Fleet;
pub use home::{Home, logged_in};
pub use requests::changes;
pub use threads::several_at_once;
