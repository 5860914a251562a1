//! The play: every session followed live, the question answered, one agent killed at the right moment.
//!
//! It ends when every message has its ending, or at the latest after [`PLAY_LIMIT`].

use super::cast::{HALF_WAY, Part};
use super::repository::Repository;
use super::stage;
use crate::client::Client;
use crate::command::Context;
use crate::editor::typed;
use crate::error::Failure;
use crate::output::{BOLD, DIM, GOOD, WARN, cut, interactive, say};
use crate::question;
use crate::sse::{Follow, Heard};
use crate::transcript::Transcript;
use fugue_domain::api::{Approval, Session};
use fugue_domain::event::{Event, Stamped};
use fugue_domain::money::MicroUsd;
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long all turns together may take, apart from the time that a person thinks.
const PLAY_LIMIT: Duration = Duration::from_secs(60);
/// How long a person may think before the demo answers.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(90);
/// Columns of what one event says.
const TEXT_COLUMNS: usize = 100;

/// What a person types, where there is one.
pub type Keys = Option<mpsc::Receiver<Vec<u8>>>;

/// Listens to the person at the terminal, unless the demo answers for them. Only once, because it reads until the process ends.
pub fn keys(yes: bool) -> Keys {
    (interactive() && !yes).then(typed)
}

/// What was seen of one session.
pub struct Seen {
    /// Its part in the demo.
    pub part: Part,
    /// The session as it was opened.
    pub session: Session,
    /// Turns that have ended.
    pub ended: usize,
    /// The number of the last event.
    pub last: i64,
    /// Whether the numbers came without a gap.
    pub contiguous: bool,
    /// What the ended turns cost.
    pub cost: MicroUsd,
    shown: usize,
}

/// What was seen.
pub struct Played {
    /// The sessions.
    pub seen: Vec<Seen>,
    /// The question, how it was answered and by whom.
    pub answered: Option<(Approval, bool, &'static str)>,
    /// The process that was killed; on a system that does not show us the processes, the agent ended itself.
    pub killed: Option<u32>,
}

struct Play<'a> {
    context: &'a Context,
    client: &'a Client,
    repository: &'a Repository,
    began: Instant,
    played: Played,
    /// The question that a person thinks about, and until when.
    open: Option<(Approval, Instant)>,
    /// What happens meanwhile, told afterwards.
    held: Vec<String>,
    /// Commands whose results are told; what a write gave back is not worth a line.
    commands: HashSet<String>,
    yes: bool,
    limit: Instant,
}

/// Watches the sessions until every message has its ending.
pub async fn watch(
    context: &Context,
    client: &Client,
    repository: &Repository,
    parts: Vec<(Part, Session)>,
    keys: &mut Keys,
    yes: bool,
) -> Result<Played, Failure> {
    let began = Instant::now();
    let (to, mut heard) = mpsc::channel(256);
    // Followers live in this set and end with it, that is, with this function.
    let mut followers = JoinSet::new();
    for (index, (_, session)) in parts.iter().enumerate() {
        let (to, mut follow) = (to.clone(), Follow::new(client, &session.id, 0));
        followers.spawn(async move { while to.send((index, follow.next().await)).await.is_ok() {} });
    }
    let seen = parts.into_iter().map(|(part, session)| Seen {
        part,
        session,
        ended: 0,
        last: 0,
        contiguous: true,
        cost: MicroUsd::default(),
        shown: 0,
    });
    let played = Played { seen: seen.collect(), answered: None, killed: None };
    let mut play = Play {
        context,
        client,
        repository,
        began,
        played,
        open: None,
        held: Vec::new(),
        commands: HashSet::new(),
        yes,
        limit: began + PLAY_LIMIT,
    };
    while play.played.seen.iter().any(|seen| seen.ended < seen.part.messages.len()) {
        let wake = play.open.as_ref().map_or(play.limit, |(_, until)| *until);
        tokio::select! {
            Some((index, heard)) = heard.recv() => play.hear(index, heard?).await?,
            line = async { keys.as_mut()?.recv().await }, if keys.is_some() => match line {
                Some(line) => play.typed(&String::from_utf8_lossy(&line)).await?,
                None => *keys = None,
            },
            () = tokio::time::sleep_until(wake.into()) => play.overdue().await?,
        }
    }
    Ok(play.played)
}

impl Play<'_> {
    async fn hear(&mut self, index: usize, heard: Heard) -> Result<(), Failure> {
        let (number, event) = match heard {
            Heard::Event(number, event) => (number, event),
            Heard::Away(why) => return Err(Failure::failed(format!("the demo's hub went away: {why}"))),
            Heard::Back | Heard::Delta(_) => return Ok(()),
        };
        let seen = &mut self.played.seen[index];
        seen.contiguous &= number == seen.last + 1;
        seen.last = number;
        let Ok(stamped) = serde_json::from_value::<Stamped>(event.clone()) else { return Ok(()) };
        if let Event::TurnEnded { usage, .. } = &stamped.event {
            seen.ended += 1;
            seen.cost.0 += usage.cost_usd.0;
        }
        self.tell(index, &stamped.event);
        match &stamped.event {
            Event::ApprovalAsked { .. } => self.asked(&event).await?,
            Event::AgentText { text } if text.contains(HALF_WAY) => self.lose(index),
            Event::TurnEnded { .. } => self.commits(index),
            _ => {}
        }
        Ok(())
    }

    /// One line of the live view: when, who, how far, for how much, and what.
    fn tell(&mut self, index: usize, event: &Event) {
        let quiet = match event {
            Event::MessageQueued { .. }
            | Event::SessionOpened { .. }
            | Event::ApprovalAsked { .. }
            | Event::AgentStarted { resumed: false, .. } => true,
            Event::ToolCalled { call, tool, .. } if tool == "Bash" => !self.commands.insert(call.clone()),
            Event::ToolEnded { call, output, .. } => !self.commands.contains(call) || output.trim().is_empty(),
            _ => false,
        };
        if quiet {
            return;
        }
        let lines = Transcript { raw: false }.told(event);
        for line in lines.into_iter().take(2) {
            self.line(index, &line);
        }
    }

    fn line(&mut self, index: usize, text: &str) {
        let seen = &self.played.seen[index];
        let at = self.began.elapsed().as_secs_f64();
        let (title, ended, all) = (seen.part.title, seen.ended, seen.part.messages.len());
        // Cut by what is seen: a colour is no column.
        let plain = anstream::adapter::strip_str(text).to_string();
        let text = if plain.chars().count() > TEXT_COLUMNS { cut(&plain, TEXT_COLUMNS) } else { text.to_owned() };
        let line =
            format!("{DIM}{at:5.1}s{DIM:#} {BOLD}{title:<10}{BOLD:#} {DIM}{ended}/{all} {:>7}{DIM:#}  {text}", seen.cost.to_string());
        if self.open.is_some() { self.held.push(line) } else { say(line) }
    }

    fn commits(&mut self, index: usize) {
        let seen = &self.played.seen[index];
        let (Some(base), Some(branch)) = (&seen.session.place.base, &seen.session.place.branch) else { return };
        let all = self.repository.commits(base, branch);
        let fresh: Vec<String> = all[seen.shown.min(all.len())..]
            .iter()
            .map(|commit| format!("{GOOD}commit {commit}{GOOD:#} {DIM}on {branch}{DIM:#}"))
            .collect();
        self.played.seen[index].shown = all.len();
        for line in fresh {
            self.line(index, &line);
        }
    }

    /// Kills the agent that is half-way through its message.
    fn lose(&mut self, index: usize) {
        let session = self.played.seen[index].session.id.to_string();
        if self.played.killed.is_some() {
            return;
        }
        if let Some(pid) = stage::kill_agent(&session) {
            self.played.killed = Some(pid);
            self.line(index, &format!("{WARN}the demo kills its agent: kill -9 {pid}{WARN:#}"));
        }
    }

    async fn asked(&mut self, event: &Value) -> Result<(), Failure> {
        let id = event["approval"].as_str().unwrap_or_default();
        let approval: Approval = self.client.get(&format!("/api/v1/approvals/{id}")).await?;
        say("");
        question::lines(&approval, self.context.world.now()).iter().for_each(say);
        if self.yes || !interactive() {
            let why = if self.yes { "--yes" } else { "there is no terminal to ask at" };
            say(format_args!("  {WARN}The demo answers yes{WARN:#} {DIM}({why}){DIM:#}\n"));
            return self.answer(approval, true, "the demo").await;
        }
        say(format_args!("  {BOLD}May it? Type y or n and Enter.{BOLD:#} {DIM}(in {} s the demo answers){DIM:#}", ANSWER_LIMIT.as_secs()));
        self.limit += ANSWER_LIMIT;
        self.open = Some((approval, Instant::now() + ANSWER_LIMIT));
        Ok(())
    }

    async fn typed(&mut self, line: &str) -> Result<(), Failure> {
        let approved = match line.trim().to_lowercase().as_str() {
            "y" | "yes" | "はい" => true,
            "n" | "no" | "いいえ" => false,
            _ => return Ok(()),
        };
        match self.open.take() {
            Some((approval, _)) => self.answer(approval, approved, "the person").await,
            None => Ok(()),
        }
    }

    async fn answer(&mut self, approval: Approval, approved: bool, by: &'static str) -> Result<(), Failure> {
        let settled = question::decide(self.client, &approval, approved, Some(format!("answered by {by}"))).await?;
        self.played.answered = Some((settled, approved, by));
        self.held.drain(..).for_each(say);
        Ok(())
    }

    async fn overdue(&mut self) -> Result<(), Failure> {
        match self.open.take() {
            Some((approval, _)) => {
                say(format_args!("  {WARN}Nobody answered, so the demo says yes.{WARN:#}"));
                self.answer(approval, true, "the demo").await
            }
            None => {
                let late: Vec<String> = self
                    .played
                    .seen
                    .iter()
                    .map(|seen| format!("{} {}/{}", seen.part.title, seen.ended, seen.part.messages.len()))
                    .collect();
                Err(Failure::failed(format!("not every turn ended within {} s: {}", PLAY_LIMIT.as_secs(), late.join(", "))))
            }
        }
    }
}
