//! The nouns of Fugue, their states and the rules between them.
//!
//! Invariant: no IO, no clock, no chance. Everything here is a value or a pure function; time and random numbers come in
//! through [`world::World`], which is implemented outside. The hub, the node and the command line all build on this crate
//! and share no other.

pub mod agent;
pub mod api;
pub mod approval;
pub mod base64url;
pub mod caller;
pub mod changes;
pub mod check;
pub mod crash;
pub mod dag;
pub mod digest;
pub mod event;
pub mod foreman;
pub mod front_matter;
pub mod hook;
pub mod id;
pub mod job;
pub mod lease;
pub mod limits;
pub mod link;
pub mod merge_queue;
pub mod money;
pub mod node;
pub mod page;
pub mod plan;
pub mod problem;
pub mod project;
pub mod push;
pub mod quote;
pub mod raw;
pub mod reason;
pub mod remark;
pub mod review;
pub mod rule;
pub mod run;
pub mod saying;
pub mod schema;
pub mod session;
pub mod settings;
pub mod shell;
pub mod spelling;
pub mod task;
pub mod time;
pub mod toml_text;
pub mod turn;
pub mod world;
