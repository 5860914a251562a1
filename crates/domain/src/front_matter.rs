//! The settings at the top of a Markdown file: the part of YAML that such files use, between two lines `---`.
//!
//! Mappings, lists, quoted and plain texts, `|` and `>` blocks, and `[…]` and `{…}` (so that JSON can stand there too). Anchors, tags and
//! whatever else makes a small YAML text mean something large are refused: the files come from repositories. A plain text may hold a
//! colon, as people write it in descriptions.
//!
//! Invariant: whatever is wrong is said with its line and its key.

use serde_json::{Map, Value};

/// Levels of mappings and lists.
const DEPTH_MAX: usize = 32;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Wrong {
    /// The line, counted from 1.
    pub line: usize,
    /// The key, with those that it stands under; empty when it concerns none.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "line {}: {}", self.line, self.wrong),
            key => write!(f, "line {}, `{key}`: {}", self.line, self.wrong),
        }
    }
}

/// A file, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontMatter {
    /// The settings.
    pub fields: Map<String, Value>,
    /// What follows them, without blank lines around it.
    pub body: String,
    /// The line of each key, with those that it stands under: `rules.allow`.
    lines: Vec<(String, usize)>,
}

impl FrontMatter {
    /// Takes a file apart.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let text = text.trim_start_matches('\u{feff}');
        let all: Vec<&str> = text.lines().collect();
        if all.first().map(|line| line.trim_end()) != Some("---") {
            return Err(wrong(1, "", "the first line must be ---, and settings must follow up to the next ---"));
        }
        let end = all.iter().skip(1).position(|line| line.trim_end() == "---").map(|at| at + 1);
        let end = end.ok_or_else(|| wrong(all.len(), "", "the settings do not end: a second line --- is missing"))?;
        let mut reader = Reader { lines: &all[..end], at: 1, found: Vec::new() };
        let fields = match reader.indent()? {
            None => Map::new(),
            Some(0) => reader.mapping(0, "", 0)?,
            Some(_) => return Err(wrong(reader.at + 1, "", "the first setting must stand at the beginning of its line")),
        };
        if let Some(line) = reader.lines.get(reader.at) {
            return Err(wrong(reader.at + 1, "", &format!("{:?} belongs to nothing above it", line.trim())));
        }
        Ok(Self { fields, body: all[end + 1..].join("\n").trim().to_owned(), lines: reader.found })
    }

    /// The line of a key, or of the nearest key that it stands under.
    pub fn line(&self, key: &str) -> usize {
        let above = |known: &str| key == known || key.strip_prefix(known).is_some_and(|rest| rest.starts_with(['.', '[', '/']));
        self.lines.iter().filter(|(known, _)| above(known)).map(|(known, line)| (known.len(), *line)).max().map_or(1, |(_, line)| line)
    }
}

fn wrong(line: usize, key: &str, wrong: &str) -> Wrong {
    Wrong { line, key: key.to_owned(), wrong: wrong.to_owned() }
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    found: Vec<(String, usize)>,
}

impl Reader<'_> {
    /// The indentation of the next line that says something.
    fn indent(&mut self) -> Result<Option<usize>, Wrong> {
        while let Some(line) = self.lines.get(self.at) {
            let text = line.trim_start_matches(' ');
            if text.starts_with('\t') {
                return Err(wrong(self.at + 1, "", "a tab stands before the text: indent with spaces"));
            }
            if !text.trim().is_empty() && !text.starts_with('#') {
                return Ok(Some(line.len() - text.len()));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn mapping(&mut self, indent: usize, above: &str, depth: usize) -> Result<Map<String, Value>, Wrong> {
        if depth > DEPTH_MAX {
            return Err(wrong(self.at + 1, above, "this goes too deep"));
        }
        let mut fields = Map::new();
        while let Some(found) = self.indent()? {
            if found < indent {
                break;
            }
            let (line, text) = (self.at + 1, self.lines[self.at].trim());
            if found > indent {
                return Err(wrong(line, above, "it is indented further than its neighbours; a long text needs `|` after its key"));
            }
            let Some((name, rest)) = key(text) else {
                return Err(wrong(line, above, &format!("{text:?} is no setting: write `name: value`")));
            };
            let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            if fields.contains_key(&name) {
                return Err(wrong(line, &path, "it is given twice"));
            }
            self.found.push((path.clone(), line));
            self.at += 1;
            let value = self.value(rest, indent, &path, depth)?;
            fields.insert(name, value);
        }
        Ok(fields)
    }

    /// The value of a key whose line has been read up to the colon.
    fn value(&mut self, rest: &str, indent: usize, path: &str, depth: usize) -> Result<Value, Wrong> {
        let line = self.at;
        match rest.chars().next() {
            None | Some('#') => match self.indent()? {
                Some(deeper) if self.lines[self.at].trim_start().starts_with("- ") && deeper >= indent => self.list(deeper, path),
                Some(deeper) if deeper > indent => Ok(Value::Object(self.mapping(deeper, path, depth + 1)?)),
                _ => Ok(Value::Null),
            },
            Some('|' | '>') => self.block(rest, indent, path),
            Some('[' | '{') => {
                let mut text = rest.to_owned();
                while !is_closed(&text) {
                    let Some(next) = self.lines.get(self.at) else { return Err(wrong(line, path, "the bracket is never closed")) };
                    text = format!("{text} {}", next.trim());
                    self.at += 1;
                }
                Flow { text: &text, line, path }.whole()
            }
            Some(_) => scalar(rest, line, path),
        }
    }

    fn list(&mut self, indent: usize, path: &str) -> Result<Value, Wrong> {
        let mut items = Vec::new();
        while self.indent()? == Some(indent) {
            let Some(item) = self.lines[self.at].trim().strip_prefix("- ") else { break };
            self.at += 1;
            let (item, line) = (item.trim(), self.at);
            items.push(match item.chars().next() {
                Some('[' | '{') => Flow { text: item, line, path }.whole()?,
                _ if key(item).is_some() => return Err(wrong(line, path, "settings within a list are written as {name: value}")),
                _ => scalar(item, line, path)?,
            });
        }
        Ok(Value::Array(items))
    }

    /// A text of several lines: as it stands after `|`, as one line after `>`.
    fn block(&mut self, sign: &str, indent: usize, path: &str) -> Result<Value, Wrong> {
        if !["|", "|-", ">", ">-"].contains(&sign) {
            return Err(wrong(self.at, path, "after `|` or `>` the line ends, and the text follows below"));
        }
        let mut lines: Vec<&str> = Vec::new();
        while let Some(line) = self.lines.get(self.at) {
            if !line.trim().is_empty() && line.len() - line.trim_start_matches(' ').len() <= indent {
                break;
            }
            lines.push(line);
            self.at += 1;
        }
        let said = lines.iter().filter(|line| !line.trim().is_empty());
        let margin = said.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
        let lines: Vec<&str> = lines.iter().map(|line| line.get(margin..).unwrap_or("").trim_end()).collect();
        let text = if sign.starts_with('|') { lines.join("\n") } else { lines.join(" ") };
        Ok(Value::String(text.trim_end().to_owned()))
    }
}

/// The key at the beginning of a line, and what follows its colon.
fn key(text: &str) -> Option<(String, &str)> {
    let (name, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\":")?,
        None => text.split_once(':')?,
    };
    let tame = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    let separate = rest.is_empty() || rest.starts_with(' ');
    (separate && !name.is_empty() && name.chars().all(tame)).then(|| (name.to_owned(), rest.trim()))
}

/// Whether every bracket is closed, as far as quotes let one say.
fn is_closed(text: &str) -> bool {
    // A quote opens only where a value begins: elsewhere it is an apostrophe.
    let (mut depth, mut quote, mut escaped, mut before) = (0_i64, None, false, ' ');
    for letter in text.chars() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if matches!(before, '[' | '{' | ',' | ':') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, _) => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    depth <= 0
}

/// One value that is no mapping and no list.
fn scalar(text: &str, line: usize, path: &str) -> Result<Value, Wrong> {
    match text.chars().next() {
        Some('"' | '\'') => {
            let mut flow = Flow { text, line, path };
            let value = flow.value(0)?;
            let rest = flow.text.trim();
            if rest.is_empty() || rest.starts_with('#') { Ok(value) } else { Err(wrong(line, path, "something follows the closing quote")) }
        }
        Some('&' | '*' | '!' | '%' | '@' | '`') => {
            Err(wrong(line, path, "it begins with a sign that YAML keeps for itself: put it in quotes"))
        }
        _ => Ok(plain(text.split(" #").next().unwrap_or(text).trim())),
    }
}

fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // What looks like a number is one, as far as JSON knows it.
        _ => match serde_json::from_str::<serde_json::Number>(text) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text.to_owned()),
        },
    }
}

/// A value in brackets, taken from the front of `text`.
struct Flow<'a> {
    text: &'a str,
    line: usize,
    path: &'a str,
}

impl<'a> Flow<'a> {
    fn wrong(&self, text: &str) -> Wrong {
        wrong(self.line, self.path, text)
    }

    fn whole(mut self) -> Result<Value, Wrong> {
        let value = self.value(0)?;
        let rest = self.text.trim();
        if rest.is_empty() || rest.starts_with('#') { Ok(value) } else { Err(self.wrong("something follows the closing bracket")) }
    }

    fn eat(&mut self, sign: char) -> bool {
        let trimmed = self.text.trim_start();
        let found = trimmed.strip_prefix(sign);
        self.text = found.unwrap_or(trimmed);
        found.is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Value, Wrong> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("this goes too deep"));
        }
        if self.eat('[') {
            let mut items = Vec::new();
            while !self.eat(']') {
                items.push(self.value(depth + 1)?);
                if !self.eat(',') && !self.text.starts_with(']') {
                    return Err(self.wrong("a comma or ] is missing"));
                }
            }
            return Ok(Value::Array(items));
        }
        if self.eat('{') {
            let mut fields = Map::new();
            while !self.eat('}') {
                let name = match self.word(&[':', ',', '}'])? {
                    Value::String(name) => name,
                    other => other.to_string(),
                };
                if !self.eat(':') {
                    return Err(self.wrong(&format!("a colon is missing after {name:?}")));
                }
                let value = self.value(depth + 1)?;
                if fields.insert(name.clone(), value).is_some() {
                    return Err(self.wrong(&format!("{name:?} is given twice")));
                }
                if !self.eat(',') && !self.text.starts_with('}') {
                    return Err(self.wrong("a comma or } is missing"));
                }
            }
            return Ok(Value::Object(fields));
        }
        self.word(&[',', ']', '}'])
    }

    /// A text in quotes, or a plain one up to one of these signs.
    fn word(&mut self, ends: &[char]) -> Result<Value, Wrong> {
        let text: &'a str = self.text.trim_start();
        if text.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
            let Some(Ok(word)) = stream.next() else { return Err(self.wrong("a text in quotes cannot be read")) };
            self.text = &text[stream.byte_offset()..];
            return Ok(Value::String(word));
        }
        if let Some(rest) = text.strip_prefix('\'') {
            let mut word = String::new();
            let mut letters = rest.char_indices().peekable();
            while let Some((at, letter)) = letters.next() {
                match letter {
                    '\'' if letters.peek().is_some_and(|(_, next)| *next == '\'') => {
                        word.push('\'');
                        letters.next();
                    }
                    '\'' => {
                        self.text = &rest[at + 1..];
                        return Ok(Value::String(word));
                    }
                    letter => word.push(letter),
                }
            }
            return Err(self.wrong("a text in quotes does not end"));
        }
        let end = text.find(ends).unwrap_or(text.len());
        let word = text[..end].trim();
        if word.is_empty() || word.starts_with(['&', '*', '!', '%', '@', '`']) {
            return Err(self.wrong(&format!("a value is missing or needs quotes before {:?}", text.chars().take(20).collect::<String>())));
        }
        self.text = &text[end..];
        Ok(plain(word))
    }
}

#[cfg(test)]
mod tests;
