//! The test kit: the built program as a user runs it, real repositories, PostgreSQL, a model server, faults, and the checker of
//! what came out of it.
//!
//! Invariant: the kit stands outside the product. It knows the API's contract and no type of ours, so that a mistake in a type
//! cannot hide itself. Whatever it starts it also ends. Used by tests of every crate, and by `cargo xtask bench`.
#![allow(clippy::disallowed_methods, reason = "tests live in the real world: its clock, its processes")]

pub mod audit;
pub mod browser;
pub mod certificate;
pub mod chance;
pub mod checker;
pub mod client;
pub mod fleet;
pub mod fugue;
pub mod git_server;
pub mod goal;
pub mod history;
pub mod lag;
pub mod leaf;
pub mod model;
pub mod nemesis;
pub mod orphans;
pub mod postgres;
pub mod proxy;
pub mod push_service;
pub mod repo;
pub mod scratch;
pub mod sender;
pub mod simnode;
pub mod skip;
pub mod sse;
pub mod stage;
pub mod syscalls;
pub mod wait;
pub mod witness;
pub mod workload;

pub use skip::skip;
