//! Plans as a Markdown check list, as people write them in issues.
//!
//! ```text
//! # The goal
//!
//! - [ ] Add the login page (id: login; needs: api, users; agent: coder; paths: src/login/**, docs)
//!
//!   What is wanted, in as many paragraphs as it takes.
//!
//!   Acceptance:
//!   - GET /login answers 200
//! ```
//!
//! What stands outside of items is for people and is left alone. A value in which a comma, a semicolon or a quote stands is written in
//! quotes, as JSON writes it.

use super::Card;
use super::file::{Placed, Plan};
use crate::front_matter::Wrong;
use crate::money::MicroUsd;
use crate::spelling;

const ACCEPTANCE: &str = "Acceptance:";
const KEYS: &[&str] = &["id", "needs", "agent", "priority", "budget", "checks", "labels", "paths"];

/// Reads a check list.
pub(super) fn read(text: &str) -> Result<(Option<String>, Vec<Placed>), Wrong> {
    let (mut goal, mut placed) = (None, Vec::<Placed>::new());
    let mut body: Option<Vec<&str>> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some((done, head)) = item(line) {
            finish(&mut placed, body.replace(Vec::new()));
            let card = Card { done, ..heading(head).map_err(|(key, wrong)| Wrong { line: number, key, wrong })? };
            placed.push(Placed { card, line: Box::new(move |_| number) });
        } else if line.trim().is_empty() || line.starts_with([' ', '\t']) {
            let unindented = line.strip_prefix("  ").or_else(|| line.strip_prefix(['\t', ' '])).unwrap_or(line);
            body.iter_mut().for_each(|body| body.push(unindented));
        } else {
            finish(&mut placed, body.take());
            let heading = line.strip_prefix("# ").filter(|_| goal.is_none());
            goal = goal.or(heading.map(|text| text.trim().to_owned()));
        }
    }
    finish(&mut placed, body.take());
    Ok((goal, placed))
}

/// Whether a line begins an item: whether it is done, and what it says.
fn item(line: &str) -> Option<(bool, &str)> {
    let rest = line.strip_prefix("- [").or_else(|| line.strip_prefix("* ["))?;
    let (sign, rest) = rest.split_once(']')?;
    let head = rest.strip_prefix(' ').or(rest.is_empty().then_some(""))?;
    match sign {
        " " | "" => Some((false, head)),
        "x" | "X" => Some((true, head)),
        _ => None,
    }
}

/// Gives the last card what stood below its line.
fn finish(placed: &mut [Placed], body: Option<Vec<&str>>) {
    let (Some(body), Some(Placed { card, .. })) = (body, placed.last_mut()) else { return };
    let is_list = |line: &&str| line.trim().is_empty() || line.starts_with("- ") || line.starts_with("  ");
    let at = body.iter().rposition(|line| line.trim_end() == ACCEPTANCE).filter(|at| body[at + 1..].iter().all(is_list));
    let (description, acceptance) = at.map_or((body.as_slice(), &[][..]), |at| (&body[..at], &body[at + 1..]));
    card.description = description.join("\n");
    for line in acceptance.iter().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix("- "), card.acceptance.last_mut()) {
            (None, Some(last)) => *last = format!("{last} {}", line.trim()),
            (item, _) => card.acceptance.push(item.unwrap_or(line).trim().to_owned()),
        }
    }
}

/// The title, and what stands in brackets behind it.
fn heading(head: &str) -> Result<Card, (String, String)> {
    let head = head.trim();
    let places = head.match_indices(" (").map(|(at, _)| at).chain(head.starts_with('(').then_some(0));
    let mut nearly = None;
    for at in places {
        let (title, rest) = head.split_at(at);
        let Some(inner) = rest.trim_start().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else { continue };
        let Some(pairs) = pairs(inner) else { continue };
        match card(title, pairs) {
            Ok(card) => return Ok(card),
            Err(wrong) => nearly = Some(wrong),
        }
    }
    // Brackets that look like settings and are none would quietly become a part of the title.
    nearly.map_or_else(|| Ok(Card { title: head.to_owned(), ..Card::default() }), Err)
}

/// `id: x; needs: a, b`, taken apart; `None` when it is ordinary text.
fn pairs(inner: &str) -> Option<Vec<(&str, Vec<String>)>> {
    let mut pairs = Vec::new();
    let mut rest = inner;
    loop {
        let (name, after) = rest.split_once(':')?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return None;
        }
        let (values, left) = values(after)?;
        pairs.push((name, values));
        match left {
            Some(left) => rest = left,
            None => return Some(pairs),
        }
    }
}

/// Values with commas between them, up to a semicolon or the end.
fn values(text: &str) -> Option<(Vec<String>, Option<&str>)> {
    let (mut values, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start();
        if rest.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            values.push(stream.next()?.ok()?);
            rest = rest[stream.byte_offset()..].trim_start();
        } else {
            let end = rest.find([',', ';']).unwrap_or(rest.len());
            let word = rest[..end].trim();
            if word.contains('"') || !is_balanced(word) {
                return None;
            }
            values.extend((!word.is_empty()).then(|| word.to_owned()));
            rest = &rest[end..];
        }
        match rest.chars().next() {
            None => return Some((values, None)),
            Some(',') => rest = &rest[1..],
            Some(';') => return Some((values, Some(&rest[1..]))),
            Some(_) => return None,
        }
    }
}

fn is_balanced(word: &str) -> bool {
    let depth = word.chars().try_fold(0_i64, |depth, letter| match letter {
        '(' => Some(depth + 1),
        ')' => Some(depth - 1).filter(|depth| *depth >= 0),
        _ => Some(depth),
    });
    depth == Some(0)
}

fn card(title: &str, pairs: Vec<(&str, Vec<String>)>) -> Result<Card, (String, String)> {
    let mut card = Card { title: title.trim().to_owned(), ..Card::default() };
    for (name, values) in pairs {
        let wrong = |wrong: String| Err((name.to_owned(), wrong));
        let mut one = values.first().cloned().filter(|_| values.len() == 1);
        match name {
            "needs" => card.needs = values,
            "checks" => card.checks = values,
            "labels" => card.labels = values,
            "paths" => card.paths = values,
            _ if !KEYS.contains(&name) && name != "key" => {
                let hint = spelling::meant(name, KEYS.iter().copied()).unwrap_or_else(|| format!("known are {}", KEYS.join(", ")));
                return wrong(format!("unknown; {hint}"));
            }
            _ if one.is_none() => return wrong(format!("it has {} values, give one", values.len())),
            "id" | "key" => card.key = one.take().unwrap_or_default(),
            "agent" => card.agent = one,
            "priority" => match one.as_deref().unwrap_or_default().parse() {
                Ok(priority) => card.priority = priority,
                Err(_) => return wrong("give a whole number".to_owned()),
            },
            _ => match one.as_deref().unwrap_or_default().trim_start_matches('$').parse::<f64>() {
                Ok(usd) if (0.0..=1e9).contains(&usd) => card.budget_usd = Some(MicroUsd::from_usd(usd)),
                _ => return wrong("give an amount in US dollars".to_owned()),
            },
        }
    }
    Ok(card)
}

/// Writes a check list.
pub(super) fn write(plan: &Plan) -> String {
    let mut text = plan.goal.iter().map(|goal| format!("# {goal}\n")).collect::<String>();
    for card in &plan.tasks {
        let sign = if card.done { 'x' } else { ' ' };
        let gap = if text.is_empty() { "" } else { "\n" };
        text += &format!("{gap}- [{sign}] {} ({})\n", card.title, settings(card));
        let mut body: Vec<String> = card.description.lines().map(str::to_owned).collect();
        // A description that holds such a line itself must not be taken for the list.
        if !card.acceptance.is_empty() || body.iter().any(|line| line.trim_end() == ACCEPTANCE) {
            body.extend((!body.is_empty()).then(String::new));
            body.push(ACCEPTANCE.to_owned());
            body.extend(card.acceptance.iter().map(|item| format!("- {item}")));
        }
        if !body.is_empty() {
            text.push('\n');
        }
        for line in body {
            text += &if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") };
        }
    }
    text
}

fn settings(card: &Card) -> String {
    let mut parts = vec![format!("id: {}", card.key)];
    let mut list = |name: &str, items: &[String]| {
        if !items.is_empty() {
            parts.push(format!("{name}: {}", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ")));
        }
    };
    list("needs", &card.needs);
    list("agent", card.agent.as_slice());
    list("priority", Some(card.priority).filter(|n| *n != 0).map(|n| n.to_string()).as_slice());
    list("budget", card.budget_usd.map(|usd| usd.usd().to_string()).as_slice());
    list("checks", &card.checks);
    list("labels", &card.labels);
    list("paths", &card.paths);
    parts.join("; ")
}

fn quoted(word: &str) -> String {
    let plain = !word.contains([',', ';', '"', '(', ')']);
    if plain { word.to_owned() } else { serde_json::Value::from(word).to_string() }
}
