//! What is to be said to a device: whether it is still true, and in which words.
//!
//! Invariant: the text names things (a title, a kind, a tool, ids) and repeats nothing that an agent was told or wants to run. The service
//! worker reads it (web/src/worker/news.ts).

use super::right::Question;
use crate::column;
use crate::db::{Conn, Row, query};
use crate::fault::{Done, Fault};
use crate::hub::Hub;
use fugue_domain::api::QuietHours;
use fugue_domain::approval::{ApprovalKind, ApprovalState};
use fugue_domain::caller::{Permission, Role};
use fugue_domain::id::{ApprovalId, DeviceId, OrgId, PushId, SessionId, TokenId};
use fugue_domain::limits::PUSH_TITLE_CHARS_MAX;
use fugue_domain::push::PushKind;
use fugue_domain::world::Millis;
use serde_json::{Value, json};

/// Pushes of one look; the rest comes right after.
pub const DUE_MAX: i64 = 50;

/// A push that is due.
pub struct Due {
    /// Which.
    pub id: PushId,
    /// To which device.
    pub device: DeviceId,
    /// The device's credential.
    pub token: TokenId,
    /// Whose.
    pub org: OrgId,
    /// About what.
    pub kind: PushKind,
    subject: String,
    /// Times that it was sent.
    pub tries: i64,
    /// Since when it is due: whoever changes it has it.
    pub not_before: Millis,
    /// When it is too late.
    pub expires_at: Millis,
    /// Where to.
    pub endpoint: String,
    /// The browser's keys.
    pub keys: (String, String),
    /// In the name of which page.
    pub origin: String,
    /// Whether the device may answer from the notification.
    pub answers: bool,
    /// When it is quiet.
    pub quiet: Option<QuietHours>,
    locale: String,
}

impl Due {
    fn read(row: &Row) -> Done<Self> {
        let role: Role = column::word(row, 15)?;
        Ok(Self {
            id: column::id(row, 0)?,
            device: column::id(row, 1)?,
            token: column::id(row, 2)?,
            org: column::id(row, 3)?,
            kind: column::word(row, 4)?,
            subject: row.get(5)?,
            tries: row.get(6)?,
            not_before: row.get(7)?,
            expires_at: row.get(8)?,
            endpoint: row.get(9)?,
            keys: (row.get(10)?, row.get(11)?),
            origin: row.get(12)?,
            answers: row.get::<i64>(13)? == 1 && role.permits(Permission::Approve),
            quiet: column::maybe_json(row, 14)?,
            locale: row.get(16)?,
        })
    }
}

/// What is due and this hub can send.
pub async fn due(hub: &Hub) -> Done<Vec<Due>> {
    let mut conn = hub.db.read().await?;
    let found = query(
        "SELECT p.id, p.device_id, d.token_id, s.org_id, p.kind, p.subject, p.tries, p.not_before, p.expires_at, s.endpoint, s.p256dh, s.auth, \
         s.origin, s.answers, s.quiet, t.role, s.locale FROM pushes p JOIN push_subscriptions s ON s.device_id = p.device_id \
         JOIN devices d ON d.id = p.device_id JOIN tokens t ON t.id = d.token_id \
         WHERE p.not_before <= $1 AND s.server_key = $2 AND t.revoked_at IS NULL AND t.expires_at > $1 ORDER BY p.not_before, p.id LIMIT $3",
    )
    .bind(hub.world.now())
    .bind(hub.settings.push.key.public())
    .bind(DUE_MAX)
    .fetch_all(&mut conn)
    .await?;
    found.iter().map(Due::read).collect()
}

/// What there is to say.
pub struct News {
    /// A later push about the same takes its place, at the push service and on the device.
    pub topic: String,
    path: String,
    title: String,
    tool: Option<String>,
    session: Option<SessionId>,
    waiting: i64,
    /// What could be answered.
    pub question: Option<Question>,
}

/// What a due push says now; none when it is settled.
pub async fn of(hub: &Hub, due: &Due) -> Done<Option<News>> {
    let mut conn = hub.db.read().await?;
    let subject = due.subject.as_str();
    let (path, about) = match (due.kind, subject.split('_').next()) {
        (PushKind::Test, _) => ("/settings".to_owned(), Some(About::default())),
        (PushKind::Approval, _) => (format!("/approvals/{subject}"), question(&mut conn, subject).await?),
        (kind, Some("tsk")) => (format!("/tasks/{subject}"), task(&mut conn, subject, kind).await?),
        _ => {
            let about = turn(&mut conn, subject).await?;
            let session = about.as_ref().and_then(|about| about.session.clone());
            (session.map_or_else(String::new, |session| format!("/sessions/{session}")), about)
        }
    };
    let Some(about) = about else { return Ok(None) };
    let waiting = query("SELECT COUNT(*) FROM approvals WHERE org_id = $1 AND state = 'pending'").bind(due.org.as_str());
    let waiting = waiting.fetch_one(&mut conn).await?.get(0)?;
    let topic = match (due.kind, &about.session) {
        (PushKind::Finished | PushKind::Failed, Some(session)) => session.to_string(),
        _ => subject.to_owned(),
    };
    let title = about.title.chars().take(PUSH_TITLE_CHARS_MAX).collect();
    Ok(Some(News { topic, path, title, tool: about.tool, session: about.session, waiting, question: about.question }))
}

/// What is known of a push's subject.
#[derive(Default)]
struct About {
    title: String,
    tool: Option<String>,
    session: Option<SessionId>,
    question: Option<Question>,
}

async fn question(conn: &mut Conn, id: &str) -> Done<Option<About>> {
    let row = query(
        "SELECT s.title, a.tool, a.kind, a.session_id, a.hash, a.expires_at, a.state FROM approvals a JOIN sessions s ON s.id = a.session_id \
         WHERE a.id = $1",
    );
    let Some(row) = row.bind(id).fetch_optional(conn).await? else { return Ok(None) };
    if column::word::<ApprovalState>(&row, 6)? != ApprovalState::Pending {
        return Ok(None);
    }
    let tool = match column::word(&row, 2)? {
        ApprovalKind::Tool => Some(row.get(1)?),
        ApprovalKind::Budget => None,
    };
    let approval: ApprovalId = id.parse().map_err(Fault::internal)?;
    let question = Question { approval, hash: row.get(4)?, expires_at: row.get(5)? };
    Ok(Some(About { title: row.get(0)?, tool, session: Some(column::id(&row, 3)?), question: Some(question) }))
}

async fn task(conn: &mut Conn, id: &str, kind: PushKind) -> Done<Option<About>> {
    let row = query("SELECT title, state FROM tasks WHERE id = $1").bind(id).fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let settled = kind == PushKind::NeedsHuman && row.text(1)? != "needs_human";
    Ok(if settled { None } else { Some(About { title: row.get(0)?, ..About::default() }) })
}

async fn turn(conn: &mut Conn, id: &str) -> Done<Option<About>> {
    let row = query("SELECT s.title, s.id FROM turns t JOIN sessions s ON s.id = t.session_id WHERE t.id = $1").bind(id);
    let Some(row) = row.fetch_optional(conn).await? else { return Ok(None) };
    Ok(Some(About { title: row.get(0)?, session: Some(column::id(&row, 1)?), ..About::default() }))
}

impl News {
    /// Whether a page that shows this path shows the thing: its own page, its session's, or a list that it is in for certain.
    pub fn is_on(&self, kind: PushKind, path: &str) -> bool {
        let list = match kind {
            PushKind::Approval => path == "/" || path == "/approvals",
            PushKind::NeedsHuman | PushKind::Finished | PushKind::Failed => path == "/",
            PushKind::Test => return false,
        };
        list || path == self.path || self.session.as_ref().is_some_and(|session| path == format!("/sessions/{session}"))
    }

    /// The text, with the right to answer if there is one.
    pub fn text(&self, due: &Due, right: Option<&str>) -> String {
        let mut text = json!({
            "kind": due.kind, "tag": self.topic, "path": self.path, "title": self.title, "locale": due.locale, "waiting": self.waiting,
        });
        for (name, value) in [("tool", self.tool.as_deref()), ("right", right)] {
            if let Some(value) = value {
                text[name] = Value::from(value);
            }
        }
        text.to_string()
    }
}
