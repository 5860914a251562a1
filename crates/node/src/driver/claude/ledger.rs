//! What the program used, counted by us.
//!
//! Invariant: what is reported adds up to what the provider was asked to do, over every process of a session. The program's
//! cumulative figures begin again at nothing after a crash and go on after a clean end, so only those since the last `result` of the
//! same process are used. The calls of the running message are counted as they stream by, and stand in when no `result` comes.

use super::super::Output;
use super::super::price;
use fugue_domain::money::{MicroUsd, Tokens, Usage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The calls to models since the last `result`, in the order in which they began.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ledger(Vec<(String, Tokens)>);

/// A model's figures in a `result` line.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModelFigures {
    input_tokens: i64,
    output_tokens: i64,
    cache_read_input_tokens: i64,
    cache_creation_input_tokens: i64,
    #[serde(rename = "costUSD")]
    cost_usd: f64,
}

/// The figures of one call as they stream by.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CallFigures {
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cache_read_input_tokens: Option<i64>,
    cache_creation_input_tokens: Option<i64>,
}

impl From<&ModelFigures> for Usage {
    fn from(figures: &ModelFigures) -> Self {
        Self {
            cost_usd: MicroUsd::from_usd(figures.cost_usd),
            tokens: Tokens {
                input: figures.input_tokens,
                output: figures.output_tokens,
                cache_read: figures.cache_read_input_tokens,
                cache_write: figures.cache_creation_input_tokens,
            },
        }
    }
}

impl Ledger {
    /// A call to a model has begun.
    pub fn begin(&mut self, model: &str, figures: &CallFigures) {
        self.0.push((model.to_owned(), Tokens::default()));
        self.update(figures);
    }

    /// The running call tells its figures so far.
    pub fn update(&mut self, figures: &CallFigures) {
        let Some((_, tokens)) = self.0.last_mut() else { return };
        let set = |slot: &mut i64, value: Option<i64>| *slot = value.unwrap_or(*slot);
        set(&mut tokens.input, figures.input_tokens);
        set(&mut tokens.output, figures.output_tokens);
        set(&mut tokens.cache_read, figures.cache_read_input_tokens);
        set(&mut tokens.cache_write, figures.cache_creation_input_tokens);
    }

    /// The program tells what it counted since its last `result`.
    pub fn settle(&mut self, figures: Option<&BTreeMap<String, ModelFigures>>) -> Vec<Output> {
        let Some(figures) = figures else { return self.close() };
        self.0.clear();
        let used = figures.iter().map(|(model, figures)| (model.clone(), Usage::from(figures)));
        used.filter(|(_, usage)| *usage != Usage::default()).map(|(model, usage)| Output::Used { usage, model: Some(model) }).collect()
    }

    /// No `result` will ever count these calls: they are counted at list prices.
    pub fn close(&mut self) -> Vec<Output> {
        let used = |(model, tokens): (String, Tokens)| Output::Used {
            usage: Usage { cost_usd: price::of(&model, &tokens), tokens },
            model: Some(model),
        };
        std::mem::take(&mut self.0).into_iter().map(used).collect()
    }
}
