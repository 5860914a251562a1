//! Routes of runs.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::Creation;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::{Id, Name};
use crate::idempotency::Reply;
use crate::run::{self, RunFilter};
use axum::extract::State;
use fugue_domain::api::{NewRun, Run};
use fugue_domain::id::RunId;
use fugue_domain::page::Page;
use fugue_domain::run::Status;

/// `POST /api/v1/agents/{name}/runs`.
pub async fn start(State(app): State<App>, Name(name): Name, Creation { asking, body, key }: Creation<NewRun>) -> Done<Reply> {
    let _running = app.creating.begin(key.as_ref())?;
    run::start(&app.hub, &asking, &name, body, key).await
}

/// `GET /api/v1/runs`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<Run>>> {
    let status = |word: &str| Status::WORDS.contains(&word).then(|| word.to_owned());
    let filter = RunFilter {
        agent: params.text("type")?,
        status: params.word("status", status, &format!("give one of {}", Status::WORDS.join(", ")))?,
        q: params.text("q")?,
    };
    run::list(&app.hub, &asking, filter, params.page()?).await.map(axum::Json)
}

/// `GET /api/v1/runs/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<RunId>) -> Done<axum::Json<Run>> {
    run::get(&app.hub, &asking, &id).await.map(axum::Json)
}
