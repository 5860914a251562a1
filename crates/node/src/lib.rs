//! The node.
pub mod driver;
mod child;
mod machine;
mod process;
mod spool;
pub mod keeper;
pub mod ownership;
mod environment;
mod report;
mod session;
mod turn;
pub mod git;
mod worktree;
