//! The table: medians and ranges of both sides, their ratio, and what was wanted.

use std::fmt;

/// Values of all rounds of one side.
#[derive(Debug, Clone, Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// Takes in one round.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The middle value.
    pub fn median(&self) -> Option<f64> {
        percentile(&self.0, 0.5)
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(median), Some(low), Some(high)) = (self.median(), percentile(&self.0, 0.0), percentile(&self.0, 1.0)) else {
            return f.pad("-");
        };
        f.pad(&format!("{} ({} to {})", short(median), short(low), short(high)))
    }
}

/// The value below which this share of all values lies.
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(((sorted.len().checked_sub(1)?) as f64 * share).round() as usize).copied()
}

/// What is wanted of a value.
#[derive(Debug, Clone, Copy)]
pub enum Want {
    /// Goal and floor of a ratio that should be high.
    RatioAtLeast(f64, f64),
    /// Goal and floor of a ratio that should be low.
    RatioAtMost(f64, f64),
    /// Goal and floor of our own value, which should be high.
    AtLeast(f64, f64),
    /// Goal and floor of our own value, which should be low.
    AtMost(f64, f64),
    /// Only shown.
    Nothing,
}

impl Want {
    fn judge(self, ours: f64, ratio: Option<f64>) -> &'static str {
        let (good, enough) = match (self, ratio) {
            (Want::RatioAtLeast(goal, floor), Some(ratio)) => (ratio >= goal, ratio >= floor),
            (Want::RatioAtMost(goal, floor), Some(ratio)) => (ratio <= goal, ratio <= floor),
            (Want::AtLeast(goal, floor), _) => (ours >= goal, ours >= floor),
            (Want::AtMost(goal, floor), _) => (ours <= goal, ours <= floor),
            _ => return "",
        };
        match (good, enough) {
            (true, _) => "goal",
            (false, true) => "above floor",
            (false, false) => "BELOW FLOOR",
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Want::RatioAtLeast(goal, floor) => format!(">= {goal} x ({floor} x)"),
            Want::RatioAtMost(goal, floor) => format!("<= {goal} x ({floor} x)"),
            Want::AtLeast(goal, floor) => format!(">= {goal} ({floor})"),
            Want::AtMost(goal, floor) => format!("<= {goal} ({floor})"),
            Want::Nothing => String::new(),
        })
    }
}

struct Row {
    figure: String,
    unit: &'static str,
    ours: Rounds,
    bare: Rounds,
    want: Want,
}

/// All rows.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a row.
    pub fn row(&mut self, figure: impl Into<String>, unit: &'static str, ours: Rounds, bare: Rounds, want: Want) {
        self.rows.push(Row { figure: figure.into(), unit, ours, bare, want });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | unit | ours: median (range) | reference: median (range) | ratio | goal (floor) | |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for Row { figure, unit, ours, bare, want } in &self.rows {
            let ratio = ours.median().zip(bare.median()).map(|(ours, bare)| ours / bare);
            let verdict = ours.median().map_or("", |ours| want.judge(ours, ratio));
            let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            writeln!(f, "| {figure} | {unit} | {ours} | {bare} | {ratio} | {want} | {verdict} |")?;
        }
        Ok(())
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        big if big >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
