//! The handle to a running sandbox.

mod deployments;
mod devices;
mod inventory;
mod simulation;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::accounts::{ADMIN, SSO, TWO_FACTOR};
use crate::faults::Fault;
use crate::limiter::RateLimit;
use crate::recorder::Recorded;
use crate::routes;
use crate::server::{Server, listen};
use crate::state::{Settings, State};
use crate::tls;
use crate::useradm::{self, User};

/// A running sandbox. It stops, and its files go, when this is dropped.
pub struct Sandbox {
    state: Arc<State>,
    runtime: Option<Runtime>,
    simulation: Mutex<Option<AbortHandle>>,
    _folder: TempDir,
    url: String,
    https_url: String,
    direct_url: String,
    storage_url: String,
    ca_pem: String,
    ca_file: PathBuf,
}

/// Decides how a sandbox is started.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    settings: Settings,
    ports: [u16; 4],
    fleet: Option<(usize, u64)>,
}

impl Builder {
    /// Whether what the real server silently ignores is refused: superfluous parameters, fields and parts, wrong
    /// order of parts, and the like. On by default.
    pub fn strict(mut self, strict: bool) -> Builder {
        self.settings.strict = strict;
        self
    }

    /// Whether the main address knows direct upload too. Off by default; [`Sandbox::direct_url`] always does.
    pub fn direct_upload(mut self, on: bool) -> Builder {
        self.settings.direct_upload = on;
        self
    }

    /// Whether it knows saved filters, deployments by filter, phases, retries and the limit of devices, as far as
    /// Mender Enterprise documents them. Off by default. Nothing comes of phases and retries: they are shown.
    pub fn enterprise(mut self, on: bool) -> Builder {
        self.settings.enterprise = on;
        self
    }

    /// Whether [`TWO_FACTOR`] and [`SSO`] exist. On by default.
    pub fn extra_accounts(mut self, on: bool) -> Builder {
        self.settings.extra_accounts = on;
        self
    }

    /// How long login tokens are valid: a week by default.
    pub fn jwt_lifetime(mut self, lifetime: Duration) -> Builder {
        self.settings.jwt_lifetime = lifetime;
        self
    }

    /// How long download links are valid: 15 minutes by default.
    pub fn link_lifetime(mut self, lifetime: Duration) -> Builder {
        self.settings.link_lifetime = lifetime;
        self
    }

    /// How many personal access tokens a user may have: 10 by default, 0 for any number.
    pub fn token_limit(mut self, limit: usize) -> Builder {
        self.settings.token_limit = limit;
        self
    }

    /// How many login tokens of a user are kept: 10 by default, 0 for any number.
    pub fn session_limit(mut self, limit: usize) -> Builder {
        self.settings.session_limit = limit;
        self
    }

    /// How large an upload may be: 10 GiB by default.
    pub fn max_artifact_size(mut self, bytes: u64) -> Builder {
        self.settings.max_artifact_size = bytes;
        self
    }

    /// Lets each user ask so many times in each window, and refuses the rest with 429: any number by default. Logins
    /// are not counted.
    pub fn rate_limit(mut self, requests: u64, window: Duration) -> Builder {
        self.settings.rate_limit = Some(RateLimit { requests, window });
        self
    }

    /// Leaves out a service, by its name in paths, as an older or smaller server does.
    ///
    /// # Panics
    ///
    /// If there is no service of this name anyway.
    pub fn without_service(mut self, name: &str) -> Builder {
        assert!(routes::has_service(name), "no service {name:?}");
        self.settings.lacking.push(name.into());
        self
    }

    /// Whether requests are kept for [`Sandbox::requests`]. On by default; who serves for days turns it off.
    pub fn record(mut self, on: bool) -> Builder {
        self.settings.records = on;
        self
    }

    /// Fixed ports: https at this one, then http, direct upload and the storage at the next three. Any free ones by
    /// default.
    pub fn port(mut self, first: u16) -> Builder {
        self.ports = [0, 1, 2, 3].map(|offset| first.saturating_add(offset));
        self
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// If it cannot be started: a test has nothing better to do about it.
    pub fn start(self) -> Sandbox {
        self.try_start().unwrap_or_else(|error| panic!("the sandbox cannot be started: {error}"))
    }

    /// Starts it, or says why not.
    ///
    /// # Errors
    ///
    /// When a port is taken or the temporary folder cannot be made.
    pub fn try_start(self) -> Result<Sandbox, Box<dyn std::error::Error + Send + Sync>> {
        // A thread of its own, as the caller may be inside another runtime.
        std::thread::spawn(move || self.build()).join().map_err(|_| "its start panicked")?
    }

    fn build(self) -> Result<Sandbox, Box<dyn std::error::Error + Send + Sync>> {
        let folder = tempfile::Builder::new().prefix("mender-sandbox-").tempdir()?;
        for name in ["objects", "incoming"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let tls = tls::generate().map_err(|error| error.to_string())?;
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, &tls.ca_pem)?;

        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()?;
        let [https, api, direct, storage] =
            self.ports.map(|port| runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port))));
        let (https, api, direct, storage) = (https?, api?, direct?, storage?);
        let http_url = |address: SocketAddr| format!("http://{address}");
        let storage_url = http_url(storage.local_addr()?);
        let mut sandbox = Sandbox {
            url: http_url(api.local_addr()?),
            https_url: format!("https://localhost:{}", https.local_addr()?.port()),
            direct_url: http_url(direct.local_addr()?),
            state: Arc::new(State::new(self.settings, folder.path(), &storage_url)),
            storage_url,
            runtime: None,
            simulation: Mutex::default(),
            ca_pem: tls.ca_pem,
            ca_file,
            _folder: folder,
        };
        sandbox.add_accounts();
        if let Some((count, seed)) = self.fleet {
            sandbox.add_fleet(count, seed);
        }
        let state = &sandbox.state;
        // `localhost` may mean the other address family first; it is fine if there is none.
        let port = https.local_addr()?.port();
        if let Ok(second) = runtime.block_on(TcpListener::bind((std::net::Ipv6Addr::LOCALHOST, port))) {
            runtime.spawn(listen(
                second,
                Some(TlsAcceptor::from(tls.config.clone())),
                state.clone(),
                Server::Api,
            ));
        }
        runtime.spawn(listen(https, Some(TlsAcceptor::from(tls.config)), state.clone(), Server::Api));
        runtime.spawn(listen(api, None, state.clone(), Server::Api));
        runtime.spawn(listen(direct, None, state.clone(), Server::Direct));
        runtime.spawn(listen(storage, None, state.clone(), Server::Storage));
        sandbox.runtime = Some(runtime);
        Ok(sandbox)
    }
}

impl Sandbox {
    /// A sandbox of its own with the defaults.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start() -> Sandbox {
        Builder::default().start()
    }

    /// A sandbox with other settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn add_accounts(&self) {
        let mut data = self.state.data();
        User::add(&mut data, ADMIN.email, ADMIN.password);
        if self.state.settings.extra_accounts {
            User::add(&mut data, TWO_FACTOR.email, TWO_FACTOR.password);
            User::add(&mut data, SSO.email, SSO.password);
        }
    }

    /// The main address over http.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The main address over https, with a certificate of [`Sandbox::ca_file`].
    pub fn https_url(&self) -> &str {
        &self.https_url
    }

    /// The same data with direct upload on, over http.
    pub fn direct_url(&self) -> &str {
        &self.direct_url
    }

    /// The object storage, where presigned links lead.
    pub fn storage_url(&self) -> &str {
        &self.storage_url
    }

    /// The certificate authority, a PEM file.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The certificate authority, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The address that the administrator logs in with.
    pub fn username(&self) -> &str {
        ADMIN.email
    }

    /// The administrator's password.
    pub fn password(&self) -> &str {
        ADMIN.password
    }

    fn admin(&self) -> String {
        let data = self.state.data();
        let admin = data.users.iter().find(|user| user.email == ADMIN.email);
        admin.map(|user| user.id.clone()).expect("the administrator was deleted")
    }

    fn mint(&self, expires: Option<Timestamp>) -> String {
        let admin = self.admin();
        let mut data = self.state.data();
        // What is expired was issued before that.
        let now = data.tick().min(expires.unwrap_or(Timestamp::MAX));
        useradm::issue(&self.state, &mut data, &admin, None, now, expires)
    }

    /// A login token of the administrator, made without a request.
    pub fn login(&self) -> String {
        self.mint(Some(Timestamp::now() + self.state.settings.jwt_lifetime))
    }

    /// The same with an expiry of its own: a [`Duration`] from now, or a [`SystemTime`].
    pub fn login_expiring(&self, expiry: impl Into<Expiry>) -> String {
        self.mint(Some(expiry.into().0))
    }

    /// The same, expired an hour ago.
    pub fn expired_token(&self) -> String {
        self.mint(Some(Timestamp::now() - Duration::from_hours(1)))
    }

    /// A personal access token of the administrator; without a lifetime it never expires.
    ///
    /// # Panics
    ///
    /// If the name is taken or there are too many.
    pub fn create_token(&self, name: &str, lifetime: Option<Duration>) -> String {
        let admin = self.admin();
        let mut data = self.state.data();
        useradm::create_named(&self.state, &mut data, &admin, name.into(), lifetime)
            .unwrap_or_else(|refusal| panic!("no token: {refusal:?}"))
    }

    /// Names of the administrator's personal access tokens, in order of creation.
    pub fn token_names(&self) -> Vec<String> {
        let admin = self.admin();
        let data = self.state.data();
        let own = data.tokens.iter().filter(|token| token.user == admin);
        own.filter_map(|token| token.name.clone()).collect()
    }

    /// Saves one of the tenant's settings, which everybody sees; the others stay.
    pub fn set_tenant_setting(&self, key: &str, value: Value) {
        useradm::set_tenant_setting(&mut self.state.data(), key, value);
    }

    /// All requests so far, in order of their arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.recorder.all()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.state.recorder.clear();
    }

    /// Adds a misbehaviour. Earlier ones come first.
    pub fn fault(&self, fault: Fault) {
        self.state.faults.add(fault);
    }

    /// Behaves again.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sandbox").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A thread of its own, as the caller may be inside another runtime.
            let stopped = std::thread::spawn(move || runtime.shutdown_timeout(Duration::from_secs(2)));
            let _ = stopped.join();
        }
    }
}

/// When a token expires.
#[derive(Debug, Clone, Copy)]
pub struct Expiry(Timestamp);

impl From<Duration> for Expiry {
    fn from(from_now: Duration) -> Expiry {
        Expiry(Timestamp::now() + from_now)
    }
}

impl From<SystemTime> for Expiry {
    fn from(at: SystemTime) -> Expiry {
        Expiry(Timestamp::try_from(at).expect("a time that can be written"))
    }
}
