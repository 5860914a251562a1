//! A hub in the test's own process.

use anyhow::{Context, Result};
use fugue_domain::world::TestWorld;
use fugue_hub::{Keeping, Options, Running, start};
use reqwest::Method;
use rig::client::Client;
use rig::scratch::Scratch;
use serde_json::{Value, json};
use std::sync::Arc;

/// 2026-11-21, so that printed times look like times.
const NOW: i64 = 1_795_222_700_776;

/// Longer than an approval waits, so that the two can be told apart.
pub const LEASE_MS: i64 = 2 * fugue_domain::limits::APPROVAL_MS;

/// A hub, its data, and its owner.
pub struct App {
    pub owner: Client,
    pub world: Arc<TestWorld>,
    pub url: String,
    options: Options,
    running: Option<Running>,
    home: Scratch,
    _database: Option<rig::postgres::Database>,
}

impl App {
    /// A fresh hub on SQLite.
    pub async fn start() -> Result<Self> {
        Self::on(None).await
    }

    /// A fresh hub that carries these files.
    pub async fn with_cockpit(cockpit: fugue_hub::cockpit::Cockpit) -> Result<Self> {
        Self::begin(None, cockpit, &[]).await
    }

    /// A fresh hub on a database, SQLite when it is none.
    pub async fn on(database: Option<rig::postgres::Database>) -> Result<Self> {
        Self::begin(database, fugue_hub::cockpit::none, &[]).await
    }

    /// A fresh hub that may also push to these services.
    pub async fn pushing(database: Option<rig::postgres::Database>, hosts: &[String]) -> Result<Self> {
        Self::begin(database, fugue_hub::cockpit::none, hosts).await
    }

    async fn begin(database: Option<rig::postgres::Database>, cockpit: fugue_hub::cockpit::Cockpit, push_hosts: &[String]) -> Result<Self> {
        let home = Scratch::new()?;
        let folder = home.folder("home")?;
        let options = Options {
            keeping: Keeping::of(&folder),
            home: folder,
            listen: "127.0.0.1:0".parse()?,
            database: database.as_ref().map(rig::postgres::Database::url),
            tls: None,
            plain_http: false,
            allow_hosts: vec!["hub.example".to_owned()],
            allow_origins: vec!["https://cockpit.example".to_owned()],
            address: None,
            lease_ms: LEASE_MS,
            push_hosts: push_hosts.to_vec(),
            cockpit,
        };
        let world = TestWorld::new(NOW, std::process::id().into());
        let running = start(options.clone(), world.clone()).await?;
        let secret = std::fs::read_to_string(options.home.join("token")).context("the owner's token")?;
        let url = running.url().to_owned();
        let owner = Client::new(&url, secret.trim());
        // From now on the same port, so that clients find the hub again after a restart.
        let options = Options { listen: running.address(), ..options };
        Ok(Self { owner, world, url, options, running: Some(running), home, _database: database })
    }

    /// Ends the hub and starts it again on the same data and port.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await;
        self.running = Some(start(self.options.clone(), self.world.clone()).await?);
        Ok(())
    }

    /// Starts it again with a time after which archived histories are deleted.
    pub async fn expire_after(&mut self, ms: i64) -> Result<()> {
        self.options.keeping.expire_after_ms = Some(ms);
        self.restart().await
    }

    /// Another hub on the same database, with an address and a folder of its own.
    pub async fn beside(&self) -> Result<Running> {
        let folder = self.home.folder("beside")?;
        let options = Options { keeping: Keeping::of(&folder), home: folder, listen: "127.0.0.1:0".parse()?, ..self.options.clone() };
        Ok(start(options, self.world.clone()).await?)
    }

    /// Ends the hub.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// The running hub, for what has no route.
    pub fn hub(&self) -> &fugue_hub::hub::Hub {
        self.running.as_ref().expect("the hub runs").hub()
    }

    /// The options it runs with.
    pub fn options(&self) -> Options {
        self.options.clone()
    }

    /// A folder of the test's own.
    pub fn scratch(&self) -> &Scratch {
        &self.home
    }

    /// A caller of the home org with a role.
    pub async fn caller(&self, role: &str) -> Result<Client> {
        self.token(json!({"name": role, "role": role})).await
    }

    /// A caller by a token that is made for it.
    pub async fn token(&self, new: Value) -> Result<Client> {
        let token = self.owner.post("/api/v1/tokens", &new).await?;
        Ok(Client::new(&self.url, token["token"].as_str().context("a token")?))
    }

    /// A request by hand; the whole reply.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        // Without a pool no test waits for the connection of another.
        reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client").request(method, format!("{}{path}", self.url))
    }
}

/// A reply as a test compares it: without what differs between any two requests.
pub fn without_request_id(mut body: Value) -> Value {
    if let Some(object) = body.as_object_mut() {
        object.remove("request_id");
    }
    body
}

/// Runs a story on SQLite, and on PostgreSQL when there is one.
macro_rules! on_both {
    ($($story:ident $sqlite:ident $postgres:ident;)*) => {$(
        #[tokio::test]
        async fn $sqlite() -> Result<()> {
            $story(App::start().await?).await
        }
        #[tokio::test]
        async fn $postgres() -> Result<()> {
            match rig::postgres::database("api")? {
                Some(database) => $story(App::on(Some(database)).await?).await,
                None => Ok(()),
            }
        }
    )*};
}
pub(crate) use on_both;
