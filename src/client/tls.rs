//! Whom to trust, and with what to show who we are.

use std::fmt;
use std::path::PathBuf;

use reqwest::{Certificate, ClientBuilder, Identity};

use super::error::{Error, Result};

/// Which authorities may vouch for a server.
#[derive(Clone, Default)]
pub struct Trust {
    /// PEM: authorities beside those of the system.
    pub extra: Option<Vec<u8>>,
    /// A bundle of authorities to use in place of the system's (on systems with a bundle file).
    pub bundle: Option<PathBuf>,
    /// A directory of authorities to use in place of the system's (on systems with a bundle file).
    pub directory: Option<PathBuf>,
    /// PEM: client certificate, its chain, and its key.
    pub identity: Option<Vec<u8>>,
    /// Do not check the server at all.
    pub anybody: bool,
}

impl Trust {
    pub(crate) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder> {
        let mut builder = builder;
        if let Some(pem) = &self.identity {
            let identity = Identity::from_pem(pem).map_err(|error| {
                Error::Setup(format!("the client certificate and key cannot be used: {}", plain(&error)))
            })?;
            builder = builder.identity(identity);
        }
        if self.anybody {
            return Ok(builder.tls_danger_accept_invalid_certs(true));
        }
        let extra = match &self.extra {
            Some(pem) => certificates(pem)?,
            None => Vec::new(),
        };
        self.with_roots(builder, extra)
    }

    /// On macOS and Windows the system itself decides; ours come on top.
    #[cfg(any(target_vendor = "apple", windows))]
    fn with_roots(&self, builder: ClientBuilder, extra: Vec<Certificate>) -> Result<ClientBuilder> {
        Ok(if extra.is_empty() { builder } else { builder.tls_certs_merge(extra) })
    }

    #[cfg(not(any(target_vendor = "apple", windows)))]
    fn with_roots(&self, builder: ClientBuilder, extra: Vec<Certificate>) -> Result<ClientBuilder> {
        let system = bundle::load(self.bundle.as_deref(), self.directory.as_deref())?;
        Ok(builder.tls_certs_only(system.into_iter().chain(extra)))
    }
}

impl fmt::Debug for Trust {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("extra", &self.extra.is_some())
            .field("bundle", &self.bundle)
            .field("directory", &self.directory)
            .field("identity", &self.identity.is_some())
            .field("anybody", &self.anybody)
            .finish()
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>> {
    match Certificate::from_pem_bundle(pem) {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) => Err(Error::Setup("the CA file holds no certificate in PEM form".into())),
        Err(error) => Err(Error::Setup(format!("the CA file cannot be used: {}", plain(&error)))),
    }
}

/// The innermost cause: reqwest's own words for it are just "builder error".
fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The authorities of a system that keeps them in a file.
///
/// Reading the one bundle takes a fifth of the time that reading bundle and directory takes, which is
/// what the usual loader does, and that is most of the time of a short command.
#[cfg(not(any(target_vendor = "apple", windows)))]
mod bundle {
    use std::path::Path;

    use reqwest::Certificate;
    use rustls_native_certs::load_certs_from_paths;

    use crate::client::error::{Error, Result};

    /// Where the distributions keep it: Debian and Alpine, Fedora and Red Hat, SUSE, FreeBSD, OpenBSD.
    const FILES: [&str; 7] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/usr/local/share/certs/ca-root-nss.crt",
        "/etc/ssl/cert.pem",
    ];
    const DIRECTORY: &str = "/etc/ssl/certs";

    pub(super) fn load(file: Option<&Path>, directory: Option<&Path>) -> Result<Vec<Certificate>> {
        let given = file.or(directory);
        let (file, directory) = match (given, FILES.iter().map(Path::new).find(|path| path.is_file())) {
            (Some(_), _) => (file, directory),
            (None, Some(found)) => (Some(found), None),
            (None, None) => (None, Some(Path::new(DIRECTORY))),
        };
        let found = load_certs_from_paths(file, directory);
        for error in &found.errors {
            log::debug!(target: "mender::tls", "{error}");
        }
        let certificates: Vec<_> =
            found.certs.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
        if !certificates.is_empty() {
            return Ok(certificates);
        }
        // Whoever names authorities wants those and no others.
        if let Some(given) = given {
            return Err(Error::Setup(format!(
                "no certificate authority can be read from {}",
                given.display()
            )));
        }
        // A bare container has none at all: Mozilla's list of the day of the build is better than nothing.
        log::warn!(target: "mender::tls", "this system has no certificate authorities; using the built-in list");
        let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        Ok(built_in.iter().filter_map(|der| Certificate::from_der(der).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_key() {
        let trust = Trust { identity: Some(b"geheim".to_vec()), ..Trust::default() };
        let shown = format!("{trust:?}");
        assert!(!shown.contains("geheim") && !shown.contains("103, 101"), "{shown}");
    }
}
