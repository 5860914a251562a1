//! What devices have on their screens, as their pages say: what a person sees is not pushed to the same device.
//!
//! Invariant: it is known only while the page says so again and again, and gone with its connection. A hub that does not know pushes.

use fugue_domain::id::TokenId;
use fugue_domain::limits::PUSH_SCREEN_MS;
use fugue_domain::world::Millis;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What all connected pages show, by their device's credential.
#[derive(Clone, Default)]
pub struct Screens(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    last: u64,
    shown: HashMap<TokenId, HashMap<u64, Look>>,
}

struct Look {
    path: String,
    at: Millis,
}

/// One page, for as long as it is connected.
pub struct Eye {
    screens: Screens,
    token: TokenId,
    id: u64,
}

impl Screens {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of a device.
    pub fn eye(&self, token: &TokenId) -> Eye {
        let mut pages = self.pages();
        pages.last += 1;
        Eye { screens: self.clone(), token: token.clone(), id: pages.last }
    }

    /// Whether a page of the device shows what is meant.
    pub fn show(&self, token: &TokenId, now: Millis, is_meant: impl Fn(&str) -> bool) -> bool {
        let pages = self.pages();
        let Some(looks) = pages.shown.get(token) else { return false };
        looks.values().any(|look| now.abs_diff(look.at) < PUSH_SCREEN_MS as u64 && is_meant(&look.path))
    }
}

impl Eye {
    /// The page shows this path of the cockpit; nothing when it is hidden.
    pub fn looks(&self, path: Option<String>, now: Millis) {
        let mut pages = self.screens.pages();
        let looks = pages.shown.entry(self.token.clone()).or_default();
        match path {
            Some(path) => drop(looks.insert(self.id, Look { path, at: now })),
            None => drop(looks.remove(&self.id)),
        }
        if looks.is_empty() {
            pages.shown.remove(&self.token);
        }
    }
}

impl Drop for Eye {
    fn drop(&mut self) {
        self.looks(None, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_counts_while_it_is_fresh_and_its_page_is_there() {
        let (screens, token) = (Screens::default(), TokenId::from_bits(1));
        let shows = |now, path: &'static str| screens.show(&token, now, move |shown| shown == path);
        let (first, second) = (screens.eye(&token), screens.eye(&token));
        first.looks(Some("/a".into()), 0);
        second.looks(Some("/b".into()), 0);
        assert!(shows(0, "/a") && shows(PUSH_SCREEN_MS - 1, "/b") && !shows(0, "/c"));
        assert!(!shows(PUSH_SCREEN_MS, "/a"), "it was not said again");
        assert!(!screens.show(&TokenId::from_bits(2), 0, |_| true), "another device");
        first.looks(None, 0);
        assert!(!shows(0, "/a"));
        drop(second);
        assert!(!shows(0, "/b") && screens.pages().shown.is_empty());
    }
}
