//! A node that is only its side of the link: it joins with a code, dials, and plays turns without any agent.

use crate::app::App;
use anyhow::{Context, Result, bail};
use fugue_domain::agent::Driver;
use fugue_domain::approval::Request;
use fugue_domain::id::{NodeId, SessionId, TurnId};
use fugue_domain::lease::LeaseKey;
use fugue_domain::limits::BATCHES_IN_FLIGHT_MAX;
use fugue_domain::link::{Answered, Ask, Assignment, Batch, CallFailed, FromHub, FromNode, Hello, PROTOCOL, Report};
use fugue_domain::money::{MicroUsd, Tokens, Usage};
use fugue_domain::node::{Load, NodeFacts, Ownership, Program};
use fugue_domain::project::{Origin, Repository};
use fugue_domain::turn::Ending;
use futures_util::{SinkExt, StreamExt};
use rig::client::Client;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What it does with a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// Says this many things and ends it.
    Finish(usize),
    /// Delivers the message and says nothing more.
    Hold,
    /// Delivers the message and asks whether `ls` may run.
    Ask,
}

/// A simulated node. Dropping it cuts the connection.
pub struct Node {
    pub id: NodeId,
    pub token: String,
    task: JoinHandle<Result<()>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Node {
    /// Joins, connects, and plays.
    pub async fn join(app: &App, play: Play) -> Result<Self> {
        Self::join_for(app, &app.owner, play).await
    }

    /// The same, for the org of another caller.
    pub async fn join_for(app: &App, caller: &Client, play: Play) -> Result<Self> {
        let code = caller.post("/api/v1/nodes/join-codes", &json!({})).await?;
        let joined = caller.post("/api/v1/nodes/join", &json!({"code": code["code"], "name": "desk"})).await?;
        let token = joined["token"].as_str().context("a token")?.to_owned();
        let id: NodeId = joined["node"].as_str().context("a node")?.parse()?;
        let node = Self::dial(app, &id, &token, play).await?;
        let online = async || Ok((caller.get(&format!("/api/v1/nodes/{id}")).await?["state"] == "online").then_some(()));
        rig::wait::until("the node to be online", std::time::Duration::from_secs(10), online).await?;
        Ok(node)
    }

    /// Connects with a credential it has already.
    pub async fn dial(app: &App, id: &NodeId, token: &str, play: Play) -> Result<Self> {
        let mut link = Link::dial(&app.url, token).await?;
        let task = tokio::spawn(async move {
            link.say(&FromNode::Hello(hello(PROTOCOL))).await?;
            link.play(play).await
        });
        Ok(Self { id: id.clone(), token: token.to_owned(), task })
    }

    /// A project and a session on this node.
    pub async fn session(&self, app: &App) -> Result<Value> {
        self.session_for(&app.owner).await
    }

    /// The same, for the org of another caller.
    pub async fn session_for(&self, caller: &Client) -> Result<Value> {
        let project = caller.post("/api/v1/projects", &json!({"path": "/srv/shop", "node": self.id})).await?;
        caller.post("/api/v1/sessions", &json!({"project": project["id"], "agent": "rehearse", "title": "Fix login"})).await
    }
}

/// How a simulated node introduces itself.
pub fn hello(protocol: u32) -> Hello {
    let rehearse = Program { path: Some("/x".into()), ..Program::of(Driver::Rehearse) };
    let facts = NodeFacts {
        name: "desk".into(),
        version: "0.1.0".into(),
        platform: "linux x86_64".into(),
        boot: "1".into(),
        cpus: 2,
        ownership: Ownership::Subreaper,
        slots: 8,
        worktrees: "/srv/worktrees".into(),
        git: "2.40".into(),
        programs: vec![rehearse],
    };
    Hello { protocol, facts, leases: Vec::new(), jobs: Vec::new() }
}

/// The node's end of the WebSocket.
pub struct Link(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Link {
    /// Connects.
    pub async fn dial(url: &str, token: &str) -> Result<Self> {
        let mut request = format!("{}/api/v1/link", url.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        Ok(Self(tokio_tungstenite::connect_async(request).await?.0))
    }

    /// Says something.
    pub async fn say(&mut self, message: &FromNode) -> Result<()> {
        Ok(self.0.send(Message::Text(serde_json::to_string(message)?.into())).await?)
    }

    /// Says something that may be no message.
    pub async fn say_text(&mut self, text: String) -> Result<()> {
        Ok(self.0.send(Message::Text(text.into())).await?)
    }

    /// Hears something; the close code and reason when the hub closed.
    pub async fn hear(&mut self) -> Result<Result<FromHub, (u16, String)>> {
        while let Some(message) = self.0.next().await {
            match message? {
                Message::Text(text) => return Ok(Ok(serde_json::from_str(&text)?)),
                Message::Close(Some(frame)) => return Ok(Err((frame.code.into(), frame.reason.to_string()))),
                Message::Close(None) => bail!("closed without a reason"),
                _ => {}
            }
        }
        bail!("cut off")
    }

    async fn play(&mut self, play: Play) -> Result<()> {
        let mut held: Vec<LeaseKey> = Vec::new();
        let mut beat = 0;
        while let Ok(message) = self.hear().await? {
            match message {
                FromHub::Call { call, ask } => self.say(&FromNode::Reply { call, result: answer(ask) }).await?,
                FromHub::Assign(assignment) if !held.contains(&assignment.lease) => {
                    held.push(assignment.lease.clone());
                    beat += 1;
                    self.say(&FromNode::Heartbeat { beat, load: Load::default(), leases: held.clone(), jobs: Vec::new() }).await?;
                    self.carry_out(*assignment, play).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn carry_out(&mut self, assignment: Assignment, play: Play) -> Result<()> {
        let lease = assignment.lease;
        let batch = |first, reports| FromNode::Batch(Batch { lease: lease.clone(), first, reports });
        self.say(&batch(1, vec![Report::Delivered])).await?;
        if play == Play::Ask {
            return self.say(&batch(2, vec![Report::Asked(question("1", r#"{"command":"ls"}"#))])).await;
        }
        let Play::Finish(texts) = play else { return Ok(()) };
        let events = (0..texts).map(|n| event(&lease.turn, &format!("{} {n}", assignment.text))).collect::<Result<Vec<_>>>()?;
        let mut first = 2;
        // A node has only a few batches on the way at once.
        for some in events.chunks(texts.div_ceil(BATCHES_IN_FLIGHT_MAX - 2).max(1)) {
            self.say(&batch(first, some.to_vec())).await?;
            first += some.len() as i64;
        }
        let tokens = Tokens { input: 100, output: 10, cache_read: 0, cache_write: 0 };
        let used = Report::Used { usage: Usage { cost_usd: MicroUsd(2_500), tokens }, model: Some("m".into()) };
        let ended = Report::Ended { ending: Ending::Succeeded, detail: None };
        self.say(&batch(first, vec![used, ended])).await
    }
}

/// An event of an agent, as a node reports it.
pub fn event(turn: &TurnId, text: &str) -> Result<Report> {
    let event = json!({"at": "2026-11-21T00:58:20.776Z", "turn": turn, "type": "agent.text", "text": text});
    Ok(Report::Event(RawValue::from_string(event.to_string())?))
}

/// A question of an agent.
pub fn question(key: &str, input: &str) -> Request {
    Request { key: key.into(), tool: "Bash".into(), input: input.into(), cwd: "/srv/tree".into(), purpose: None, rule: None }
}

/// A lease that nobody gave.
pub fn made_up_lease() -> LeaseKey {
    LeaseKey { session: SessionId::from_bits(1), turn: TurnId::from_bits(2), epoch: 3 }
}

/// What it answers to calls.
pub fn answer(ask: Ask) -> Result<Answered, CallFailed> {
    match ask {
        Ask::Inspect(Origin::Path(root)) if ["/srv/tool", "/srv/torn", "/srv/stand"].contains(&root.as_str()) => {
            let name = root.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(Answered::Repository(Repository { root, name, default_branch: "main".into(), head: Some("c0ffee".into()) }))
        }
        Ask::Inspect(Origin::Path(path)) if path.starts_with("/srv/shop") => {
            let repository =
                Repository { root: "/srv/shop".into(), name: "shop".into(), default_branch: "main".into(), head: Some("c0ffee".into()) };
            Ok(Answered::Repository(repository))
        }
        Ask::Inspect(Origin::Url(url)) if url.starts_with("https://git.example/") => Ok(Answered::Repository(Repository {
            name: if url.ends_with("pushed.git") { "pushed".into() } else { "far".into() },
            root: url,
            default_branch: "main".into(),
            head: Some("c0ffee".into()),
        })),
        Ask::Diff { base, head, .. } => Ok(Answered::Diff { text: format!("from {base} to {head:?}"), cut: false }),
        Ask::Output { name, from, .. } => Ok(Answered::Output(crate::jobs::output(&name, from))),
        Ask::Changes(place) => Ok(Answered::Changes(crate::changes::seen(&place))),
        Ask::Raw { from, .. } => Ok(Answered::Raw(Some(crate::history::page(&from)))),
        Ask::Inspect(_) => Err(CallFailed::NotARepository("there is no repository".into())),
        Ask::Resolve { base, .. } if base == "nowhere" => Err(CallFailed::UnknownBase("there is no nowhere".into())),
        Ask::Resolve { .. } => Ok(Answered::Commit("c0ffee".into())),
        Ask::File { path, origin, .. } if path == "fugue.toml" => Ok(Answered::File(match origin {
            Origin::Path(path) if path == "/srv/tool" => Some(crate::plans::TOOL.into()),
            Origin::Path(path) if path == "/srv/stand" => Some("[[teardown]]\nname = \"down\"\ncommand = \"make down\"".into()),
            Origin::Url(url) if url.ends_with("pushed.git") => Some("[merge]\npush = \"origin\"".into()),
            Origin::Path(path) if path == "/srv/torn" => Some("[merge]\nstratgy = \"rebase\"".into()),
            _ => None,
        })),
        Ask::File { path, commit, .. } => {
            assert_eq!(commit, "c0ffee", "it is asked for at the commit at which the session begins");
            Ok(Answered::File(match path.as_str() {
                ".fugue/agents/narrow.md" => Some("---\ndriver: codex\nmodel: m\nrules:\n  deny: [Bash]\n---\nBe brief.".into()),
                ".fugue/agents/meter.md" => Some("---\nbudget_usd: 1\n---\nMeasure twice.".into()),
                ".fugue/agents/wide.md" => Some("---\nrules:\n  allow: [Bash]\n---\n".into()),
                _ => None,
            }))
        }
        Ask::History { .. } => Ok(Answered::History(vec![vec!["route.rs".into(), "api.json".into()]; 3])),
    }
}
