//! Which push services the hub sends to. A subscription is a page's word for where the hub shall connect to, so the place must be known.

use fugue_domain::limits::PUSH_ENDPOINT_BYTES_MAX;
use fugue_domain::problem::Problem;
use reqwest::Url;

/// The push services of the browsers. A `*` stands for one or more names before the rest.
pub const KNOWN: &[&str] = &[
    // Chrome, Edge on Android, Brave, Opera, Samsung Internet
    "fcm.googleapis.com",
    // Firefox
    "updates.push.services.mozilla.com",
    // Safari
    "*.push.apple.com",
    // Edge on Windows
    "*.notify.windows.com",
];

/// The services that are sent to.
#[derive(Debug, Clone)]
pub struct Services(Vec<String>);

impl Services {
    /// Those of the browsers, and more: a host, with a port if it has one, or `http://127.0.0.1:PORT` for one on this machine.
    pub fn new(more: &[String]) -> Self {
        Self(KNOWN.iter().map(|host| (*host).to_owned()).chain(more.iter().map(|host| host.trim().to_ascii_lowercase())).collect())
    }

    /// The address, if it is at one of them.
    pub fn check(&self, endpoint: &str) -> Result<Url, Problem> {
        let wrong = |why: &str| Problem::invalid("/endpoint", why);
        if endpoint.len() > PUSH_ENDPOINT_BYTES_MAX {
            return Err(wrong(&format!("at most {PUSH_ENDPOINT_BYTES_MAX} bytes")));
        }
        let url = Url::parse(endpoint).map_err(|_| wrong("give the address that the browser's subscription names"))?;
        let host = url.host_str().unwrap_or_default();
        let place = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let clean = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if clean && self.0.iter().any(|known| is_at(known, url.scheme(), &place)) {
            return Ok(url);
        }
        Err(wrong("this hub does not send to that push service").hint(
            "Whoever runs the hub can add its host to the setting `push_hosts` (docs/CONFIG.md), if the browser's push service is your own.",
        ))
    }
}

fn is_at(known: &str, scheme: &str, place: &str) -> bool {
    if let Some(local) = known.strip_prefix("http://") {
        let loopback = ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|begin| local.starts_with(begin));
        return loopback && scheme == "http" && local.trim_end_matches('/') == place;
    }
    scheme == "https"
        && match known.strip_prefix('*') {
            Some(rest) => place.len() > rest.len() && place.ends_with(rest),
            None => known == place,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_known_hosts_over_https_pass() {
        let services =
            Services::new(&["Push.example:8443".to_owned(), "http://127.0.0.1:9/".to_owned(), "http://evil.example:1".to_owned()]);
        for good in [
            "https://fcm.googleapis.com/fcm/send/x:y",
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://web.push.apple.com/x",
            "https://db5p.notify.windows.com/w/?token=x",
            "https://push.example:8443/x",
            "http://127.0.0.1:9/x",
        ] {
            services.check(good).unwrap();
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://fcm.googleapis.com@evil.example/x",
            "https://user@fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8080/x",
            "https://push.apple.com.evil.example/x",
            "https://evilpush.apple.com.example/x",
            "https://.push.apple.com.x/",
            "https://push.example/x",
            "https://127.0.0.1:9/x",
            "http://127.0.0.1:10/x",
            "http://evil.example:1/x",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
            "x",
            "",
        ] {
            assert!(services.check(bad).is_err(), "{bad}");
        }
        assert!(services.check(&format!("https://fcm.googleapis.com/{}", "x".repeat(PUSH_ENDPOINT_BYTES_MAX))).is_err());
    }
}
