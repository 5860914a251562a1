-- Hooks: whoever knows a hook's secret may deliver to a session of its project and agent.
CREATE TABLE hooks (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    agent TEXT NOT NULL,
    title TEXT NOT NULL,
    -- Sealed with a key that lies beside the database, not in it.
    secret TEXT NOT NULL,
    -- Who made it: its sessions are opened in that person's name.
    token_id TEXT NOT NULL REFERENCES tokens (id),
    -- The session that gets deliveries until it is closed.
    session_id TEXT REFERENCES sessions (id),
    delivered_at BIGINT,
    created_at BIGINT NOT NULL,
    CHECK (kind IN ('github', 'line', 'slack', 'standard'))
);
CREATE INDEX hooks_of_org ON hooks (org_id, id);

-- What was taken, by a hash of the sender's id for it, so that it is known when it comes again. It outlives its hook for its days.
CREATE TABLE hook_deliveries (
    hook_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (hook_id, hash)
);
CREATE INDEX hook_deliveries_old ON hook_deliveries (taken_at);
