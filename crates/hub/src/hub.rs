//! What every part of the hub may touch.

use crate::config::Keeping;
use crate::db::Db;
use crate::effect::Outlet;
use crate::feed::Feed;
use crate::link::NodeLinks;
use crate::link::inbox::{self, Holders};
use crate::push::{Means, Screens};
use crate::sealed;
use crate::token::Known;
use crate::wake::Wake;
use fugue_domain::world::{Millis, SharedWorld};
use std::sync::Arc;

/// Settings that nouns need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens, as a URL.
    pub url: String,
    /// Under which address people and other machines reach it, when somebody said so.
    pub address: Option<String>,
    /// How long a lease lasts from each renewal.
    pub lease_ms: Millis,
    /// How long histories are kept, and where.
    pub keeping: Keeping,
    /// What is needed to push.
    pub push: Means,
    /// What seals the secrets of hooks.
    pub hook_key: sealed::Key,
}

/// The hub, cheap to clone.
#[derive(Clone)]
pub struct Hub {
    /// The database.
    pub db: Db,
    /// Time and chance.
    pub world: SharedWorld,
    /// Live subscribers.
    pub feed: Feed,
    /// The scheduler's doorbell.
    pub wake: Wake,
    /// Connected nodes.
    pub nodes: NodeLinks,
    /// Which node speaks for which session at the moment.
    pub holders: Holders,
    /// Credentials that were looked up a moment ago.
    pub known: Known,
    /// What devices have on their screens.
    pub screens: Screens,
    /// Messages that gather for one statement.
    pub sends: crate::message::Gather,
    /// Events that gather for one statement.
    pub facts: inbox::Gather,
    /// Settings.
    pub settings: Arc<Settings>,
}

impl Hub {
    /// Opens the database and puts the hub together. Its loops are started apart.
    pub async fn open(location: &crate::db::Location, settings: Settings, world: SharedWorld) -> Result<Self, crate::db::OpenError> {
        let outlet = Outlet { feed: Feed::default(), wake: Wake::default(), nodes: NodeLinks::default(), holders: Holders::default() };
        let deferred = crate::db::Deferred::new(crate::message::settle);
        let db = Db::open(location, outlet.clone(), world.clone(), deferred).await?;
        let Outlet { feed, wake, nodes, holders } = outlet;
        let sends = crate::message::Gather::start(db.clone(), world.clone(), nodes.clone(), settings.lease_ms);
        let facts = inbox::Gather::new(db.clone());
        let (known, screens, settings) = (Known::default(), Screens::default(), Arc::new(settings));
        Ok(Self { db, world, feed, wake, nodes, holders, known, screens, sends, facts, settings })
    }
}
