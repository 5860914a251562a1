//! A turn on the node: the pure fold from what the spool holds to numbered reports.
//!
//! Invariant: everything that is reported follows from the spool and from what was saved when the turn began; what comes from
//! outside (answers, wishes) is told to the keeper first and folded when it is read. So a restarted node folds the same frames
//! and arrives at the same reports with the same numbers. Files, processes and clocks belong to `session`.

use crate::driver::{Ask, Driver, Output, Say, Seen, Verdict, Write, bound};
use crate::keeper::handle::Gone;
use crate::keeper::line::Why;
use crate::report::Ledger;
use crate::spool::lines::{Lines, Piece};
use crate::spool::{Frame, Kind};
use fugue_domain::approval::Request;
use fugue_domain::event::{Delta, Event, Level};
use fugue_domain::id::MessageId;
use fugue_domain::limits::{APPROVAL_BYTES_MAX, APPROVAL_NAME_BYTES_MAX, ATTEMPTS_MAX, TURN_EVENT_BYTES_MAX};
use fugue_domain::link::{Assignment, Report};
use fugue_domain::reason::Reason;
use fugue_domain::remark::Remark;
use fugue_domain::rule::{Judgement, Rules, Verdict as Ruling};
use fugue_domain::turn::Ending;
use fugue_domain::world::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// How long an interrupted agent has to end its turn before it is stopped.
pub const INTERRUPT_MS: Millis = 10_000;

/// The conversation with one agent process: saved at the start of each turn together with the offset it belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Talk {
    /// The driver.
    pub driver: Driver,
    /// The line of stdout that has begun.
    pub out: Lines,
    /// The line of stderr that has begun.
    pub err: Lines,
}

/// What the node was told from outside about a turn; travels through the spool.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// The epoch it was meant for.
    pub epoch: i64,
    /// What.
    pub what: What,
}

/// The kinds of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// An answer whose hash fits the question.
    Answer {
        /// The question's key.
        key: String,
        /// Yes or no.
        approved: bool,
        /// For the agent to read when it is a no.
        reason: Option<String>,
    },
    /// A person interrupts.
    Interrupt,
    /// A message for the running agent.
    Steer {
        /// The message.
        message: MessageId,
        /// Its text.
        text: String,
    },
}

/// What is to be done after a frame was folded.
#[derive(Debug)]
pub enum Act {
    /// Write this, unless it was written before.
    Write(Write),
    /// Show this typing.
    Delta(Delta),
    /// Stop the process.
    Stop(Why),
}

/// A turn that is being carried out.
pub struct Turn {
    /// Its reports.
    pub ledger: Ledger,
    /// Questions that wait for a person, by key.
    pub asked: HashMap<String, Request>,
    /// When the interruption was folded.
    pub interrupted_at: Option<Millis>,
    /// Whether the message is with the agent.
    pub delivered: bool,
    /// Whether the last report has been entered.
    pub ended: bool,
    /// Names of questions that were reported: a name is good for one question.
    names: HashSet<String>,
    say_key: String,
    rules: Rules,
    cwd: String,
    silence_ms: i64,
    stop: Option<Why>,
    event_bytes: i64,
    missing: i64,
    offset: u64,
    /// Attempts in a row, earlier ones included, whose agent was gone before it had the message.
    stillborn: i64,
}

impl Turn {
    /// A turn that begins, or begins again for a replay.
    pub fn new(assignment: &Assignment) -> Self {
        Self {
            ledger: Ledger::new(assignment.lease.clone()),
            asked: HashMap::new(),
            interrupted_at: None,
            delivered: false,
            ended: false,
            names: HashSet::new(),
            say_key: say(assignment).key(),
            rules: assignment.agent.rules.clone(),
            cwd: assignment.place.path.clone(),
            silence_ms: assignment.agent.silence_ms(),
            stop: None,
            event_bytes: 0,
            missing: 0,
            offset: 0,
            stillborn: 0,
        }
    }

    /// The same, after so many attempts in a row whose agent was gone before it had the message.
    #[must_use]
    pub fn after(mut self, stillborn: i64) -> Self {
        self.stillborn = stillborn;
        self
    }

    /// How many attempts in a row had an agent that was gone before it had the message.
    pub fn stillborn(&self) -> i64 {
        if self.delivered { 0 } else { self.stillborn }
    }

    /// Whether its process is being stopped.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// The attempt is over without a word of the agent. The first ending counts.
    pub fn end(&mut self, at: Millis, ending: Ending, detail: Option<String>) {
        if self.ended {
            return;
        }
        if self.missing > 0 {
            let gap = Event::gap(self.missing as usize, Remark::TurnFull { bytes: TURN_EVENT_BYTES_MAX });
            self.ledger.add_event(at, gap, self.offset);
        }
        self.ledger.add(&Report::Ended { ending, detail }, self.offset);
        self.ended = true;
        self.asked.clear();
    }

    /// Its keeper is gone and the spool is folded to its end.
    pub fn lose(&mut self, gone: Gone, at: Millis) {
        // After a power loss the spool's last moments may be missing, so the message counts as delivered.
        let (reason, delivered) = match gone {
            Gone::Died => (Reason::KeeperDied, self.delivered),
            Gone::Restarted => (Reason::MachineRestarted, true),
        };
        let (ending, detail) = self.broken(reason, delivered, None);
        self.end(at, ending, detail);
    }

    /// What an attempt without a terminal event comes to. Nothing was executed by an agent that never had the message, so it is tried
    /// again, whatever the policy; but not for ever: a program that dies at its start would be started a thousand times a minute.
    fn broken(&mut self, reason: Reason, delivered: bool, how: Option<String>) -> (Ending, Option<String>) {
        if delivered || self.ended {
            return (Ending::Interrupted { reason, delivered }, how);
        }
        self.stillborn += 1;
        if self.stillborn < ATTEMPTS_MAX {
            return (Ending::Interrupted { reason, delivered }, how);
        }
        let how = how.unwrap_or_else(|| reason.meaning().to_owned());
        (Ending::Failed { reason }, Some(format!("{how} ({} times in a row, each time before the agent had the message)", self.stillborn)))
    }

    fn event(&mut self, at: Millis, event: Event) {
        if self.ended {
            return;
        }
        if self.event_bytes < TURN_EVENT_BYTES_MAX {
            self.event_bytes += self.ledger.add_event(at, event, self.offset) as i64;
        } else {
            self.missing += serde_json::to_string(&event).map_or(0, |text| text.len()) as i64;
        }
    }

    fn report(&mut self, report: &Report) {
        if !self.ended {
            self.ledger.add(report, self.offset);
        }
    }

    /// Judges a tool request by the agent's rules; `None` when a person has to.
    fn judge(&mut self, at: Millis, ask: Ask) -> Option<Verdict> {
        if let Some(reason) = self.refusal(&ask) {
            if self.asked.remove(&ask.key).is_some() {
                // Which of the two would an answer be for? Neither.
                self.report(&Report::Withdrawn { key: ask.key.clone() });
            }
            return Some(self.judged(at, ask, Judgement { verdict: Ruling::Deny, rule: None }, reason));
        }
        let judged = match serde_json::from_str(&ask.input) {
            Ok(input) => self.rules.judge(&ask.tool, &input, &self.cwd),
            Err(_) => {
                let reason = "The request cannot be read as JSON.".to_owned();
                return Some(self.judged(at, ask, Judgement { verdict: Ruling::Deny, rule: None }, reason));
            }
        };
        if judged.verdict == Ruling::Ask {
            let request =
                Request { key: ask.key, tool: ask.tool, input: ask.input, cwd: self.cwd.clone(), purpose: ask.purpose, rule: judged.rule };
            self.names.insert(request.key.clone());
            self.report(&Report::Asked(request.clone()));
            self.asked.insert(request.key.clone(), request);
            return None;
        }
        let reason = judged.rule.as_ref().map(|rule| format!("The rule {rule} of this agent forbids it.")).unwrap_or_default();
        Some(self.judged(at, ask, judged, reason))
    }

    fn judged(&mut self, at: Millis, ask: Ask, judged: Judgement, reason: String) -> Verdict {
        let approved = judged.verdict == Ruling::Allow;
        self.event(at, Event::ToolJudged { call: ask.key.clone(), tool: ask.tool, verdict: judged.verdict, rule: judged.rule });
        Verdict { key: ask.key, approved, reason: (!approved).then_some(reason) }
    }

    /// Why a request can be shown to nobody, whatever it is about.
    fn refusal(&self, ask: &Ask) -> Option<String> {
        let name = |text: &str| text.len() > APPROVAL_NAME_BYTES_MAX || text.contains(char::is_control);
        if ask.input.len() > APPROVAL_BYTES_MAX {
            return Some(format!(
                "The request is longer than {APPROVAL_BYTES_MAX} bytes, too long for a person to judge: make it shorter."
            ));
        }
        if name(&ask.key) || name(&ask.tool) {
            return Some(format!("A name in the request is longer than {APPROVAL_NAME_BYTES_MAX} bytes or holds a control character."));
        }
        self.names.contains(&ask.key).then(|| "The name of this request was used for another one before.".to_owned())
    }

    /// The agent's process has ended; what it said about that comes after this.
    fn exit(&mut self, at: Millis, end: Result<i32, i32>) {
        let interrupted = |reason| Ending::Interrupted { reason, delivered: self.delivered };
        let ending = match self.stop {
            None => {
                let how = match end {
                    Ok(code) => format!("the agent's process ended with exit code {code}"),
                    Err(signal) => format!("the agent's process was ended by signal {signal}"),
                };
                let (ending, detail) = self.broken(Reason::Crashed, self.delivered, Some(how));
                return self.end(at, ending, detail);
            }
            Some(Why::Stop) => Ending::Cancelled { reason: Reason::Stop },
            Some(Why::Interrupt) => Ending::Cancelled { reason: Reason::Interrupt },
            Some(Why::Timeout) => Ending::Failed { reason: Reason::Timeout },
            Some(Why::Hung) => interrupted(Reason::Hung),
            Some(Why::Lease | Why::Idle) => interrupted(Reason::NodeLost),
            Some(Why::Spool) => interrupted(Reason::SpoolFailed),
        };
        self.end(at, ending, None);
    }
}

/// The message of an assignment, as drivers take it.
pub fn say(assignment: &Assignment) -> Say {
    Say { turn: assignment.lease.turn.clone(), epoch: assignment.lease.epoch, text: assignment.text.clone(), opening: assignment.opening }
}

impl Talk {
    /// The conversation with a process that has just been started.
    pub fn new(driver: Driver) -> Self {
        Self { driver, out: Lines::default(), err: Lines::default() }
    }

    /// Folds one frame into the driver and, if a turn runs, into its reports. True when the process has ended with it.
    pub fn fold(&mut self, frame: &Frame<'_>, mut turn: Option<&mut Turn>, acts: &mut Vec<Act>) -> bool {
        if let Some(turn) = &mut turn {
            turn.offset = frame.end;
        }
        let at = frame.at;
        match frame.kind {
            Kind::Out => self.lines(at, Some(frame.bytes), true, turn, acts),
            Kind::Err => self.lines(at, Some(frame.bytes), false, turn, acts),
            Kind::In => {
                if let Some(turn) = turn.as_deref_mut().filter(|turn| frame.key == turn.say_key) {
                    turn.delivered = true;
                    turn.report(&Report::Delivered);
                }
                let outputs = self.driver.fold(Seen::Written(frame.key), at);
                self.take(at, outputs, turn, acts);
            }
            Kind::Told => {
                if let (Some(turn), Ok(told)) = (turn, serde_json::from_slice(frame.bytes)) {
                    self.told(at, told, turn, acts);
                }
            }
            Kind::Stop => {
                let why = serde_json::from_slice(frame.bytes).unwrap_or(Why::Stop);
                if let Some(turn) = turn {
                    turn.stop.get_or_insert(why);
                    if why == Why::Hung {
                        let seconds = turn.silence_ms / 1_000;
                        turn.event(at, Event::notice(Level::Error, Remark::Hung { seconds }));
                    }
                }
            }
            Kind::Started => {}
            Kind::NotStarted => {
                if let Some(turn) = turn {
                    let detail = String::from_utf8_lossy(frame.bytes).into_owned();
                    turn.end(at, Ending::Interrupted { reason: Reason::ProgramMissing, delivered: false }, Some(detail));
                }
                return true;
            }
            Kind::Exit => {
                let end = serde_json::from_slice(frame.bytes).unwrap_or(Err(0));
                self.finish(at, turn.as_deref_mut(), acts);
                let outputs = self.driver.fold(Seen::Exited(end), at);
                self.take(at, outputs, turn.as_deref_mut(), acts);
                if let Some(turn) = turn {
                    turn.exit(at, end);
                }
                return true;
            }
        }
        false
    }

    /// The streams are over: what has begun counts as a line.
    pub fn finish(&mut self, at: Millis, mut turn: Option<&mut Turn>, acts: &mut Vec<Act>) {
        self.lines(at, None, true, turn.as_deref_mut(), acts);
        self.lines(at, None, false, turn, acts);
    }

    fn lines(&mut self, at: Millis, bytes: Option<&[u8]>, stdout: bool, mut turn: Option<&mut Turn>, acts: &mut Vec<Act>) {
        let mut lines = std::mem::take(if stdout { &mut self.out } else { &mut self.err });
        let mut take = |piece: Piece<'_>| {
            let outputs = match piece {
                Piece::Line(line) if stdout => self.driver.fold(Seen::Line(line), at),
                Piece::Line(line) => self.driver.fold(Seen::ErrorLine(line), at),
                Piece::TooLong(bytes) if stdout => self.driver.fold(Seen::TooLong(bytes), at),
                Piece::TooLong(bytes) => vec![Output::Event(bound::too_long(bytes))],
            };
            self.take(at, outputs, turn.as_deref_mut(), acts);
        };
        match bytes {
            Some(bytes) => lines.push(bytes, &mut take),
            None => lines.finish(&mut take),
        }
        *(if stdout { &mut self.out } else { &mut self.err }) = lines;
    }

    fn told(&mut self, at: Millis, told: Told, turn: &mut Turn, acts: &mut Vec<Act>) {
        if told.epoch != turn.ledger.lease().epoch || turn.ended {
            return;
        }
        let writes = match told.what {
            What::Answer { key, approved, reason } => match turn.asked.remove(&key) {
                Some(_) => self.driver.answer(&Verdict { key, approved, reason }),
                None => Vec::new(),
            },
            What::Interrupt => {
                turn.interrupted_at = Some(at);
                let writes = self.driver.interrupt();
                if writes.is_empty() {
                    acts.push(Act::Stop(Why::Interrupt));
                }
                writes
            }
            What::Steer { message, text } => {
                let writes = self.driver.steer(&message, &text);
                turn.report(&Report::Steered { message, taken: !writes.is_empty() });
                writes
            }
        };
        acts.extend(writes.into_iter().map(Act::Write));
    }

    fn take(&mut self, at: Millis, outputs: Vec<Output>, mut turn: Option<&mut Turn>, acts: &mut Vec<Act>) {
        for output in outputs {
            match (output, turn.as_deref_mut()) {
                (Output::Write(write), _) => acts.push(Act::Write(write)),
                (Output::Ask(ask), turn) => {
                    let verdict = match turn {
                        Some(turn) if !turn.ended => turn.judge(at, ask),
                        _ => Some(Verdict { key: ask.key, approved: false, reason: Some("No turn is running.".to_owned()) }),
                    };
                    if let Some(verdict) = verdict {
                        acts.extend(self.driver.answer(&verdict).into_iter().map(Act::Write));
                    }
                }
                (Output::Event(event), Some(turn)) => turn.event(at, event),
                (Output::Delta(delta), Some(turn)) if !turn.ended => acts.push(Act::Delta(delta)),
                (Output::Withdrawn { key }, Some(turn)) => {
                    if turn.asked.remove(&key).is_some() {
                        turn.report(&Report::Withdrawn { key });
                    }
                }
                (Output::Used { usage, model }, Some(turn)) => turn.report(&Report::Used { usage, model }),
                (Output::Memory(memory), Some(turn)) => {
                    if let Ok(memory) = serde_json::value::to_raw_value(&memory) {
                        turn.report(&Report::Memory(memory));
                    }
                }
                // What an agent says while it is being stopped is not how the turn ended, unless it had succeeded.
                (Output::Ended { ending, detail }, Some(turn)) if turn.stop.is_none() || ending == Ending::Succeeded => {
                    if matches!(ending, Ending::Failed { reason: Reason::Nonsense }) {
                        // Nothing more can be understood of it, so nothing more is to be done by it.
                        acts.push(Act::Stop(Why::Stop));
                    }
                    turn.end(at, ending, detail);
                }
                (Output::Ended { .. } | Output::Event(_) | Output::Delta(_), _) => {}
                (Output::Withdrawn { .. } | Output::Used { .. } | Output::Memory(_), None) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
