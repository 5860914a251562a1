//! The cockpit is served with a policy that lets nothing but its own files run, and takes nothing away from the API.

use crate::app::App;
use anyhow::Result;
use fugue_hub::cockpit::File;
use reqwest::{Method, Response};

fn files(path: &str) -> Option<File> {
    let file = |kind, lasting, plain| File { kind, lasting, plain, gzip: Some(b"pressed") };
    match path {
        "/index.html" => Some(file("text/html; charset=utf-8", false, b"<!doctype html>page")),
        "/sw.js" => Some(file("text/javascript; charset=utf-8", false, b"worker")),
        "/assets/index-abc.js" => Some(file("text/javascript; charset=utf-8", true, b"script")),
        _ => None,
    }
}

async fn get(app: &App, path: &str, headers: &[(&str, &str)]) -> Result<Response> {
    let request = headers.iter().fold(app.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
    Ok(request.send().await?)
}

#[tokio::test]
async fn the_page_and_its_files_come_with_their_policy() -> Result<()> {
    let app = App::with_cockpit(files).await?;
    let page = get(&app, "/", &[]).await?;
    let policy = page.headers()["content-security-policy"].to_str()?.to_owned();
    for word in [
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        "frame-ancestors 'none'",
        "worker-src 'self'",
        "require-trusted-types-for 'script'; trusted-types fugue-worker fugue-syntax",
    ] {
        assert!(policy.contains(word), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!((&page.headers()["cache-control"], &page.headers()["x-content-type-options"]), (&"no-cache".parse()?, &"nosniff".parse()?));
    assert_eq!(page.text().await?, "<!doctype html>page");
    // A worker that a cache held back would hold everything back; its own policy lets it reach nobody but us.
    let worker = get(&app, "/sw.js", &[]).await?;
    assert_eq!(worker.headers()["cache-control"], "no-cache");
    assert!(worker.headers()["content-security-policy"].to_str()?.contains("connect-src 'self';"));
    let script = get(&app, "/assets/index-abc.js", &[("accept-encoding", "gzip, br")]).await?;
    assert_eq!(script.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(
        (&script.headers()["content-encoding"], &script.headers()["content-type"]),
        (&"gzip".parse()?, &"text/javascript; charset=utf-8".parse()?)
    );
    assert_eq!(script.text().await?, "pressed");
    Ok(())
}

#[tokio::test]
async fn only_a_browser_that_wants_a_page_gets_one_for_a_path_inside() -> Result<()> {
    let app = App::with_cockpit(files).await?;
    let browser = ("accept", "text/html,application/xhtml+xml");
    assert_eq!(get(&app, "/sessions/ses_x?q=1", &[browser]).await?.text().await?, "<!doctype html>page");
    for (path, headers) in [
        ("/sessions", &[][..]),
        ("/assets/gone.js", &[browser]),
        ("/api/v1/nothing", &[browser]),
        ("/problems/none/at/all", &[browser]),
        ("/../etc/passwd", &[]),
    ] {
        let reply = get(&app, path, headers).await?;
        assert_eq!((reply.status().as_u16(), &reply.headers()["content-type"]), (404, &"application/problem+json".parse()?), "{path}");
    }
    assert_eq!(app.request(Method::POST, "/").header("origin", &app.url).send().await?.status(), 404);
    assert_eq!(get(&app, "/", &[("host", "evil.example")]).await?.status(), 421);
    Ok(())
}
