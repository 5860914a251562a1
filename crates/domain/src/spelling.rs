//! Words that were meant: the known one that is nearest to what somebody wrote.

/// The known word that takes the fewest changes to reach.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // People rarely get the beginning wrong.
    let same = |known: &str| known.chars().zip(written.chars()).take_while(|(a, b)| a == b).count();
    known.into_iter().min_by_key(|known| (distance(written, known), std::cmp::Reverse(same(known))))
}

/// `did you mean "x"?`, when there is a word near enough that it can have been meant.
pub fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = nearest(written, known)?;
    // More than a third of the letters changed is another word.
    let letters = near.chars().count();
    (distance(written, near) <= (1 + letters / 3).min(letters.saturating_sub(1))).then(|| format!("did you mean {near:?}?"))
}

/// Letters to add, drop or exchange (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for j in 0..b.len() {
            let changed = diagonal + usize::from(letter != b[j]);
            let fewest = changed.min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], fewest);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant_unless_it_is_another() {
        assert_eq!(nearest("lisen", ["hub", "listen", "slots"]), Some("listen"));
        assert_eq!(meant("chekcs", ["checks", "setup"]).as_deref(), Some("did you mean \"checks\"?"));
        assert_eq!(meant("banana", ["checks", "setup"]), None);
        assert_eq!(meant("ned", ["id", "needs"]).as_deref(), Some("did you mean \"needs\"?"));
        assert_eq!(meant("x", ["a"]), None);
        assert_eq!(meant("x", []), None);
    }
}
