CREATE TABLE IF NOT EXISTS "kvsession" (
  key text COLLATE "C" PRIMARY KEY,
  expires_at bigint NOT NULL,
  value text COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS "kvsession_expires_at" ON "kvsession" (expires_at);
