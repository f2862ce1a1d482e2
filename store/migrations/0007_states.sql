-- The last line of each state of a stream, not of its last state alone: one line told the
-- address that it listens at, a later one the pid of a worker.

CREATE TABLE states (
    source          TEXT NOT NULL,
    stream          TEXT NOT NULL, -- '' is the whole file
    state           TEXT NOT NULL,
    since           INTEGER,
    since_precision INTEGER,
    line            INTEGER,
    first_line      INTEGER,
    last_line       INTEGER,
    offset          INTEGER,
    length          INTEGER,
    hash            TEXT,
    text            TEXT,
    message         TEXT,
    PRIMARY KEY (source, stream, state)
) STRICT;

INSERT INTO states SELECT * FROM streams;
DROP TABLE streams;
ALTER TABLE states RENAME TO streams;
