//! The hub's API in process: real HTTP and WebSockets on loopback, a clock of the test's own, and simulated nodes that dial the
//! real link. The main path runs on SQLite, and on PostgreSQL when there is one.

mod across;
mod app;
mod bench;
mod changes;
mod claims;
mod cockpit;
mod conflicts;
mod costs;
mod devices;
mod doors;
mod history;
mod hooks;
mod hosts;
mod hubs;
mod jobs;
mod keys;
mod merges;
mod node;
mod old;
mod openapi;
mod panics;
mod path;
mod plans;
mod pushes;
mod raw;
mod removal;
mod runs;
mod strangers;
mod streams;
mod targets;
mod tasks;
mod teardown;
mod tickets;
mod turns;
mod walk;
