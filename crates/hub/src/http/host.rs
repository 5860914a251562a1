//! Whom the hub answers for: the exact hosts and origins that a request may name.
//!
//! Invariant: lists of whole names, never a comparison of one header with another and never a prefix. A page that reaches the hub
//! through a name of its own (DNS rebinding) carries that name in `Host`, and a page of another site carries its own `Origin`.

use axum::http::{HeaderMap, Uri, header};
use fugue_domain::problem::{Kind, Problem};
use std::net::SocketAddr;

/// The accepted names.
#[derive(Debug, Clone)]
pub struct Hosts {
    port: u16,
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Hosts {
    /// The names of this machine at the bound address, and what the operator added.
    pub fn new(bound: SocketAddr, more_hosts: &[String], more_origins: &[String]) -> Self {
        let port = bound.port();
        let origins = more_origins.iter().map(|origin| tidy(origin)).collect();
        let mut known = Self { port, hosts: Vec::new(), origins }.and_at(bound);
        for name in more_hosts.iter().map(|name| tidy(name)) {
            let has_port = name.rsplit(':').next().is_some_and(|port| port != name && port.parse::<u16>().is_ok());
            let with_port = if has_port { name.clone() } else { format!("{name}:{port}") };
            known.origins.extend([format!("https://{name}"), format!("http://{with_port}"), format!("https://{with_port}")]);
            known.hosts.extend([name, with_port]);
        }
        known
    }

    /// Answers at this bound address too, under the names of this machine.
    #[must_use]
    pub fn and_at(mut self, bound: SocketAddr) -> Self {
        let port = bound.port();
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
        if !bound.ip().is_unspecified() {
            names.push(match bound {
                SocketAddr::V4(address) => address.ip().to_string(),
                SocketAddr::V6(address) => format!("[{}]", address.ip()),
            });
        }
        for name in names {
            if port == 80 || port == 443 {
                self.origins.push(format!("{}://{name}", if port == 80 { "http" } else { "https" }));
            }
            let with_port = format!("{name}:{port}");
            self.origins.extend([format!("http://{with_port}"), format!("https://{with_port}")]);
            self.hosts.extend([name, with_port]);
        }
        self
    }

    /// Answers under this address too: exactly its host, to pages of exactly its origin.
    #[must_use]
    pub fn and_under(mut self, address: &str) -> Self {
        let address = tidy(address);
        self.hosts.extend(address.split_once("://").map(|(_, host)| host.to_owned()));
        self.origins.push(address);
        self
    }

    /// The port that the hub listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Refuses a request that names another host, or comes from a page of another origin.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let mut named = headers.get_all(header::HOST).iter();
        let host = match (named.next(), named.next(), uri.authority()) {
            (Some(host), None, None) => host.to_str().ok(),
            (Some(host), None, Some(target)) if host.as_bytes() == target.as_str().as_bytes() => Some(target.as_str()),
            (None, None, Some(target)) => Some(target.as_str()),
            _ => None,
        };
        if !host.is_some_and(|host| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))) {
            return Err(Problem::new(Kind::WrongHost, "The request names no host that this hub answers for."));
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(()) };
        let known = |origin: &str| self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin));
        if origins.next().is_none() && origin.to_str().is_ok_and(known) {
            return Ok(());
        }
        Err(Problem::new(Kind::WrongOrigin, "The request comes from a web page of an origin that this hub does not know."))
    }
}

fn tidy(name: &str) -> String {
    name.trim().trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let more = ["Fugue.example".to_owned(), "desk:9000".to_owned()];
        Hosts::new("127.0.0.1:7400".parse().unwrap(), &more, &["https://cockpit.example".to_owned()])
    }

    fn kind(hosts: &[&'static str], origins: &[&'static str]) -> Option<Kind> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        for origin in origins {
            headers.append(header::ORIGIN, origin.parse().unwrap());
        }
        self::hosts().check(&Uri::from_static("/x"), &headers).err().map(|problem| problem.kind)
    }

    #[test]
    fn only_whole_known_hosts_pass() {
        for host in ["localhost", "LOCALHOST:7400", "127.0.0.1:7400", "[::1]:7400", "fugue.example", "fugue.example:7400", "desk:9000"] {
            assert_eq!(kind(&[host], &[]), None, "{host}");
        }
        for host in ["evil.example", "127.0.0.1:80", "127.0.0.1.evil.example", "localhost:7400@evil", "desk", "[::1", ""] {
            assert_eq!(kind(&[host], &[]), Some(Kind::WrongHost), "{host}");
        }
        assert_eq!(kind(&[], &[]), Some(Kind::WrongHost));
        assert_eq!(kind(&["localhost", "localhost"], &[]), Some(Kind::WrongHost));
    }

    #[test]
    fn only_whole_known_origins_pass() {
        let ask = |origin| kind(&["localhost:7400"], &[origin]);
        for origin in ["http://localhost:7400", "https://127.0.0.1:7400", "https://fugue.example", "https://cockpit.example"] {
            assert_eq!(ask(origin), None, "{origin}");
        }
        for origin in ["null", "http://localhost", "http://localhost:3000", "http://127.evil.com:7400", "https://cockpit.example.evil", ""]
        {
            assert_eq!(ask(origin), Some(Kind::WrongOrigin), "{origin}");
        }
        assert_eq!(kind(&["localhost"], &["http://localhost:7400", "http://localhost:7400"]), Some(Kind::WrongOrigin));
    }

    #[test]
    fn an_address_brings_its_host_and_its_origin_and_nothing_else() {
        let hosts = hosts().and_under("https://Cockpit.example:8443/").and_at("127.0.0.1:7401".parse().unwrap());
        let check = |host: &'static str, origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            hosts.check(&Uri::from_static("/x"), &headers).err().map(|problem| problem.kind)
        };
        assert_eq!(check("cockpit.example:8443", "https://cockpit.example:8443"), None);
        assert_eq!(check("cockpit.example:8443", "http://cockpit.example:8443"), Some(Kind::WrongOrigin));
        assert_eq!(check("cockpit.example", "https://cockpit.example:8443"), Some(Kind::WrongHost));
        assert_eq!(check("localhost:7401", "http://localhost:7401"), None);
        assert_eq!(hosts.port(), 7400, "cookies keep their name");
    }

    #[test]
    fn an_absolute_target_must_agree_with_the_host_header() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost".parse().unwrap());
        let target = Uri::from_static("http://evil.example/x");
        assert_eq!(hosts().check(&target, &headers).unwrap_err().kind, Kind::WrongHost);
    }
}
