-- Merge queues: finished changes on their way to the branches that they are for. And reviews: what was said of a change, with the commit.

-- Why nothing of a queue is tried at the moment, and until when.
CREATE TABLE merge_queues (
    project_id TEXT NOT NULL REFERENCES projects (id),
    target TEXT NOT NULL,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    -- The number of the entry that came last.
    last_number BIGINT NOT NULL DEFAULT 0,
    why TEXT,
    tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    until BIGINT,
    PRIMARY KEY (project_id, target),
    CHECK ((why IS NULL) = (until IS NULL))
);
CREATE INDEX merge_queues_due ON merge_queues (until) WHERE until IS NOT NULL;

-- Entries: those in line, and what became of the others. Tasks are never deleted, and the row of the task was read or changed in the
-- transaction that writes an entry.
CREATE TABLE merge_entries (
    project_id TEXT NOT NULL,
    target TEXT NOT NULL,
    number BIGINT NOT NULL,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    task_id TEXT NOT NULL,
    node_id TEXT NOT NULL REFERENCES nodes (id),
    title TEXT NOT NULL,
    branch TEXT NOT NULL,
    head TEXT NOT NULL,
    priority BIGINT NOT NULL,
    standing TEXT NOT NULL CHECK (standing = 'waiting' OR standing = 'tried' OR standing = 'leaving' OR standing = 'ended'),
    suspect BIGINT NOT NULL DEFAULT 0 CHECK (suspect = 0 OR suspect = 1),
    apart BIGINT NOT NULL DEFAULT 0 CHECK (apart = 0 OR apart = 1),
    tries BIGINT NOT NULL DEFAULT 0,
    -- What became of it.
    outcome TEXT CHECK (outcome = 'landed' OR outcome = 'red' OR outcome = 'conflict' OR outcome = 'impossible' OR outcome = 'withdrawn'),
    entered_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (project_id, target, number),
    FOREIGN KEY (project_id, target) REFERENCES merge_queues (project_id, target),
    CHECK ((standing = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((standing = 'ended') = (outcome IS NOT NULL))
);
CREATE INDEX merge_entries_line ON merge_entries (project_id, target) WHERE ended_at IS NULL;
CREATE INDEX merge_entries_task ON merge_entries (task_id) WHERE ended_at IS NULL;
-- A task has one entry at most that may still be wanted.
CREATE UNIQUE INDEX merge_entries_wanted ON merge_entries (task_id) WHERE standing = 'waiting';

-- The jobs of the queues, by which an outcome finds its queue.
CREATE TABLE merge_jobs (
    job_id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    target TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT,
    FOREIGN KEY (project_id, target) REFERENCES merge_queues (project_id, target)
);
-- One batch is tried at a time.
CREATE UNIQUE INDEX merge_jobs_open ON merge_jobs (project_id, target) WHERE ended_at IS NULL;

CREATE TABLE reviews (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    task_id TEXT NOT NULL,
    -- The commit that is judged.
    head TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'wanted' OR state = 'running' OR state = 'ended' OR state = 'dropped'),
    -- What an agent is to be asked, while it is wanted.
    wish TEXT,
    tries BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT,
    run_id TEXT REFERENCES runs (id),
    user_id TEXT REFERENCES users (id),
    verdict TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    CHECK (state <> 'wanted' OR (wish IS NOT NULL AND not_before IS NOT NULL)),
    CHECK (state <> 'running' OR run_id IS NOT NULL),
    CHECK ((state = 'ended') = (verdict IS NOT NULL)),
    CHECK ((state = 'ended' OR state = 'dropped') = (ended_at IS NOT NULL))
);
CREATE INDEX reviews_task ON reviews (task_id, id);
CREATE INDEX reviews_wanted ON reviews (not_before) WHERE state = 'wanted';
CREATE UNIQUE INDEX reviews_run ON reviews (run_id) WHERE run_id IS NOT NULL;
-- A change is judged by one agent at a time.
CREATE UNIQUE INDEX reviews_open ON reviews (task_id) WHERE state = 'wanted' OR state = 'running';
