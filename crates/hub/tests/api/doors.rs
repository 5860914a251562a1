//! What comes before any handler: hosts, origins, bodies, methods; and every refusal is a problem.

use crate::app::App;
use anyhow::Result;
use fugue_hub::{StartError, Tls, start};
use reqwest::Method;
use rig::certificate::Certificate;
use rig::client::Client;
use serde_json::{Value, json};

async fn problem(request: reqwest::RequestBuilder) -> Result<(u16, String)> {
    let reply = request.send().await?;
    let status = reply.status().as_u16();
    if status < 400 {
        return Ok((status, String::new()));
    }
    assert_eq!(reply.headers()["content-type"], "application/problem+json");
    assert!(!reply.headers().contains_key("access-control-allow-origin"));
    let id = reply.headers()["x-request-id"].to_str()?.to_owned();
    let body: Value = reply.json().await?;
    assert_eq!((&body["status"], &body["request_id"]), (&status.into(), &id.into()), "{body}");
    assert!(body["hint"].is_string() && body["title"].is_string(), "{body}");
    Ok((status, body["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned()))
}

#[tokio::test]
async fn only_known_hosts_and_origins_come_in() -> Result<()> {
    let app = App::start().await?;
    let port = app.options().listen.port();
    let ask = |host: &str, origin: Option<&str>, path: &str| {
        let request = app.request(Method::GET, path).bearer_auth(app.owner.token()).header("host", host);
        problem(match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        })
    };
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "hub.example".into(), format!("[::1]:{port}")] {
        assert_eq!(ask(&host, None, "/api/v1/me").await?.0, 200, "{host}");
    }
    for path in ["/api/v1/me", "/healthz", "/nothing", "/api/v1/nodes/join"] {
        assert_eq!(ask("evil.example", None, path).await?, (421, "wrong-host".into()), "{path}");
    }
    assert_eq!(ask("127.0.0.1:1", None, "/api/v1/me").await?.0, 421);
    let good = [format!("http://127.0.0.1:{port}"), "https://cockpit.example".into(), "https://hub.example".into()];
    for origin in &good {
        assert_eq!(ask(&format!("127.0.0.1:{port}"), Some(origin), "/api/v1/me").await?.0, 200, "{origin}");
    }
    for origin in ["null", "http://evil.example", "http://127.0.0.1", "http://127.evil.com", "https://cockpit.example.evil"] {
        for path in ["/api/v1/me", "/healthz", "/api/v1/ws", "/api/v1/sessions/ses_00000000000000000000000001/events"] {
            assert_eq!(ask(&format!("127.0.0.1:{port}"), Some(origin), path).await?, (403, "wrong-origin".into()), "{origin} {path}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_refusal_is_a_problem_that_names_its_thing() -> Result<()> {
    let app = App::start().await?;
    let ask = |method, path: &str| app.request(method, path).bearer_auth(app.owner.token());
    let json = |body: &'static str| ask(Method::POST, "/api/v1/tokens").header("content-type", "application/json").body(body);
    let table = [
        (ask(Method::GET, "/api/v1/nothing"), 404, "not-found"),
        (ask(Method::GET, "/"), 404, "not-found"),
        (ask(Method::DELETE, "/api/v1/sessions"), 405, "method-not-allowed"),
        (ask(Method::OPTIONS, "/api/v1/sessions"), 405, "method-not-allowed"),
        (ask(Method::GET, "/api/v1/sessions/../../etc"), 404, "not-found"),
        (ask(Method::GET, "/api/v1/sessions/ses_x"), 404, "not-found"),
        (ask(Method::GET, "/api/v1/turns/ses_00000000000000000000000001"), 404, "not-found"),
        (ask(Method::GET, "/api/v1/sessions?limit=0"), 400, "malformed"),
        (ask(Method::GET, "/api/v1/sessions?sort=up"), 400, "malformed"),
        (ask(Method::GET, "/api/v1/sessions?state=lost"), 400, "malformed"),
        (ask(Method::GET, "/api/v1/ws"), 400, "malformed"),
        (json("{"), 400, "malformed"),
        (json(""), 400, "malformed"),
        (json(r#"["x","owner",null,null]"#), 400, "malformed"),
        (json(r#"{"name":"x"}"#), 400, "malformed"),
        (json(r#"{"name":"x","role":"king"}"#), 400, "malformed"),
        (json(r#"{"name":"","role":"viewer"}"#), 422, "invalid"),
        (ask(Method::POST, "/api/v1/tokens").body("x=1"), 415, "not-json"),
        (ask(Method::POST, "/api/v1/tokens").header("content-type", "text/plain").body("{}"), 415, "not-json"),
        (json(r#"{"name":"x","role":"viewer"}"#).header("idempotency-key", ""), 400, "bad-idempotency-key"),
        (json(r#"{"name":"x","role":"viewer"}"#).header("idempotency-key", "x".repeat(256)), 400, "bad-idempotency-key"),
        (ask(Method::POST, "/api/v1/tokens").header("content-type", "application/json").body("x".repeat(3 << 20)), 413, "too-large"),
        (app.request(Method::GET, &format!("/api/v1/me?token={}", app.owner.token())), 401, "unauthenticated"),
        (app.request(Method::POST, "/api/v1/nodes/join").json(&json!({"code": "fgj_0", "name": "x"})), 401, "code-spent"),
    ];
    for (request, status, slug) in table {
        let shown = format!("{request:?}");
        assert_eq!(problem(request).await?, (status, slug.to_owned()), "{shown}");
    }
    let refused = ask(Method::DELETE, "/api/v1/sessions").send().await?;
    assert!(refused.headers()["allow"].to_str()?.contains("POST"), "{refused:?}");
    let head = ask(Method::HEAD, "/api/v1/me").send().await?;
    assert_eq!((head.status().as_u16(), head.bytes().await?.len()), (200, 0));
    Ok(())
}

#[tokio::test]
async fn every_problem_type_has_a_page() -> Result<()> {
    let app = App::start().await?;
    for kind in fugue_domain::problem::Kind::ALL {
        let reply = app.request(Method::GET, &format!("/problems/{}", kind.slug())).send().await?;
        assert_eq!(reply.status().as_u16(), 200);
        assert!(reply.text().await?.contains(kind.title()));
    }
    Ok(())
}

#[tokio::test]
async fn a_start_that_cannot_be_says_why() -> Result<()> {
    let app = App::start().await?;
    let again = |change: &dyn Fn(&mut fugue_hub::Options)| {
        let mut options = app.options();
        options.home = app.scratch().path().join("second");
        options.listen = "127.0.0.1:0".parse().unwrap();
        change(&mut options);
        let world = app.world.clone();
        async move { start(options, world).await.err().map(|error| error.to_string()).unwrap_or_default() }
    };
    let home = app.options().home;
    assert!(again(&|options| options.home = home.clone()).await.contains("already running"));
    let taken = app.options().listen;
    let text = again(&|options| options.listen = taken).await;
    assert!(text.contains(&taken.to_string()) && text.contains("--listen"), "{text}");
    assert!(again(&|options| options.listen = "0.0.0.0:0".parse().unwrap()).await.contains("--plain-http"));
    let text = again(&|options| options.database = Some("mysql://root:hunter2@x".into())).await;
    assert!(text.contains("postgres://") && !text.contains("hunter2"), "{text}");
    let text = again(&|options| options.database = Some("postgres://me:hunter2@127.0.0.1:1/x".into())).await;
    assert!(text.contains("127.0.0.1:1") && !text.contains("hunter2"), "{text}");
    let text = again(&|options| options.home = "/proc/fugue".into()).await;
    assert!(text.contains("/proc/fugue") && text.contains("FUGUE_HOME"), "{text}");
    let tls = Tls { cert: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
    let text = again(&|options| options.tls = Some(tls.clone())).await;
    assert!(text.contains("/nowhere/cert.pem"), "{text}");
    assert!(matches!(
        start(fugue_hub::Options { listen: "0.0.0.0:0".parse()?, ..app.options() }, app.world.clone()).await,
        Err(StartError::Unprotected(_))
    ));
    Ok(())
}

#[tokio::test]
async fn the_owners_token_is_private_and_survives() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut app = App::start().await?;
    let file = app.options().home.join("token");
    assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
    let before = std::fs::read_to_string(&file)?;
    app.restart().await?;
    assert_eq!(std::fs::read_to_string(&file)?, before);
    assert_eq!(app.owner.get("/api/v1/me").await?["role"], "owner");
    Ok(())
}

#[tokio::test]
async fn tls_carries_the_api_and_a_silent_handshake_holds_up_nobody() -> Result<()> {
    let app = App::start().await?;
    let Some(certificate) = Certificate::create(app.scratch().path(), "IP:127.0.0.1")? else { return Ok(()) };
    let mut options = app.options();
    options.home = app.scratch().path().join("tls");
    options.listen = "127.0.0.1:0".parse()?;
    options.tls = Some(Tls { cert: certificate.cert.clone(), key: certificate.key });
    options.address = Some("https://fugue.example".to_owned());
    let hub = start(options, app.world.clone()).await?;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(tokio::net::TcpStream::connect(hub.address()).await?);
    }
    let trusted = reqwest::Certificate::from_pem(&std::fs::read(&certificate.cert)?)?;
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build()?;
    let limit = std::time::Duration::from_secs(5);
    let reply = client.get(format!("https://{}/healthz", hub.address())).timeout(limit).send().await?;
    assert_eq!(reply.status().as_u16(), 200);
    assert!(client.get(format!("http://{}/healthz", hub.address())).timeout(limit).send().await.is_err(), "plain HTTP came in");
    // No certificate names this machine as its own programs call it: they have a door of their own, on loopback.
    assert!(hub.url().starts_with("http://127.0.0.1:") && !hub.url().ends_with(&format!(":{}", hub.address().port())), "{}", hub.url());
    let owner = std::fs::read_to_string(app.scratch().path().join("tls/token"))?;
    let owner = Client::new(hub.url(), owner.trim());
    assert_eq!(owner.get("/api/v1/me").await?["role"], "owner");
    let code = owner.post("/api/v1/devices/codes", &json!({})).await?;
    assert_eq!(code["address"], "https://fugue.example");
    let join = owner.post("/api/v1/nodes/join-codes", &json!({})).await?;
    assert!(join["command"].as_str().is_some_and(|line| line.ends_with(" --hub https://fugue.example")), "{join}");
    hub.stop().await;
    Ok(())
}
