//! The management API over HTTP: one file per service area, its types beside its calls.

mod answer;
pub mod artifacts;
pub mod configuration;
pub mod connection;
pub mod deployments;
pub mod devices;
pub(crate) mod error;
pub(crate) mod fault;
mod http;
pub mod inventory;
mod limits;
pub(crate) mod login;
pub(crate) mod page;
mod paging;
mod preferences;
pub mod raw;
pub(crate) mod refusal;
pub mod releases;
pub(crate) mod request;
mod retry;
mod tls;
pub(crate) mod token;
pub mod tokens;
pub(crate) mod transfer;
pub(crate) mod url;
pub mod users;

use self::error::{Error, Result};
use self::http::Transport;
use self::login::Login;
use self::token::Token;
use self::url::ServerUrl;

pub use self::limits::Limits;
pub use self::preferences::Preferences;
pub use self::tls::Trust;

/// Everything that decides how a server is reached.
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    server: ServerUrl,
    user_agent: String,
    trust: Trust,
    limits: Limits,
    system_proxies: bool,
}

impl ClientBuilder {
    /// How the client calls itself.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Whom to trust, and how to show who we are. By default the system's authorities alone.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long to wait for what.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Goes through the proxies that the system names: its settings, `HTTPS_PROXY`, `NO_PROXY` and the like.
    ///
    /// Off by default: the library reads no environment unless told to.
    pub fn system_proxies(mut self, yes: bool) -> Self {
        self.system_proxies = yes;
        self
    }

    /// Makes the client. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Error::Setup`] if a certificate or key cannot be used.
    pub fn build(self) -> Result<Anonymous> {
        // An error means that the whole program has a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(self.limits.connect)
            // Where a redirect may lead is decided in `http`, knowing the token.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only();
        // Silence is watched here; reqwest's own limit of 30 s would end an upload that a server is slow to read.
        #[cfg(target_os = "linux")]
        {
            builder = builder.tcp_user_timeout(None);
        }
        if !self.system_proxies {
            builder = builder.no_proxy();
        }
        let http = self
            .trust
            .apply(builder)?
            .build()
            .map_err(|error| Error::Setup(format!("the connection cannot be set up: {error}")))?;
        Ok(Anonymous(Transport::new(http, self.server, self.limits)))
    }
}

/// A server without a login: one can only log in.
#[derive(Clone, Debug)]
pub struct Anonymous(Transport);

impl Anonymous {
    /// Logs in with email and password, and with the code of the second factor where the account has one.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with 401 for a wrong user, password or code: the server does not tell which.
    pub async fn login(&self, user: &str, password: &str, code: Option<&str>) -> Result<Login> {
        login::login(&self.0, user, password, code).await
    }

    /// The client that sends `token` with each call.
    pub fn with_token(&self, token: Token) -> Client {
        Client(self.0.with_token(token))
    }

    /// The server.
    pub fn server(&self) -> &ServerUrl {
        self.0.server()
    }
}

/// A server and a token: everything that needs a login.
#[derive(Clone, Debug)]
pub struct Client(Transport);

impl Client {
    /// Begins to describe how to reach a server.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] if `server` is no address of one.
    pub fn builder(server: &str) -> Result<ClientBuilder> {
        Ok(Self::at(server.parse()?))
    }

    /// Begins to describe how to reach the server at an address that was parsed before.
    pub fn at(server: ServerUrl) -> ClientBuilder {
        ClientBuilder {
            server,
            user_agent: concat!("mender-rs/", env!("CARGO_PKG_VERSION")).into(),
            trust: Trust::default(),
            limits: Limits::default(),
            system_proxies: false,
        }
    }

    /// The server.
    pub fn server(&self) -> &ServerUrl {
        self.0.server()
    }

    /// Ends the token that this client uses, **of whatever kind it is**: the server does not ask.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn logout(&self) -> Result<()> {
        login::logout(&self.0).await
    }

    /// Artifacts: upload, list, download, delete.
    pub fn artifacts(&self) -> artifacts::Artifacts<'_> {
        artifacts::Artifacts::new(&self.0)
    }

    /// Configuration of devices.
    pub fn configurations(&self) -> configuration::Configurations<'_> {
        configuration::Configurations::new(&self.0)
    }

    /// Devices that hold a connection to the server.
    pub fn connections(&self) -> connection::Connections<'_> {
        connection::Connections::new(&self.0)
    }

    /// Deployments.
    pub fn deployments(&self) -> deployments::Deployments<'_> {
        deployments::Deployments::new(&self.0)
    }

    /// Devices and their admission.
    pub fn devices(&self) -> devices::Devices<'_> {
        devices::Devices::new(&self.0)
    }

    /// What is known of devices, by attribute; groups and tags.
    pub fn inventory(&self) -> inventory::Inventory<'_> {
        inventory::Inventory::new(&self.0)
    }

    /// What the tenant chose in the web interface.
    ///
    /// # Errors
    ///
    /// Those of any call; see [`Error`](crate::Error).
    pub async fn preferences(&self) -> Result<Preferences> {
        preferences::get(&self.0).await
    }

    /// Any other call.
    pub fn raw(&self) -> raw::Raw<'_> {
        raw::Raw::new(&self.0)
    }

    /// Releases: the Artifacts of one name, their tags and notes.
    pub fn releases(&self) -> releases::Releases<'_> {
        releases::Releases::new(&self.0)
    }

    /// Personal access tokens of the user.
    pub fn tokens(&self) -> tokens::Tokens<'_> {
        tokens::Tokens::new(&self.0)
    }

    /// Users.
    pub fn users(&self) -> users::Users<'_> {
        users::Users::new(&self.0)
    }
}
