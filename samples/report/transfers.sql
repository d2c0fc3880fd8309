-- Loads transfers of zoxy into SQLite; what is there already is not doubled:
--
--     awk -v tsv=1 -f transfers.awk LOG... | sqlite3 transfers.db ".read transfers.sql"

CREATE TABLE IF NOT EXISTS transfer (
    connection INTEGER NOT NULL,    -- number of the control connection, from 1 at each start of zoxy
    client     TEXT    NOT NULL,    -- address and port
    started    TEXT    NOT NULL,    -- UTC, 2026-11-21T08:55:57.123Z
    command    TEXT    NOT NULL,    -- RETR, STOR, APPE, ...
    direction  TEXT    NOT NULL,    -- UP from the client, DOWN to it
    type       TEXT    NOT NULL,    -- A, I or E
    result     TEXT    NOT NULL,    -- COMPLETE, REFUSED, FAILED, ABORTED
    reply      INTEGER NOT NULL,    -- last reply the client was told; 0: none
    bytes      INTEGER NOT NULL,
    seconds    REAL    NOT NULL,
    user       TEXT    NOT NULL,    -- - where it is not known, here and below
    ssh_server TEXT    NOT NULL,
    ftp_server TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    UNIQUE (started, client, connection, command, name)
);

CREATE TEMP TABLE loaded AS SELECT * FROM transfer LIMIT 0;
.mode ascii
.separator "\t" "\n"
.import /dev/stdin loaded
INSERT OR IGNORE INTO transfer SELECT * FROM loaded;
DROP TABLE loaded;

CREATE VIEW IF NOT EXISTS by_day AS
    SELECT substr(started, 1, 10) AS day, user, ftp_server, result,
           count(*) AS transfers, sum(bytes) AS bytes, sum(seconds) AS seconds
    FROM transfer GROUP BY 1, 2, 3, 4;
