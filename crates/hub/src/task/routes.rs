//! Routes of tasks.

use crate::fault::Done;
use crate::http::App;
use crate::http::body::{Creation, Json, MaybeJson};
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Id;
use crate::idempotency::Reply;
use crate::task::{self, TaskFilter};
use axum::extract::State;
use fugue_domain::api::{Diff, NewTasks, Remark, Task, TaskChange, TaskDetail};
use fugue_domain::id::TaskId;
use fugue_domain::page::Page;
use fugue_domain::task::Verb;

/// What `state` may be when tasks are listed.
pub const STATES: &[&str] =
    &["open", "draft", "blocked", "ready", "working", "checking", "review", "merging", "needs_human", "done", "cancelled"];

/// `GET /api/v1/tasks`.
pub async fn list(State(app): State<App>, asking: Asking, mut params: Params) -> Done<axum::Json<Page<Task>>> {
    let state = |word: &str| STATES.contains(&word).then(|| word.to_owned());
    let filter = TaskFilter {
        state: params.word("state", state, &format!("give one of {}", STATES.join(", ")))?,
        project: params.text("project")?,
        plan: params.text("plan")?,
        label: params.text("label")?,
        q: params.text("q")?,
    };
    task::list(&app.hub, &asking, filter, params.page()?).await.map(axum::Json)
}

/// `POST /api/v1/tasks`.
pub async fn create(State(app): State<App>, Creation { asking, body, key }: Creation<NewTasks>) -> Done<Reply> {
    task::create(&app.hub, &asking, body, key).await
}

/// `GET /api/v1/tasks/{id}`.
pub async fn get(State(app): State<App>, asking: Asking, Id(id): Id<TaskId>) -> Done<axum::Json<TaskDetail>> {
    task::get(&app.hub, &asking, &id).await.map(axum::Json)
}

/// `PATCH /api/v1/tasks/{id}`.
pub async fn change(
    State(app): State<App>,
    asking: Asking,
    Id(id): Id<TaskId>,
    Json(change): Json<TaskChange>,
) -> Done<axum::Json<TaskDetail>> {
    task::change(&app.hub, &asking, &id, change).await.map(axum::Json)
}

/// `GET /api/v1/tasks/{id}/diff`.
pub async fn diff(State(app): State<App>, asking: Asking, Id(id): Id<TaskId>) -> Done<axum::Json<Diff>> {
    task::diff(&app.hub, &asking, &id).await.map(axum::Json)
}

macro_rules! verbs {
    ($($(#[doc = $doc:literal])* $name:ident $verb:ident;)*) => {$(
        $(#[doc = $doc])*
        pub async fn $name(State(app): State<App>, asking: Asking, Id(id): Id<TaskId>, MaybeJson(remark): MaybeJson<Remark>) -> Done<axum::Json<TaskDetail>> {
            task::verb(&app.hub, &asking, &id, Verb::$verb, remark).await.map(axum::Json)
        }
    )*};
}

verbs! {
    /// `POST /api/v1/tasks/{id}/start`.
    start Start;
    /// `POST /api/v1/tasks/{id}/retry`.
    retry Retry;
    /// `POST /api/v1/tasks/{id}/submit`.
    submit Submit;
    /// `POST /api/v1/tasks/{id}/approve`.
    approve Approve;
    /// `POST /api/v1/tasks/{id}/take-over`.
    take_over TakeOver;
    /// `POST /api/v1/tasks/{id}/cancel`.
    cancel Cancel;
}
