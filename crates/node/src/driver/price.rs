//! List prices of models, for the cost of what no program counts in dollars.
//!
//! Invariant: an unknown model costs nothing rather than a guess, and its tokens are counted all the same. The figures and the
//! day they were written down are in `prices.json`; the longest name that a model's name begins with is the one that counts.

use fugue_domain::money::{MicroUsd, Tokens};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Deserialize)]
struct List {
    models: BTreeMap<String, Price>,
}

/// US dollars for a million tokens, which is the same as millionths of a dollar for one.
#[derive(Deserialize)]
struct Price {
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
}

static LIST: LazyLock<List> =
    LazyLock::new(|| serde_json::from_str(include_str!("prices.json")).expect("the price list is checked by a test"));

/// What these tokens cost with this model.
pub fn of(model: &str, tokens: &Tokens) -> MicroUsd {
    let known = LIST.models.iter().filter(|(name, _)| model.starts_with(name.as_str()));
    let Some((_, price)) = known.max_by_key(|(name, _)| name.len()) else { return MicroUsd(0) };
    let each = [
        (price.input, tokens.input),
        (price.output, tokens.output),
        (price.cache_read, tokens.cache_read),
        (price.cache_write, tokens.cache_write),
    ];
    MicroUsd(each.iter().map(|(price, count)| price * *count as f64).sum::<f64>().round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_name_counts_and_an_unknown_model_costs_nothing() {
        let tokens = Tokens { input: 1_000_000, output: 0, cache_read: 0, cache_write: 0 };
        assert!(of("gpt-5-mini-2025-08-07", &tokens) < of("gpt-5-2025-08-07", &tokens));
        assert_eq!(of("scripted-1", &tokens), MicroUsd(0));
    }
}
