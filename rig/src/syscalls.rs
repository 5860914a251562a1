//! What a program really asked of the kernel, read from a log of `strace -f`.
//!
//! Invariant: an acknowledgement counts as durable only if a sync began after its request was read, and had succeeded before the
//! acknowledgement was written. The order is that of the log's lines, in which a call stands twice when others came in between.

use std::collections::BTreeMap;

/// The words before the program: follow threads, and write the calls that matter to a file.
pub fn tracer(log: &str) -> Vec<&str> {
    // Enough of a text to see a request's key, which stands among its headers.
    let calls = "trace=recvfrom,read,readv,sendto,write,writev,sendmsg,fsync,fdatasync";
    vec!["strace", "-f", "-qq", "-s", "400", "-o", log, "-e", calls]
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    name: String,
    /// The first argument, mostly a file descriptor.
    first: String,
    text: String,
    begun: usize,
    ended: usize,
    result: i64,
}

/// An acknowledgement that was not durable when it was written, or was never seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undurable {
    /// The request's key.
    pub key: String,
    /// What is wrong.
    pub why: &'static str,
}

/// Looks at each request by its key, and gives back those whose `201` was written too early. A request is found by
/// `idempotency-key: KEY` in what was read, its answer by what is written to the same descriptor next.
pub fn undurable(log: &str, keys: &[String]) -> Vec<Undurable> {
    let calls = calls(log);
    let syncs: Vec<&Call> = calls.iter().filter(|call| call.name.ends_with("sync") && call.result == 0).collect();
    let reads = |call: &&Call| ["recvfrom", "read", "readv"].contains(&call.name.as_str()) && call.result > 0;
    let writes = |call: &&Call| ["sendto", "write", "writev", "sendmsg"].contains(&call.name.as_str());
    let check = |key: &String| {
        let wrong = |why| Some(Undurable { key: key.clone(), why });
        let mark = format!("idempotency-key: {key}\\r\\n");
        let Some(request) = calls.iter().filter(reads).find(|call| call.text.to_ascii_lowercase().contains(&mark)) else {
            return wrong("its request was never read");
        };
        let mut answers = calls.iter().filter(writes).filter(|call| call.first == request.first && call.begun > request.ended);
        let Some(answer) = answers.find(|call| call.text.contains("HTTP/1.1 201")) else {
            return wrong("its answer was never written");
        };
        // The body may have come later than the head.
        let of_request = calls.iter().filter(reads).filter(|call| call.first == request.first && call.ended < answer.begun);
        let read = of_request.map(|call| call.ended).max().unwrap_or(request.ended);
        let synced = syncs.iter().any(|sync| sync.begun > read && sync.ended < answer.begun);
        if synced { None } else { wrong("no sync lies between its request and its answer") }
    };
    keys.iter().filter_map(check).collect()
}

/// All finished calls of the log. The two halves of a call that was interrupted by other lines are one.
fn calls(log: &str) -> Vec<Call> {
    let mut open: BTreeMap<(&str, &str), (usize, &str)> = BTreeMap::new();
    let mut calls = Vec::new();
    for (index, line) in log.lines().enumerate() {
        let Some((pid, rest)) = line.trim_start().split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let Some((name, rest)) = resumed.split_once(" resumed>") else { continue };
            if let Some((begun, head)) = open.remove(&(pid, name)) {
                calls.extend(call(name, &format!("{head}{rest}"), begun, index));
            }
        } else if let Some((name, args)) = rest.split_once('(') {
            match args.strip_suffix("<unfinished ...>") {
                Some(head) => drop(open.insert((pid, name), (index, head))),
                None => calls.extend(call(name, args, index, index)),
            }
        }
    }
    calls
}

fn call(name: &str, args: &str, begun: usize, ended: usize) -> Option<Call> {
    let (text, result) = args.rsplit_once(" = ")?;
    let first = text.split([',', ')']).next()?.trim().to_owned();
    let result = result.split_whitespace().next()?.parse().ok()?;
    Some(Call { name: name.to_owned(), first, text: text.to_owned(), begun, ended, result })
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = r#"7 recvfrom(9, "POST /x HTTP/1.1\r\nidempotency-key: k1\r\n\r\n{}", 8192, 0, NULL, NULL) = 60"#;
    const SYNC: &str = "8 fdatasync(5)                = 0";
    const ACK: &str = r#"7 sendto(9, "HTTP/1.1 201 Created\r\n", 300, MSG_NOSIGNAL, NULL, 0) = 300"#;

    fn why(lines: &[&str]) -> Option<&'static str> {
        undurable(&lines.join("\n"), &["k1".to_owned()]).pop().map(|undurable| undurable.why)
    }

    #[test]
    fn a_sync_between_request_and_answer_is_seen() {
        assert_eq!(why(&[READ, SYNC, ACK]), None);
        assert_eq!(why(&[READ, "8 fdatasync(5 <unfinished ...>", "7 epoll_wait(3) = 1", "8 <... fdatasync resumed>) = 0", ACK]), None);
    }

    #[test]
    fn an_answer_without_its_sync_is_found() {
        let missing = Some("no sync lies between its request and its answer");
        assert_eq!(why(&[READ, ACK]), missing);
        assert_eq!(why(&[SYNC, READ, ACK, SYNC]), missing, "before and after do not count");
        assert_eq!(why(&[READ, "8 fdatasync(5) = -1 EIO (Input/output error) (INJECTED)", ACK]), missing, "a failed one does not");
        assert_eq!(why(&[READ, "8 fdatasync(5 <unfinished ...>", ACK, "8 <... fdatasync resumed>) = 0"]), missing);
        assert_eq!(why(&["8 fdatasync(5 <unfinished ...>", READ, "8 <... fdatasync resumed>) = 0", ACK]), missing, "begun too early");
        let body = r#"7 recvfrom(9, "{\"text\":\"say x\"}", 8192, 0, NULL, NULL) = 16"#;
        assert_eq!(why(&[READ, SYNC, body, ACK]), missing, "the body came after it");
        assert_eq!(why(&[READ, body, SYNC, ACK]), None);
        assert_eq!(why(&[READ, SYNC]), Some("its answer was never written"));
        assert_eq!(why(&[SYNC, ACK]), Some("its request was never read"));
        assert_eq!(why(&[READ, SYNC, &ACK.replace("(9", "(10")]), Some("its answer was never written"), "another connection's answer");
    }
}
