//! Projects: git repositories. What the hub knows of one was found by a node that looked.

use crate::column;
use crate::db::{Conn, Row, composed, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use crate::idempotency::{self, Key, Reply};
use crate::node;
use crate::page::PageQuery;
use fugue_domain::api::{NewProject, Project};
use fugue_domain::caller::Caller;
use fugue_domain::id::{NodeId, OrgId, ProjectId};
use fugue_domain::link::{Answered, Ask, CallFailed};
use fugue_domain::page::Page;
use fugue_domain::problem::{Kind, Problem};
use fugue_domain::project::{Origin, Repository};
use fugue_domain::session::slug;
use fugue_domain::time::Time;
use fugue_domain::world::Mint;

pub mod routes;
pub mod target;

const COLUMNS: &str = "id, name, path, url, node_id, default_branch, created_at";

fn view(row: &Row) -> Done<Project> {
    Ok(Project {
        id: column::id(row, 0)?,
        name: row.get(1)?,
        path: row.get(2)?,
        url: row.get(3)?,
        node: column::maybe_id(row, 4)?,
        default_branch: row.get(5)?,
        created_at: Time(row.get(6)?),
    })
}

/// Where a project's repository is.
pub fn origin(project: &Project) -> Done<Origin> {
    origin_of(project.path.clone(), project.url.clone())
}

/// The same from its columns.
pub fn origin_of(path: Option<String>, url: Option<String>) -> Done<Origin> {
    match (path, url) {
        (Some(path), None) => Ok(Origin::Path(path)),
        (None, Some(url)) => Ok(Origin::Url(url)),
        _ => Err(Fault::internal("a project has no single origin")),
    }
}

/// The project of this id or name.
pub async fn find(conn: &mut Conn, org: &OrgId, name_or_id: &str) -> Done<Project> {
    let sql = format!("SELECT {COLUMNS} FROM projects WHERE org_id = $1 AND (id = $2 OR name = $2)");
    let row = composed(sql).bind(org.as_str()).bind(name_or_id).fetch_optional(conn).await?;
    row.as_ref().map(view).transpose()?.ok_or_else(|| Problem::not_found("project", name_or_id).into())
}

/// The same where a body names it: there it is a field that cannot be used.
pub async fn named(conn: &mut Conn, org: &OrgId, name_or_id: &str) -> Done<Project> {
    find(conn, org, name_or_id).await.map_err(|fault| match fault {
        Fault::Problem(problem) if problem.kind == Kind::NotFound => Problem::invalid("/project", problem.detail).into(),
        other => other,
    })
}

/// One project.
pub async fn get(hub: &Hub, caller: &Caller, name_or_id: &str) -> Done<Project> {
    let mut conn = hub.db.read().await?;
    find(&mut conn, &caller.org, name_or_id).await
}

/// The org's projects, newest first.
pub async fn list(hub: &Hub, caller: &Caller, page: PageQuery) -> Done<Page<Project>> {
    let mut conn = hub.db.read().await?;
    let sql = format!("SELECT {COLUMNS} FROM projects WHERE org_id = $1 AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3");
    let found = composed(sql).bind(caller.org.as_str()).bind(page.cursor.as_deref()).bind(page.limit + 1).fetch_all(&mut conn).await?;
    let items = found.iter().map(view).collect::<Done<Vec<_>>>()?;
    Ok(Page::of(items, page.limit, |project| project.id.to_string()))
}

/// Adds a repository. The same repository again is the same project.
pub async fn add(hub: &Hub, caller: &Caller, new: NewProject, key: Option<Key>) -> Done<Reply> {
    if let Some(reply) = idempotency::find_first(hub, key.as_ref()).await? {
        return Ok(reply);
    }
    let origin = wanted(&new)?;
    let (node, repository) = inspect(hub, caller, &new, &origin).await?;
    let (world, org) = (hub.world.clone(), caller.org.clone());
    hub.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(reply) = idempotency::find(tx, key.as_ref()).await? {
                    return Ok(reply);
                }
                let place = match &origin {
                    Origin::Path(_) => (Some(repository.root.as_str()), None, Some(node.as_str())),
                    Origin::Url(url) => (None, Some(url.as_str()), None),
                };
                let known = known(tx.conn, &org, place).await?;
                let reply = match known.filter(|project| new.name.as_ref().is_none_or(|name| *name == project.name)) {
                    Some(project) => Reply::new(200, &project)?,
                    None => {
                        let name = free_name(tx.conn, &org, new.name.as_deref(), &repository.name).await?;
                        let project = Project {
                            id: ProjectId::mint(&*world),
                            name,
                            path: place.0.map(str::to_owned),
                            url: place.1.map(str::to_owned),
                            node: place.2.map(|_| node.clone()),
                            default_branch: repository.default_branch.clone(),
                            created_at: Time(tx.now),
                        };
                        insert(tx.conn, &org, &project).await?;
                        Reply::new(201, &project)?
                    }
                };
                idempotency::store(tx, key.as_ref(), &reply).await?;
                Ok(reply)
            })
        })
        .await
}

fn wanted(new: &NewProject) -> Done<Origin> {
    if new.name.as_ref().is_some_and(|name| slug(name, 60) != *name || name.is_empty()) {
        return Err(Problem::invalid("/name", "use 1 to 60 lower-case letters, digits and single hyphens").into());
    }
    let sound = |text: &String| !text.is_empty() && text.len() <= 4_096 && !text.chars().any(char::is_control);
    match (&new.path, &new.url) {
        (Some(path), None) if !path.starts_with('/') || !sound(path) => Err(Problem::invalid("/path", "give an absolute path").into()),
        (Some(path), None) => Ok(Origin::Path(path.clone())),
        (None, Some(url)) if !["https://", "http://", "ssh://", "file://"].iter().any(|scheme| url.starts_with(scheme)) || !sound(url) => {
            Err(Problem::invalid("/url", "give a URL that begins with https://, http://, ssh:// or file://").into())
        }
        // It would be stored, shown, and handed to git where every process list has it.
        (None, Some(url)) if has_password(url) => Err(Problem::invalid(
            "/url",
            "leave the password out of the address: git on the node finds it with its credential helper or an SSH key",
        )
        .into()),
        (None, Some(url)) => Ok(Origin::Url(url.clone())),
        _ => Err(Problem::invalid("/path", "give either `path` or `url`").into()),
    }
}

fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// Lets a node look: the one that was named, or the first connected one that finds a repository.
async fn inspect(hub: &Hub, caller: &Caller, new: &NewProject, origin: &Origin) -> Done<(NodeId, Repository)> {
    let nodes = match &new.node {
        Some(name) => vec![node::find(hub, caller, name).await?],
        None => node::connected(hub, caller).await?,
    };
    let mut last = Fault::from(Problem::new(Kind::NoNode, "No node is connected that could look at the repository."));
    for node in nodes {
        match hub.nodes.call(&node, Ask::Inspect(origin.clone())).await {
            Ok(Answered::Repository(repository)) => return Ok((node, repository)),
            Ok(other) => return Err(Fault::internal(format!("a node answered {other:?} to inspect"))),
            Err(failed) => last = call_failed(failed),
        }
    }
    Err(last)
}

/// A file of a project's repository, as it is at a commit.
pub async fn file(hub: &Hub, node: &NodeId, project: &Project, commit: &str, path: &str) -> Done<Option<String>> {
    let asked = Ask::File { origin: origin(project)?, commit: commit.to_owned(), path: path.to_owned() };
    match hub.nodes.call(node, asked).await {
        Ok(Answered::File(text)) => Ok(text),
        Ok(other) => Err(Fault::internal(format!("a node answered {other:?} to file"))),
        Err(failed) => Err(call_failed(failed)),
    }
}

/// What a failed call to a node means for the caller.
pub fn call_failed(failed: crate::link::CallError) -> Fault {
    match failed {
        crate::link::CallError::Failed(CallFailed::NotARepository(why)) => Problem::new(Kind::NotARepository, why).into(),
        crate::link::CallError::Failed(CallFailed::UnknownBase(why)) => Problem::new(Kind::UnknownBase, why).into(),
        crate::link::CallError::Failed(CallFailed::Other(why)) => Problem::new(Kind::NoNode, why).into(),
        crate::link::CallError::Away => Problem::new(Kind::NoNode, "The node is not connected, or did not answer in time.").into(),
    }
}

async fn known(conn: &mut Conn, org: &OrgId, (path, url, node): (Option<&str>, Option<&str>, Option<&str>)) -> Done<Option<Project>> {
    let sql =
        format!("SELECT {COLUMNS} FROM projects WHERE org_id = $1 AND ((path = $2 AND node_id = $3) OR url = $4) ORDER BY id LIMIT 1");
    let row = composed(sql).bind(org.as_str()).bind(path).bind(node).bind(url).fetch_optional(conn).await?;
    row.as_ref().map(view).transpose()
}

/// The wanted name, or one made of the repository's that nobody has.
async fn free_name(conn: &mut Conn, org: &OrgId, wanted: Option<&str>, repository: &str) -> Done<String> {
    let base = Some(slug(repository, 50)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| "project".to_owned());
    for n in 1..1_000 {
        let name = match wanted {
            Some(name) => name.to_owned(),
            None if n == 1 => base.clone(),
            None => format!("{base}-{n}"),
        };
        let taken = query("SELECT 1 FROM projects WHERE org_id = $1 AND name = $2")
            .bind(org.as_str())
            .bind(&name)
            .fetch_optional(&mut *conn)
            .await?;
        match (taken, wanted) {
            (None, _) => return Ok(name),
            (Some(_), Some(name)) => return Err(Problem::new(Kind::NameTaken, format!("Another project is called {name:?}.")).into()),
            (Some(_), None) => {}
        }
    }
    Err(Problem::new(Kind::NameTaken, format!("Too many projects are called {base:?}; give this one a name.")).into())
}

async fn insert(conn: &mut Conn, org: &OrgId, project: &Project) -> Done<()> {
    query(
        "INSERT INTO projects (id, org_id, name, path, url, node_id, default_branch, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(project.id.as_str())
    .bind(org.as_str())
    .bind(&project.name)
    .bind(project.path.as_deref())
    .bind(project.url.as_deref())
    .bind(project.node.as_ref().map(NodeId::as_str))
    .bind(&project.default_branch)
    .bind(project.created_at.0)
    .execute(conn)
    .await?;
    Ok(())
}
