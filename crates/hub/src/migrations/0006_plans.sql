-- What projects say in fugue.toml, and plans: tasks proposed for one goal.

-- The file as it was read last, with the commit that it comes from.
CREATE TABLE project_settings (
    project_id TEXT PRIMARY KEY REFERENCES projects (id),
    commit_id TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    -- What is wrong with the file at that commit. Then what was read before stays, and nothing new begins.
    wrong TEXT,
    -- What the file says; absent as long as there is none that can be read.
    settings TEXT
);

CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    -- The credential of whoever stated the goal: its tasks are written down in their name.
    token_id TEXT NOT NULL REFERENCES tokens (id),
    run_id TEXT NOT NULL REFERENCES runs (id),
    state TEXT NOT NULL CHECK (state = 'planning' OR state = 'proposed' OR state = 'accepted' OR state = 'rejected' OR state = 'failed'),
    summary TEXT,
    -- Why it failed.
    why TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    questions TEXT NOT NULL DEFAULT '[]',
    -- Which of its tasks will probably meet; absent until the repository's history was looked at.
    clashes TEXT,
    goal TEXT NOT NULL,
    CHECK ((state = 'accepted' OR state = 'rejected') = (decided_at IS NOT NULL)),
    CHECK ((state = 'failed') = (why IS NOT NULL))
);
CREATE INDEX plans_org ON plans (org_id, id);
-- The end of a run is awaited by one plan at most.
CREATE UNIQUE INDEX plans_run ON plans (run_id);
CREATE INDEX plans_to_forecast ON plans (id) WHERE clashes IS NULL AND (state = 'proposed' OR state = 'accepted');
