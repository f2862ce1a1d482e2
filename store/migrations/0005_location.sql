-- Where a source lay, so that what is quoted from it can be looked for again.
ALTER TABLE sources ADD COLUMN location TEXT; -- absolute path of the file, then !member
