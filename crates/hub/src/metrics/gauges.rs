//! The figures that are counted from rows when the page is read.

use super::*;
use crate::column;
use sqlx::Row;

/// Sessions by what they do, told from their turns in the order of `SessionState::derive`.
const SESSIONS: &str = "SELECT state, COUNT(*) FROM (SELECT CASE WHEN s.closed_at IS NOT NULL THEN 'closed' \
     WHEN EXISTS (SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.state = 'waiting') THEN 'waiting' \
     WHEN EXISTS (SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.state IN ('leased', 'running')) THEN 'busy' \
     WHEN EXISTS (SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.state = 'parked') THEN 'parked' \
     WHEN EXISTS (SELECT 1 FROM turns t WHERE t.session_id = s.id AND t.state = 'queued') THEN 'busy' \
     ELSE 'idle' END AS state FROM sessions s) AS told GROUP BY state";
const QUEUE: &str = "SELECT COUNT(*), MIN(created_at) FROM turns WHERE state = 'queued'";
const LEASES: &str = "SELECT COUNT(*) FROM turns WHERE state IN ('leased', 'running', 'waiting')";
const NODES: &str = "SELECT draining, seen_at FROM nodes WHERE removed_at IS NULL";

/// The gauges, in Prometheus' text format.
pub async fn read(hub: &Hub) -> Done<String> {
    let mut conn = hub.db.read().await?;
    let now = hub.world.now();
    let mut page = String::new();
    let mut sessions = BTreeMap::from(["idle", "busy", "waiting", "parked", "closed"].map(|state| (state.to_owned(), 0)));
    for row in sqlx::query(SESSIONS).fetch_all(&mut *conn).await? {
        sessions.insert(row.try_get(0)?, row.try_get::<i64, _>(1)?);
    }
    gauge(&mut page, "fugue_sessions", "Sessions", sessions.iter().map(|(state, count)| (format!("{{state=\"{state}\"}}"), *count as f64)));
    let row = sqlx::query(QUEUE).fetch_one(&mut *conn).await?;
    let oldest = row.try_get::<Option<i64>, _>(1)?.map_or(0.0, |at| (now - at).max(0) as f64 / 1e3);
    gauge(&mut page, "fugue_queue_depth", "Turns in line", [(String::new(), row.try_get::<i64, _>(0)? as f64)]);
    gauge(&mut page, "fugue_queue_oldest_seconds", "Age of the oldest turn in line", [(String::new(), oldest)]);
    let leases: i64 = sqlx::query(LEASES).fetch_one(&mut *conn).await?.try_get(0)?;
    gauge(&mut page, "fugue_leases", "Turns that nodes hold", [(String::new(), leases as f64)]);
    let mut nodes = BTreeMap::from(["online", "suspect", "lost", "draining"].map(|state| (state.to_owned(), 0)));
    for row in sqlx::query(NODES).fetch_all(&mut *conn).await? {
        let state = NodeState::derive(row.try_get::<i64, _>(0)? == 1, row.try_get(1)?, now);
        *nodes.entry(column::stored(&state)).or_insert(0) += 1;
    }
    gauge(&mut page, "fugue_nodes", "Nodes", nodes.iter().map(|(state, count)| (format!("{{state=\"{state}\"}}"), f64::from(*count))));
    gauge(&mut page, "fugue_link_connected", "Nodes connected to this hub", [(String::new(), hub.nodes.count() as f64)]);
    Ok(page)
}

fn gauge(page: &mut String, name: &str, help: &str, values: impl IntoIterator<Item = (String, f64)>) {
    write!(page, "# HELP {name} {help}\n# TYPE {name} gauge\n").expect("writing to a string cannot fail");
    for (labels, value) in values {
        writeln!(page, "{name}{labels} {value}").expect("writing to a string cannot fail");
    }
}
