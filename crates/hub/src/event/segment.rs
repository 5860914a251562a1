//! A segment: the events of a closed session as one file, in blocks that are compressed each for itself.
//!
//! A block is one zstd frame, so `zstd -dc` prints the whole file: line N is event N, without its number, as the pages hold it. What is
//! in which block, and its digest, is kept by who wrote the file; a block that is not what was written is never given out.
//! Invariant: a file that has its name is whole and on the disk. No SQL here, and everything blocks: call it where that harms nobody.

use aws_lc_rs::digest::{Context, SHA256};
use fugue_domain::digest::{hex, sha256_hex};
use fugue_domain::durable;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// zstd's own default: higher levels take several times as long for a tenth less.
const LEVEL: i32 = 3;
/// Letters of a block's digest that are kept: enough to tell damage, short enough for thousands of blocks.
const DIGEST_LETTERS: usize = 16;

/// One block of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The number of its first event.
    pub first: i64,
    /// How many events.
    pub events: i64,
    /// Where it begins in the file.
    pub offset: u64,
    /// How long it is there.
    pub bytes: usize,
    /// How long its text is.
    pub text: usize,
    /// What its bytes in the file must hash to.
    pub digest: String,
}

/// What a finished file is.
#[derive(Debug)]
pub struct Written {
    /// Its length.
    pub bytes: u64,
    /// The hash of the whole of it, for people who compare backups.
    pub sha256: String,
    /// Its blocks.
    pub blocks: Vec<Block>,
}

/// Why a block cannot be given out.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// There is no such file.
    #[error("is missing")]
    Missing,
    /// The system does not let us read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It was cut off, or something was added.
    #[error("has {found} bytes instead of {wanted}")]
    Length {
        /// What is there.
        found: u64,
        /// What was written.
        wanted: u64,
    },
    /// Other bytes than were written.
    #[error("is damaged at byte {0}")]
    Bytes(u64),
}

/// A file in the making. It has another name until it is whole.
pub struct Writer {
    path: PathBuf,
    file: File,
    zstd: zstd::bulk::Compressor<'static>,
    hash: Context,
    first: i64,
    bytes: u64,
    blocks: Vec<Block>,
}

impl Writer {
    /// Begins the file `name` below the archive folder; its first event has the number `first`. Leftovers of an earlier try go.
    pub fn create(folder: &Path, name: &str, first: i64) -> io::Result<Self> {
        let path = folder.join(name);
        make_folder(path.parent().unwrap_or(folder))?;
        let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(unfinished(&path))?;
        let mut zstd = zstd::bulk::Compressor::new(LEVEL)?;
        // So that `zstd -t` can tell damage too.
        zstd.include_checksum(true)?;
        Ok(Self { path, file, zstd, hash: Context::new(&SHA256), first, bytes: 0, blocks: Vec::new() })
    }

    /// Adds a block of so many lines, separated by newlines.
    pub fn add(&mut self, events: i64, text: &str) -> io::Result<()> {
        // The last line of the file ends like the others.
        let block = self.zstd.compress(format!("{text}\n").as_bytes())?;
        self.file.write_all(&block)?;
        self.hash.update(&block);
        let digest = digest(&block);
        self.blocks.push(Block { first: self.first, events, offset: self.bytes, bytes: block.len(), text: text.len(), digest });
        self.first += events;
        self.bytes += block.len() as u64;
        Ok(())
    }

    /// Brings it to the disk and gives it its name.
    pub fn finish(self) -> io::Result<Written> {
        durable!("segment.write", self.file.sync_all())?;
        durable!("segment.rename", rename(&self.path))?;
        Ok(Written { bytes: self.bytes, sha256: hex(self.hash.finish().as_ref()), blocks: self.blocks })
    }
}

/// Deletes what an attempt has left that came to nothing, as far as that is possible.
pub fn discard(folder: &Path, name: &str) {
    let _ = std::fs::remove_file(unfinished(&folder.join(name)));
}

/// The text of one block of a file that must have so many bytes.
pub fn read(path: &Path, file_bytes: u64, block: &Block) -> Result<String, Damage> {
    let unreadable = |cause: io::Error| if cause.kind() == io::ErrorKind::NotFound { Damage::Missing } else { Damage::Unreadable(cause) };
    let file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?.len();
    if found != file_bytes {
        return Err(Damage::Length { found, wanted: file_bytes });
    }
    let mut bytes = vec![0; block.bytes];
    file.read_exact_at(&mut bytes, block.offset).map_err(unreadable)?;
    let damaged = || Damage::Bytes(block.offset);
    if digest(&bytes) != block.digest {
        return Err(damaged());
    }
    let text = zstd::bulk::decompress(&bytes, block.text + 1).map_err(|_| damaged())?;
    let mut text = String::from_utf8(text).map_err(|_| damaged())?;
    // The newline of the last line.
    text.pop();
    Ok(text)
}

/// Deletes a file. One that is gone already is as good as deleted.
pub fn remove(path: &Path) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    durable!("segment.remove", gone(std::fs::remove_file(path)))?;
    gone(path.parent().map_or(Ok(()), sync_folder))
}

/// Blocks as they are stored: one word each.
pub fn stored(blocks: &[Block]) -> String {
    let mut text = String::with_capacity(blocks.len() * 40);
    for Block { events, bytes, text: long, digest, .. } in blocks {
        let between = if text.is_empty() { "" } else { " " };
        write!(text, "{between}{events}:{bytes}:{long}:{digest}").expect("writing to a string cannot fail");
    }
    text
}

/// The block that holds an event, of blocks as they are stored; `first` is the first event of all.
pub fn block_of(stored: &str, first: i64, event: i64) -> Option<Block> {
    let (mut first, mut offset) = (first, 0);
    for word in stored.split(' ') {
        let mut parts = word.split(':');
        let events: i64 = parts.next()?.parse().ok()?;
        let (bytes, text) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        if event < first + events {
            return Some(Block { first, events, offset, bytes, text, digest: parts.next()?.to_owned() });
        }
        first += events;
        offset += bytes as u64;
    }
    None
}

fn digest(bytes: &[u8]) -> String {
    let mut digest = sha256_hex(bytes);
    digest.truncate(DIGEST_LETTERS);
    digest
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn rename(path: &Path) -> io::Result<()> {
    std::fs::rename(unfinished(path), path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes a folder that is still there after a power loss, with those above it.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent();
    above.map_or(Ok(()), make_folder)?;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    above.map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rig::scratch::Scratch;

    const NAME: &str = "2026-11/ses_1-5.jsonl.zst";

    fn written(folder: &Path) -> Written {
        let mut writer = Writer::create(folder, NAME, 5).unwrap();
        writer.add(2, "{\"a\":1}\n{\"a\":2}").unwrap();
        writer.add(1, "{\"a\":3}").unwrap();
        assert!(!folder.join(NAME).exists(), "it has its name only when it is whole");
        writer.finish().unwrap()
    }

    #[test]
    fn what_was_written_is_found_by_the_number_of_an_event() {
        let scratch = Scratch::new().unwrap();
        let folder = scratch.path().join("archive");
        let written = written(&folder);
        let (path, stored) = (folder.join(NAME), stored(&written.blocks));
        assert_eq!(written.sha256, sha256_hex(&std::fs::read(&path).unwrap()));
        for (event, text) in [(5, "{\"a\":1}\n{\"a\":2}"), (6, "{\"a\":1}\n{\"a\":2}"), (7, "{\"a\":3}")] {
            let block = block_of(&stored, 5, event).unwrap();
            assert_eq!(read(&path, written.bytes, &block).unwrap(), text, "event {event}");
        }
        assert_eq!(block_of(&stored, 5, 7).unwrap(), written.blocks[1]);
        assert_eq!(block_of(&stored, 5, 8), None);
        let all = zstd::stream::decode_all(File::open(&path).unwrap()).unwrap();
        assert_eq!(String::from_utf8(all).unwrap(), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", "as `zstd -dc` prints it");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(matches!(read(&path, written.bytes, &written.blocks[0]), Err(Damage::Missing)));
    }

    #[test]
    fn every_byte_that_is_another_is_noticed() {
        let scratch = Scratch::new().unwrap();
        let written = written(scratch.path());
        let path = scratch.path().join(NAME);
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            std::fs::write(&path, bad).unwrap();
            let reads = written.blocks.iter().map(|block| read(&path, written.bytes, block)).filter(Result::is_err).count();
            assert_eq!(reads, 1, "byte {at} belongs to one block, and that one is refused");
        }
        let mut writer = Writer::create(scratch.path(), NAME, 5).unwrap();
        writer.add(2, "{\"a\":1}\n{\"a\":9}").unwrap();
        writer.add(1, "{\"a\":3}").unwrap();
        assert_eq!(writer.finish().unwrap().bytes, written.bytes);
        assert!(matches!(read(&path, written.bytes, &written.blocks[0]), Err(Damage::Bytes(0))), "a sound file, but another one");
        std::fs::write(&path, &good[..good.len() - 1]).unwrap();
        assert!(matches!(read(&path, written.bytes, &written.blocks[0]), Err(Damage::Length { .. })));
    }
}
