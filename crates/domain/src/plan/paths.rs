//! Paths that tasks say they will change: which meet, found without comparing each with each.
//!
//! A path is a file or a folder from the top of the repository; a folder holds everything below it. `src/**` and `src/` are the folder `src`.

use std::collections::HashMap;

/// A path as it is compared: a folder without its stars, `""` for the whole repository.
pub fn plain(path: &str) -> &str {
    let mut path = path.trim_start_matches("./").trim_end_matches('/');
    // What comes after the first part with a sign of its own is unknown, so all of the folder above counts.
    if let Some(sign) = path.find(['*', '?', '[', '{']) {
        path = path[..sign].rfind('/').map_or("", |end| &path[..end]);
    }
    if path == "." { "" } else { path }
}

/// Whether two plain paths meet: they are the same, or one lies within the other.
pub fn meet(a: &str, b: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(a, b) || within(b, a)
}

/// The folders above a plain path, the nearest first, `""` last.
fn above(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = (!path.is_empty()).then_some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let folder = path.rfind('/').map_or("", |end| &path[..end]);
        rest = (!folder.is_empty()).then_some(folder);
        Some(folder)
    })
}

/// Paths that somebody has claimed.
#[derive(Debug)]
pub struct Claims<'a, T> {
    /// What is claimed itself.
    whole: HashMap<&'a str, T>,
    /// What has something claimed below it.
    below: HashMap<&'a str, T>,
}

impl<T> Default for Claims<'_, T> {
    fn default() -> Self {
        Self { whole: HashMap::new(), below: HashMap::new() }
    }
}

impl<'a, T: Copy> Claims<'a, T> {
    /// Claims paths. Who claims first is the one that others meet.
    pub fn add(&mut self, paths: impl IntoIterator<Item = &'a str>, who: T) {
        for path in paths {
            let path = plain(path);
            self.whole.entry(path).or_insert(who);
            for folder in above(path) {
                self.below.entry(folder).or_insert(who);
            }
        }
    }

    /// Who has claimed something that these paths meet.
    pub fn met<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> Option<T> {
        if self.whole.is_empty() {
            return None;
        }
        paths.into_iter().map(plain).find_map(|path| {
            let here = self.whole.get(path).or_else(|| self.below.get(path));
            here.copied().or_else(|| above(path).find_map(|folder| self.whole.get(folder).copied()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_their_folder() {
        for (path, plain_path) in [
            ("src/**", "src"),
            ("src/", "src"),
            ("./a/b.rs", "a/b.rs"),
            ("a/*.rs", "a"),
            ("**", ""),
            (".", ""),
            ("a/{b,c}/d", "a"),
            ("a/b?/c", "a"),
        ] {
            assert_eq!(plain(path), plain_path, "{path}");
        }
        assert!(meet("src", "src/a.rs") && meet("a", "a") && meet("", "b/c") && !meet("src/a", "src/ab") && !meet("a/b", "a/c"));
    }

    proptest! {
        #[test]
        fn claims_know_what_comparing_each_with_each_would_find(
            claimed in prop::collection::vec("[ab](/[ab]){0,3}|", 0..6),
            asked in prop::collection::vec("[ab](/[ab]){0,3}|", 0..4),
        ) {
            let mut claims = Claims::default();
            claims.add(claimed.iter().map(String::as_str), 1);
            let expected = claimed.iter().any(|a| asked.iter().any(|b| meet(a, b)));
            prop_assert_eq!(claims.met(asked.iter().map(String::as_str)).is_some(), expected);
        }
    }
}
