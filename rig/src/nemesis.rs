//! The nemesis: breaks things by a plan while a workload runs, and mends them again.
//!
//! Invariant: the seed decides the whole plan, and the timeline that is printed says what was done when, so that a run that failed can
//! be repeated. Which of several agents is hit, and what the machine makes of it, is the run's own. When the plan is over everything
//! runs, and the link is open.

use crate::fugue::Part;
use crate::orphans::Process;
use crate::postgres::Server;
use crate::proxy::{Lane, Proxy};
use crate::stage::Stage;
use anyhow::Result;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

mod plan;

pub use plan::{Fault, Plan, Shape, Step};

/// The running parts, and the means to break them.
pub struct Nemesis<'a> {
    stage: &'a Stage,
    /// The hub.
    pub hub: Part,
    /// The node.
    pub node: Part,
    proxy: Option<&'a Proxy>,
    database: Option<&'a mut Server>,
    active: Vec<Fault>,
    done: BTreeMap<&'static str, usize>,
}

impl<'a> Nemesis<'a> {
    /// Over a running install. Without a proxy the link cannot be hurt, without a server the database cannot.
    pub fn new(stage: &'a Stage, hub: Part, node: Part, proxy: Option<&'a Proxy>, database: Option<&'a mut Server>) -> Self {
        Self { stage, hub, node, proxy, database, active: Vec::new(), done: BTreeMap::new() }
    }

    /// Carries out a plan and mends everything afterwards.
    pub async fn run(&mut self, plan: &Plan) -> Result<()> {
        println!("{plan}");
        let begun = Instant::now();
        for (at, step, begins) in plan.moments() {
            tokio::time::sleep(Duration::from_millis(at).saturating_sub(begun.elapsed())).await;
            let said = if begins { self.begin(step).await? } else { self.end(step.fault).await? };
            println!("{:>9.3} s  {} {:?}: {said}", begun.elapsed().as_secs_f64(), if begins { "begin" } else { "end  " }, step.fault);
        }
        for fault in self.active.clone() {
            self.end(fault).await?;
        }
        Ok(())
    }

    /// What was done, and how often.
    pub fn done(&self) -> String {
        let counts: Vec<String> = self.done.iter().map(|(word, times)| format!("{times} {word}")).collect();
        counts.join(", ")
    }

    /// How many faults were done.
    pub fn count(&self) -> usize {
        self.done.values().sum()
    }

    async fn begin(&mut self, step: Step) -> Result<String> {
        let fault = step.fault;
        // A part that is down already is not killed, and one that is dead is not paused.
        let away = |faults: &[Fault]| faults.iter().any(|fault| self.active.contains(fault));
        if away(&[fault]) || fault.is_of_node() && away(&[Fault::KillNode, Fault::PauseNode]) {
            return Ok("left out, it is down already".to_owned());
        }
        let said = match fault {
            Fault::KillHub => kill(&mut self.hub)?,
            Fault::KillNode => kill(&mut self.node)?,
            Fault::KillKeeper => hit(self.stage.keepers(), step.pick),
            Fault::KillAgent => hit(self.stage.agents(), step.pick),
            Fault::PauseNode => {
                self.node.pause();
                format!("{} stands still", self.node.pid())
            }
            Fault::Cut | Fault::CutUp | Fault::CutDown | Fault::Slow => String::new(),
            Fault::Reset => {
                self.proxy.iter().for_each(|proxy| proxy.reset());
                String::new()
            }
            Fault::RestartDatabase => match &mut self.database {
                Some(server) => {
                    server.restart().await?;
                    "it takes connections again".to_owned()
                }
                None => return Ok("left out, there is none".to_owned()),
            },
        };
        *self.done.entry(fault.word()).or_default() += 1;
        if fault.lasts() {
            self.active.push(fault);
            self.weather();
        }
        Ok(if fault.lasts() { format!("{said} for {} ms", step.lasting_ms).trim_start().to_owned() } else { said })
    }

    async fn end(&mut self, fault: Fault) -> Result<String> {
        let Some(index) = self.active.iter().position(|active| *active == fault) else { return Ok("was left out".to_owned()) };
        self.active.remove(index);
        self.weather();
        match fault {
            Fault::KillHub => {
                self.hub = self.stage.fugue.hub().await?;
                Ok(format!("{} answers", self.hub.pid()))
            }
            Fault::KillNode => {
                self.node = self.stage.fugue.node_again()?;
                Ok(format!("{} is started", self.node.pid()))
            }
            Fault::PauseNode => {
                self.node.resume();
                Ok("it goes on".to_owned())
            }
            _ => Ok("mended".to_owned()),
        }
    }

    /// What all the present faults make of the link.
    fn weather(&self) {
        let is = |fault| self.active.contains(&fault);
        let slow = if is(Fault::Slow) { Lane::Slow } else { Lane::Open };
        let lane = |cut| if is(Fault::Cut) || is(cut) { Lane::Cut } else { slow };
        self.proxy.iter().for_each(|proxy| proxy.set(lane(Fault::CutUp), lane(Fault::CutDown)));
    }
}

fn kill(part: &mut Part) -> Result<String> {
    let pid = part.pid();
    part.kill()?;
    Ok(format!("{pid} is dead"))
}

/// Kills one of these, if there are any.
fn hit(processes: Vec<Process>, pick: u64) -> String {
    let Some(process) = processes.get((pick % processes.len().max(1) as u64) as usize) else { return "there was none".to_owned() };
    process.signal(Signal::KILL);
    format!("{} of {} is hit", process.pid, processes.len())
}
