-- A job may also be the tearing down of a worktree before it goes. What a column may hold cannot be changed, so the table is made anew.

CREATE TABLE jobs_with_teardown (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    node_id TEXT NOT NULL REFERENCES nodes (id),
    session_id TEXT REFERENCES sessions (id),
    kind TEXT NOT NULL CHECK (kind = 'prepare' OR kind = 'check' OR kind = 'merge' OR kind = 'tear_down'),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state = 'waiting' OR state = 'running' OR state = 'ended' OR state = 'dropped'),
    work TEXT NOT NULL,
    outcome TEXT,
    created_at BIGINT NOT NULL,
    -- When the node was first seen to know of it.
    begun_at BIGINT,
    ended_at BIGINT,
    CHECK ((state = 'ended') = (outcome IS NOT NULL)),
    CHECK ((state = 'waiting' OR state = 'running') = (ended_at IS NULL))
);
INSERT INTO jobs_with_teardown (id, org_id, node_id, session_id, kind, state, work, outcome, created_at, begun_at, ended_at)
    SELECT id, org_id, node_id, session_id, kind, state, work, outcome, created_at, begun_at, ended_at FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_with_teardown RENAME TO jobs;
-- What a node is told with every heartbeat until it shows.
CREATE INDEX jobs_wanted ON jobs (node_id) WHERE ended_at IS NULL;
CREATE INDEX jobs_session ON jobs (session_id) WHERE session_id IS NOT NULL;
-- A worktree is torn down once.
CREATE UNIQUE INDEX jobs_tear_down ON jobs (session_id) WHERE kind = 'tear_down';

-- A turn may be carried out by another agent than its session's, in the session's worktree: conflicts are resolved by an agent of their own.

-- That agent as it is for this turn, and what its driver wants to be given back if the turn goes on: its conversation is not the session's.
ALTER TABLE turns ADD COLUMN spec TEXT;
ALTER TABLE turns ADD COLUMN memory TEXT;
-- The agent for conflicts as the project narrowed it at the commit at which the session began.
ALTER TABLE task_sessions ADD COLUMN resolver TEXT;
