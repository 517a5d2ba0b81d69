CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE functions (id TEXT PRIMARY KEY, row TEXT NOT NULL, code BLOB, blob TEXT) STRICT;
CREATE TABLE containers (id TEXT PRIMARY KEY, function_id TEXT NOT NULL, key_hash TEXT NOT NULL) STRICT;
CREATE TABLE calls (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base TEXT, created_at REAL NOT NULL,
    state TEXT NOT NULL, inputs INTEGER NOT NULL, sealed INTEGER NOT NULL, attached INTEGER NOT NULL,
    seq INTEGER NOT NULL, started_at REAL NOT NULL, ended_at REAL NOT NULL,
    succeeded INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0, timed_out INTEGER NOT NULL DEFAULT 0,
    widest INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    read_at REAL NOT NULL DEFAULT 0, expired INTEGER NOT NULL DEFAULT 0
  ) STRICT;
CREATE INDEX calls_open ON calls(n) WHERE state IN ('open', 'sealed');
CREATE INDEX calls_base ON calls(base) WHERE base IS NOT NULL;
CREATE TABLE openings (
    call INTEGER PRIMARY KEY, row TEXT NOT NULL, indexes BLOB,
    shared BLOB, offset INTEGER, length INTEGER NOT NULL, blob TEXT
  ) STRICT;
CREATE TABLE chunks (
    call INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, lengths BLOB NOT NULL, blobs TEXT,
    payload BLOB, offset INTEGER, length INTEGER NOT NULL
  ) STRICT;
CREATE UNIQUE INDEX chunks_first ON chunks(call, first);
CREATE TABLE outcomes (
    call INTEGER NOT NULL, seq INTEGER NOT NULL, count INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
    settled TEXT, container TEXT, indexes BLOB, statuses BLOB, attempts BLOB, seconds BLOB, lengths BLOB,
    details TEXT, blobs TEXT,
    payload BLOB, offset INTEGER, length INTEGER NOT NULL
  ) STRICT;
CREATE UNIQUE INDEX outcomes_seq ON outcomes(call, seq);
CREATE INDEX outcomes_low ON outcomes(call, low, high) WHERE settled IS NULL;
CREATE INDEX outcomes_settled ON outcomes(call, low, high) WHERE settled IS NOT NULL;
CREATE TABLE attempts (
    call INTEGER, idx INTEGER, attempt INTEGER NOT NULL, PRIMARY KEY (call, idx)
  ) WITHOUT ROWID, STRICT;
CREATE TABLE blobs (id TEXT PRIMARY KEY, call INTEGER NOT NULL, size INTEGER) STRICT;
CREATE INDEX blobs_call ON blobs(call);
INSERT INTO meta VALUES ('id', 'WR300F');
INSERT INTO meta VALUES ('epoch', 'DZAEFXYXBHHQ1HA8');
INSERT INTO meta VALUES ('schema', '1');
INSERT INTO meta VALUES ('run', 'process 00000000-0000-4000-8000-000000000000');
INSERT INTO functions VALUES ('fv-00000000000000000000000000000000', '{"function_id":"fv-00000000000000000000000000000000","environment":{"type":"environment.put","environment_id":"en-00000000000000000000000000000000","executable":"/usr/bin/python","python":"3.11.2","cwd":"/","path":[],"variables":{"NAME":"value"}},"spec":{"app":"app","name":"f","is_generator":false,"is_async":false,"timeout":300,"startup_timeout":60,"max_retries":0,"initial_delay":1,"backoff":2,"max_delay":60,"cpu":1,"memory":0,"gpu":[],"min_containers":0,"max_containers":4,"buffer_containers":0,"scaledown_window":60,"max_inputs":0,"imports":[],"secrets":{}}}', x'11304f6e8daccbea0e', NULL);
INSERT INTO containers VALUES ('co-1', 'fv-00000000000000000000000000000000', '');
INSERT INTO calls VALUES (1, 'fc-ST0RE100000000000000000000000001', NULL, 1001, 'open', 3, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 35, 1795298727.375, 0);
INSERT INTO calls VALUES (2, 'fc-ST0RE100000000000000000000000002', NULL, 1002, 'done', 6, 1, 1, 5, 0, 1000, 3, 0, 2, 0, 3, 5095, 1795298727.375, 0);
INSERT INTO calls VALUES (3, 'fc-ST0RE100000000000000000000000003', 'fc-ST0RE100000000000000000000000001', 1003, 'open', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1795298727.375, 0);
INSERT INTO openings VALUES (1, '{"function_id":"fv-00000000000000000000000000000000","kind":"map","origin":"notebook.ipynb [1]","on_failure":"stop_after","on_owner_lost":"finish","client":"cl-1","bindings":{"app/g":"fv-00000000000000000000000000000000"},"sources":{"<cell 1>":"def f(x): ..."}}', NULL, x'', NULL, 0, NULL);
INSERT INTO openings VALUES (2, '{"function_id":"fv-00000000000000000000000000000000","kind":"map","origin":"notebook.ipynb [1]","on_failure":"stop_after","on_owner_lost":"finish","client":"cl-1","bindings":{"app/g":"fv-00000000000000000000000000000000"},"sources":{"<cell 1>":"def f(x): ..."}}', NULL, x'', NULL, 0, NULL);
INSERT INTO openings VALUES (3, '{"function_id":"fv-00000000000000000000000000000000","kind":"map","origin":"notebook.ipynb [1]","on_failure":"stop_after","on_owner_lost":"finish","client":"cl-1","bindings":{"app/g":"fv-00000000000000000000000000000000"},"sources":{"<cell 1>":"def f(x): ..."},"base":"fc-ST0RE100000000000000000000000001"}', x'02000000', x'', NULL, 0, NULL);
INSERT INTO chunks VALUES (1, 0, 3, x'0a000000', NULL, x'11304f6e8daccbea0e2d4c6b8aa9c8e70b2a496887a6c5e40827466584a3', NULL, 30);
INSERT INTO chunks VALUES (2, 0, 2, x'c4090000', NULL, NULL, 0, 5000);
INSERT INTO chunks VALUES (2, 2, 4, x'0a000000', NULL, x'33527190afceed11304f6e8daccbea0e2d4c6b8aa9c8e70b2a496887a6c5e40827466584a3c2e105', NULL, 40);
INSERT INTO outcomes VALUES (1, 0, 1, 1, 1, NULL, 'co-1', x'01000000', x'02', x'01000000', x'0000003e', x'05000000', NULL, NULL, x'11304f6e8d', NULL, 5);
INSERT INTO outcomes VALUES (2, 0, 3, 0, 3, NULL, 'co-1', x'030000000100000000000000', x'02', x'01000000', x'0000c03e0000003e00000000', x'05000000', NULL, NULL, x'11304f6e8daccbea0e2d4c6b8aa9c8', NULL, 15);
INSERT INTO outcomes VALUES (2, 3, 2, 4, 5, '{"ranges":[[4,2]],"attempts":[1],"status":4,"failure":{"index":0,"code":"user.cancelled","kind":"farcall.errors.Cancelled","message":"the call was cancelled","where":""}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, x'11304f6e8daccbea0e2d4c6b8aa9c8e70b2a496887a6c5e40827466584a3c2e10524436281a0bfde', NULL, 40);
INSERT INTO attempts VALUES (1, 0, 2);
