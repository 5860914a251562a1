//! The node: carries out turns and reports.

pub mod driver;
