//! `fugue pair`: signs a browser in. The code works once and for a minute; it stands in the link's fragment, which no server sees.

use super::Context;
use crate::client::Client;
use crate::error::Failure;
use crate::output::{BOLD, DIM, say};
use clap::Args;
use fugue_domain::api::DeviceCode;
use fugue_domain::limits::DEVICE_CODE_SECONDS;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::json;

/// Sign a browser in: prints a link, and the same as a QR code for a phone.
#[derive(Args)]
pub struct Pair {
    /// The hub's address as the browser reaches it, for example `https://fugue.example`. Default: as this command reaches it.
    #[arg(long, value_name = "URL")]
    address: Option<String>,
}

impl Pair {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let base = self.address.as_deref().unwrap_or_else(|| client.base()).trim_end_matches('/').to_owned();
        let code: DeviceCode = client.post("/api/v1/devices/codes", &json!({})).await?;
        let link = format!("{base}{}", code.path);
        context.out.value(&json!({ "link": link, "expires_at": code.expires_at }), |_| {
            show(&link);
            Ok(())
        })
    }
}

/// Makes a code with a client and shows its link, for `fugue up`.
pub async fn offer(client: &Client) -> Result<(), Failure> {
    let code: DeviceCode = client.post("/api/v1/devices/codes", &json!({})).await?;
    show(&format!("{}{}", client.base(), code.path));
    Ok(())
}

fn show(link: &str) {
    say(format_args!("  cockpit {BOLD}{link}{BOLD:#}"));
    say(format_args!("{DIM}          works once, within {DEVICE_CODE_SECONDS} seconds; `fugue pair` makes another{DIM:#}"));
    if let Some(code) = picture(link) {
        say(code);
    }
}

/// The link as a QR code in half blocks; none when it is too long for one.
fn picture(link: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(link, qrcode::EcLevel::L).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_a_terminal() {
        let link = format!("http://192.168.100.100:47470/pair#fgc_{}", "0123456789abcdef".repeat(4));
        let picture = picture(&link).unwrap();
        assert!(picture.lines().all(|line| line.chars().count() <= 60), "{picture}");
        assert!(picture.lines().count() <= 30, "{picture}");
    }
}
