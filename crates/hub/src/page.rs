//! Where a page of a list begins and how long it is.

/// Which page is wanted.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// Items at most.
    pub limit: i64,
    /// What the page before gave as `next_cursor`.
    pub cursor: Option<String>,
}
