-- Whose requests failed, and what they asked for.
ALTER TABLE incidents ADD COLUMN url_groups TEXT NOT NULL DEFAULT '[]'; -- JSON list of {url, failed}, worst first; url '' is the rest
ALTER TABLE incidents ADD COLUMN clients INTEGER; -- addresses; NULL: no access log tells
ALTER TABLE incidents ADD COLUMN clients_about INTEGER NOT NULL DEFAULT 0; -- 1: clients is an estimate
