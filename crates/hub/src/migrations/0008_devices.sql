-- Browsers of people. A device's credential is a row of tokens like any other; it travels in a cookie only.
CREATE TABLE device_codes (
    hash TEXT PRIMARY KEY,
    -- The credential that made it: the device may do what that one may, and no longer.
    token_id TEXT NOT NULL REFERENCES tokens (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES orgs (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    token_id TEXT NOT NULL UNIQUE REFERENCES tokens (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX devices_of_user ON devices (org_id, user_id, id);
