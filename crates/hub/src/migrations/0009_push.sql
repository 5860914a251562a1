-- Web push: what each device wants to hear of, and what is on its way to it.
CREATE TABLE push_subscriptions (
    device_id TEXT PRIMARY KEY REFERENCES devices (id),
    org_id TEXT NOT NULL REFERENCES orgs (id),
    -- Where the push service takes what is for this browser. Who knows it can send there, so it is shown to nobody.
    endpoint TEXT NOT NULL,
    -- The browser's keys: everything that is sent is encrypted for them.
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    -- The hub's key that the browser subscribed with; only a hub that has it can send.
    server_key TEXT NOT NULL,
    -- The origin of the page that subscribed: what the push service is told about the sender.
    origin TEXT NOT NULL,
    kinds TEXT NOT NULL,
    answers BIGINT NOT NULL,
    quiet TEXT,
    locale TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (answers = 0 OR answers = 1)
);
CREATE INDEX push_subscriptions_org ON push_subscriptions (org_id);

CREATE TABLE pushes (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices (id),
    kind TEXT NOT NULL,
    -- The approval, the task or the turn that it is about, or the device itself.
    subject TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (device_id, kind, subject)
);
CREATE INDEX pushes_due ON pushes (not_before);

-- The right to answer one question from a notification, once.
CREATE TABLE push_rights (
    hash TEXT PRIMARY KEY,
    -- The device's credential: the right is of no use to any other.
    token_id TEXT NOT NULL REFERENCES tokens (id),
    approval_id TEXT NOT NULL REFERENCES approvals (id),
    approval_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX push_rights_end ON push_rights (expires_at);
