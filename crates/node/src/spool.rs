//! The spool: everything that went into an agent process and came out of it, in order, with times.
//!
//! Append-only segments of frames. The keeper alone appends, and does so before anybody reads; the node reads by offset. A frame
//! that is cut short or does not fit its checksum ends the spool: it is the torn tail of a power loss. Offsets count bytes
//! over all segments, and a segment is named by the offset at which it begins.

use crc::{CRC_32_ISCSI, Crc, Table};
use fugue_domain::durable;
use fugue_domain::world::Millis;
use std::fs::{self, File};
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub mod lines;

/// Bytes after which a new segment is begun, so that what is done with can be deleted.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of a frame's key and content. A larger number is no frame.
pub const FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long data may wait for its sync.
const SYNC_AFTER: Duration = Duration::from_millis(250);
/// A sync that took long is followed by a pause of this many times as long, so that a flood is not spent on syncing.
const SYNC_PAUSE: u32 = 10;
const HEAD: usize = 20;
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes of stdout.
    Out = 1,
    /// Bytes of stderr.
    Err = 2,
    /// Bytes for stdin, recorded before they are written.
    In = 3,
    /// What the node was told from outside (an answer, a wish), so that a replay is told the same at the same place.
    Told = 4,
    /// The process was started; its id.
    Started = 5,
    /// The process could not be started; why.
    NotStarted = 6,
    /// The tree is about to be stopped; why.
    Stop = 7,
    /// The process has ended and all its output stands before this.
    Exit = 8,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        use Kind::*;
        [Out, Err, In, Told, Started, NotStarted, Stop, Exit].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When the keeper recorded it.
    pub at: Millis,
    /// What it holds.
    pub kind: Kind,
    /// The key of a write; empty elsewhere.
    pub key: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// The offset behind it.
    pub end: u64,
}

/// The file of the segment that begins at an offset.
pub fn segment_path(folder: &Path, start: u64) -> PathBuf {
    folder.join(format!("spool-{start:016x}"))
}

/// The offsets at which the segments of a spool begin, in order.
pub fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let names = fs::read_dir(folder)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut starts: Vec<u64> = names.filter_map(|name| u64::from_str_radix(name.strip_prefix("spool-")?, 16).ok()).collect();
    starts.sort_unstable();
    Ok(starts)
}

/// The appending end.
pub struct Writer {
    folder: PathBuf,
    file: File,
    start: u64,
    offset: u64,
    dirty_since: Option<Instant>,
    sync_not_before: Instant,
}

impl Writer {
    /// Begins a spool in an empty folder.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create_new(true).open(segment_path(folder, 0))?;
        Ok(Self { folder: folder.to_owned(), file, start: 0, offset: 0, dirty_since: None, sync_not_before: Instant::now() })
    }

    /// The offset behind the last frame.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Appends a frame. After an error the spool is as it was.
    pub fn append(&mut self, at: Millis, kind: Kind, key: &str, bytes: &[u8]) -> io::Result<()> {
        if self.offset - self.start >= SEGMENT_BYTES {
            self.begin_segment()?;
        }
        let mut head = Vec::with_capacity(HEAD + key.len());
        head.extend_from_slice(&((key.len() + bytes.len()) as u32).to_le_bytes());
        head.extend_from_slice(&[0; 4]);
        head.extend_from_slice(&at.to_le_bytes());
        head.extend_from_slice(&[kind as u8, 0]);
        head.extend_from_slice(&(key.len() as u16).to_le_bytes());
        head.extend_from_slice(key.as_bytes());
        let sum = checksum(&head[8..], bytes);
        head[4..8].copy_from_slice(&sum.to_le_bytes());
        if let Err(error) = named(kind, || write_both(&mut self.file, &head, bytes)) {
            self.file.set_len(self.offset - self.start)?;
            return Err(error);
        }
        self.offset += (head.len() + bytes.len()) as u64;
        self.dirty_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// When the next sync is due; `None` when everything is on the disk.
    pub fn sync_due(&self) -> Option<Instant> {
        self.dirty_since.map(|since| (since + SYNC_AFTER).max(self.sync_not_before))
    }

    /// Brings everything to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.dirty_since.is_some() {
            let began = Instant::now();
            self.file.sync_data()?;
            self.dirty_since = None;
            self.sync_not_before = Instant::now() + began.elapsed() * SYNC_PAUSE;
        }
        Ok(())
    }

    /// Deletes the segments that end before this offset.
    pub fn trim(&mut self, below: u64) -> io::Result<()> {
        let starts = segments(&self.folder)?;
        for pair in starts.windows(2).filter(|pair| pair[1] <= below) {
            fs::remove_file(segment_path(&self.folder, pair[0]))?;
        }
        Ok(())
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.file = File::options().append(true).create_new(true).open(segment_path(&self.folder, self.offset))?;
        self.start = self.offset;
        Ok(())
    }
}

fn checksum(head: &[u8], bytes: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(head);
    digest.update(bytes);
    digest.finalize()
}

/// The append, as a durable step of its own for each kind of frame that decides something.
fn named(kind: Kind, append: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    match kind {
        Kind::Started => durable!("spool.started", append()),
        Kind::In => durable!("spool.in", append()),
        Kind::Told => durable!("spool.told", append()),
        Kind::Out => durable!("spool.out", append()),
        Kind::Stop => durable!("spool.stop", append()),
        Kind::Exit => durable!("spool.exit", append()),
        Kind::Err | Kind::NotStarted => append(),
    }
}

fn write_both(file: &mut File, head: &[u8], bytes: &[u8]) -> io::Result<()> {
    let written = file.write_vectored(&[IoSlice::new(head), IoSlice::new(bytes)])?;
    if written < head.len() {
        file.write_all(&head[written..])?;
        return file.write_all(bytes);
    }
    file.write_all(&bytes[written - head.len()..])
}

/// Bytes that a reader asks for: the first while little comes.
const CHUNK_MIN: usize = 8 * 1024;
const CHUNK_MAX: usize = 256 * 1024;

/// The reading end.
pub struct Reader {
    folder: PathBuf,
    file: Option<(u64, File)>,
    offset: u64,
    buffer: Vec<u8>,
    /// What was read and not given out yet lies between these two.
    from: usize,
    filled: usize,
}

impl Reader {
    /// Reads from this offset, which must lie between two frames.
    pub fn at(folder: &Path, offset: u64) -> Self {
        Self { folder: folder.to_owned(), file: None, offset, buffer: Vec::new(), from: 0, filled: 0 }
    }

    /// The offset behind the last frame that was given out.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next frame that ends at or before `limit`. `None` when there is none, or when what follows is torn.
    pub fn read(&mut self, limit: u64) -> io::Result<Option<Frame<'_>>> {
        if self.offset >= limit {
            self.rest();
            return Ok(None);
        }
        if !self.fill(HEAD)? {
            return Ok(None);
        }
        let head = &self.buffer[self.from..self.from + HEAD];
        let number = |range: std::ops::Range<usize>| head[range].iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let (body, sum, at) = (number(0..4) as usize, number(4..8) as u32, number(8..16) as Millis);
        let (kind, key_len) = (Kind::from_byte(head[16]), number(18..20) as usize);
        let Some(kind) = kind.filter(|_| body <= FRAME_BYTES_MAX && key_len <= body) else { return Ok(None) };
        if self.offset + (HEAD + body) as u64 > limit || !self.fill(HEAD + body)? {
            return Ok(None);
        }
        let whole = &self.buffer[self.from..self.from + HEAD + body];
        if checksum(&whole[8..], &[]) != sum {
            return Ok(None);
        }
        let Ok(key) = std::str::from_utf8(&whole[HEAD..HEAD + key_len]) else { return Ok(None) };
        self.from += HEAD + body;
        self.offset += (HEAD + body) as u64;
        Ok(Some(Frame { at, kind, key, bytes: &whole[HEAD + key_len..], end: self.offset }))
    }

    /// Gives back what a flood or a long line needed. Most readers wait most of the time, and a node has one for each agent.
    fn rest(&mut self) {
        if self.from == self.filled && self.buffer.len() > CHUNK_MIN {
            (self.buffer, self.from, self.filled) = (Vec::new(), 0, 0);
        }
    }

    /// Makes sure that this many bytes from the present offset are in the buffer.
    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        while self.filled - self.from < wanted {
            // What filled the buffer is a part of more.
            let room = if self.filled == self.buffer.len() { 2 * self.filled } else { self.buffer.len() };
            let room = room.clamp(CHUNK_MIN, CHUNK_MAX).max(wanted);
            self.buffer.copy_within(self.from..self.filled, 0);
            self.filled -= self.from;
            self.from = 0;
            if self.buffer.len() < room {
                self.buffer.resize(room, 0);
            }
            let position = self.offset + self.filled as u64;
            if self.file.is_none() && !self.open(position)? {
                return Ok(false);
            }
            let Some((start, file)) = &self.file else { return Ok(false) };
            let read = file.read_at(&mut self.buffer[self.filled..], position - start)?;
            self.filled += read;
            if read == 0 {
                // The end of this segment: frames never cross it, so a next one begins exactly here.
                if self.filled > 0 || *start == position || !segment_path(&self.folder, position).exists() {
                    return Ok(false);
                }
                self.file = None;
            }
        }
        Ok(true)
    }

    fn open(&mut self, position: u64) -> io::Result<bool> {
        let Some(start) = segments(&self.folder)?.into_iter().rfind(|start| *start <= position) else { return Ok(false) };
        self.file = Some((start, File::open(segment_path(&self.folder, start))?));
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
