//! What a hub is started with, and what is wrong with it, in words for the person who started it.

use crate::http::cockpit::Cockpit;
use fugue_domain::limits::ARCHIVE_AFTER_DAYS;
use fugue_domain::world::Millis;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A day, in which the ages of histories are counted.
pub const DAY_MS: Millis = 24 * 60 * 60 * 1_000;

/// Everything that can be chosen about a hub.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder.
    pub home: PathBuf,
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// `postgres://…` or `sqlite:PATH`; the file `hub.db` in the data folder when absent.
    pub database: Option<String>,
    /// The certificate, for HTTPS.
    pub tls: Option<Tls>,
    /// Says that others on the network may read along: plain HTTP on an address that is not loopback.
    pub plain_http: bool,
    /// Names that the hub also answers for, with or without a port.
    pub allow_hosts: Vec<String>,
    /// Origins of web pages that may use the API, such as `https://cockpit.example`.
    pub allow_origins: Vec<String>,
    /// Under which address people and other machines reach the hub, such as `https://fugue.example`, when that is not the bound one.
    pub address: Option<String>,
    /// How long a lease lasts.
    pub lease_ms: Millis,
    /// How long histories are kept, and where.
    pub keeping: Keeping,
    /// Push services besides those of the browsers.
    pub push_hosts: Vec<String>,
    /// The cockpit's files.
    pub cockpit: Cockpit,
}

/// How long the events of closed sessions are kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// The archive folder.
    pub folder: PathBuf,
    /// How long after a session's release its events go into the archive; never when absent.
    pub archive_after_ms: Option<Millis>,
    /// How long after a session's release its archived events are deleted; never when absent.
    pub expire_after_ms: Option<Millis>,
}

impl Keeping {
    /// As it is when nothing is said.
    pub fn of(home: &Path) -> Self {
        Self { folder: home.join("archive"), archive_after_ms: Some(ARCHIVE_AFTER_DAYS * DAY_MS), expire_after_ms: None }
    }
}

/// Where the certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain, as PEM.
    pub cert: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

impl Options {
    /// Refuses a combination that would put credentials on the network in clear.
    pub fn check(&self) -> Result<(), StartError> {
        if !self.listen.ip().is_loopback() && self.tls.is_none() && !self.plain_http {
            return Err(StartError::Unprotected(self.listen));
        }
        Ok(())
    }
}

/// Why a hub did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Everybody on the network could read the credentials.
    #[error(
        "refusing to listen on {0} without TLS: everybody on the way could read prompts and credentials\n\
         hint: give --tls-cert and --tls-key, put a TLS proxy before a loopback address, or say --plain-http if the network is yours alone"
    )]
    Unprotected(SocketAddr),
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}: {cause}\nhint: choose another one with FUGUE_HOME", path.display())]
    Home {
        /// The folder or a file in it.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// Another hub works on the same data.
    #[error("another hub is already running on {}\nhint: use that one, stop it, or choose another folder with FUGUE_HOME", .0.display())]
    AlreadyRunning(PathBuf),
    /// Somebody else has the address.
    #[error("cannot listen on {address}: {cause}\nhint: {}", listen_hint(cause))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("cannot use {} for TLS: {cause}\nhint: both must be PEM files, the key belonging to the first certificate", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The database's address cannot be read.
    #[error("{0}")]
    DatabaseAddress(String),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] crate::db::OpenError),
    /// The first rows cannot be written.
    #[error("cannot prepare the database: {0}")]
    Prepare(#[from] crate::fault::Fault),
}

fn listen_hint(cause: &std::io::Error) -> &'static str {
    match cause.kind() {
        std::io::ErrorKind::AddrInUse => "another program has this port; stop it, or choose another with --listen",
        std::io::ErrorKind::PermissionDenied => "ports below 1024 belong to root; choose another with --listen",
        std::io::ErrorKind::AddrNotAvailable => "this machine has no such address; choose another with --listen",
        _ => "choose another address with --listen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_needs_tls_or_a_clear_word() {
        let options = |listen: &str| Options {
            home: "/x".into(),
            listen: listen.parse().unwrap(),
            database: None,
            tls: None,
            plain_http: false,
            allow_hosts: Vec::new(),
            allow_origins: Vec::new(),
            address: None,
            lease_ms: 1,
            keeping: Keeping::of("/x".as_ref()),
            push_hosts: Vec::new(),
            cockpit: crate::http::cockpit::none,
        };
        for address in ["127.0.0.1:1", "[::1]:1", "127.9.9.9:1"] {
            options(address).check().unwrap();
        }
        for address in ["0.0.0.0:1", "[::]:1", "192.168.1.5:1"] {
            assert!(matches!(options(address).check(), Err(StartError::Unprotected(_))), "{address}");
            Options { plain_http: true, ..options(address) }.check().unwrap();
            Options { tls: Some(Tls { cert: "/c".into(), key: "/k".into() }), ..options(address) }.check().unwrap();
        }
    }
}
