//! The cookie of a device. Its name carries the hub's port, because browsers give a cookie to every port of a host.

use crate::device;
use crate::http::host::Hosts;
use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

fn name(hosts: &Hosts) -> String {
    format!("fugue_device_{}", hosts.port())
}

/// What makes a browser keep the secret: out of reach of scripts, sent by pages of this very site only, and to the API only.
pub fn set(hosts: &Hosts, secret: &str, seconds: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{}={secret}; Max-Age={seconds}; Path=/api; HttpOnly; SameSite=Strict{secure}", name(hosts));
    HeaderValue::from_str(&text).expect("a secret is letters and digits")
}

/// What makes it forget.
pub fn unset(hosts: &Hosts) -> HeaderValue {
    set(hosts, "", 0, false)
}

/// The secret of the device that asks. None when there is none, or more than one.
pub fn presented<'h>(hosts: &Hosts, headers: &'h HeaderMap) -> Option<&'h str> {
    let name = name(hosts);
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let mut ours = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(key, _)| *key == name).map(|(_, secret)| secret);
    let (secret, None) = (ours.next()?, ours.next()) else { return None };
    is_device(secret).then_some(secret)
}

/// Whether a secret is one of a device.
pub fn is_device(secret: &str) -> bool {
    secret.strip_prefix(device::PREFIX).is_some_and(|rest| rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts::new("127.0.0.1:7400".parse().unwrap(), &[], &[])
    }

    fn found(cookies: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, cookie.parse().unwrap());
        }
        presented(&hosts(), &headers).map(str::to_owned)
    }

    #[test]
    fn only_a_devices_secret_under_our_own_name_counts() {
        assert_eq!(found(&["a=b; fugue_device_7400=fgd_1; c=d"]).as_deref(), Some("fgd_1"));
        for none in [&["fugue_device_7401=fgd_1"][..], &["fugue_device_7400=fgt_1"], &["fugue_device_7400=fgd"], &["x"], &[]] {
            assert_eq!(found(none), None, "{none:?}");
        }
        assert_eq!(found(&["fugue_device_7400=fgd_1", "fugue_device_7400=fgd_2"]), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_and_strict() {
        let cookie = set(&hosts(), "fgd_1", 60, true);
        assert_eq!(cookie, "fugue_device_7400=fgd_1; Max-Age=60; Path=/api; HttpOnly; SameSite=Strict; Secure");
        assert!(unset(&hosts()).to_str().unwrap().contains("Max-Age=0"));
    }
}
