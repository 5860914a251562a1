//! The proof: what the demo claims, looked up in the hub's database through its API, and in git.

use super::cast::BILL;
use super::play::{Played, Seen};
use super::proof::PlanSummary;
use super::repository::Repository;
use super::stage::tests_pass;
use crate::client::Client;
use crate::command::session;
use crate::error::Failure;
use fugue_domain::api::{Approval, EventPage, Session, Turn};
use fugue_domain::approval::ApprovalState;
use fugue_domain::id::SessionId;
use fugue_domain::limits::PAGE_ITEMS_MAX;
use fugue_domain::money::MicroUsd;
use fugue_domain::turn::Outcome;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::time::Instant;

/// How it went.
#[derive(Serialize)]
pub struct Summary {
    /// Whether every claim is true.
    pub ok: bool,
    /// From the first step to the last.
    pub seconds: f64,
    /// All turns together.
    pub cost_usd: MicroUsd,
    /// The repository.
    pub repository: String,
    /// Each session.
    pub sessions: Vec<SessionSummary>,
    /// Each claim.
    pub checks: Vec<Check>,
    /// How the plan went, with its own claims.
    pub plan: Option<PlanSummary>,
}

impl Summary {
    /// Adds how the plan went. It counts like everything else.
    pub fn add(&mut self, plan: PlanSummary) {
        self.ok &= plan.checks.iter().all(|check| check.ok);
        self.cost_usd.0 += plan.tasks.iter().map(|task| task.cost_usd.0).sum::<i64>();
        self.plan = Some(plan);
    }
}

/// How one session went.
#[derive(Serialize)]
pub struct SessionSummary {
    /// Its id.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// Its branch.
    pub branch: String,
    /// Its turns.
    pub turns: usize,
    /// How many of them succeeded.
    pub succeeded: usize,
    /// The outcome of each, in order.
    pub outcomes: Vec<Option<Outcome>>,
    /// Times that its turns were given to an agent.
    pub attempts: i64,
    /// Its commits, oldest first.
    pub commits: Vec<String>,
    /// From the start of its first turn to the end of its last.
    pub seconds: f64,
    /// What it cost.
    pub cost_usd: MicroUsd,
}

/// A claim, and what was found.
#[derive(Serialize)]
pub struct Check {
    /// What is claimed.
    pub claim: String,
    /// Whether it is true.
    pub ok: bool,
    /// What was looked at.
    pub found: String,
}

/// What the database and git know of one session.
struct Looked {
    session: Session,
    turns: Vec<Turn>,
    events: Vec<Value>,
    commits: Vec<String>,
    branch: String,
}

/// Looks everything up.
pub async fn look(client: &Client, repository: &Repository, played: &Played, began: Instant) -> Result<Summary, Failure> {
    let mut checks = Vec::new();
    let mut sessions = Vec::new();
    let mut looked = Vec::new();
    for seen in &played.seen {
        let found = Looked::at(client, repository, seen).await?;
        sessions.push(found.summary(seen));
        looked.push(found);
    }
    let mut claim = |claim: &str, ok: bool, found: String| checks.push(Check { claim: claim.to_owned(), ok, found });
    let pairs = || looked.iter().zip(&played.seen);
    let ended: usize = looked.iter().map(|found| found.turns.iter().filter(|turn| turn.outcome == Some(Outcome::Succeeded)).count()).sum();
    let sent: usize = played.seen.iter().map(|seen| seen.part.messages.len()).sum();
    claim(
        "Every message was carried out, in the order it was sent",
        ended == sent && looked.iter().all(Looked::in_order),
        format!("{ended} of {sent}"),
    );
    let lost: Vec<&Turn> = looked.iter().flat_map(|found| &found.turns).filter(|turn| turn.attempts > 1).collect();
    let recovered =
        lost.len() == 1 && lost.iter().all(|turn| turn.attempts == 2 && turn.maybe_executed && turn.outcome == Some(Outcome::Succeeded));
    let how = played.killed.map_or_else(|| "it ended itself, as this system shows no processes".to_owned(), |pid| format!("process {pid}"));
    claim("One agent was lost in the middle of its message, and went on", recovered, how);
    let ran = looked
        .iter()
        .flat_map(|found| &found.events)
        .any(|event| event["type"] == "tool.ended" && event["output"].as_str().is_some_and(|text| text.contains(BILL)));
    let (ok, found) = approval(client, played, ran).await?;
    claim("One question was asked; its command ran if, and only if, the answer was yes", ok, found);
    let events: i64 = played.seen.iter().map(|seen| seen.last).sum();
    let whole = pairs().all(|(found, seen)| seen.contiguous && found.contiguous());
    claim("Every event was seen live, and is stored, without a gap", whole, format!("{events} events"));
    let cost: MicroUsd = MicroUsd(looked.iter().map(|found| found.session.cost_usd.0).sum());
    let sums = pairs().all(|(found, seen)| {
        found.session.cost_usd == seen.cost && found.turns.iter().map(|turn| turn.cost_usd.0).sum::<i64>() == seen.cost.0
    });
    claim("The cost of the turns adds up to the cost of the sessions", sums && cost.0 > 0, cost.to_string());
    let commits: usize = looked.iter().map(|found| found.commits.len()).sum();
    let expected = pairs().all(|(found, seen)| found.committed(seen));
    claim("Each branch holds the commits it should, and no others", expected, format!("{commits} commits"));
    let files = pairs().all(|(found, seen)| {
        seen.part.files.iter().all(|(name, text)| found.file(repository, name).is_some_and(|file| file.contains(text)))
    });
    claim("The files on the branches are what was asked for", files, "git show".to_owned());
    let tested = looked.iter().all(|found| tests_pass(&Path::new(&found.session.place.path).join(repository.below)));
    claim("The repository's tests pass in every worktree", tested, "./test.sh".to_owned());
    claim("The repository itself is as it was", repository.untouched()?, "only branches fugue/… are new".to_owned());
    Ok(Summary {
        ok: checks.iter().all(|check| check.ok),
        seconds: began.elapsed().as_secs_f64(),
        cost_usd: cost,
        repository: repository.path.display().to_string(),
        sessions,
        checks,
        plan: None,
    })
}

async fn approval(client: &Client, played: &Played, ran: bool) -> Result<(bool, String), Failure> {
    let Some((answered, approved, by)) = &played.answered else { return Ok((false, "nothing was asked".to_owned())) };
    let all: Vec<Approval> = client.list("/api/v1/approvals", 100).await?;
    let all: Vec<&Approval> = all.iter().filter(|asked| played.seen.iter().any(|seen| seen.session.id == asked.session)).collect();
    let wanted = if *approved { ApprovalState::Approved } else { ApprovalState::Denied };
    let kept = all.len() == 1 && all[0].id == answered.id && all[0].state == wanted && all[0].hash == answered.hash;
    Ok((kept && ran == *approved, format!("{} by {by}", wanted.word())))
}

impl Looked {
    async fn at(client: &Client, repository: &Repository, seen: &Seen) -> Result<Self, Failure> {
        let path = session::path(&seen.session.id);
        let session: Session = client.get(&path).await?;
        let mut turns: Vec<Turn> = client.list(&format!("{path}/turns"), 100).await?;
        turns.sort_by(|a, b| a.id.cmp(&b.id));
        let mut events = Vec::new();
        let mut after = "0".to_owned();
        loop {
            let page: EventPage = client.get(&format!("{path}/events?after={after}&limit={PAGE_ITEMS_MAX}")).await?;
            events.extend(page.items);
            match page.next_cursor {
                Some(cursor) => after = cursor,
                None => break,
            }
        }
        let branch = session.place.branch.clone().unwrap_or_default();
        let commits = repository.commits(session.place.base.as_deref().unwrap_or_default(), &branch);
        Ok(Self { session, turns, events, commits, branch })
    }

    fn in_order(&self) -> bool {
        let times: Option<Vec<_>> = self.turns.iter().map(|turn| turn.started_at.zip(turn.ended_at)).collect();
        times.is_some_and(|times| times.windows(2).all(|pair| pair[0].1 <= pair[1].0))
    }

    fn contiguous(&self) -> bool {
        let numbered = self.events.iter().zip(1..).all(|(event, number)| event["seq"] == number);
        numbered && self.events.len() as i64 == self.session.last_seq
    }

    /// Whether the subjects of the commits are exactly those that the scripts name.
    fn committed(&self, seen: &Seen) -> bool {
        let subjects = self.commits.iter().map(|commit| commit.split_once(' ').map_or("", |(_, subject)| subject));
        subjects.eq(seen.part.commits.iter().copied())
    }

    fn file(&self, repository: &Repository, name: &str) -> Option<String> {
        repository.file(&self.branch, name)
    }

    fn summary(&self, seen: &Seen) -> SessionSummary {
        let first = self.turns.iter().filter_map(|turn| turn.started_at).min();
        let last = self.turns.iter().filter_map(|turn| turn.ended_at).max();
        SessionSummary {
            id: self.session.id.clone(),
            title: seen.part.title.to_owned(),
            branch: self.branch.clone(),
            turns: self.turns.len(),
            succeeded: self.turns.iter().filter(|turn| turn.outcome == Some(Outcome::Succeeded)).count(),
            outcomes: self.turns.iter().map(|turn| turn.outcome).collect(),
            attempts: self.turns.iter().map(|turn| turn.attempts).sum(),
            commits: self.commits.clone(),
            seconds: first.zip(last).map_or(0.0, |(first, last)| (last.0 - first.0) as f64 / 1_000.0),
            cost_usd: self.session.cost_usd,
        }
    }
}
