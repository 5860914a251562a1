-- The spine: orgs, credentials, nodes, projects, agents, sessions, turns with their messages, events, approvals.
-- One text for SQLite and PostgreSQL: TEXT, BIGINT; times in milliseconds; JSON as text; money in millionths of a dollar.

CREATE TABLE orgs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    daily_budget BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL,
    facts TEXT,
    slots BIGINT NOT NULL DEFAULT 0,
    load TEXT,
    draining BIGINT NOT NULL DEFAULT 0 CHECK (draining IN (0, 1)),
    seen_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE UNIQUE INDEX nodes_name ON nodes (org_id, name) WHERE removed_at IS NULL;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    user_id TEXT REFERENCES users (id),
    node_id TEXT REFERENCES nodes (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    CHECK ((user_id IS NULL) <> (node_id IS NULL)),
    CHECK ((role = 'node') = (node_id IS NOT NULL))
);

CREATE TABLE join_codes (
    hash TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL,
    path TEXT,
    url TEXT,
    node_id TEXT REFERENCES nodes (id),
    default_branch TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (org_id, name),
    CHECK ((path IS NULL) <> (url IS NULL)),
    CHECK ((path IS NULL) = (node_id IS NULL))
);

CREATE TABLE agents (
    org_id TEXT NOT NULL REFERENCES orgs (id),
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, name)
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    project_id TEXT NOT NULL REFERENCES projects (id),
    agent TEXT NOT NULL,
    driver TEXT NOT NULL,
    title TEXT NOT NULL,
    node_id TEXT NOT NULL REFERENCES nodes (id),
    place_kind TEXT NOT NULL CHECK (place_kind IN ('worktree', 'checkout')),
    path TEXT NOT NULL,
    branch TEXT,
    base TEXT,
    budget BIGINT,
    cost BIGINT NOT NULL DEFAULT 0,
    tokens_input BIGINT NOT NULL DEFAULT 0,
    tokens_output BIGINT NOT NULL DEFAULT 0,
    tokens_cache_read BIGINT NOT NULL DEFAULT 0,
    tokens_cache_write BIGINT NOT NULL DEFAULT 0,
    epoch BIGINT NOT NULL DEFAULT 0,
    -- Of the lease of this epoch, how many reports are stored.
    reports BIGINT NOT NULL DEFAULT 0,
    last_seq BIGINT NOT NULL DEFAULT 0,
    -- How many of its turns are queued or parked: counted in the statement that changes them, because counting rows
    -- would make accepting slower with every message that waits.
    in_line BIGINT NOT NULL DEFAULT 0 CHECK (in_line >= 0),
    memory TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    released_at BIGINT
);
CREATE INDEX sessions_org ON sessions (org_id, id);
CREATE INDEX sessions_open ON sessions (node_id) WHERE closed_at IS NULL;
CREATE INDEX sessions_to_release ON sessions (node_id) WHERE closed_at IS NOT NULL AND released_at IS NULL;

-- What is written with every message or event names its session without a foreign key: the statement that writes it has just
-- read or changed that session's row, sessions are never deleted, and the look-ups would cost a third of each write.
-- A message and the turn that carries it out are one row, and share the letters of their ids.
CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'queued' OR state = 'parked' OR state = 'leased' OR state = 'running' OR state = 'waiting' OR state = 'ended'),
    opening TEXT NOT NULL DEFAULT 'message' CHECK (opening IN ('message', 'continue')),
    not_before BIGINT,
    parked_until BIGINT,
    parked_by TEXT,
    node_id TEXT REFERENCES nodes (id),
    epoch BIGINT NOT NULL DEFAULT 0,
    renewed_at BIGINT,
    approval_id TEXT,
    wish TEXT,
    outcome TEXT,
    reason TEXT,
    detail TEXT,
    attempts BIGINT NOT NULL DEFAULT 0,
    maybe_executed BIGINT NOT NULL DEFAULT 0 CHECK (maybe_executed IN (0, 1)),
    on_interruption TEXT NOT NULL CHECK (on_interruption = 'resume' OR on_interruption = 'retry' OR on_interruption = 'ask'),
    cost BIGINT NOT NULL DEFAULT 0,
    tokens_input BIGINT NOT NULL DEFAULT 0,
    tokens_output BIGINT NOT NULL DEFAULT 0,
    tokens_cache_read BIGINT NOT NULL DEFAULT 0,
    tokens_cache_write BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    -- Long, so it stands behind what is read and changed more often.
    text TEXT NOT NULL,
    -- Held, which is how a lease is asked for everywhere.
    CHECK ((state = 'leased' OR state = 'running' OR state = 'waiting') = (renewed_at IS NOT NULL)),
    CHECK ((state = 'waiting') = (approval_id IS NOT NULL)),
    CHECK ((state = 'parked') = (parked_by IS NOT NULL)),
    CHECK ((state = 'ended') = (outcome IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX turns_session ON turns (session_id, id);
CREATE INDEX turns_in_line ON turns (session_id, position) WHERE state IN ('queued', 'parked');
CREATE INDEX turns_parked ON turns (parked_until) WHERE state = 'parked';
CREATE INDEX turns_held ON turns (node_id) WHERE renewed_at IS NOT NULL;
-- At most one live lease per session: the second one is refused by the database itself.
CREATE UNIQUE INDEX turns_one_lease ON turns (session_id) WHERE renewed_at IS NOT NULL;

-- Messages that were accepted under load: one row for all that came at the same time, brought into `turns` before anybody looks.
CREATE TABLE arrivals (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

-- Messages for an agent in the middle of its turn. One that came too late becomes a turn of its own.
CREATE TABLE steers (
    message_id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    session_id TEXT NOT NULL REFERENCES sessions (id),
    turn_id TEXT NOT NULL REFERENCES turns (id),
    on_interruption TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'pending' OR state = 'taken' OR state = 'queued'),
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX steers_session ON steers (session_id, message_id);
CREATE INDEX steers_pending ON steers (turn_id) WHERE state = 'pending';

CREATE TABLE event_pages (
    session_id TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    -- Stands before the body, so that it can be read without it.
    bytes BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (session_id, first_seq),
    CHECK (last_seq >= first_seq)
);

CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    kind TEXT NOT NULL CHECK (kind IN ('tool', 'budget')),
    state TEXT NOT NULL CHECK (state = 'pending' OR state = 'approved' OR state = 'denied' OR state = 'expired' OR state = 'withdrawn'),
    session_id TEXT NOT NULL REFERENCES sessions (id),
    turn_id TEXT NOT NULL REFERENCES turns (id),
    epoch BIGINT NOT NULL,
    request_key TEXT NOT NULL,
    tool TEXT NOT NULL,
    input TEXT NOT NULL,
    cwd TEXT NOT NULL,
    purpose TEXT,
    rule TEXT,
    hash TEXT NOT NULL,
    reason TEXT,
    decided_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT,
    consumed_at BIGINT,
    UNIQUE (turn_id, epoch, request_key),
    CHECK ((state = 'pending') = (decided_at IS NULL))
);
CREATE INDEX approvals_org ON approvals (org_id, id);
CREATE INDEX approvals_pending ON approvals (expires_at) WHERE state = 'pending';
CREATE INDEX approvals_unused ON approvals (turn_id) WHERE consumed_at IS NULL;

-- What an org spent on a day (days since 1970, UTC), and what was allowed beyond its daily budget.
CREATE TABLE spending (
    org_id TEXT NOT NULL REFERENCES orgs (id),
    day BIGINT NOT NULL,
    cost BIGINT NOT NULL DEFAULT 0,
    allowed BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, day)
);

CREATE TABLE idempotency_keys (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
