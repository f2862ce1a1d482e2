-- What runs found. Times are integer microseconds UTC, *_precision the microseconds
-- that the stamp's last digit spans; NULL is "not known". Lists that nobody joins on are
-- JSON. Hashes are 16 hexadecimal digits, as in the JSON report.
--
-- The tables keep their rowid: rows hold log lines, and a table without rowid moves what
-- is longer than a quarter of a page to pages of its own (measured: a third to a half of
-- the writing speed).

PRAGMA application_id = 0x43554c50; -- "CULP"

CREATE TABLE runs (
    seq                    INTEGER PRIMARY KEY, -- order of first appearance
    id                     TEXT NOT NULL UNIQUE, -- hash of the sources' content: the same logs, the same run
    version                TEXT,
    window_start           INTEGER,
    window_start_precision INTEGER,
    window_end             INTEGER,
    window_end_precision   INTEGER,
    incidents              INTEGER,
    gateway_error_lines    INTEGER,
    requests               INTEGER,
    failed_requests        INTEGER,
    failed_other           INTEGER,
    client_aborts          INTEGER,
    refused                INTEGER
) STRICT;

CREATE TABLE sources (
    run_id          TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    n               INTEGER NOT NULL,
    path            TEXT NOT NULL,
    family          TEXT, -- key of the rotated files it belongs to
    format          TEXT,
    formats         TEXT NOT NULL, -- JSON list
    role            TEXT NOT NULL,
    gateway         TEXT,
    lines           INTEGER NOT NULL,
    unparsed        INTEGER NOT NULL,
    samples         TEXT NOT NULL, -- JSON list
    bytes           INTEGER NOT NULL,
    first           INTEGER, -- as the source's own clock has it
    first_precision INTEGER,
    first_offset    INTEGER,
    first_clock     INTEGER,
    last            INTEGER,
    last_precision  INTEGER,
    last_offset     INTEGER,
    last_clock      INTEGER,
    head_hash       TEXT,
    error           TEXT,
    warnings        TEXT NOT NULL, -- JSON list
    zone_offset     INTEGER NOT NULL, -- seconds east of UTC
    zone            TEXT,
    zone_from       TEXT,
    skew            INTEGER NOT NULL, -- microseconds ahead of the gateway's clock
    has_errors      INTEGER NOT NULL,
    has_access      INTEGER NOT NULL,
    loopback        INTEGER NOT NULL,
    PRIMARY KEY (run_id, n)
) STRICT;

CREATE TABLE incidents (
    id                  TEXT PRIMARY KEY,
    run_id              TEXT REFERENCES runs (id) ON DELETE SET NULL,
    supersedes          TEXT,
    state               TEXT NOT NULL,
    cause               TEXT NOT NULL,
    confidence          REAL NOT NULL,
    decibans            INTEGER NOT NULL,
    summary             TEXT NOT NULL,
    gateway             TEXT,
    service             TEXT,
    upstreams           TEXT NOT NULL, -- JSON list of addresses as the gateway writes them
    process             TEXT,
    pid                 INTEGER,
    unit                TEXT,
    container           TEXT,
    host                TEXT,
    start               INTEGER,
    start_precision     INTEGER,
    "end"               INTEGER,
    end_precision       INTEGER,
    gateway_error_lines INTEGER,
    primary_lines       INTEGER,
    secondary_lines     INTEGER,
    failed_requests     INTEGER,
    failed_other        INTEGER,
    status_counts       TEXT NOT NULL, -- JSON list of {status, count}
    related             TEXT NOT NULL, -- JSON list of ids
    reasons             TEXT NOT NULL, -- JSON list of {weight, text}
    alternatives        TEXT NOT NULL, -- JSON list of {cause, confidence, decibans, why_not}
    advice              TEXT NOT NULL, -- JSON list
    missing             TEXT NOT NULL  -- JSON list
) STRICT;

CREATE INDEX incidents_start ON incidents (start);
CREATE INDEX incidents_cause ON incidents (cause, start);
CREATE INDEX incidents_supersedes ON incidents (supersedes) WHERE supersedes IS NOT NULL;
CREATE INDEX incidents_run ON incidents (run_id); -- child key of a foreign key

-- Evidence and the examples of symptoms say where their line stands, so that it can be
-- checked against the source later: path, identity of the file (hash of its head), byte
-- offset and length of the record in the decompressed bytes, hash of the record.

CREATE TABLE symptoms (
    incident_id     TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    n               INTEGER NOT NULL,
    class           TEXT NOT NULL,
    phase           TEXT NOT NULL,
    rank            TEXT NOT NULL,
    errno           INTEGER,
    count           INTEGER NOT NULL,
    first           INTEGER,
    first_precision INTEGER,
    last            INTEGER,
    last_precision  INTEGER,
    source          TEXT,
    head_hash       TEXT,
    line            INTEGER,
    first_line      INTEGER,
    last_line       INTEGER,
    offset          INTEGER,
    length          INTEGER,
    hash            TEXT,
    text            TEXT,
    message         TEXT,
    PRIMARY KEY (incident_id, n)
) STRICT;

CREATE TABLE evidence (
    incident_id    TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    n              INTEGER NOT NULL,
    kind           TEXT NOT NULL, -- signature id
    cause          TEXT,
    role           TEXT NOT NULL,
    time           INTEGER,
    time_precision INTEGER,
    count          INTEGER NOT NULL,
    why            TEXT,
    fields         TEXT NOT NULL, -- JSON list of {name, value}
    weight         INTEGER NOT NULL, -- decibans
    source         TEXT,
    head_hash      TEXT,
    line           INTEGER,
    first_line     INTEGER,
    last_line      INTEGER,
    offset         INTEGER,
    length         INTEGER,
    hash           TEXT,
    text           TEXT,
    message        TEXT,
    PRIMARY KEY (incident_id, n)
) STRICT;

CREATE TABLE events (
    incident_id    TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    n              INTEGER NOT NULL, -- order of the story
    time           INTEGER,
    time_precision INTEGER,
    what           TEXT NOT NULL,
    source         TEXT,
    line           INTEGER,
    PRIMARY KEY (incident_id, n)
) STRICT;
