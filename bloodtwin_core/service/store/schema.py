"""The tables, and the version by which a newer bloodTwin knows an older file."""

VERSION = 1
TABLES = """
CREATE TABLE IF NOT EXISTS wearers (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY,
    wearer INTEGER REFERENCES wearers (number) ON DELETE CASCADE,
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
CREATE TABLE IF NOT EXISTS forecasts (
    wearer INTEGER NOT NULL REFERENCES wearers (number) ON DELETE CASCADE,
    origin INTEGER NOT NULL,
    made INTEGER NOT NULL,
    model TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    glucose BLOB,
    quantiles BLOB,
    PRIMARY KEY (wearer, origin)
) WITHOUT ROWID;
"""
"""events.second: as StoredEvent. forecasts: the last made from each origin; glucose: float32 [horizon], quantiles:
float32 [horizon, level]; reason: why there was none."""
