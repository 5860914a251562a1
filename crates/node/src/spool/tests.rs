//! The spool: what was appended comes back, a torn or damaged tail is cut, segments go when nobody needs them.

use super::lines::{Lines, Piece};
use super::*;
use crate::fixture::Folder;
use fugue_domain::limits::LINE_BYTES_MAX;
use std::fs::OpenOptions;

fn read_all(reader: &mut Reader) -> Vec<(Kind, String, Vec<u8>, u64)> {
    let mut all = Vec::new();
    while let Some(frame) = reader.read(u64::MAX).unwrap() {
        all.push((frame.kind, frame.key.to_owned(), frame.bytes.to_owned(), frame.end));
    }
    all
}

fn last_segment(folder: &Path) -> PathBuf {
    segment_path(folder, *segments(folder).unwrap().last().unwrap())
}

#[test]
fn what_is_appended_is_read_by_whoever_comes_at_any_offset() {
    let folder = Folder::new("spool");
    let mut writer = Writer::create(&folder.0).unwrap();
    let mut reader = Reader::at(&folder.0, 0);
    assert!(reader.read(u64::MAX).unwrap().is_none());
    writer.append(5, Kind::In, "say:1", b"hello").unwrap();
    writer.append(6, Kind::Out, "", &[b'x'; 300_000]).unwrap();
    writer.append(7, Kind::Exit, "", b"").unwrap();
    let frame = reader.read(u64::MAX).unwrap().unwrap();
    assert_eq!((frame.at, frame.kind, frame.key, frame.bytes), (5, Kind::In, "say:1", &b"hello"[..]));
    let middle = frame.end;
    assert_eq!(read_all(&mut reader).len(), 2);
    assert_eq!(read_all(&mut Reader::at(&folder.0, middle)).len(), 2);
    assert!(Reader::at(&folder.0, middle).read(middle).unwrap().is_none(), "nothing beyond the limit");
    assert_eq!(reader.offset(), writer.offset());
    // Who has read everything holds no room for what was long, and goes on all the same.
    assert!(reader.read(writer.offset()).unwrap().is_none() && reader.buffer.len() <= CHUNK_MIN);
    for length in [3, 3 * CHUNK_MIN, 5, CHUNK_MAX + 1, 7] {
        writer.append(8, Kind::Out, "", &vec![b'y'; length]).unwrap();
    }
    assert_eq!(read_all(&mut reader).iter().map(|frame| frame.2.len()).collect::<Vec<_>>(), [3, 3 * CHUNK_MIN, 5, CHUNK_MAX + 1, 7]);
}

#[test]
fn segments_are_crossed_and_trimmed() {
    let folder = Folder::new("segments");
    let mut writer = Writer::create(&folder.0).unwrap();
    let mut reader = Reader::at(&folder.0, 0);
    let mut kept = 0;
    for round in 0..40u8 {
        writer.append(0, Kind::Out, "", &vec![round; 1024 * 1024]).unwrap();
        if round == 20 {
            kept = writer.offset();
        }
    }
    assert!(segments(&folder.0).unwrap().len() >= 3);
    let all = read_all(&mut reader);
    assert_eq!(all.iter().map(|frame| frame.2[0]).collect::<Vec<_>>(), (0..40).collect::<Vec<u8>>());
    writer.trim(kept).unwrap();
    assert!(segments(&folder.0).unwrap()[0] > 0, "what is done with is deleted");
    assert_eq!(read_all(&mut Reader::at(&folder.0, kept)).len(), 19);
}

#[test]
fn a_torn_tail_and_a_damaged_frame_end_the_spool() {
    let folder = Folder::new("torn");
    let mut writer = Writer::create(&folder.0).unwrap();
    writer.append(0, Kind::Out, "", b"first").unwrap();
    let whole = writer.offset();
    writer.append(0, Kind::Out, "", b"second").unwrap();
    let file = OpenOptions::new().write(true).open(last_segment(&folder.0)).unwrap();
    for cut in whole..writer.offset() {
        file.set_len(cut).unwrap();
        assert_eq!(read_all(&mut Reader::at(&folder.0, 0)).len(), 1, "cut at {cut}");
    }
    let mut writer = {
        let folder = folder.0.join("b");
        std::fs::create_dir(&folder).unwrap();
        Writer::create(&folder).unwrap()
    };
    writer.append(0, Kind::Out, "", b"first").unwrap();
    writer.append(0, Kind::Out, "", b"second").unwrap();
    let path = last_segment(&folder.0.join("b"));
    let bytes = std::fs::read(&path).unwrap();
    for at in whole as usize..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&path, damaged).unwrap();
        let seen = read_all(&mut Reader::at(&folder.0.join("b"), 0));
        // One byte of the head is not used by anything.
        assert!(seen.len() == 1, "byte {at} was changed and nobody noticed");
    }
}

fn pieces(lines: &mut Lines, bytes: &[u8]) -> Vec<Result<String, u64>> {
    let mut all = Vec::new();
    lines.push(bytes, |piece| {
        all.push(match piece {
            Piece::Line(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            Piece::TooLong(bytes) => Err(bytes),
        })
    });
    all
}

#[test]
fn lines_are_the_same_wherever_the_stream_is_cut() {
    let text = b"one\n\ntwo words\nthree";
    let whole = pieces(&mut Lines::default(), text);
    assert_eq!(whole, [Ok("one".into()), Ok(String::new()), Ok("two words".into())]);
    for cut in 0..text.len() {
        let mut lines = Lines::default();
        let mut all = pieces(&mut lines, &text[..cut]);
        all.extend(pieces(&mut lines, &text[cut..]));
        assert_eq!(all, whole, "cut at {cut}");
        let mut last = Vec::new();
        lines.finish(|piece| last.push(format!("{piece:?}")));
        assert_eq!(last.len(), 1);
    }
}

#[test]
fn a_line_that_is_too_long_is_counted_and_not_held() {
    let mut lines = Lines::default();
    let chunk = vec![b'x'; 1024 * 1024];
    for _ in 0..50 {
        assert_eq!(pieces(&mut lines, &chunk), []);
        assert!(serde_json::to_value(&lines).unwrap()["begun"].as_array().unwrap().len() <= LINE_BYTES_MAX);
    }
    assert_eq!(pieces(&mut lines, b"x\nnext\n"), [Err(50 * 1024 * 1024 + 1), Ok("next".into())]);
    assert_eq!(pieces(&mut Lines::default(), &[vec![b'y'; LINE_BYTES_MAX + 1], vec![b'\n']].concat()), [Err(LINE_BYTES_MAX as u64 + 1)]);
}
