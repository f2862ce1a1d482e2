-- Failures over time, and what clients that repeat a request would have met.

ALTER TABLE incidents ADD COLUMN series TEXT NOT NULL DEFAULT '[]'; -- JSON list of {second, span, status, count}
ALTER TABLE incidents ADD COLUMN backoff_first INTEGER; -- requests answered at the first repetition; NULL: nobody could tell
ALTER TABLE incidents ADD COLUMN backoff_second INTEGER;
ALTER TABLE incidents ADD COLUMN backoff_third INTEGER;
ALTER TABLE incidents ADD COLUMN backoff_never INTEGER;
