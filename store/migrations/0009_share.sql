-- What was answered meanwhile, so that a share can be told; advice against the next time.
ALTER TABLE incidents ADD COLUMN requests INTEGER; -- from the start to the last failure; NULL: not known
ALTER TABLE incidents ADD COLUMN of_gateway INTEGER NOT NULL DEFAULT 0; -- 1: requests are all of the gateway
ALTER TABLE incidents ADD COLUMN prevention TEXT NOT NULL DEFAULT '[]'; -- JSON list
