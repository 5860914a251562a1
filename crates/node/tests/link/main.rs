//! The node against a hub of the test: real keepers, real processes, real git; the connection and the node come and go.

mod hub;
mod jobs;
mod merges;
mod remotes;
mod room;
mod teardown;
#[path = "../../examples/keeper/world.rs"]
mod world;

use fugue_domain::id::SessionId;
use fugue_domain::link::{FromHub, FromNode, Order, Report};
use fugue_domain::reason::Reason;
use fugue_domain::turn::{Ending, Wish};
use hub::*;

fn is_end(report: &Report) -> bool {
    matches!(report, Report::Ended { .. })
}

fn has_output(report: &Report, text: &str) -> bool {
    matches!(report, Report::Event(event) if event.get().contains(&format!(r#""text":"{text}""#)))
}

fn end(session: &fugue_domain::link::Assignment, wish: Option<Wish>) -> FromHub {
    FromHub::Order(Order { lease: session.lease.clone(), wish, answers: vec![], steer: vec![] })
}

#[tokio::test]
async fn reports_survive_the_connection_and_the_node_until_they_are_acknowledged() {
    let folder = Folder::new("reports");
    let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
    let node = Node::start(&home, &hub);
    let mut first = hub.accept().await;
    assert!(first.hello.leases.is_empty());
    // At most four batches, which is what may be under way while the hub acknowledges nothing.
    let script = "read line; printf 'got %s\\n%s\\n' \"$line\" \"$PWD\"; echo $FUGUE_TOKEN >&2";
    let turn = assignment(&home, &repository, 7, 1, script);
    first.say(FromHub::Assign(Box::new(turn.clone()))).await;
    // Said again, as a hub does until it sees the lease: done once.
    first.say(FromHub::Assign(Box::new(turn.clone()))).await;
    let reports = first.reports(is_end, false).await;
    assert!(matches!(reports[0], Report::Delivered), "{reports:?}");
    assert!(reports.iter().any(|report| has_output(report, "got hello")), "{reports:?}");
    assert!(reports.iter().any(|report| has_output(report, &turn.place.path)), "{reports:?}");
    assert!(matches!(reports.last(), Some(Report::Ended { ending: Ending::Succeeded, .. })), "{reports:?}");
    // The connection breaks: everything comes again.
    drop(first);
    let mut second = hub.accept().await;
    assert_eq!(second.hello.leases, std::slice::from_ref(&turn.lease));
    assert_eq!(texts(&second.reports(is_end, false).await), texts(&reports));
    // The node is restarted: everything comes again, from the spool.
    node.stop().await;
    drop(second);
    let node = Node::start(&home, &hub);
    let mut third = hub.accept().await;
    assert_eq!(third.hello.leases, std::slice::from_ref(&turn.lease));
    assert_eq!(texts(&third.reports(is_end, true).await), texts(&reports));
    while !third.leases().await.is_empty() {}
    // An echo of the old assignment runs nothing.
    third.say(FromHub::Assign(Box::new(turn.clone()))).await;
    let next = assignment(&home, &repository, 7, 2, "echo again");
    third.say(FromHub::Assign(Box::new(next))).await;
    let reports = third.reports(is_end, true).await;
    assert!(reports.iter().any(|report| has_output(report, "again")), "{reports:?}");
    assert!(!reports.iter().any(|report| has_output(report, "got hello")), "{reports:?}");
    // Closing gives the worktree back and keeps what was not committed.
    std::fs::write(std::path::Path::new(&turn.place.path).join("new"), "work").unwrap();
    third.say(FromHub::Release(turn.place.clone())).await;
    let FromNode::Released { rescue: Some(rescue), .. } = third.hear().await else { panic!("released with a rescue ref") };
    let shown = std::process::Command::new("git").args(["show", &format!("{rescue}:new")]).current_dir(&repository).output().unwrap();
    assert_eq!(shown.stdout, b"work");
    assert!(!std::path::Path::new(&turn.place.path).exists());
    node.stop().await;
}

#[tokio::test]
async fn an_agent_outlives_its_node_and_is_found_again() {
    let folder = Folder::new("outlives");
    let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
    let node = Node::start(&home, &hub);
    let mut connection = hub.accept().await;
    let go = folder.0.join("go");
    let script = format!("read line; echo one; while [ ! -e {} ]; do sleep 0.05; done; echo two", go.display());
    let turn = assignment(&home, &repository, 8, 1, &script);
    connection.say(FromHub::Assign(Box::new(turn.clone()))).await;
    connection.reports(|report| has_output(report, "one"), true).await;
    let before = processes(&turn.lease.session);
    node.stop().await;
    drop(connection);
    let node = Node::start(&home, &hub);
    let mut connection = hub.accept().await;
    assert_eq!(connection.hello.leases, std::slice::from_ref(&turn.lease));
    assert!(before.iter().any(|pid| processes(&turn.lease.session).contains(pid)), "the agent lives on");
    std::fs::write(&go, "").unwrap();
    let reports = connection.reports(is_end, true).await;
    let outputs = reports.iter().filter(|report| matches!(report, Report::Event(_))).count();
    assert_eq!(outputs, 2, "{reports:?}");
    assert!(matches!(reports.last(), Some(Report::Ended { ending: Ending::Succeeded, .. })), "{reports:?}");
    node.stop().await;
}

/// The agent of a session, as a process.
fn agent(session: &SessionId) -> Vec<String> {
    let is_agent = |pid: &String| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("rehearse"));
    processes(session).into_iter().filter(is_agent).collect()
}

#[tokio::test]
async fn a_refused_lease_stops_an_agent_in_its_turn_and_none_whose_turn_has_ended() {
    let folder = Folder::new("refused");
    let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
    let node = Node::start(&home, &hub);
    let mut connection = hub.accept().await;
    let turn = rehearsal(&home, &repository, 11, 1, "say one");
    connection.say(FromHub::Assign(Box::new(turn.clone()))).await;
    connection.reports(is_end, false).await;
    // The hub has stored the end; the node is ended before it hears of that, and asks about the lease again.
    let before = agent(&turn.lease.session);
    assert_eq!(before.len(), 1);
    node.stop().await;
    drop(connection);
    let node = Node::start(&home, &hub);
    let mut connection = hub.accept().await;
    assert_eq!(connection.hello.leases, std::slice::from_ref(&turn.lease));
    connection.say(FromHub::Renewed { beat: 0, leases: vec![], refused: vec![turn.lease.clone()] }).await;
    while !connection.leases().await.is_empty() {}
    assert_eq!(agent(&turn.lease.session), before, "the agent waits for its next turn");
    // The next turn goes to the same process, also when it comes before the node has said anything about the last one.
    let next = rehearsal(&home, &repository, 11, 2, "say two");
    connection.say(FromHub::Assign(Box::new(next.clone()))).await;
    connection.reports(is_end, false).await;
    let third = rehearsal(&home, &repository, 11, 3, "say three\nsleep 60000");
    connection.say(FromHub::Assign(Box::new(third.clone()))).await;
    let said = |report: &Report| has_output(report, "three");
    // What is still on its way of the turn before belongs to that turn.
    connection.reports_of(&third.lease, said).await;
    assert_eq!(agent(&turn.lease.session), before);
    // This one goes on when its lease is refused, and is stopped.
    connection.say(FromHub::Refused { lease: third.lease.clone() }).await;
    eventually("the agent of a refused lease ends", || agent(&turn.lease.session).is_empty()).await;
    node.stop().await;
}

#[tokio::test]
async fn stop_means_everything_and_a_missing_program_is_named() {
    let folder = Folder::new("stop");
    let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
    let node = Node::start(&home, &hub);
    let mut connection = hub.accept().await;
    let stubborn =
        "trap '' TERM; (trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done') & echo up; while :; do sleep 1; done";
    let turn = assignment(&home, &repository, 9, 1, stubborn);
    connection.say(FromHub::Assign(Box::new(turn.clone()))).await;
    connection.reports(|report| has_output(report, "up"), true).await;
    let began = std::time::Instant::now();
    connection.say(end(&turn, Some(Wish::Stop))).await;
    let reports = {
        let mut all = Vec::new();
        while !all.last().is_some_and(is_end) {
            if let FromNode::Batch(batch) = connection.hear().await {
                let through = batch.first + batch.reports.len() as i64 - 1;
                connection.say(FromHub::Ack { lease: batch.lease, through }).await;
                all.extend(batch.reports);
            }
        }
        all
    };
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert!(matches!(reports.last(), Some(Report::Ended { ending: Ending::Cancelled { reason: Reason::Stop }, .. })), "{reports:?}");
    assert_eq!(processes(&turn.lease.session), Vec::<String>::new());
    let mut turn = assignment(&home, &repository, 9, 2, "");
    turn.agent.program = vec!["no-such-program".into()];
    connection.say(FromHub::Assign(Box::new(turn))).await;
    let reports = connection.reports(is_end, true).await;
    let missing = Ending::Interrupted { reason: Reason::ProgramMissing, delivered: false };
    assert!(
        matches!(reports.last(), Some(Report::Ended { ending, detail: Some(detail) }) if *ending == missing && !detail.is_empty()),
        "{reports:?}"
    );
    eventually("no keeper is left over but the spares", || std::fs::read_dir(home.join("keepers")).unwrap().count() <= 2).await;
    node.stop().await;
}

/// Bytes of memory that this process holds.
fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<i64>().unwrap() * 1024
}

#[tokio::test]
async fn a_flood_and_an_endless_line_leave_memory_flat_and_nothing_out() {
    let folder = Folder::new("flood");
    let (home, repository, hub) = (folder.0.join("node"), repository(&folder.0), Hub::new().await);
    let node = Node::start(&home, &hub);
    let mut connection = hub.accept().await;
    let script = "head -c 50000000 /dev/zero | tr '\\0' x; echo; yes 'sixty-four bytes of a line that a chatty program prints again and' | head -n 40000";
    let turn = assignment(&home, &repository, 10, 1, script);
    let before = memory();
    let began = std::time::Instant::now();
    connection.say(FromHub::Assign(Box::new(turn))).await;
    let (mut next, mut lines, mut gap, mut most, mut ended) = (1, 0, 0, 0, false);
    while !ended {
        let FromNode::Batch(batch) = connection.hear().await else { continue };
        assert_eq!(batch.first, next);
        next += batch.reports.len() as i64;
        for report in &batch.reports {
            match report {
                Report::Event(event) if event.get().contains("sixty-four") => lines += 1,
                Report::Event(event) if event.get().contains(r#""type":"gap""#) => {
                    let event: serde_json::Value = serde_json::from_str(event.get()).unwrap();
                    gap += event["bytes"].as_i64().unwrap();
                }
                report => ended |= is_end(report),
            }
        }
        connection.say(FromHub::Ack { lease: batch.lease, through: next - 1 }).await;
        most = most.max(memory() - before);
    }
    println!("{:?}, {} KiB more at most", began.elapsed(), most / 1024);
    assert_eq!((lines, gap), (40_000, 50_000_000));
    assert!(most < 48 * 1024 * 1024, "{most} bytes more, the hub of this test included");
    node.stop().await;
}
