//! What a command prints: the whole in a file, up to a limit, and its end for the evidence.

use super::record::folder;
use fugue_domain::id::JobId;
use fugue_domain::limits::{CHECK_OUTPUT_BYTES_MAX, CHECK_PIECE_BYTES, CHECK_TAIL_BYTES_MAX};
use fugue_domain::link::{Answered, CallFailed, Piece};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// An output in the making.
pub struct Output {
    file: File,
    bytes: u64,
    tail: Vec<u8>,
}

/// The file of a command's output. Names are people's, so they do not become names of files.
fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{}.out", &fugue_domain::digest::sha256_hex(name.as_bytes())[..24]))
}

impl Output {
    /// An empty one; what the command printed in an earlier try is gone.
    pub fn new(folder: &Path, name: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Ok(Self { file: File::create(file(folder, name))?, bytes: 0, tail: Vec::new() })
    }

    /// Both streams, as they come. Beyond the limit it is counted only.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = (CHECK_OUTPUT_BYTES_MAX as u64).saturating_sub(self.bytes);
        let kept = &bytes[..bytes.len().min(room as usize)];
        self.bytes += bytes.len() as u64;
        self.tail.extend_from_slice(bytes);
        if self.tail.len() > 4 * CHECK_TAIL_BYTES_MAX {
            self.tail.drain(..self.tail.len() - CHECK_TAIL_BYTES_MAX);
        }
        self.file.write_all(kept)
    }

    /// How long it is, and its end as text.
    pub fn finish(self) -> (i64, String) {
        let text = String::from_utf8_lossy(&self.tail).replace('\0', "\u{fffd}");
        (self.bytes as i64, end_of(&text, CHECK_TAIL_BYTES_MAX).to_owned())
    }
}

/// The last bytes of a text, whole characters only.
pub fn end_of(text: &str, bytes: usize) -> &str {
    let mut from = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

/// A piece of an output that the node keeps.
pub fn piece(home: &Path, job: &JobId, name: &str, from: i64) -> Result<Answered, CallFailed> {
    let other = |error: io::Error| CallFailed::Other(format!("the output cannot be read: {error}"));
    let file = match File::open(file(&folder(home, job), name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Answered::Output(None)),
        Err(error) => return Err(other(error)),
    };
    let from = u64::try_from(from).unwrap_or(0);
    let length = file.metadata().map_err(other)?.len();
    let mut bytes = vec![0; CHECK_PIECE_BYTES.min(length.saturating_sub(from) as usize)];
    file.read_exact_at(&mut bytes, from).map_err(other)?;
    let more = from + (bytes.len() as u64) < length;
    if more {
        bytes.truncate(whole(&bytes));
    }
    let next = more.then(|| from as i64 + bytes.len() as i64);
    Ok(Answered::Output(Some(Piece { text: String::from_utf8_lossy(&bytes).into_owned(), next })))
}

/// How many of these bytes there are without a last character that is cut in the middle.
fn whole(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        Some(last) if (1..4).contains(&last.invalid().len()) && bytes.len() > 4 => bytes.len() - last.invalid().len(),
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;

    #[test]
    fn the_end_is_kept_whole_characters_only_and_the_rest_is_counted() {
        let folder = Folder::new("output");
        let (id, mut output) =
            (JobId::from_bits(1), Output::new(&folder.0.join("jobs").join(JobId::from_bits(1).as_str()), "a/b").unwrap());
        let line = "ä日".repeat(1_000);
        let rounds = CHECK_OUTPUT_BYTES_MAX / line.len() + 10;
        for _ in 0..rounds {
            output.add(line.as_bytes()).unwrap();
        }
        let (bytes, tail) = output.finish();
        assert_eq!(bytes, (rounds * line.len()) as i64);
        assert!(
            tail.len() <= CHECK_TAIL_BYTES_MAX && tail.len() > CHECK_TAIL_BYTES_MAX - 4 && !tail.contains('\u{fffd}'),
            "{}",
            tail.len()
        );
        let (mut whole, mut from) = (String::new(), 0);
        loop {
            let Answered::Output(Some(piece)) = piece(&folder.0, &id, "a/b", from).unwrap() else { panic!("a piece") };
            assert!(piece.text.len() <= CHECK_PIECE_BYTES);
            whole.push_str(&piece.text);
            match piece.next {
                Some(next) => from = next,
                None => break,
            }
        }
        let kept: String = line.repeat(rounds);
        // The limit may lie in the middle of a character.
        assert!(kept.starts_with(whole.trim_end_matches('\u{fffd}')) && whole.len() >= CHECK_OUTPUT_BYTES_MAX, "{}", whole.len());
        assert_eq!(piece(&folder.0, &id, "other", 0).unwrap(), Answered::Output(None));
    }

    #[test]
    fn a_name_becomes_no_path() {
        assert_eq!(file(Path::new("/x"), "../../etc/passwd").parent(), Some(Path::new("/x")));
        assert_eq!((end_of("aé", 1), end_of("aé", 2)), ("", "é"));
    }
}
