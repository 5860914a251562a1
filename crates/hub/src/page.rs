//! Where a page of a list begins and how long it is.

/// What `LIKE … ESCAPE '\'` takes for texts that hold these words, in small letters.
pub fn containing(words: &str) -> String {
    format!("%{}%", words.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Which page is wanted.
#[derive(Debug, Clone)]
pub struct PageQuery {
    /// Items at most.
    pub limit: i64,
    /// What the page before gave as `next_cursor`.
    pub cursor: Option<String>,
}
