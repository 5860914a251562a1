-- Jobs: what a node does without an agent, up to an outcome that is stored once.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    node_id TEXT NOT NULL REFERENCES nodes (id),
    session_id TEXT REFERENCES sessions (id),
    kind TEXT NOT NULL CHECK (kind = 'prepare' OR kind = 'check' OR kind = 'merge'),
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
-- What a node is told with every heartbeat until it shows.
CREATE INDEX jobs_wanted ON jobs (node_id) WHERE ended_at IS NULL;
CREATE INDEX jobs_session ON jobs (session_id) WHERE session_id IS NOT NULL;

-- The last commit of a session's branch that was brought onto its target: if nothing came after it, the branch goes with the worktree.
ALTER TABLE sessions ADD COLUMN landed TEXT;
