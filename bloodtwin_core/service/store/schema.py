"""The tables, and the version by which an older bloodTwin knows that a file is too new for it."""

VERSION = 1
TABLES = """
CREATE TABLE IF NOT EXISTS wearers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY,
    wearer INTEGER NOT NULL REFERENCES wearers (number) ON DELETE CASCADE,
    may_write INTEGER NOT NULL,
    made INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    wearer INTEGER NOT NULL REFERENCES wearers (number) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    second INTEGER NOT NULL,
    value REAL,
    minutes REAL NOT NULL DEFAULT 0,
    sensor TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT '',
    received INTEGER NOT NULL,
    PRIMARY KEY (wearer, kind, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_in_time ON events (wearer, kind, second);
CREATE TABLE IF NOT EXISTS documents (
    wearer INTEGER NOT NULL REFERENCES wearers (number) ON DELETE CASCADE,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    second INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (wearer, collection, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_in_time ON documents (wearer, collection, second);
CREATE TABLE IF NOT EXISTS forecasts (
    wearer INTEGER NOT NULL REFERENCES wearers (number) ON DELETE CASCADE,
    origin INTEGER NOT NULL,
    made INTEGER NOT NULL,
    model TEXT NOT NULL,
    reasons TEXT NOT NULL DEFAULT '',
    levels TEXT NOT NULL DEFAULT '',
    glucose BLOB,
    quantiles BLOB,
    PRIMARY KEY (wearer, origin)
) WITHOUT ROWID;
"""
"""events: see StoredEvent. documents.content: JSON as it was sent, with its _id. forecasts: the last one made from each
origin (second); glucose NULL where there was none; reasons: why not, or what was doubted."""
