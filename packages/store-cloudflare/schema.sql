CREATE TABLE IF NOT EXISTS "kvsession" (
  key TEXT PRIMARY KEY NOT NULL COLLATE BINARY,
  expires_at INTEGER NOT NULL,
  value TEXT NOT NULL COLLATE BINARY
);

CREATE INDEX IF NOT EXISTS "kvsession_expires_at" ON "kvsession" (expires_at);
