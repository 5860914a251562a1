//! What the tests need of the system, from Debian's packages: installed when it is missing and we may, otherwise named.

use super::on_path;
use crate::step;
use anyhow::{Result, bail, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

/// Programs that inject faults: system calls that fail, and a clock that is set.
pub fn fault_tools() -> Result<()> {
    if !on_path("strace") {
        install("strace", "strace")?;
    }
    let faketime = || {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).any(|path| path.is_file())
    };
    if !faketime() {
        install("libfaketime", "libfaketime")?;
    }
    ensure!(on_path("strace") && faketime(), "strace or libfaketime is still missing after it was installed");
    Ok(())
}

/// The browser that walks through the cockpit, and letters for what it shows in Japanese.
pub fn browser() -> Result<()> {
    let there = || ["chromium", "chromium-browser", "google-chrome"].into_iter().any(on_path);
    if !there() {
        install("Chromium", "chromium fonts-noto-cjk")?;
    }
    ensure!(there(), "Chromium is still missing after it was installed");
    Ok(())
}

/// Installs a package, or says how.
pub fn install(what: &str, package: &str) -> Result<()> {
    let words = format!("apt-get update && apt-get install -y --no-install-recommends {package}");
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        bail!("there is no {what} on this machine. Install it, on Debian: sudo sh -c '{words}'");
    }
    println!("      {what} is missing; installing it");
    let mut install = Command::new("sh");
    install.args(["-c", &words]).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    ensure!(step::run(&mut install)?, "could not install {what} with: {words}");
    Ok(())
}

/// Whether this is the user who may do everything.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}
