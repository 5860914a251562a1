-- Histories that grow old: small pages become large ones, and the events of closed sessions become files of the archive.

ALTER TABLE sessions ADD COLUMN history TEXT NOT NULL DEFAULT 'stored' CHECK (history = 'stored' OR history = 'archived' OR history = 'expired');
-- Up to this event its pages are as large as they will be.
ALTER TABLE sessions ADD COLUMN merged_seq BIGINT NOT NULL DEFAULT 0;
-- Neither index has a column that an event changes, so none of them makes writing one slower.
CREATE INDEX sessions_stored ON sessions (id) WHERE history = 'stored';
CREATE INDEX sessions_by_release ON sessions (history, released_at, id) WHERE released_at IS NOT NULL;

-- Files of the archive. Up to `last_seq` the file is the truth, whether the rows are gone already or not.
CREATE TABLE event_segments (
    session_id TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    -- Its path below the archive folder.
    name TEXT NOT NULL UNIQUE,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    archived_at BIGINT NOT NULL,
    -- Whether the pages that it holds are deleted, which takes several transactions for a long history.
    cleared BIGINT NOT NULL CHECK (cleared IN (0, 1)),
    -- Set when its history expires; from then on nobody reads it, and the row goes after the file.
    expired_at BIGINT,
    -- Each block's events, bytes in the file, bytes of text and digest, oldest first.
    blocks TEXT NOT NULL,
    PRIMARY KEY (session_id, first_seq),
    CHECK (last_seq >= first_seq)
);
CREATE INDEX event_segments_uncleared ON event_segments (session_id) WHERE cleared = 0;
CREATE INDEX event_segments_expired ON event_segments (expired_at) WHERE expired_at IS NOT NULL;
