//! What tests need: a home of their own, the program run in it, a terminal to look at.

pub mod home;
pub mod requests;
#[cfg(unix)]
pub mod terminal;

pub use home::Home;
pub use requests::changes;
