-- What was spent, by day, session and model: a few rows a day for each session, however many events or turns it had. And what finds the
-- sessions that somebody is shown across the org.

CREATE TABLE costs (
    org_id TEXT NOT NULL REFERENCES orgs (id),
    -- Days since 1970, UTC, as in `spending`.
    day BIGINT NOT NULL,
    -- Without a foreign key, like all that is written with an event.
    session_id TEXT NOT NULL,
    model TEXT NOT NULL,
    cost BIGINT NOT NULL DEFAULT 0,
    tokens_input BIGINT NOT NULL DEFAULT 0,
    tokens_output BIGINT NOT NULL DEFAULT 0,
    tokens_cache_read BIGINT NOT NULL DEFAULT 0,
    tokens_cache_write BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, day, session_id, model)
);

-- What turns have cost so far. Nobody wrote down by which model, and only about when.
INSERT INTO costs (org_id, day, session_id, model, cost, tokens_input, tokens_output, tokens_cache_read, tokens_cache_write)
SELECT org_id, COALESCE(ended_at, started_at, created_at) / 86400000, session_id, 'unknown', CAST(SUM(cost) AS BIGINT),
    CAST(SUM(tokens_input) AS BIGINT), CAST(SUM(tokens_output) AS BIGINT), CAST(SUM(tokens_cache_read) AS BIGINT),
    CAST(SUM(tokens_cache_write) AS BIGINT)
FROM turns
WHERE cost > 0 OR tokens_input > 0 OR tokens_output > 0 OR tokens_cache_read > 0 OR tokens_cache_write > 0
GROUP BY org_id, COALESCE(ended_at, started_at, created_at) / 86400000, session_id;

-- The task of a session.
CREATE INDEX task_sessions_session ON task_sessions (session_id, task_id);
-- Neither of these has a column that an event changes.
CREATE INDEX sessions_budget ON sessions (org_id) WHERE closed_at IS NULL AND budget IS NOT NULL;
CREATE INDEX sessions_open_org ON sessions (org_id, id) WHERE closed_at IS NULL;
CREATE INDEX sessions_closed_org ON sessions (org_id, closed_at) WHERE closed_at IS NOT NULL;
