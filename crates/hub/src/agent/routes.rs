//! Routes of agents.

use crate::agent;
use crate::fault::Done;
use crate::http::App;
use crate::http::body::Json;
use crate::http::caller::Asking;
use crate::http::page::Params;
use crate::http::path::Name;
use axum::extract::State;
use axum::http::StatusCode;
use fugue_domain::agent::Agent;
use fugue_domain::api::AgentView;
use fugue_domain::page::Page;
use fugue_domain::problem::Problem;

/// `GET /api/v1/agents`.
pub async fn list(State(app): State<App>, asking: Asking, params: Params) -> Done<axum::Json<Page<AgentView>>> {
    params.end()?;
    agent::list(&app.hub, &asking).await.map(axum::Json)
}

/// `GET /api/v1/agents/{name}`.
pub async fn get(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<axum::Json<AgentView>> {
    agent::get(&app.hub, &asking, &name).await.map(axum::Json)
}

/// `PUT /api/v1/agents/{name}`.
pub async fn put(State(app): State<App>, asking: Asking, Name(name): Name, Json(agent): Json<Agent>) -> Done<axum::Json<AgentView>> {
    if agent.name != name {
        return Err(Problem::invalid("/name", format!("the path says {name:?}; give the same name in both places")).into());
    }
    agent::put(&app.hub, &asking, agent).await.map(axum::Json)
}

/// `DELETE /api/v1/agents/{name}`.
pub async fn remove(State(app): State<App>, asking: Asking, Name(name): Name) -> Done<StatusCode> {
    agent::remove(&app.hub, &asking, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
