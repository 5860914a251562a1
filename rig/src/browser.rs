//! What tests need to walk through the cockpit in a real browser.

use crate::client::Client;
use crate::skip;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Where distributions put the browser.
const BROWSERS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// The browser and the folder of the walks; the test is skipped when either is missing, or when the program carries no cockpit.
pub async fn equipment(client: &Client) -> Result<Option<(PathBuf, PathBuf)>> {
    let given = std::env::var_os("FUGUE_CHROMIUM").map(PathBuf::from);
    let Some(chromium) = given.into_iter().chain(BROWSERS.iter().map(PathBuf::from)).find(|path| path.is_file()) else {
        skip("there is no Chromium; on Debian: apt-get install chromium fonts-noto-cjk");
        return Ok(None);
    };
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    if !web.join("node_modules/playwright-core").is_dir() || !web.join("node_modules/http_ece").is_dir() {
        skip("web/node_modules is missing: build with Node.js installed, or run `npm ci --ignore-scripts` in web/");
        return Ok(None);
    }
    let page = reqwest::get(client.url("/")).await?.text().await?;
    if !page.contains("/assets/") {
        skip("the program carries no cockpit; it was built without Node.js");
        return Ok(None);
    }
    Ok(Some((chromium, web)))
}
