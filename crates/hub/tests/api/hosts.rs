//! Web pages against the hub: names that resolve to it (rebinding), pages of other origins, and what a page may send unasked.

use crate::app::App;
use crate::node::{Node, Play};
use crate::raw::{self, Answer, UPGRADE};
use anyhow::Result;
use fugue_hub::http::route::Access;
use fugue_hub::http::routes;
use reqwest::Method;
use serde_json::json;

/// Hosts that are nearly ours. `PORT` is the hub's.
const FOREIGN_HOSTS: &[&str] = &[
    "evil.com",
    "127.evil.com",
    "127.evil.com:PORT",
    "localhost.evil.com",
    "localhost.evil.com:PORT",
    "127.0.0.1.evil.com:PORT",
    "localhost.",
    "localhost.:PORT",
    "127.0.0.1.",
    "LOCALHOST.",
    "xlocalhost",
    "local.host",
    "127.1:PORT",
    "127.0.1:PORT",
    "0x7f.0.0.1:PORT",
    "0177.0.0.1:PORT",
    "2130706433:PORT",
    "0.0.0.0:PORT",
    "127.0.0.2:PORT",
    "[::]:PORT",
    "[::1",
    "::1",
    "::1:PORT",
    "[0:0:0:0:0:0:0:1]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[::1%25lo]:PORT",
    "localhost:0",
    "localhost:1",
    "localhost:65536",
    "localhost:0PORT",
    "localhost:PORT:PORT",
    "localhost:PORT0",
    "localhost:-PORT",
    "localhost:+PORT",
    "localhost:",
    "localhost:PORT@evil.com",
    "evil.com@localhost:PORT",
    "user:pass@localhost:PORT",
    "localhost:PORT/",
    "localhost:PORT?x",
    "localhost:PORT#x",
    "localhost:PORT,evil.com",
    "localhost:PORT evil.com",
    "http://localhost:PORT",
    "//localhost:PORT",
    "localhost%2eevil.com",
    "localhost\u{2024}evil.com",
    "ｌocalhost:PORT",
    "hub.example.evil.com",
    "hub.example:1",
    "xhub.example",
    "hub_example",
    "*",
    "null",
    "",
];

/// Origins that are nearly ours.
const FOREIGN_ORIGINS: &[&str] = &[
    "null",
    "NULL",
    "http://evil.com",
    "https://evil.com:PORT",
    "http://127.evil.com:PORT",
    "http://localhost.evil.com:PORT",
    "http://127.0.0.1.evil.com",
    "http://127.0.0.1",
    "https://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:0PORT",
    "http://localhost.:PORT",
    "http://[::1]",
    "http://[::1%25lo]:PORT",
    "http://0.0.0.0:PORT",
    "http://127.1:PORT",
    "ftp://127.0.0.1:PORT",
    "file://",
    "chrome-extension://abc",
    "moz-extension://abc",
    "data:",
    "about:blank",
    "127.0.0.1:PORT",
    "//127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/x",
    "http://u@127.0.0.1:PORT",
    "http://evil.com@127.0.0.1:PORT",
    "http://127.0.0.1:PORT@evil.com",
    "http://127.0.0.1:PORT,http://evil.com",
    "http://127.0.0.1:PORT http://evil.com",
    "https://cockpit.example.evil.com",
    "https://cockpit.example:444",
    "http://cockpit.example",
    "https://xcockpit.example",
    "https://cockpit.example.",
    "",
];

fn filled(app: &App, text: &str) -> String {
    text.replace("PORT", &app.options().listen.port().to_string())
}

fn bearer(app: &App) -> String {
    format!("Authorization: Bearer {}", app.owner.token())
}

/// No answer, whatever it is, lets another origin read it.
fn no_cors(answer: &Answer, what: &str) {
    let found: Vec<_> = answer.headers.iter().filter(|(name, _)| name.starts_with("access-control-")).collect();
    assert!(found.is_empty(), "{what}: {found:?}");
}

/// Hosts that were let in, in whatever way.
async fn hosts_let_in(app: &App, hosts: &[&str]) -> Result<Vec<String>> {
    let (bearer, mut let_in) = (bearer(app), Vec::new());
    for host in hosts {
        let line = format!("Host: {}", filled(app, host));
        for path in ["/api/v1/me", "/healthz", "/nothing"] {
            let answer = raw::ask(app, &format!("GET {path} HTTP/1.1"), &[&line, &bearer]).await?;
            // What is no header at all is refused by the parser.
            if !(answer.status == 421 && answer.problem() == "wrong-host" || answer.status == 400) {
                let_in.push(format!("{host} {path}: {}", answer.status));
            }
            no_cors(&answer, host);
        }
        let upgrade: Vec<&str> = [line.as_str(), &bearer].into_iter().chain(UPGRADE).collect();
        for path in ["/api/v1/ws", "/api/v1/link"] {
            let answer = raw::ask(app, &format!("GET {path} HTTP/1.1"), &upgrade).await?;
            if !matches!(answer.status, 421 | 400) {
                let_in.push(format!("{host} {path}: {}", answer.status));
            }
        }
    }
    Ok(let_in)
}

#[tokio::test]
async fn a_foreign_host_is_refused_before_anything_else() -> Result<()> {
    let app = App::start().await?;
    let bearer = bearer(&app);
    for host in
        ["localhost:PORT", "LocalHost:PORT", "localhost", "127.0.0.1", "127.0.0.1:PORT", "[::1]:PORT", "HUB.example", "hub.example:PORT"]
    {
        let answer = raw::ask(&app, "GET /api/v1/me HTTP/1.1", &[&format!("Host: {}", filled(&app, host)), &bearer]).await?;
        assert_eq!(answer.status, 200, "{host}");
        no_cors(&answer, host);
    }
    assert_eq!(hosts_let_in(&app, FOREIGN_HOSTS).await?, [""; 0]);
    // A host that the operator allowed stands for one that slipped through: the same look finds it on every path.
    assert_eq!(hosts_let_in(&app, &["evil.com", "hub.example"]).await?.len(), 5);
    Ok(())
}

#[tokio::test]
async fn a_host_is_said_once_and_the_target_agrees() -> Result<()> {
    let app = App::start().await?;
    let (bearer, host) = (bearer(&app), filled(&app, "Host: 127.0.0.1:PORT"));
    let (good, evil) = (filled(&app, "http://127.0.0.1:PORT/api/v1/me"), "http://evil.com/api/v1/me");
    let table: &[(String, Vec<&str>, &[u16])] = &[
        ("GET /api/v1/me HTTP/1.1".into(), vec![], &[421, 400]),
        ("GET /api/v1/me HTTP/1.0".into(), vec![], &[421, 400]),
        ("GET /api/v1/me HTTP/1.1".into(), vec![&host, &host], &[421, 400]),
        ("GET /api/v1/me HTTP/1.1".into(), vec![&host, "Host: evil.com"], &[421, 400]),
        ("GET /api/v1/me HTTP/1.1".into(), vec!["Host: evil.com", &host], &[421, 400]),
        ("GET /api/v1/me HTTP/1.1".into(), vec!["Host: evil.com", "X-Forwarded-Host: 127.0.0.1", "Forwarded: host=127.0.0.1"], &[421]),
        (format!("GET {good} HTTP/1.1"), vec![&host], &[200]),
        (format!("GET {good} HTTP/1.1"), vec!["Host: evil.com"], &[421]),
        (format!("GET {evil} HTTP/1.1"), vec![&host], &[421]),
        (format!("GET {evil} HTTP/1.1"), vec!["Host: evil.com"], &[421]),
        ("GET http://127.0.0.1@evil.com/api/v1/me HTTP/1.1".into(), vec![&host], &[421, 400]),
        ("GET //evil.com/api/v1/me HTTP/1.1".into(), vec![&host], &[404, 400]),
        ("CONNECT evil.com:443 HTTP/1.1".into(), vec!["Host: evil.com:443"], &[421, 405, 404, 400]),
        ("OPTIONS * HTTP/1.1".into(), vec!["Host: evil.com"], &[421, 400]),
    ];
    for (line, headers, allowed) in table {
        let all: Vec<&str> = headers.iter().copied().chain([bearer.as_str()]).collect();
        let answer = raw::ask(&app, line, &all).await?;
        assert!(allowed.contains(&answer.status), "{line} {headers:?}: {answer:?}");
        no_cors(&answer, line);
    }
    Ok(())
}

/// What pages of these origins got done, in whatever way.
async fn origins_let_in(app: &App, events: &str, origins: &[&str]) -> Result<Vec<String>> {
    let (bearer, host, mut let_in) = (bearer(app), filled(app, "Host: 127.0.0.1:PORT"), Vec::new());
    for origin in origins {
        let origin = format!("Origin: {}", filled(app, origin));
        let own = [host.as_str(), &bearer, &origin];
        let json = ["Content-Type: application/json", "Content-Length: 2"];
        let mut look = |what: &str, good: bool| let_in.extend((!good).then(|| format!("{origin} {what}")));
        for path in ["/api/v1/me", "/healthz", events, "/nothing"] {
            let answer = raw::ask(app, &format!("GET {path} HTTP/1.1"), &own).await?;
            look(path, (answer.status, answer.problem().as_str()) == (403, "wrong-origin"));
            no_cors(&answer, path);
        }
        let sse: Vec<&str> = own.into_iter().chain(["Accept: text/event-stream"]).collect();
        look("SSE", raw::ask(app, &format!("GET {events} HTTP/1.1"), &sse).await?.status == 403);
        let upgrade: Vec<&str> = own.into_iter().chain(UPGRADE).collect();
        for path in ["/api/v1/ws", "/api/v1/link", events] {
            look(path, raw::ask(app, &format!("GET {path} HTTP/1.1"), &upgrade).await?.status == 403);
        }
        let post: Vec<&str> = own.into_iter().chain(json).collect();
        let request = ["POST /api/v1/nodes/join-codes HTTP/1.1"].iter().chain(&post).map(|line| format!("{line}\r\n")).collect::<String>();
        look("POST", raw::send(app, format!("{request}\r\n{{}}").as_bytes()).await?.status == 403);
    }
    Ok(let_in)
}

#[tokio::test]
async fn a_page_of_another_origin_gets_nothing_done() -> Result<()> {
    let app = App::start().await?;
    let node = Node::join(&app, Play::Hold).await?;
    let session = node.session(&app).await?;
    let events = format!("/api/v1/sessions/{}/events", session["id"].as_str().unwrap());
    let (bearer, host) = (bearer(&app), filled(&app, "Host: 127.0.0.1:PORT"));
    assert_eq!(origins_let_in(&app, &events, FOREIGN_ORIGINS).await?, [""; 0]);
    // One that the operator allowed stands for one that slipped through; for the link its credential is no good, with a 403 as well.
    assert_eq!(origins_let_in(&app, &events, &["http://evil.com", "https://cockpit.example"]).await?.len(), 8);
    let twice = filled(&app, "Origin: http://127.0.0.1:PORT");
    assert_eq!(raw::ask(&app, "GET /api/v1/me HTTP/1.1", &[&host, &bearer, &twice, &twice]).await?.status, 403);
    assert_eq!(raw::ask(&app, "GET /api/v1/me HTTP/1.1", &[&host, &bearer, &twice]).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn what_a_page_may_send_unasked_is_no_json() -> Result<()> {
    let app = App::start().await?;
    let before = app.owner.get("/api/v1/tokens").await?;
    let body = r#"{"name":"planted","role":"admin"}"#;
    let kinds = [
        None,
        Some("text/plain"),
        Some("text/plain;charset=utf-8"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain; application/json"),
        Some("text/plain, application/json"),
        Some("application/jsonx"),
        Some("application/json+x"),
        Some("application/ json"),
        Some("text/json"),
        Some(""),
        Some("application/x-json"),
        Some("*/*"),
    ];
    for kind in kinds {
        for chunked in [false, true] {
            let mut head = filled(&app, "POST /api/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n") + &bearer(&app) + "\r\n";
            if let Some(kind) = kind {
                head += &format!("Content-Type: {kind}\r\n");
            }
            let sent = match chunked {
                true => format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
                false => format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()),
            };
            let answer = raw::send(&app, sent.as_bytes()).await?;
            assert_eq!((answer.status, answer.problem().as_str()), (415, "not-json"), "{kind:?} chunked {chunked}: {answer:?}");
        }
    }
    // A delivery to a hook may be a form. What a page sends there unasked is signed by nobody.
    for route in routes().iter().filter(|route| route.mark.method != Method::GET && route.mark.access != Access::Signed) {
        let path = route.mark.path.replace("{id}", "x").replace("{name}", "x");
        let request = app.request(route.mark.method.clone(), &path).bearer_auth(app.owner.token()).header("content-type", "text/plain");
        assert_eq!(request.body("{}").send().await?.status().as_u16(), 415, "{} {path}", route.mark.method);
    }
    assert_eq!(app.owner.get("/api/v1/tokens").await?, before);
    app.owner.post("/api/v1/tokens", &json!({"name": "honest", "role": "viewer"})).await?;
    Ok(())
}

#[tokio::test]
async fn no_preflight_is_answered_with_a_permission() -> Result<()> {
    let app = App::start().await?;
    let host = filled(&app, "Host: 127.0.0.1:PORT");
    let wanted = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization, content-type"];
    for route in routes() {
        let path = route.mark.path.replace("{id}", "x").replace("{name}", "x").replace("{slug}", "x");
        for (origin, status) in [("http://evil.com", 403), ("null", 403), ("https://cockpit.example", 405)] {
            let origin = format!("Origin: {origin}");
            let headers: Vec<&str> =
                [host.as_str(), &origin].into_iter().chain(wanted).chain(["Access-Control-Request-Private-Network: true"]).collect();
            let answer = raw::ask(&app, &format!("OPTIONS {path} HTTP/1.1"), &headers).await?;
            assert_eq!(answer.status, status, "{origin} {path}");
            no_cors(&answer, &path);
            let answer = raw::ask(&app, &format!("{} {path} HTTP/1.1", route.mark.method), &[&host, &origin]).await?;
            no_cors(&answer, &path);
        }
    }
    Ok(())
}
