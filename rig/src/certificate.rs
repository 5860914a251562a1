//! A certificate of a test's own, for TLS. `openssl` makes it; without openssl the test is skipped.

use crate::skip;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Certificate and key, as PEM files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate, which nobody else signed.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Certificate {
    /// One for these names, such as `IP:127.0.0.1` or `DNS:fugue.example`; none when this machine has no openssl.
    pub fn create(folder: &Path, names: &str) -> Result<Option<Self>> {
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=hub"])
            .args(["-addext", &format!("subjectAltName={names}"), "-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&cert)
            .output();
        if made.is_ok_and(|made| made.status.success()) {
            return Ok(Some(Self { cert, key }));
        }
        skip("no certificate: openssl is not installed");
        Ok(None)
    }
}
