-- How far the commands of a job have come, as its node told last.
ALTER TABLE jobs ADD COLUMN progress TEXT;
