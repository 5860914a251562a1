-- Runs: an agent's work on one question, up to an answer that fits its schema. The session of a run is one like any other.

-- The agent that a session keeps as it was when it was opened; without one it has the org's agent of its name.
ALTER TABLE sessions ADD COLUMN spec TEXT;

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    session_id TEXT NOT NULL REFERENCES sessions (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    agent TEXT NOT NULL,
    -- The turn whose end is awaited, or was the last. Its row is written a moment later in the same transaction.
    turn_id TEXT NOT NULL,
    asked BIGINT NOT NULL DEFAULT 1 CHECK (asked >= 1),
    status TEXT NOT NULL DEFAULT 'running' CHECK (status = 'running' OR status = 'succeeded' OR status = 'failed' OR status = 'cancelled' OR status = 'invalid'),
    issue BIGINT,
    summary TEXT,
    reasons TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    text TEXT NOT NULL,
    result TEXT,
    CHECK ((status = 'running') = (ended_at IS NULL)),
    CHECK ((status = 'succeeded') = (result IS NOT NULL))
);
CREATE INDEX runs_org ON runs (org_id, id);
-- A turn's end is awaited by one run at most.
CREATE UNIQUE INDEX runs_awaiting ON runs (turn_id) WHERE status = 'running';
