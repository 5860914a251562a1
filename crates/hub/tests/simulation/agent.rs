//! A model of an agent and its keeper: a script with times, numbered reports, and a deadline after which it does nothing.
//!
//! Invariant: it goes on while its node's program is down, as a keeper does; whoever looks brings it up to the present first.

use crate::stage::Stage;
use crate::witness::{End, Witness};
use crate::world::EPOCH;
use fugue_domain::approval::Request;
use fugue_domain::id::NodeId;
use fugue_domain::lease::LeaseKey;
use fugue_domain::link::{Answer, Assignment, Report};
use fugue_domain::reason::Reason;
use fugue_domain::time::Time;
use fugue_domain::turn::{Ending, ParkedBy};
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::rc::Rc;

/// What an agent does next.
#[derive(Debug, Clone)]
enum Step {
    /// It is started and reads its message.
    Begin,
    Text,
    /// It asks whether it may use a tool, and uses it after a yes.
    Ask,
    End(Ending, End),
}

/// What agents, witnesses and stages are told by.
#[derive(Clone)]
pub struct Around {
    pub node: NodeId,
    pub stage: Rc<Stage>,
    pub witness: Rc<Witness>,
}

/// An agent that has one turn.
pub struct Agent {
    pub lease: LeaseKey,
    pub reports: Vec<Report>,
    /// Reports that the hub has.
    pub acked: i64,
    /// Reports that were said on the present connection.
    pub sent: i64,
    /// Nothing is done after this moment of virtual time.
    pub deadline: i64,
    pub over: bool,
    around: Around,
    script: VecDeque<Step>,
    next_at: i64,
    asked: Option<Request>,
    execution: Option<usize>,
    texts: usize,
    skew: i64,
}

impl Agent {
    /// An agent for an assignment, which begins in a moment.
    pub fn new(around: Around, assignment: &Assignment, now: i64, deadline: i64) -> Self {
        let stage = around.stage.clone();
        let mut script = VecDeque::from([Step::Begin]);
        script.extend((0..stage.between(0, 4)).map(|_| Step::Text));
        if stage.percent(25) {
            script.push_back(Step::Ask);
            script.push_back(Step::Text);
        }
        script.push_back(Self::ending(&stage, now));
        let lease = assignment.lease.clone();
        let next_at = now + stage.between(1, 150) as i64;
        Self {
            lease,
            reports: Vec::new(),
            acked: 0,
            sent: 0,
            deadline,
            over: false,
            around,
            script,
            next_at,
            asked: None,
            execution: None,
            texts: 0,
            skew: 0,
        }
    }

    fn ending(stage: &Stage, now: i64) -> Step {
        match stage.between(0, 100) {
            0..4 => Step::End(Ending::Failed { reason: Reason::Refused }, End::Said("failed")),
            4..8 => Step::End(Ending::Parked { until: Some(EPOCH + now + 2_000), by: ParkedBy::Quota }, End::Said("parked")),
            8..12 => Step::End(Ending::Interrupted { reason: Reason::Crashed, delivered: true }, End::Said("crashed")),
            _ => Step::End(Ending::Succeeded, End::Succeeded),
        }
    }

    /// When it does something next by itself.
    pub fn due(&self) -> i64 {
        if self.over {
            i64::MAX
        } else if self.asked.is_some() {
            self.deadline
        } else {
            self.next_at.min(self.deadline)
        }
    }

    /// Does everything that was due until now.
    pub fn advance(&mut self, now: i64, skew: i64) {
        self.skew = skew;
        while !self.over && self.due() <= now {
            if self.deadline <= self.next_at || self.asked.is_some() {
                self.around.stage.count("fence");
                return self.end(
                    self.deadline,
                    Ending::Interrupted { reason: Reason::NodeLost, delivered: self.execution.is_some() },
                    End::Killed("fence"),
                );
            }
            self.step();
        }
    }

    /// Nothing was done in this time: the machine slept.
    pub fn sleep(&mut self, until: i64) {
        self.next_at = self.next_at.max(until);
    }

    fn step(&mut self) {
        let at = self.next_at;
        let Some(step) = self.script.pop_front() else { return };
        let stage = self.around.stage.clone();
        self.next_at = at + stage.between(20, 900) as i64;
        match step {
            Step::Begin if stage.percent(3) => {
                self.over = true;
                let ending = Ending::Interrupted { reason: Reason::SpoolFailed, delivered: false };
                self.reports.push(Report::Ended { ending, detail: Some("no room".to_owned()) });
            }
            Step::Begin => {
                let Around { node, witness, .. } = &self.around;
                self.execution = Some(witness.begins(node.clone(), self.lease.clone(), at));
                stage.note_at(at, format_args!("agent begins {}/{}", self.lease.turn.short(), self.lease.epoch));
                self.reports.push(Report::Delivered);
            }
            Step::Text => {
                self.witnessed(|execution| execution.texts += 1);
                let text = format!("{}/{} {}", self.lease.turn, self.lease.epoch, self.texts);
                self.texts += 1;
                let event = json!({"at": Time(EPOCH + at + self.skew), "turn": self.lease.turn, "type": "agent.text", "text": text});
                self.reports.push(Report::Event(RawValue::from_string(event.to_string()).expect("JSON")));
            }
            Step::Ask => {
                let input = format!(r#"{{"command":"touch {}"}}"#, self.lease.turn);
                let key = format!("q{}", self.reports.len());
                let request = Request { key, tool: "Bash".into(), input, cwd: "/srv/tree".into(), purpose: None, rule: None };
                self.reports.push(Report::Asked(request.clone()));
                self.asked = Some(request);
            }
            Step::End(ending, end) => self.end(at, ending, end),
        }
    }

    fn witnessed(&self, change: impl FnOnce(&mut crate::witness::Execution)) {
        if let Some(execution) = self.execution {
            self.around.witness.of(execution, change);
        }
    }

    /// A person answered.
    pub fn answer(&mut self, answer: &Answer, now: i64) {
        let Some(request) = self.asked.take_if(|request| request.key == answer.key) else { return };
        if !request.is_meant(&answer.hash, &self.lease.session, self.lease.epoch) {
            return self.around.stage.broken(format!("an answer for other bytes than turn {} asked about", self.lease.turn));
        }
        self.around.stage.count(if answer.approved { "approved" } else { "denied" });
        if answer.approved {
            self.witnessed(|execution| execution.tools += 1);
        }
        self.next_at = now + 20;
    }

    /// Ends with a last report.
    pub fn end(&mut self, at: i64, ending: Ending, end: End) {
        self.over = true;
        self.asked = None;
        self.reports.push(Report::Ended { ending, detail: None });
        self.ended(at, end);
    }

    /// Ends without a word.
    pub fn kill(&mut self, at: i64, why: &'static str) {
        if !self.over {
            self.over = true;
            self.ended(at, End::Killed(why));
        }
    }

    fn ended(&self, at: i64, end: End) {
        self.around.stage.note_at(at, format_args!("agent ends {}/{}: {end:?}", self.lease.turn.short(), self.lease.epoch));
        self.witnessed(|execution| execution.ended = Some((at, end)));
    }
}
