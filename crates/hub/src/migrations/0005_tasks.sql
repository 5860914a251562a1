-- Tasks: what is wanted, up to its proof on the target branch.

CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    plan_id TEXT,
    -- The credential of whoever wanted it last: its sessions are opened in their name.
    token_id TEXT NOT NULL REFERENCES tokens (id),
    -- Counted with every change, and repeated by whoever changes it: the second one finds another number.
    step BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state = 'draft' OR state = 'blocked' OR state = 'ready' OR state = 'working' OR state = 'checking' OR state = 'review'
        OR state = 'merging' OR state = 'needs_human' OR state = 'done' OR state = 'cancelled'),
    phase TEXT CHECK (phase = 'preparing' OR phase = 'agent'),
    need TEXT,
    why TEXT,
    attempt BIGINT NOT NULL DEFAULT 1,
    attempts_max BIGINT NOT NULL,
    signature TEXT,
    head TEXT,
    -- The session that has its worktree, while there is one.
    session_id TEXT REFERENCES sessions (id),
    -- What is awaited: the end of this turn, or of this job.
    turn_id TEXT,
    job_id TEXT,
    priority BIGINT NOT NULL DEFAULT 0,
    budget BIGINT,
    agent TEXT,
    driver TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    title TEXT NOT NULL,
    labels TEXT NOT NULL DEFAULT '[]',
    checks TEXT NOT NULL DEFAULT '[]',
    paths TEXT NOT NULL DEFAULT '[]',
    links TEXT NOT NULL DEFAULT '[]',
    acceptance TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    CHECK (attempt >= 1 AND attempt <= attempts_max),
    CHECK ((state = 'working') = (phase IS NOT NULL)),
    CHECK ((state = 'needs_human') = (need IS NOT NULL)),
    CHECK ((state = 'done' OR state = 'cancelled') = (ended_at IS NOT NULL)),
    -- What is under way has a worktree, what is over has none.
    CHECK (session_id IS NOT NULL OR NOT (state = 'working' OR state = 'checking' OR state = 'review' OR state = 'merging')),
    CHECK (session_id IS NULL OR NOT (state = 'draft' OR state = 'blocked' OR state = 'ready' OR state = 'done' OR state = 'cancelled'))
);
CREATE INDEX tasks_org ON tasks (org_id, id);
CREATE INDEX tasks_open ON tasks (org_id, state, id) WHERE ended_at IS NULL;
CREATE INDEX tasks_ready ON tasks (project_id, priority, id) WHERE state = 'ready';
CREATE INDEX tasks_session ON tasks (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX tasks_plan ON tasks (plan_id, id) WHERE plan_id IS NOT NULL;
-- One task at most awaits the end of a turn, or of a job.
CREATE UNIQUE INDEX tasks_turn ON tasks (turn_id) WHERE turn_id IS NOT NULL;
CREATE UNIQUE INDEX tasks_job ON tasks (job_id) WHERE job_id IS NOT NULL;

CREATE TABLE task_dependencies (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    needs_id TEXT NOT NULL REFERENCES tasks (id),
    PRIMARY KEY (task_id, needs_id),
    CHECK (task_id <> needs_id)
);
CREATE INDEX task_dependencies_needed ON task_dependencies (needs_id, task_id);

-- Every session that a task has had.
CREATE TABLE task_sessions (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    session_id TEXT NOT NULL REFERENCES sessions (id),
    PRIMARY KEY (task_id, session_id)
);

-- What happened to a task, with what there is to see of it.
CREATE TABLE task_stories (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    n BIGINT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- The credential by which a person did it.
    token_id TEXT,
    kind TEXT,
    words TEXT NOT NULL,
    shown TEXT,
    PRIMARY KEY (task_id, n),
    CHECK ((kind IS NULL) = (shown IS NULL))
);
