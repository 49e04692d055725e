//! A Mender server in memory, on loopback: for tests, for benchmarks and for trying things out.
//!
//! [`Sandbox::start`] gives a server of its own with its own data. Contents of Artifacts lie in a temporary folder,
//! everything else is kept in memory; both go away when the [`Sandbox`] is dropped. Any number of them can run in one
//! process.
//!
//! ```
//! let server = sandbox::Sandbox::start();
//! let artifact = sandbox::artifact::Artifact::new("release-1").device_type("qemu").file("f.txt", b"hello").build();
//! let id = server.add_artifact(&artifact);
//! assert_eq!(server.artifact_content(&id), artifact);
//! ```

mod accounts;
mod answer;
pub mod artifact;
mod call;
mod deployments;
mod devauth;
mod deviceconfig;
mod deviceconnect;
mod digest;
mod faults;
mod fleet;
mod gojson;
mod inventory;
mod jwt;
mod limiter;
mod paging;
mod random;
mod recorder;
mod routes;
mod sandbox;
mod server;
mod simulation;
mod state;
mod storage;
mod tls;
mod useradm;
mod wire;
mod words;

pub use accounts::{Account, SSO, TWO_FACTOR};
pub use devauth::{AuthSet, Device};
pub use faults::Fault;
pub use recorder::Recorded;
pub use sandbox::{Builder, Expiry, Sandbox};
pub use server::Server;
pub use simulation::Simulation;
