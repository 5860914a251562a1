//! Text from outside, quoted: a block that the text in it cannot end.

/// What the block around a text begins and ends with.
pub fn fence(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// The text in its block.
pub fn quoted(text: &str) -> String {
    let fence = fence(text);
    format!("{fence}\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_block() {
        assert_eq!(quoted("a"), "```\na\n```");
        assert_eq!(quoted("a\n````\nb"), "`````\na\n````\nb\n`````");
    }
}
