-- What a live run must remember over a restart.

CREATE TABLE checkpoints (
    path        TEXT NOT NULL,
    device      INTEGER NOT NULL,
    inode       INTEGER NOT NULL,
    offset      INTEGER NOT NULL, -- bytes of complete lines that were read
    line        INTEGER,          -- lines before the offset
    fingerprint TEXT,             -- of the decompressed head: knows the file again after a rename or compression
    PRIMARY KEY (path, device, inode)
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
    n               INTEGER PRIMARY KEY,
    source          TEXT NOT NULL,
    start           INTEGER,
    start_precision INTEGER,
    "end"           INTEGER,
    end_precision   INTEGER,
    offset          INTEGER,
    bytes           INTEGER,
    why             TEXT NOT NULL
) STRICT;

CREATE TABLE streams (
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
    PRIMARY KEY (source, stream)
) STRICT;
