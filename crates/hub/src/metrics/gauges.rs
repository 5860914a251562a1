//! The figures that are counted from rows when the page is read.

use super::*;
use crate::db::query;
use crate::{column, session};

const QUEUE: &str = "SELECT COUNT(*), MIN(created_at) FROM turns WHERE state IN ('queued', 'parked')";
const LEASES: &str = "SELECT COUNT(*) FROM turns WHERE renewed_at IS NOT NULL";
const NODES: &str = "SELECT draining, seen_at FROM nodes WHERE removed_at IS NULL";

/// The gauges, in Prometheus' text format.
pub async fn read(hub: &Hub) -> Done<String> {
    let mut conn = hub.db.read().await?;
    let now = hub.world.now();
    let mut page = String::new();
    let sessions = session::count(&mut conn).await?;
    gauge(&mut page, "fugue_sessions", "Sessions", sessions.iter().map(|(state, count)| (format!("{{state=\"{state}\"}}"), *count as f64)));
    let row = query(QUEUE).fetch_one(&mut conn).await?;
    let oldest = row.get::<Option<i64>>(1)?.map_or(0.0, |at| (now - at).max(0) as f64 / 1e3);
    gauge(&mut page, "fugue_queue_depth", "Turns in line", [(String::new(), row.get::<i64>(0)? as f64)]);
    gauge(&mut page, "fugue_queue_oldest_seconds", "Age of the oldest turn in line", [(String::new(), oldest)]);
    let leases: i64 = query(LEASES).fetch_one(&mut conn).await?.get(0)?;
    gauge(&mut page, "fugue_leases", "Turns that nodes hold", [(String::new(), leases as f64)]);
    let pushes: i64 = query("SELECT COUNT(*) FROM pushes").fetch_one(&mut conn).await?.get(0)?;
    gauge(&mut page, "fugue_pushes_waiting", "Pushes on their way to devices", [(String::new(), pushes as f64)]);
    let mut nodes = BTreeMap::from(["online", "suspect", "lost", "draining"].map(|state| (state.to_owned(), 0)));
    for row in query(NODES).fetch_all(&mut conn).await? {
        let state = NodeState::derive(row.get::<i64>(0)? == 1, row.get(1)?, now);
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
