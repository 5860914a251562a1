//! A hub in a test's own process, with an org, a node that is away, and a project on it: what tests of nouns begin with.

use crate::config::Keeping;
use crate::db::{Location, query};
use crate::hub::{Hub, Settings};
use crate::{org, push, sealed, token};
use fugue_domain::caller::{Caller, Role, Who};
use fugue_domain::id::{NodeId, ProjectId, SessionId};
use fugue_domain::world::TestWorld;
use rig::postgres::Database;
use rig::scratch::Scratch;
use std::sync::Arc;

/// 2026-11-21.
pub const NOW: i64 = 1_795_222_700_776;

/// The hub and what is in it.
pub struct Desk {
    pub hub: Hub,
    pub world: Arc<TestWorld>,
    pub caller: Caller,
    pub node: NodeId,
    pub project: ProjectId,
    pub scratch: Scratch,
    _database: Option<Database>,
}

impl Desk {
    /// On a database, SQLite when it is none.
    pub async fn on(database: Option<Database>, keeping: impl FnOnce(Keeping) -> Keeping) -> Self {
        let scratch = Scratch::new().unwrap();
        let location = Location::parse(database.as_ref().map(Database::url).as_deref(), scratch.path()).unwrap();
        let world = TestWorld::new(NOW, 7);
        let settings = Settings {
            url: "http://127.0.0.1:1".to_owned(),
            address: None,
            lease_ms: 1_000,
            keeping: keeping(Keeping::of(scratch.path())),
            push: push::Means::none(),
            hook_key: sealed::Key::new([0; 32]),
        };
        let hub = Hub::open(&location, settings, world.clone()).await.unwrap();
        let (node, project) = (NodeId::from_bits(1), ProjectId::from_bits(2));
        let (at, of) = (node.clone(), project.clone());
        let caller = hub.db.write(move |tx| {
            Box::pin(async move {
                let (world, now) = (tx.world.clone(), tx.now);
                let (org, user) = org::ensure(tx, &world, org::HOME).await?;
                let who = Who::User(user);
                let issue = token::Issue { org: &org, who: who.clone(), name: "t", role: Role::Owner, expires_at: None, secret: "t" };
                let token = token::issue(tx, &*world, issue).await?;
                let insert = query("INSERT INTO nodes (id, org_id, name, seen_at, created_at) VALUES ($1, $2, 'n', $3, $3)");
                insert.bind(at.as_str()).bind(org.as_str()).bind(now).execute(tx.conn).await?;
                let insert = "INSERT INTO projects (id, org_id, name, path, node_id, default_branch, created_at) VALUES ($1, $2, 'p', '/p', $3, 'main', $4)";
                query(insert).bind(of.as_str()).bind(org.as_str()).bind(at.as_str()).bind(now).execute(tx.conn).await?;
                Ok(Caller { org, who, token, role: Role::Owner })
            })
        });
        let caller = caller.await.unwrap();
        Self { hub, world, caller, node, project, scratch, _database: database }
    }

    /// The same with what a hub keeps by itself.
    pub async fn plain(database: Option<Database>) -> Self {
        Self::on(database, |keeping| keeping).await
    }

    /// A session of the project.
    pub async fn session(&self) -> SessionId {
        let session = SessionId::from_bits(3);
        let (id, org, project, node) = (session.clone(), self.caller.org.clone(), self.project.clone(), self.node.clone());
        let insert = self.hub.db.write(move |tx| {
            Box::pin(async move {
                let insert = "INSERT INTO sessions (id, org_id, project_id, agent, driver, title, node_id, place_kind, path, created_at, updated_at) \
                              VALUES ($1, $2, $3, 'a', 'rehearse', 't', $4, 'worktree', '/w', $5, $5)";
                let insert = query(insert).bind(id.as_str()).bind(org.as_str()).bind(project.as_str());
                insert.bind(node.as_str()).bind(tx.now).execute(tx.conn).await?;
                Ok(())
            })
        });
        insert.await.unwrap();
        session
    }
}

/// Runs a story on SQLite, and on PostgreSQL when there is one.
macro_rules! on_both {
    ($start:path, $database:literal; $($story:ident $sqlite:ident $postgres:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $sqlite() {
            $story($start(None).await).await;
        }
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $postgres() {
            if let Some(database) = rig::postgres::database($database).unwrap() {
                $story($start(Some(database)).await).await;
            }
        }
    )*};
}
pub(crate) use on_both;
