//! A typed client for the management API of a [Mender](https://mender.io) server, and the
//! `.mender` Artifact format.
//!
//! The library neither prints nor asks, and reads no configuration and no environment: all it knows is handed to
//! it. Of its own accord it opens only the system's bundle of certificate authorities. The program `mender-cli` is a user of this public interface.
//!
//! ```no_run
//! # async fn example() -> Result<(), mender::Error> {
//! use mender::{Client, Login};
//!
//! let server = Client::builder("https://hosted.mender.io")?.build()?;
//! let Login::Token(token) = server.login("user@example.com", "a password", None).await? else {
//!     panic!("this account logs in by single sign-on");
//! };
//! let client = server.with_token(token);
//! let artifacts = client.artifacts();
//! let mut pages = artifacts.list(&mender::artifacts::Filter::default());
//! while let Some(page) = pages.next_page().await? {
//!     for artifact in page.items {
//!         println!("{} {}", artifact.id, artifact.name);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! `cli` and `jq` (on by default) bring what the program needs; a program that wants the library alone
//! turns them off with `default-features = false`.

#![warn(clippy::missing_errors_doc)]

pub mod artifact;
mod client;
mod digest;

pub use client::{
    Anonymous, Client, ClientBuilder, Limits, Preferences, Trust, artifacts, configuration, connection,
    deployments, devices,
    error::{Error, Result},
    fault::ConnectionFault,
    inventory,
    login::Login,
    page::{LARGEST_PAGE, Page, Pages},
    raw,
    refusal::Refusal,
    releases,
    request::RequestLine,
    token::{Claims, Token},
    tokens,
    transfer::{Progress, Silent, Source},
    url::{NotAnId, ServerUrl, ServerUrlError},
    users,
};
