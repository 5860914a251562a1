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
    /// The hub's address as the browser reaches it, for example `https://fugue.example`. Default: the one that the hub was started with,
    /// or as this command reaches it.
    #[arg(long, value_name = "URL")]
    address: Option<String>,
}

impl Pair {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let client = context.client()?;
        let code: DeviceCode = client.post("/api/v1/devices/codes", &json!({})).await?;
        let link = link(&code, self.address.as_deref(), client.base());
        context.out.value(&json!({ "link": link, "expires_at": code.expires_at }), |_| {
            show(&link);
            Ok(())
        })
    }
}

/// Makes a code with a client and shows its link, for `fugue up`.
pub async fn offer(client: &Client) -> Result<(), Failure> {
    let code: DeviceCode = client.post("/api/v1/devices/codes", &json!({})).await?;
    show(&link(&code, None, client.base()));
    Ok(())
}

/// Where the code is opened: as was said, or as the hub was told, or as this command reaches it.
fn link(code: &DeviceCode, said: Option<&str>, base: &str) -> String {
    let base = said.or(code.address.as_deref()).unwrap_or(base);
    format!("{}{}", base.trim_end_matches('/'), code.path)
}

fn show(link: &str) {
    say(format_args!("  cockpit {BOLD}{link}{BOLD:#}"));
    say(format_args!("{DIM}          works once, within {DEVICE_CODE_SECONDS} seconds; `fugue pair` makes another{DIM:#}"));
    if crate::client::loopback(link) {
        // Another device could not open it.
        say(format_args!("{DIM}          on this machine; for a phone, give the hub an --address that it can reach{DIM:#}"));
    } else if let Some(code) = picture(link) {
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
    fn a_link_begins_with_what_was_said_last() {
        let code = |address: Option<&str>| DeviceCode {
            path: "/pair#fgc_1".to_owned(),
            address: address.map(str::to_owned),
            expires_at: fugue_domain::time::Time(0),
        };
        assert_eq!(link(&code(None), None, "http://127.0.0.1:1"), "http://127.0.0.1:1/pair#fgc_1");
        assert_eq!(link(&code(Some("https://a.example")), None, "http://127.0.0.1:1"), "https://a.example/pair#fgc_1");
        assert_eq!(link(&code(Some("https://a.example")), Some("https://b.example/"), "x"), "https://b.example/pair#fgc_1");
    }

    #[test]
    fn a_link_fits_a_terminal() {
        let link = format!("http://192.168.100.100:47470/pair#fgc_{}", "0123456789abcdef".repeat(4));
        let picture = picture(&link).unwrap();
        assert!(picture.lines().all(|line| line.chars().count() <= 60), "{picture}");
        assert!(picture.lines().count() <= 30, "{picture}");
    }
}
